"""Entity types made up from rows that nobody declared."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pydantic import BaseModel

from healthsim_lake.entities.codec import decode, encode_frame, encode_rows
from healthsim_lake.entities.infer import MAX_COLUMNS, infer_from_frame, infer_from_rows
from healthsim_lake.entities.types import EntityType


def _kinds(entity_type: EntityType) -> dict[str, str]:
    return {spec.name: spec.type for spec in entity_type.fields}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a", "b"], "text"),
        (["02139", "10001"], "text"),
        ([1, None, 3], "int"),
        ([1, 2.5], "float"),
        ([2.0, None], "float"),
        ([1, 2**63], "text"),
        ([True, False], "bool"),
        ([True, 1], "text"),
        ([1, "a"], "text"),
        (["2024-01-02", "2023-12-31"], "date"),
        (["2024-01-02", "2024-02-30"], "text"),
        (["2024-01-02", ""], "text"),
        (["2024-01-02T03:04:05Z", "2024-01-02 03:04"], "timestamp"),
        (["2024-01-02", "2024-01-02T03:04:05Z"], "timestamp"),
        ([date(2024, 1, 2)], "date"),
        ([datetime(2024, 1, 2), None], "timestamp"),  # noqa: DTZ001
        ([Decimal("1.25"), Decimal(3)], "decimal(38,2)"),
        ([{"a": 1}, {}], "json"),
        ([[1], None, (2,)], "json"),
        ([[1], "x"], "json"),
    ],
)
def test_the_kind_of_a_column_holds_all_values(values: list[Any], kind: str) -> None:
    rows = [{"x": value} for value in values]
    entity_type = infer_from_rows("things", "thing", rows)
    assert _kinds(entity_type) == {"x": kind}
    chunk = encode_rows(entity_type, rows, defaults={}, table="things")
    assert "x" in decode(chunk.data, chunk.shapes)[0]


def test_columns_are_numbered_in_the_order_of_their_keys() -> None:
    entity_type = infer_from_rows("things", "thing", [{"b": 1}, {"a": 1, "b": 2}])
    assert [(spec.id, spec.name) for spec in entity_type.fields] == [(1, "b"), (2, "a")]
    assert (entity_type.name, entity_type.singular, entity_type.origin) == (
        "things",
        "thing",
        "inferred",
    )


def test_reserved_and_impossible_names_stay_in_extra() -> None:
    row = {
        "extra": 1,
        "row_shape": 1,
        "scenario_id": 1,
        "created_at": "x",
        "a.b": 1,
        "": 1,
        "1a": 1,
        "ä": 1,
        "ok": 1,
        "a" * 64: 1,
    }
    assert _kinds(infer_from_rows("things", "thing", [row])) == {"ok": "int"}


def test_a_key_in_capitals_feeds_a_column_in_small_letters() -> None:
    rows = [{"Id": "a", "PATIENT": "p"}]
    entity_type = infer_from_rows("things", "thing", rows)
    assert [(spec.name, spec.aliases) for spec in entity_type.fields] == [
        ("id", ("Id",)),
        ("patient", ("PATIENT",)),
    ]
    assert entity_type.key == "id"
    chunk = encode_rows(entity_type, rows, defaults={}, table="things")
    assert chunk.data.column("patient").to_pylist() == ["p"]
    assert decode(chunk.data, chunk.shapes) == rows


def test_keys_that_differ_in_case_only_are_no_columns() -> None:
    assert _kinds(infer_from_rows("things", "thing", [{"a": 1, "A": 2, "b": 3}])) == {"b": "int"}


def test_a_key_without_any_value_is_no_column() -> None:
    assert _kinds(infer_from_rows("things", "thing", [{"a": None, "b": 1}])) == {"b": "int"}


@pytest.mark.parametrize(
    ("rows", "key"),
    [
        ([{"thing_id": "a", "id": 1}], "id"),
        ([{"id": 1, "thing_id": "a"}], "id"),
        ([{"id": 1, "thing_id": "a"}, {"thing_id": "b"}], "thing_id"),
        ([{"id": None, "thing_id": "a"}], "thing_id"),
        ([{"id": 1.5}], None),
        ([{"id": ["a"]}], None),
        ([{"id": 1}, {}], None),
        ([{"other_id": 1}], None),
    ],
)
def test_the_key_is_the_first_id_that_every_row_has(
    rows: list[dict[str, Any]], key: str | None
) -> None:
    assert infer_from_rows("things", "thing", rows).key == key


def test_rows_with_a_key_per_person_do_not_make_a_thousand_columns() -> None:
    rows = [{f"p{n}": n} for n in range(MAX_COLUMNS + 50)]
    assert len(infer_from_rows("things", "thing", rows).fields) == MAX_COLUMNS


def test_pydantic_models_are_rows_and_other_things_are_left_to_the_encoder() -> None:
    class Thing(BaseModel):
        id: int
        on: date

    rows: list[Any] = [Thing(id=1, on=date(2024, 1, 2)), 5]
    assert _kinds(infer_from_rows("things", "thing", rows)) == {"id": "int", "on": "date"}


def test_no_rows_make_a_type_without_columns() -> None:
    assert infer_from_rows("things", "thing", []).fields == ()


def test_a_frame_gives_its_own_types() -> None:
    frame = pa.table(
        {
            "id": pa.array([1, 2], pa.int16()),
            "Name": pa.array(["a", None]).dictionary_encode(),
            "on": pa.array([date(2024, 1, 2), None]),
            "at": pa.array([0, 1], pa.timestamp("ns", "UTC")),
            "paid": pa.array([Decimal("1.50"), None], pa.decimal128(12, 2)),
            "share": pa.array([1.5, 2], pa.float32()),
            "ok": [True, None],
            "tags": [["a"], []],
            "text_date": ["2024-01-02", "2024-01-03"],
            "nothing": pa.nulls(2),
            "created_at": [1, 2],
        }
    )
    entity_type = infer_from_frame("things", "thing", frame)
    assert _kinds(entity_type) == {
        "id": "int",
        "name": "text",
        "on": "date",
        "at": "timestamp",
        "paid": "decimal(12,2)",
        "share": "float",
        "ok": "bool",
        "tags": "json",
        "text_date": "text",
    }
    assert entity_type.key == "id"
    chunk = encode_frame(entity_type, frame, defaults={}, table="things")
    assert decode(chunk.data, chunk.shapes)[0]["Name"] == "a"
