"""One scenario of 50,000 patients, 100,000 encounters and 100,000 diagnoses: save, load, size."""

from __future__ import annotations

from itertools import count

import baseline
import work
from harness import Figure, Options, Pair, alternate, size_of
from work import Scenario

from healthsim_lake import Lake

SAVED = "polars.from_dicts + write_parquet, no fsync"
LOADED = "polars.read_parquet + to_dicts"
RESIDUE = ("encounters",)
EVERYWHERE = ("patients", "encounters", "diagnoses")


def save(options: Options) -> list[Figure]:
    """Measure saving, with and without undeclared keys."""
    plain = _work(options)
    return [
        _save(options, plain, "plain").figure(
            "Save large, durable and hashed", target=1.0, against=SAVED
        ),
        _save(options, work.with_residue(plain, *RESIDUE), "residue").figure(
            "… with two undeclared keys in each encounter", target=None, against=SAVED
        ),
    ]


def load(options: Options) -> list[Figure]:
    """Measure loading as dicts, with and without undeclared keys."""
    plain = _work(options)
    return [
        _load(options, plain, "plain").figure("Load large as dicts", target=1.0, against=LOADED),
        _load(options, work.with_residue(plain, *RESIDUE), "residue").figure(
            "… with two undeclared keys in each encounter", target=1.1, against=LOADED
        ),
        _load(options, work.with_residue(plain, *EVERYWHERE), "everywhere").figure(
            "… with two undeclared keys in every row of all tables", target=1.1, against=LOADED
        ),
    ]


def disk(options: Options) -> list[Figure]:
    """Compare what lies on the disk after one save."""
    scenario = _work(options)
    Lake(options.folder / "lake").scenarios.save("large", scenario)
    baseline.save(options.folder / "plain", scenario)
    theirs = size_of(options.folder / "plain")
    data = size_of(options.folder / "lake" / "data")
    total = size_of(options.folder / "lake")
    return [
        _bytes("Disk, large scenario: data files", data, theirs),
        _bytes("… everything, catalog included", total, theirs),
    ]


def _work(options: Options) -> Scenario:
    scenario = work.build(options.pick(50_000, 5_000))
    work.check_declared(scenario)
    return scenario


def _save(options: Options, scenario: Scenario, name: str) -> Pair:
    lake, plain, numbers = Lake(options.folder / name), options.folder / f"{name}-plain", count(1)
    return alternate(
        lambda: lake.scenarios.save(f"large-{next(numbers)}", scenario),
        lambda: baseline.save(plain, scenario),
        runs=options.pick(25, 3),
    )


def _load(options: Options, scenario: Scenario, name: str) -> Pair:
    lake = Lake(options.folder / name)
    lake.scenarios.save("large", scenario)
    files = baseline.save(options.folder / f"{name}-plain", scenario)
    if lake.scenarios.load("large").entities != scenario:
        raise SystemExit("what was loaded is not what was saved")
    return alternate(
        lambda: lake.scenarios.load("large").entities,
        lambda: baseline.load(files),
        runs=options.pick(9, 3),
    )


def _bytes(name: str, ours: int, theirs: int) -> Figure:
    return Figure(
        name,
        ours=ours / 1e6,
        baseline=theirs / 1e6,
        unit="MB",
        target=1.05,
        against="the same rows as the baseline of saving writes them",
    )
