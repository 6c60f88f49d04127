"""Measure the figures that the README claims, each against its baseline in the same run.

    python benchmarks/run.py [--only NAME]... [--quick] [--markdown] [--dir FOLDER]

Both sides run in turn, A B A B, after a warm-up; a ratio is that of the medians. Each group of
figures has a fresh process. This reports and does not judge: the exit code is 0 unless something
crashed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from harness import Figure

HERE = Path(__file__).resolve().parent
GROUPS = {
    "import": ("importing", "measure"),
    "save-large": ("large", "save"),
    "save-small": ("small", "save"),
    "load-large": ("large", "load"),
    "list": ("listing", "measure"),
    "list-fresh": ("listing", "fresh"),
    "compare": ("comparing", "measure"),
    "clone": ("copies", "clone"),
    "merge": ("copies", "merge"),
    "query": ("questions", "measure"),
    "disk": ("large", "disk"),
    "exchange": ("exchange", "measure"),
    "persist": ("persisting", "measure"),
    "memory": ("memory", "measure"),
    "library": ("library", "measure"),
    "writers": ("writers", "measure"),
    "summary": ("summaries", "ask"),
    "save-summary": ("summaries", "save"),
    "push": ("carrying", "push"),
    "store": ("storing", "measure"),
}
COLUMNS = ("figure", "ours", "baseline", "ratio", "target", "reached")


def main() -> None:
    """Run what was asked for and print the table."""
    chosen = _arguments()
    folder = Path(tempfile.mkdtemp(prefix=".benchmarks-", dir=chosen.dir))
    figures: list[Figure] = []
    try:
        for name in chosen.only or GROUPS:
            measured = _measure(name, folder / name, quick=chosen.quick)
            ratios = ", ".join(f"{one.ratio:.2f}" for one in measured)
            load = f"load {os.getloadavg()[0]:.1f}"
            print(f"{name}: {ratios} ({load})", file=sys.stderr, flush=True)
            figures += measured
    finally:
        shutil.rmtree(folder)
    print(_machine(quick=chosen.quick), end="\n\n")
    print(_markdown(figures) if chosen.markdown else _plain(figures), end="\n\n")
    print(_verdict(figures))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the figures that the README claims.")
    parser.add_argument(
        "--only", action="append", choices=GROUPS, help="measure this group; may be repeated"
    )
    parser.add_argument(
        "--quick", action="store_true", help="small data and few runs: a check, not a measurement"
    )
    parser.add_argument("--markdown", action="store_true", help="print the table of the README")
    parser.add_argument(
        "--dir", type=Path, default=HERE.parent, help="a folder on the disk to measure"
    )
    return parser.parse_args()


def _measure(name: str, folder: Path, *, quick: bool) -> list[Figure]:
    """Measure one group in a process of its own; its files are removed afterwards."""
    folder.mkdir()
    module, function = GROUPS[name]
    mode = "quick" if quick else "full"
    command = [sys.executable, str(HERE / "child.py"), module, function, str(folder), mode]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603  # ours
    shutil.rmtree(folder)
    return [Figure(**one) for one in json.loads(answer.stdout)]


def _machine(*, quick: bool) -> str:
    packages = ("duckdb", "polars", "pyarrow", "pydantic")
    engines = ", ".join(f"{name} {version(name)}" for name in packages)
    kind = "A quick check (small data), not a measurement. " if quick else ""
    return (
        f"{kind}Python {platform.python_version()}, {engines}; {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[1]:.1f}."
    )


def _cells(figure: Figure) -> tuple[str, ...]:
    reached = {True: "yes", False: "no", None: "-"}[figure.reached]
    return (
        figure.name,
        _amount(figure.ours, figure.unit),
        _amount(figure.baseline, figure.unit),
        f"{figure.ratio:.2f}",
        "-" if figure.target is None else f"≤ {figure.target:g}",
        reached,
    )


def _amount(value: float, unit: str) -> str:
    if unit == "s" and value < 1:
        return f"{value * 1000:.3g} ms"
    return f"{value:.3g} {unit}"


def _plain(figures: Sequence[Figure]) -> str:
    rows = [COLUMNS, *map(_cells, figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    notes = [f"{one.name}: against {one.against}; {one.note}" for one in figures]
    return "\n".join([*lines, "", *notes])


def _markdown(figures: Sequence[Figure]) -> str:
    header = "| figure | against | ours | baseline | ratio | target | reached |"
    rule = "| --- | --- | --: | --: | --: | --: | --- |"
    lines = []
    for one in figures:
        name, *rest = _cells(one)
        lines.append(f"| {' | '.join([name, one.against, *rest])} |")
    return "\n".join([header, rule, *lines])


def _verdict(figures: Sequence[Figure]) -> str:
    missed = [one for one in figures if one.reached is False]
    if not missed:
        return "All targets reached."
    lines = [f"  {one.name}: {one.ratio:.2f}, target {one.target:g}" for one in missed]
    return "\n".join([f"Targets missed: {len(missed)}", *lines])


if __name__ == "__main__":
    main()
