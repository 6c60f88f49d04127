"""Comparing two versions of 100,000 rows, and checking them, against bare joins and bare SQL."""

from __future__ import annotations

from itertools import count
from random import Random

import duckdb
import polars as pl
import work
from harness import Figure, Options, alternate
from work import Row

from healthsim_lake import Lake

JOINED = "polars: full join of the same two files on the key, comparing the same columns"
ASKED = "duckdb: one aggregate for each table with the same tests on the same files"
_numbers = count(1)


def measure(options: Options) -> list[Figure]:
    """Measure a difference with few changes, with one everywhere, and validation."""
    scenario = work.build(options.pick(50_000, 5_000))
    plain = scenario["encounters"]
    residue = work.with_residue({"encounters": plain}, "encounters")["encounters"]
    rows = f"{len(plain):,}"
    return [
        _diff(options, plain, _edited(plain), f"Diff of two versions of {rows} rows", 2.0),
        _diff(options, plain, [{**row, "status": "new"} for row in plain], "… every row changed"),
        _diff(options, residue, _edited(residue), "… with two undeclared keys in each row"),
        _validate(options, scenario),
    ]


def _edited(rows: list[Row]) -> list[Row]:
    """Return rows in another order: 1 % are gone, 1 % are changed, 1 % are new."""
    rng, few = Random(3), len(rows) // 100
    kept = rng.sample(rows, len(rows) - few)
    changed = [{**row, "status": "cancelled"} for row in kept[:few]]
    new = [{**row, "encounter_id": f"new-{n}"} for n, row in enumerate(kept[:few])]
    return [*kept[few:], *changed, *new]


def _diff(
    options: Options, before: list[Row], after: list[Row], name: str, target: float | None = None
) -> Figure:
    lake = Lake(options.folder / f"lake-{next(_numbers)}")
    lake.scenarios.save("before", {"encounters": before})
    lake.scenarios.save("after", {"encounters": after})
    old, new = (work.files_of(lake, "encounters", scenario=one) for one in ("before", "after"))
    columns = [name for name in before[0] if name in lake.entities.get("encounters").by_name]
    compared = [*columns, *(["extra"] if len(columns) < len(before[0]) else [])]
    found = lake.scenarios.diff("before", "after")
    counts = _join(old, new, compared)
    if [found.counts[one] for one in ("added", "removed", "changed")] != counts:
        raise SystemExit(f"the difference is {found.counts}, the join says {counts}")
    pair = alternate(
        lambda: lake.scenarios.diff("before", "after"),
        lambda: _join(old, new, compared),
        runs=options.pick(15, 3),
    )
    return pair.figure(name, target=target, against=JOINED)


def _join(old: str, new: str, columns: list[str]) -> list[int]:
    """Return how many rows were added, removed and changed; changes of each column count, too."""
    sides = [pl.scan_parquet(one, hive_partitioning=False).select(columns) for one in (old, new)]
    both = sides[0].join(sides[1], on="encounter_id", how="full", suffix="_new")
    others = [one for one in columns if one != "encounter_id"]
    differs = {one: pl.col(one).ne_missing(pl.col(f"{one}_new")) for one in others}
    is_pair = pl.col("encounter_id").is_not_null() & pl.col("encounter_id_new").is_not_null()
    counts = both.select(
        pl.col("encounter_id").is_null().sum().alias("added"),
        pl.col("encounter_id_new").is_null().sum().alias("removed"),
        (is_pair & pl.any_horizontal(*differs.values())).sum().alias("changed"),
        *((is_pair & test).sum().alias(f"in_{one}") for one, test in differs.items()),
    ).collect()
    return list(counts.row(0)[:3])


def _validate(options: Options, scenario: work.Scenario) -> Figure:
    lake = Lake(options.folder / "lake-validate")
    lake.scenarios.save("x", scenario)
    if not lake.scenarios.validate("x").ok:
        raise SystemExit(f"there are problems: {lake.scenarios.validate('x')}")
    queries = [_checks(lake, table) for table in scenario]
    rows = sum(map(len, scenario.values()))
    pair = alternate(
        lambda: lake.scenarios.validate("x"),
        lambda: [duckdb.sql(query).fetchall() for query in queries],
        runs=options.pick(15, 3),
    )
    return pair.figure(f"Validate {rows:,} rows of three tables", target=None, against=ASKED)


def _checks(lake: Lake, table: str) -> str:
    """Return SQL for what can be said in SQL: nulls, allowed values, references, repeated keys."""
    known = lake.entities.get(table)
    tests = [f"count(*) - count(DISTINCT {known.key})"]
    tests += [f"count(*) FILTER ({one.name} IS NULL)" for one in known.fields if one.required]
    for one in known.fields:
        if one.values:
            allowed = ", ".join(f"'{value}'" for value in one.values)
            tests.append(f"count(*) FILTER ({one.name} NOT IN ({allowed}))")
        target = (one.references or "").split(".")
        if target[0] in ("patients", "encounters"):
            held = f"SELECT {target[1]} FROM '{work.files_of(lake, target[0])}'"
            tests.append(f"count(*) FILTER ({one.name} NOT IN ({held}))")
    return f"SELECT {', '.join(tests)} FROM '{work.files_of(lake, table)}'"
