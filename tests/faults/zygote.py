"""Runs writing operations in processes of their own that are killed; talks by lines of JSON.

Imports are done once and processes are forked from here before any thread is started, so a case
takes milliseconds.
"""

from __future__ import annotations

import json
import os
import sys
import traceback

from faulty import Dying, kill_this_process, lake_on
from operations import OPERATIONS, make_small_things_large

import healthsim_lake.maintenance.namespace
import healthsim_lake.scenarios.copying.restoring
import healthsim_lake.scenarios.loading
import healthsim_lake.scenarios.writing.adding
import healthsim_lake.scenarios.writing.compacting
import healthsim_lake.scenarios.writing.saving
import healthsim_lake.scenarios.writing.upgrading  # noqa: F401  # imported here, so that no child has to
from healthsim_lake.storage import open_storage


def main() -> None:
    make_small_things_large()
    for line in sys.stdin:
        case = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _run(case, writing)
        os.close(writing)
        said = os.read(reading, 10)
        os.close(reading)
        _, status = os.waitpid(child, 0)
        killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        print(json.dumps({"acknowledged": said == b"done", "signal": killed}), flush=True)  # noqa: T201  # the protocol


def _run(case: dict[str, object], writing: int) -> None:
    """Be the process that is killed."""
    try:
        storage = Dying(
            open_storage(str(case["url"])),
            int(str(case["step"])),
            done=bool(case["done"]),
            die=kill_this_process,
        )
        OPERATIONS[str(case["operation"])](lake_on(storage))
        os.write(writing, b"done")
    except BaseException:  # noqa: BLE001  # told, and nothing of the parent may run here
        traceback.print_exc()
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
