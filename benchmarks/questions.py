"""Asking by SQL, against bare DuckDB on the same files.

Every question of a pair has another parameter, so that no answer is one that was kept. The baseline
runs on the connection that `duckdb.sql` keeps open, and its answer is fetched as Arrow, as ours is:
the number of all rows is part of a first page.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import work
from harness import Figure, Options, alternate

from healthsim_lake import Lake

BARE = "duckdb.sql of the same question on the same files"
FILTER = """
    SELECT encounter_id, patient_mrn, class_code, admission_time, department FROM {table}
    WHERE department = 'Cardiology' AND admission_time >= $since
"""
SMALL = "SELECT id, given_name FROM patients WHERE gender = 'F' AND birth_date >= $since"


def measure(options: Options) -> list[Figure]:
    """Measure first pages of one scenario, warm and cold, and of one among many."""
    return [*_pages(options), *_among_many(options)]


def _pages(options: Options) -> list[Figure]:
    root = options.folder / "lake"
    lake = Lake(root)
    lake.scenarios.save("large", work.build(options.pick(50_000, 2_000)))
    files = lake.files("encounters", scenario="large")
    since = _days()
    runs = options.pick(41, 5)

    def bare() -> Any:
        sql = FILTER.format(table=f"read_parquet({files})")
        return duckdb.sql(sql, params={"since": next(since)}).to_arrow_table()

    def ask(asked: Lake) -> Any:
        sql = FILTER.format(table="encounters")
        return asked.query(sql, scenario="large", params={"since": next(since)})

    def ask_anew() -> Any:
        with Lake(root) as fresh:
            return ask(fresh)

    if len(bare()) == 0 or ask(lake).total_count == 0:
        raise SystemExit("the question has no answer")
    warm = alternate(lambda: ask(lake), bare, runs=runs)
    cold = alternate(ask_anew, bare, runs=runs)
    lake.close()
    return [
        warm.figure("First page of a filter query on one scenario, warm", target=1.5, against=BARE),
        cold.figure("… lake and connection opened for it", target=3.0, against=BARE),
    ]


def _among_many(options: Options) -> list[Figure]:
    many, few = options.pick(1_000, 50), 10
    large = _lake_of(options.folder / "many", many)
    small = _lake_of(options.folder / "few", few)
    runs = options.pick(61, 5)
    since, turns = _days(), count()

    def ask(lake: Lake, scenarios: int) -> Any:
        name = f"cohort-{next(turns) % scenarios:04d}"
        return lake.query(SMALL, scenario=name, params={"since": next(since)})

    def ask_again(lake: Lake) -> Any:
        return lake.query(SMALL, scenario="cohort-0003", params={"since": next(since)})

    against = f"one of {few}"
    first = alternate(
        lambda: ask(_emptied(large), many), lambda: ask(_emptied(small), few), runs=runs
    )
    warm = alternate(lambda: ask_again(large), lambda: ask_again(small), runs=runs)
    large.close()
    small.close()
    return [
        warm.figure(f"One scenario of {many:,}, warm", target=1.2, against=against),
        first.figure("… asked for the first time", target=1.2, against=against),
    ]


def _lake_of(root: Path, scenarios: int) -> Lake:
    lake = Lake(root)
    rows = {"patients": work.build(100)["patients"]}
    for number in range(scenarios):
        lake.scenarios.save(f"cohort-{number:04d}", rows)
    return lake


def _emptied(lake: Lake) -> Lake:
    """Return a lake that has nothing left of earlier questions."""
    lake.close()
    return lake


def _days() -> Iterator[date]:
    first = date(1930, 1, 1)
    return (first + timedelta(days=number) for number in count())
