"""Listing scenarios, against parsing the same records from JSON text."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import listing_lake
import work
from harness import Figure, Options, Pair, alternate

from healthsim_lake import Lake

PARSED = "json.loads of the same records"
WORKER = Path(__file__).with_name("listing_worker.py")


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


def fresh(options: Options) -> list[Figure]:
    """Measure the first list of 10,000 scenarios, each in a process of its own."""
    root = options.folder / "lake"
    scenarios = options.pick(10_000, 200)
    listing_lake.build(root, scenarios)
    records = options.folder / "records.json"
    found = Lake(root).scenarios.list(limit=None)
    records.write_text(json.dumps([record.model_dump(mode="json") for record in found]))
    runs = options.pick(15, 3)
    catalog = _processes(root, listing_lake.read(root), runs)
    alone = _processes(root, [records], runs)
    return [
        alone.figure(
            f"First list of a process, of {scenarios:,} scenarios",
            target=2.0,
            against="reading and parsing the same records, without manifests and versions",
        ),
        catalog.figure(
            "… against all that the catalog holds",
            target=None,
            against="json.loads of the checkpoint and of the commits after it",
        ),
    ]


def _processes(root: Path, files: Sequence[Path], runs: int) -> Pair:
    _seconds("list", root, files)
    _seconds("parse", root, files)
    pair = Pair([], [])
    for _ in range(runs):
        pair.ours.append(_seconds("list", root, files))
        pair.baseline.append(_seconds("parse", root, files))
    return pair


def _seconds(verb: str, root: Path, files: Sequence[Path]) -> float:
    command = [sys.executable, str(WORKER), verb, str(root)]
    given = "\n".join(map(str, files))
    answer = subprocess.run(command, input=given, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603  # ours
    return float(answer.stdout)
