"""How things are measured; standard library only, so that measuring costs no memory of its own."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Options:
    """What a figure is told.

    Attributes:
        folder: An empty folder of its own, on the disk that is measured.
        quick: Fewer runs and smaller data: a check that everything works, not a measurement.
    """

    folder: Path
    quick: bool

    def pick(self, full: int, quick: int) -> int:
        """Return a size or a number of runs."""
        return quick if self.quick else full


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        name: What was measured.
        ours: Median of our runs.
        baseline: Median of the baseline's runs, or the limit where there is only one.
        unit: ``s`` or ``MB`` (1,000,000 bytes).
        target: The ratio to reach, or None if the figure is for information.
        against: What the baseline is.
        note: How often it was measured, and how far the runs lay apart.
    """

    name: str
    ours: float
    baseline: float
    unit: str
    target: float | None
    against: str
    note: str = ""

    @property
    def ratio(self) -> float:
        """Ours through the baseline."""
        return self.ours / self.baseline

    @property
    def reached(self) -> bool | None:
        """Whether the target was reached; None without one."""
        return None if self.target is None else self.ratio <= self.target

    def document(self) -> dict[str, Any]:
        """Return the figure as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Pair:
    """Seconds of all counted runs of both sides, in the order they were made."""

    ours: list[float]
    baseline: list[float]

    def figure(self, name: str, *, target: float | None, against: str, note: str = "") -> Figure:
        """Return the ratio of the medians as a line of the table."""
        return Figure(
            name,
            ours=median(self.ours),
            baseline=median(self.baseline),
            unit="s",
            target=target,
            against=against,
            note="; ".join(filter(None, [self._spread(), note])),
        )

    def _spread(self) -> str:
        middle = median(self.baseline)
        low, high = min(self.ours) / middle, max(self.ours) / middle
        return f"{len(self.ours)} runs, {low:.2f} to {high:.2f}"


def alternate(ours: Callable[[], Any], baseline: Callable[[], Any], *, runs: int) -> Pair:
    """Run both sides in turn, one uncounted warm-up each, and return the seconds of each run.

    Nobody pays for what the other left behind: garbage is collected and dirty pages are written
    before each run, and results are dropped after the clock has stopped.
    """
    ours()
    baseline()
    pair = Pair([], [])
    for _ in range(runs):
        pair.ours.append(_settled(ours))
        pair.baseline.append(_settled(baseline))
    return pair


def timed(action: Callable[[], Any]) -> float:
    """Return the seconds that `action` takes; its result is dropped after the clock has stopped."""
    start = time.perf_counter()
    result = action()
    seconds = time.perf_counter() - start
    del result
    return seconds


def _settled(action: Callable[[], Any]) -> float:
    gc.collect()
    os.sync()
    return timed(action)


def size_of(folder: Path, suffix: str = "") -> int:
    """Return the bytes of all files below `folder` whose names end with `suffix`."""
    return sum(path.stat().st_size for path in folder.rglob(f"*{suffix}") if path.is_file())
