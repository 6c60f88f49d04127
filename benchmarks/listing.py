"""Listing 1,000 scenarios, against parsing the same records from JSON text."""

from __future__ import annotations

import json

import work
from harness import Figure, Options, alternate

from healthsim_lake import Lake

PARSED = "json.loads of the same records"


def measure(options: Options) -> list[Figure]:
    """Measure listing on a lake that is open, and on one that was just opened."""
    root = options.folder / "lake"
    lake = Lake(root)
    scenarios = options.pick(1_000, 100)
    for number in range(scenarios):
        lake.scenarios.save(
            f"cohort-{number:04d}",
            work.build(1, seed=number),
            description=f"Patients of cohort {number} with their encounters and diagnoses",
            tags=["benchmark", f"group-{number % 10}"],
        )
    records = lake.scenarios.list(limit=None)
    text = json.dumps([record.model_dump(mode="json") for record in records])
    runs = options.pick(31, 5)
    opened = alternate(lambda: lake.scenarios.list(limit=None), lambda: json.loads(text), runs=runs)
    fresh = alternate(
        lambda: Lake(root).scenarios.list(limit=None), lambda: json.loads(text), runs=runs
    )
    return [
        opened.figure(f"List {scenarios:,} scenarios", target=2.0, against=PARSED),
        fresh.figure("… with a lake just opened", target=None, against=PARSED),
    ]
