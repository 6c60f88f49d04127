"""Peak memory of saving a stream that is far larger than memory should be.

Each stream is saved by a process of its own. This module must stay light: on Linux a new process
starts with the peak of the one that started it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from harness import Figure, Options

LIMIT_MB = 600
SAVER = Path(__file__).with_name("memory_saver.py")


def measure(options: Options) -> list[Figure]:
    """Measure streams of 10 and 20 million rows; 1 million rows when it has to be quick."""
    millions = [1] if options.quick else [10, 20]
    return [_measure(options, number) for number in millions]


def _measure(options: Options, millions: int) -> Figure:
    lake = options.folder / f"lake-{millions}"
    command = [sys.executable, str(SAVER), str(lake), str(millions * 1_000_000)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # ours
    peak, before, seconds = map(float, answer.stdout.split())
    return Figure(
        f"Peak memory of saving a stream of {millions} million rows",
        ours=peak,
        baseline=LIMIT_MB,
        unit="MB",
        target=1.0,
        against=f"a limit of {LIMIT_MB} MB for the whole process",
        note=f"{before:.0f} MB of it before the first row; {seconds:.0f} s",
    )
