"""Write the small lake of this format version that every later release has to read.

    python tools/make_golden_lake.py

Makes ``tests/golden/format-1`` anew: the lake, packed into one file (so that the names, and the
modes of the files inside do not depend on who checks it out), and what must be read from it.
"""

from __future__ import annotations

import json
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from healthsim_lake import Lake
from healthsim_lake.catalog import checkpoint
from healthsim_lake.entities.types import EntityType, FieldSpec

HERE = Path(__file__).resolve().parent.parent / "tests" / "golden"

KINDS = ("text", "bool", "int", "float", "decimal(12,2)", "date", "timestamp", "json")
TYPED = {
    "text_value": ["a", "é漢\u0000", "", None, 7],
    "bool_value": [True, False, None, "true", "x"],
    "int_value": [1, -(2**63), 2**80, None, "5"],
    "float_value": [1.5, -0.0, 3, 1e300, "2.5"],
    "decimal_value": ["12.30", 1.25, -7, None, "1234567890123.45"],
    "date_value": ["1980-02-29", "0001-01-01", None, "no date", "9999-12-31"],
    "timestamp_value": [
        "2024-01-02T03:04:05Z", "2024-01-02 03:04", "2024-01-02T03:04:05.123456+02:00",
        None, "2024",
    ],
    "json_value": [{"a": [1, 2.0, None]}, "text", '{"a": 1}', [], None],
}  # fmt: skip

PEOPLE = [
    {"id": "p1", "given_name": "Ada", "birth_date": "1980-05-01", "gender": "F"},
    {"id": "p2", "gender": "M", "birth_date": None, "name": {"given": "Bob"}, "pets": ["cat"]},
    {"gender": "X", "id": "p3", "deep": {"er": {"and": [1, {"deeper": -0.0}]}}, "huge": 10**30},
    {"id": "p4"},
    {},
    {"id": "p1", "given_name": "the same id again", "a.b": 1, "": 2, "ID": "case"},
]


def things() -> list[dict[str, Any]]:
    """Return rows with every kind of column, in every form that a cell may have."""
    rows = [{key: values[at] for key, values in TYPED.items()} for at in range(5)]
    return [{"id": f"t{at}", **row} for at, row in enumerate(rows)]


def fill(lake: Lake) -> None:
    """Do everything that a lake of format 1 can be asked to."""
    fields = [FieldSpec(id=1, name="id", type="text")]
    names = zip(TYPED, KINDS, strict=True)
    fields += [FieldSpec(id=at, name=name, type=kind) for at, (name, kind) in enumerate(names, 2)]
    declared = EntityType(name="specimens", singular="specimen", key="id", fields=tuple(fields))
    lake.entities.declare(declared)
    lake.scenarios.save(
        "first", {"patients": PEOPLE, "specimen": things(), "claims": []},
        tags=["a", "Ä"], description="all kinds", metadata={"n": [1, None]},
    )  # fmt: skip
    lake.scenarios.add("first", {"patients": [{"id": "p9", "gender": "F"}]})
    lake.scenarios.save("second", {"patients": PEOPLE[:2]}, idempotency_key="once")
    lake.scenarios.save("second", {"patients": PEOPLE[2:4]}, overwrite=True)
    lake.scenarios.rename("second", "renamed")
    lake.tags.add("renamed", "later")
    lake.scenarios.describe("renamed", "told later")
    lake.scenarios.save("gone", {"patients": PEOPLE[:1]})
    lake.scenarios.delete("gone")
    lake.scenarios.clone("first", "clone")
    lake.scenarios.clone("first", "new ids", new_ids=True)
    lake.scenarios.merge(["first", "renamed"], "merged")
    lake.scenarios.save("inferred", {"gadgets": [{"id": "g", "size": 1.5, "made": "2024-01-01"}]})
    many = {f"sort{number}s": [{"id": "1", "note": "x"}] for number in range(45)}
    lake.scenarios.save("wide", many)  # its manifest stands in a document of its own
    _fill_library(lake)


def _fill_library(lake: Lake) -> None:
    spec = {"id": "p", "name": "p", "demographics": {"count": 3}, "unknown": {"kept": True}}
    lake.profiles.save("profile", spec, tags=["x"])
    lake.profiles.update("profile", {**spec, "version": "2"})
    lake.profiles.save("large", {**spec, "notes": "n" * 17_000})
    journey = {"journey_id": "j", "name": "j", "events": [{"event_id": "e", "event_type": "visit"}]}
    lake.journeys.save("journey", journey)
    lake.profiles.save("dropped", spec)
    lake.profiles.delete("dropped")
    cohort = lake.scenarios.get("first").id
    runs = lake.profiles.executions
    runs.record("profile", cohort_id=cohort, seed=7, metadata={"a": 1})
    runs.record("profile")
    runs.fold()
    runs.record_many([{"profile_id": "large", "entity_count": n} for n in range(3)])
    runs.record("large", status="failed", error_message="no")
    lake.journeys.executions.record("journey", entity_id="p1", events_generated=1)


def expectation(lake: Lake) -> dict[str, Any]:
    """Return everything that a lake says, as JSON."""
    scenarios, states = {}, {}
    for record in lake.scenarios.list(limit=None):
        history = lake.scenarios.history(record.name)
        states[record.name] = {
            str(one.version): _rows(lake, record.name, one.version) for one in history
        }
        scenarios[record.name] = {
            "record": record.to_dict(),
            "history": [one.model_dump(mode="json") for one in history],
            "summary": lake.scenarios.summary(record.name).to_dict(),
        }
    documents = {
        name: {
            "record": one.to_dict(),
            "versions": [
                collection.load(one.name, version=number).to_dict()
                for number in range(1, one.version + 1)
            ],
            "runs": [run.to_dict() for run in collection.executions.of(one.name)],
        }
        for collection in (lake.profiles, lake.journeys)
        for one in collection.list()
        for name in [one.name]
    }
    tables = ("patients", "specimens", "gadgets", "scenarios", "profile_executions")
    return {
        "id": lake.id,
        "version": lake.version,
        "scenarios": scenarios,
        "rows": states,
        "documents": documents,
        "tables": {table: _table(lake, table) for table in tables},
        "past": {
            str(number): sorted(one.name for one in lake.at(version=number).scenarios.list())
            for number in range(1, lake.version + 1)
        },
    }


def _rows(lake: Lake, name: str, version: int) -> dict[str, Any]:
    loaded = lake.scenarios.load(name, version=version)
    return {key: loaded[key] for key in loaded}


def _table(lake: Lake, table: str) -> list[dict[str, Any]]:
    return list(lake.query(f"SELECT * FROM {table} ORDER BY ALL", limit=1_000).results)


def main() -> None:
    """Write lake and expectation."""
    HERE.mkdir(exist_ok=True)
    checkpoint.LEAST_BYTES = 30_000  # so that one is there
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "lake")
        with Lake(root) as lake:
            fill(lake)
            told = expectation(lake)
        assert list((root / "catalog" / "checkpoint").iterdir())  # noqa: S101  # a tool for us
        shutil.rmtree(HERE / "format-1", ignore_errors=True)
        (HERE / "format-1").mkdir()
        with tarfile.open(HERE / "format-1" / "lake.tar.xz", "w:xz") as packed:
            packed.add(root, "lake")
    text = json.dumps(told, indent=1, ensure_ascii=True, sort_keys=True)
    (HERE / "format-1" / "expected.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
