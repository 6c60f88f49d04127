"""Clones against copying the files, and merges against a union with an anti-join in DuckDB."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

import duckdb
import polars as pl
import work
from harness import Figure, Options, alternate
from work import Scenario

from healthsim_lake import Lake

COPIED = "shutil.copytree of its data files, no fsync"
REWRITTEN = "polars.read_parquet + write_parquet of its data files, no fsync"
JOINED = "duckdb: union with an anti-join by key, written to Parquet, no fsync"
KEYS = {"patients": "id", "encounters": "encounter_id", "diagnoses": "id"}


def clone(options: Options) -> list[Figure]:
    """Measure a clone of the large scenario, as it is and with new identifiers."""
    lake = Lake(options.folder / "lake")
    patients = options.pick(50_000, 5_000)
    lake.scenarios.save("large", work.build(patients))
    plain, numbers = options.folder / "plain", count(1)
    files = {table: Path(lake.files(table, scenario="large")[0]).parent for table in KEYS}
    tree = options.folder / "tree"
    for table, folder in files.items():
        shutil.copytree(folder, tree / table)

    def copy() -> None:
        shutil.copytree(tree, plain / str(next(numbers)))

    def rewrite() -> None:
        target = plain / str(next(numbers))
        target.mkdir(parents=True)
        for table in KEYS:
            pl.read_parquet(tree / table / "*.parquet").write_parquet(target / f"{table}.parquet")

    pair = alternate(lambda: lake.scenarios.clone("large"), copy, runs=options.pick(21, 5))
    renumbered = alternate(
        lambda: lake.scenarios.clone("large", new_ids=True), rewrite, runs=options.pick(9, 3)
    )
    return [
        pair.figure(f"Clone {5 * patients:,} rows", target=1.5, against=COPIED),
        renumbered.figure("… with new ids", target=None, against=REWRITTEN),
    ]


def merge(options: Options) -> list[Figure]:
    """Measure merging two scenarios of 100,000 rows of which half have the same key."""
    lake = Lake(options.folder / "lake")
    patients = options.pick(20_000, 2_000)
    first, second = _halves(patients)
    lake.scenarios.save("first", first)
    lake.scenarios.save("second", second)
    files = {
        table: [work.files_of(lake, table, scenario=name) for name in ("first", "second")]
        for table in KEYS
    }
    plain, numbers = options.folder / "plain", count(1)
    rows = lake.scenarios.merge(["first", "second"], "check").total_entities
    if rows != 5 * patients * 3 // 2:
        raise SystemExit(f"half of the rows should be in conflict, but {rows} are left")

    def union() -> None:
        target = plain / str(next(numbers))
        target.mkdir(parents=True)
        with duckdb.connect() as connection:
            for table, (one, other) in files.items():
                connection.execute(
                    f"COPY (SELECT * FROM '{one}' UNION ALL BY NAME SELECT * FROM '{other}' o "
                    f"ANTI JOIN '{one}' f ON o.{KEYS[table]} = f.{KEYS[table]}) "
                    f"TO '{target}/{table}.parquet' (COMPRESSION zstd)"
                )

    def ours(strategy: str) -> None:
        lake.scenarios.merge(
            ["first", "second"], f"merged-{next(numbers)}", conflict_strategy=strategy
        )

    runs = options.pick(15, 3)
    skip = alternate(lambda: ours("skip"), union, runs=runs)
    rename = alternate(lambda: ours("rename"), union, runs=options.pick(7, 3))
    return [
        skip.figure(
            f"Merge 2 x {5 * patients:,} rows, half in conflict", target=2.0, against=JOINED
        ),
        rename.figure("… keeping both under new ids", target=None, against=JOINED),
    ]


def _halves(patients: int) -> tuple[Scenario, Scenario]:
    """Return two scenarios of which half of the patients, and what is theirs, are the same."""
    first, other = work.build(patients, seed=1), work.build(patients, seed=2)
    half = patients // 2
    same = {row["mrn"] for row in first["patients"][:half]}
    second = {
        table: [row for row in rows if (row.get("patient_mrn") or row.get("mrn")) in same]
        for table, rows in first.items()
    }
    for table, rows in other.items():
        second[table] += [
            row for row in rows if (row.get("patient_mrn") or row.get("mrn")) not in same
        ]
    return first, second
