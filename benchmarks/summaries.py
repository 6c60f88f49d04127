"""Summaries: what asking for one costs, and what computing one adds to a save."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from random import Random
from unittest.mock import patch

import work
from harness import Figure, Options, Pair, alternate
from work import Scenario

from healthsim_lake import Lake
from healthsim_lake.scenarios.summarising.statistics import Gathering
from healthsim_lake.tables import writer
from healthsim_lake.tables.measuring.statistics import TableStatistics

WITHOUT = "the same save with nothing computed for summaries"


def ask(options: Options) -> list[Figure]:
    """Compare the summary of a large scenario with that of a small one."""
    root, runs = options.folder / "lake", options.pick(101, 11)
    large, varied = work.build(options.pick(50_000, 5_000)), work.build(options.pick(50_000, 5_000))
    _vary(varied)
    with Lake(root) as lake:
        lake.scenarios.save("small", work.build(100))
        lake.scenarios.save("large", large)
        lake.scenarios.save("varied", varied)
    rows = sum(map(len, large.values()))
    return [
        _asked(root, "large", runs).figure(
            f"Summary of {rows:,} rows", target=1.2, against="that of 500 rows"
        ),
        _asked(root, "varied", runs).figure(
            "… with 5,000 different diagnosis codes", target=None, against="that of 500 rows"
        ),
    ]


def save(options: Options) -> list[Figure]:
    """Measure what computing statistics and samples adds to large and to small saves."""
    large = work.build(options.pick(50_000, 5_000))
    small = work.build(100)
    return [
        _saved(options, "large", large, runs=options.pick(15, 3)).figure(
            "Save large, with a summary", target=1.1, against=WITHOUT
        ),
        _saved(options, "small", small, runs=options.pick(400, 30)).figure(
            "Save small, with a summary", target=1.1, against=WITHOUT
        ),
    ]


def _asked(root: object, name: str, runs: int) -> Pair:
    lake = Lake(str(root))
    return alternate(
        lambda: lake.scenarios.summary(name), lambda: lake.scenarios.summary("small"), runs=runs
    )


def _vary(scenario: Scenario) -> None:
    """Give diagnoses codes of which few are frequent and many are rare."""
    rng = Random(3)
    for row in scenario["diagnoses"]:
        number = int(5_000 * rng.random() ** 4)
        row["code"], row["description"] = f"Z{number:04d}", f"Condition number {number}"


def _saved(options: Options, name: str, scenario: Scenario, *, runs: int) -> Pair:
    numbers = count(1)

    def saver(folder: str) -> Callable[[], None]:
        lake = Lake(options.folder / f"{name}-{folder}")
        return lambda: lake.scenarios.save(f"{name}-{next(numbers)}", scenario) and None

    ours, plain = saver("with"), saver("without")

    def without() -> None:
        with _nothing_computed():
            plain()

    return alternate(ours, without, runs=runs)


@contextmanager
def _nothing_computed() -> Iterator[None]:
    with (
        patch.object(writer, "measured", lambda *_, **__: TableStatistics()),
        patch.object(Gathering, "observe", lambda *_, **__: None),
        patch.object(Gathering, "conclude", lambda *_, **__: None),
    ):
        yield
