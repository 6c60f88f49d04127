"""Profiles and what was run: saving, recording and listing."""

from __future__ import annotations

import json
import os
from itertools import count
from typing import Any

import baseline
from harness import Figure, Options, alternate

from healthsim_lake import Lake

CREATES = "as many bare durable creates of the same size"
BARE = "a bare durable create of the same size"


def measure(options: Options) -> list[Figure]:
    """Measure saving a profile, recording executions one by one and many at once, and listing."""
    return [*_saves(options), _singles(options), _batch(options), _lists(options)]


def _spec(number: int) -> dict[str, Any]:
    return {
        "name": f"cohort-{number}",
        "description": "Medicare beneficiaries with type 2 diabetes",
        "demographics": {"count": 1000, "age": {"type": "normal", "mean": 72, "std_dev": 7}},
        "conditions": [{"code": "E11.9", "prevalence": 1.0}, {"code": "I10", "prevalence": 0.7}],
    }


def _saves(options: Options) -> list[Figure]:
    lake = Lake(options.folder / "saves")
    lake.profiles.save("warm-up", _spec(0))
    (commit,) = (options.folder / "saves" / "catalog" / "log").iterdir()
    payload, records = os.urandom(commit.stat().st_size), options.folder / "bare-saves"
    records.mkdir()
    names = map("p{}".format, count())

    def save(number: int = 1) -> None:
        for _ in range(number):
            lake.profiles.save(next(names), _spec(1))

    def create(number: int = 1) -> None:
        for _ in range(number):
            baseline.durable_create(records, payload)

    number = options.pick(100, 10)
    many = alternate(lambda: save(number), lambda: create(number), runs=options.pick(15, 3))
    one = alternate(save, create, runs=options.pick(301, 21))
    return [
        many.figure(f"Save {number} profiles, each durable", target=2.0, against=CREATES),
        one.figure("… one, after everything was put out of the caches", target=None, against=BARE),
    ]


def _singles(options: Options) -> Figure:
    lake = Lake(options.folder / "singles")
    lake.profiles.save("p", _spec(0))
    records, number = options.folder / "bare-singles", options.pick(1_000, 50)
    records.mkdir()

    def record() -> None:
        for seed in range(number):
            lake.profiles.executions.record("p", cohort_id="c", entity_count=1000, seed=seed)

    def create() -> None:
        for _ in range(number):
            baseline.durable_create(records, bytes(250))

    pair = alternate(record, create, runs=options.pick(5, 3))
    return pair.figure(f"Record {number:,} executions one by one", target=3.0, against=CREATES)


def _batch(options: Options) -> Figure:
    lake = Lake(options.folder / "batches")
    lake.profiles.save("p", _spec(0))
    rows = [
        {
            "profile_id": "p",
            "cohort_id": f"cohort-{number}",
            "entity_count": number,
            "seed": number,
            "duration_ms": number % 1000,
            "status": "completed",
            "metadata": {"source": "batch"},
        }
        for number in range(options.pick(100_000, 2_000))
    ]
    pair = alternate(
        lambda: lake.profiles.executions.record_many(rows),
        lambda: json.dumps(rows),
        runs=options.pick(9, 3),
    )
    name = f"Record {len(rows):,} executions at once"
    return pair.figure(name, target=2.0, against="json.dumps of them")


def _lists(options: Options) -> Figure:
    """List as many profiles with few and with many executions behind them."""
    lakes = [
        _filled(options, "few", options.pick(1_000, 100)),
        _filled(options, "many", options.pick(1_000_000, 5_000)),
    ]
    few, many = lakes
    pair = alternate(
        lambda: many.profiles.list(limit=None),
        lambda: few.profiles.list(limit=None),
        runs=options.pick(31, 5),
    )
    name = f"List {options.pick(1_000, 100):,} profiles, 1,000,000 executions behind them"
    return pair.figure(name, target=1.5, against="the same with 1,000")


def _filled(options: Options, name: str, executions: int) -> Lake:
    lake = Lake(options.folder / name)
    profiles = options.pick(1_000, 100)
    for number in range(profiles):
        lake.profiles.save(f"p{number}", _spec(number))
    ids = [one.id for one in lake.profiles.list(limit=None)]
    for start in range(0, executions, 100_000):
        rows = range(start, min(executions, start + 100_000))
        lake.profiles.executions.record_many(
            [{"profile_id": ids[at % profiles], "seed": at} for at in rows]
        )
    return lake
