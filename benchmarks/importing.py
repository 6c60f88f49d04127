"""The time that importing takes, each in a fresh process."""

from __future__ import annotations

import subprocess
import sys

from harness import Figure, Options, Pair

TEMPLATE = """
import time
start = time.perf_counter()
{statement}
print(time.perf_counter() - start)
"""
THEIRS = "import pydantic, fsspec"


def measure(options: Options) -> list[Figure]:
    """Measure importing the package, and what the first use of a lake imports."""
    package = _alternate("import healthsim_lake", options)
    lake = _alternate("from healthsim_lake import Lake", options)
    return [
        package.figure("import healthsim_lake", target=1.5, against=THEIRS),
        lake.figure("… from healthsim_lake import Lake", target=None, against=THEIRS),
    ]


def _alternate(statement: str, options: Options) -> Pair:
    _seconds(statement)
    _seconds(THEIRS)
    pair = Pair([], [])
    for _ in range(options.pick(15, 3)):
        pair.ours.append(_seconds(statement))
        pair.baseline.append(_seconds(THEIRS))
    return pair


def _seconds(statement: str) -> float:
    command = [sys.executable, "-c", TEMPLATE.format(statement=statement)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # ours
    return float(answer.stdout)
