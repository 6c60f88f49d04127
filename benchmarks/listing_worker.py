"""Lists scenarios, or parses JSON files, once; prints the seconds, without those of importing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from harness import timed

from healthsim_lake.state import StateManager


def main() -> None:
    """Do what is asked for with the files that are named on the standard input."""
    verb, root = sys.argv[1:]
    paths = [Path(line) for line in sys.stdin.read().splitlines()]
    if verb == "list":
        seconds = timed(lambda: StateManager(root).list_scenarios())
    else:
        seconds = timed(
            lambda: [json.loads(line) for path in paths for line in path.read_bytes().split(b"\n")]
        )
    print(seconds)


if __name__ == "__main__":
    main()
