"""Exporting and importing: time against DuckDB's COPY, and peak memory of a million rows.

Each direction is measured for memory in a process of its own; on Linux a new process starts with
the peak of the one that started it, so this module stays light.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from harness import Figure, Options

LIMIT_MB = 600
WORKER = Path(__file__).with_name("exchange_worker.py")
FORMATS = ("json", "ndjson", "csv", "parquet")


def measure(options: Options) -> list[Figure]:
    """Measure export to Parquet, then the memory of each format, out and in."""
    rows = options.pick(1_000_000, 50_000)
    lake = options.folder / "lake"
    _run("save", lake, options.folder, str(rows))
    runs = options.pick(9, 3)
    ours, baseline = _run("race", lake, options.folder, str(runs))
    figures = [
        Figure(
            f"Export {rows:,} rows to Parquet",
            ours=ours,
            baseline=baseline,
            unit="s",
            target=1.5,
            against="DuckDB's COPY of the same files, zstd as well",
            note=f"medians of {runs} runs",
        )
    ]
    for form in FORMATS:
        for verb in ("export", "import"):
            peak, seconds = _run(verb, lake, options.folder, form)
            figures.append(_memory(f"{verb} of {rows:,} rows as {form}", peak, seconds))
    return figures


def _memory(what: str, peak: float, seconds: float) -> Figure:
    return Figure(
        f"Peak memory: {what}",
        ours=peak,
        baseline=LIMIT_MB,
        unit="MB",
        target=1.0,
        against=f"a limit of {LIMIT_MB} MB for the whole process",
        note=f"{seconds:.1f} s",
    )


def _run(verb: str, lake: Path, folder: Path, argument: str) -> list[float]:
    command = [sys.executable, str(WORKER), verb, str(lake), str(folder), argument]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # ours
    return list(map(float, answer.stdout.split()))
