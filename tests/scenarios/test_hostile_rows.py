"""Values that break other formats: kept exactly, or refused by name."""

from __future__ import annotations

import math
from uuid import UUID

import pytest

from healthsim_lake import Lake
from healthsim_lake.errors import InvalidEntityError

KEPT = {
    "NUL in text": {"given_name": "a\0b", "new\0key": "\0"},
    "integers of any size": {"id": "1", "big": 2**200, "small": -(2**63), "edge": 2**63},
    "a text of ten megabytes": {"id": "1", "given_name": "x" * 10_000_000, "notes": "é" * 10**6},
    "an empty key": {"": 1, "id": ""},
    "keys that differ in case only": {"id": "1", "ID": "2", "Id": "3", "mrn": 1, "Mrn": 2},
    "keys that are columns": {
        "extra": 1,
        "row_shape": "x",
        "scenario_id": None,
        "created_at": [],
        "source_type": {},
        "generation_seed": True,
    },
    "keys with dots": {"name.given": "x", "name": {"given": "y", "family.x": 1}},
    "numbers of all kinds": {"a": 1, "b": 1.0, "c": True, "d": -0.0, "e": 1e300, "f": 0.1},
    "the wrong type in a column": {"birth_date": 5, "deceased": "yes", "id": 7, "gender": ["F"]},
    "dates that are none": {"birth_date": "2024-02-30", "death_date": "", "deceased": None},
    "aliases side by side": {"id": "1", "patient_id": "2", "birthDate": "1950-01-01", "dob": "x"},
    "deep nesting": {"id": "1", "deep": [[[[[[{"a": [None, {}]}]]]]]]},
    "an empty row": {},
}


@pytest.mark.parametrize("row", KEPT.values(), ids=KEPT.keys())
def test_hostile_rows_are_kept_exactly(tmp_path, row):
    lake = Lake(tmp_path / "lake")
    rows = [row, {"id": "ordinary", "birth_date": "1950-01-01"}, row]
    lake.scenarios.save("demo", {"patients": rows, "widgets": rows})
    loaded = lake.scenarios.load("demo")
    for key in ("patients", "widgets"):
        assert repr(loaded[key]) == repr(rows)
    assert lake.query("SELECT count(*) AS n FROM patients").results == [{"n": 3}]


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth - 1):
        value = [value]
    return value


REFUSED = {
    "NaN": {"a": math.nan},
    "infinity": {"a": [{"b": -math.inf}]},
    "a lone surrogate": {"a": "\ud800"},
    "a lone surrogate in a key": {"\udfff": 1},
    "nesting beyond 200": {"a": nested(250)},
    "a key that is not text": {1: 2},
    "a key that is not text, inside": {"a": {None: 1}},
    "bytes": {"a": b"x"},
    "a set": {"a": {1}},
    "an object": {"a": object()},
    "no mapping": ["a"],
    "text": "a",
    "nothing": None,
}


@pytest.mark.parametrize("row", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("key", ["patients", "widgets"])
def test_what_cannot_be_kept_is_refused_before_anything_is_written(tmp_path, key, row):
    lake = Lake(tmp_path / "lake")
    with pytest.raises(InvalidEntityError) as caught:
        lake.scenarios.save("demo", {"encounters": [{"a": 1}], key: [{"id": "1"}, row]})
    assert (caught.value.table, caught.value.row) == (key, 1)
    assert lake.scenarios.list() == []
    assert list(tmp_path.rglob("*.parquet")) == []


def test_values_of_python_become_json(tmp_path):
    lake = Lake(tmp_path / "lake")
    identifier = UUID("12345678-1234-5678-1234-567812345678")
    lake.scenarios.save("demo", {"patients": [{"id": identifier, "codes": ("a", "b")}]})
    assert lake.scenarios.load("demo")["patients"] == [{"id": str(identifier), "codes": ["a", "b"]}]
