"""What the codec keeps, what it refuses, and what the columns hold."""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from codec_cases import (
    CALM,
    TROUBLE,
    big_path,
    encoded,
    strictly,
    there_and_back,
    through_parquet,
    typed_columns,
)
from pydantic import BaseModel

from healthsim_lake.entities.codec import (
    SMALL_ROWS,
    Shape,
    encode_rows,
    normalise,
    shapes_from_json,
    shapes_to_json,
)
from healthsim_lake.entities.types import EntityType, FieldSpec
from healthsim_lake.errors import InvalidEntityError


def _deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_a_key_with_a_dot_is_never_a_path() -> None:
    rows = [{"name.given": "A", "name": {"given": "B"}, "a.b": "2024-01-01"}]
    chunk = encoded(rows, CALM)
    assert there_and_back(rows, CALM) == rows
    assert typed_columns(chunk)["given_name"] == ["B"]
    assert typed_columns(chunk)["left"] == [datetime(2024, 1, 1)]  # noqa: DTZ001


@pytest.mark.parametrize(
    "key", ["extra", "row_shape", "scenario_id", "created_at", "", "Count", "\x00"]
)
@pytest.mark.parametrize("value", [None, 1, "x", {"extra": 1}, [1, {"row_shape": None}]])
def test_any_key_may_be_the_name_of_a_column(key: str, value: Any) -> None:
    rows = [{key: value, "mrn": "a"}, {"mrn": "b"}]
    assert strictly(there_and_back(rows)) == strictly(rows)


@pytest.mark.parametrize(
    "value",
    [
        2**63,
        -(2**63) - 1,
        10**5000,
        "x" * 10_000_000,
        "a\x00b",
        -0.0,
        5e-324,
        1e22,
        _deep(199),
        {"": {"": []}},
    ],
    ids=[
        "2**63",
        "below int64",
        "5,001 digits",
        "10 MB",
        "NUL",
        "-0.0",
        "5e-324",
        "1e22",
        "deep",
        "empty keys",
    ],
)
@pytest.mark.parametrize("key", ["count", "weight", "given_name", "codes", "unknown"])
@pytest.mark.parametrize("big", [False, True])
def test_extreme_values_are_kept_exactly(key: str, value: Any, *, big: bool) -> None:
    rows = [{key: value, "visit": {"codes": value}}]
    with big_path(big=big):
        assert strictly(there_and_back(rows)) == strictly(rows)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), float("-inf"), "\ud800", b"x", {1, 2}, object(), 1j]
)
@pytest.mark.parametrize("key", ["mrn", "score", "cost", "codes", "given_name", "alive", "unknown"])
@pytest.mark.parametrize("big", [False, True])
def test_what_cannot_be_kept_is_refused_with_its_row_and_key(
    key: str, value: Any, *, big: bool
) -> None:
    rows = [{key: None}, {key: None}, {key: value}]
    with big_path(big=big), pytest.raises(InvalidEntityError) as caught:
        encode_rows(TROUBLE, rows, defaults={}, table="patient", offset=40)
    assert (caught.value.table, caught.value.row, caught.value.key) == ("patient", 42, key)


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize(
    ("row", "key"),
    [
        ({"name": {"given": ["a", float("nan")]}}, "name.given[1]"),
        ({"visit": {"at": "\udfff"}}, "visit.at"),
        ({"x": {"a b": {"\ud800": 1}}}, "x.'a b'"),
        ({"codes": [{"y": b""}]}, "codes[0].y"),
        ({"x": {1: 2}}, "x.'1'"),
    ],
)
def test_the_way_to_a_refused_value_is_told(row: dict[str, Any], key: str, *, big: bool) -> None:
    with big_path(big=big), pytest.raises(InvalidEntityError) as caught:
        encode_rows(CALM, [{}, row], defaults={}, table="calms")
    assert caught.value.row == 1
    assert caught.value.key is not None
    assert caught.value.key.startswith(key)


@pytest.mark.parametrize(
    "rows", [[{"a": 1}, {2: 1}], [{"a": 1}, {None: 1}], [{"a": 1}, {"\ud800": 1}]]
)
def test_a_key_that_is_no_text_is_refused_with_its_row(rows: list[Any]) -> None:
    with pytest.raises(InvalidEntityError) as caught:
        encode_rows(TROUBLE, rows, defaults={}, table="t", offset=7)
    assert caught.value.row == 8


@pytest.mark.parametrize("row", [None, 1, "abc", ["a"], [("a", 1)], {"a"}])
@pytest.mark.parametrize("big", [False, True])
def test_an_entity_that_is_no_mapping_is_refused(row: Any, *, big: bool) -> None:
    with (
        big_path(big=big),
        pytest.raises(InvalidEntityError, match=r"t\[1\]: an entity is a mapping"),
    ):
        encode_rows(TROUBLE, [{"a": 1}, row], defaults={}, table="t")


def test_nesting_beyond_200_levels_is_refused() -> None:
    for key in ("unknown", "codes", "given_name"):
        with pytest.raises(InvalidEntityError, match="nested more than 200"):
            encoded([{key: _deep(201)}])


class _Colour(Enum):
    RED = "red"
    TWO = 2


class _Level(IntEnum):
    HIGH = 3


class _Word(StrEnum):
    YES = "yes"


class _Inner(BaseModel):
    on: date
    amount: Decimal


class _Model(BaseModel):
    mrn: str
    inner: _Inner


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (date(2024, 1, 2), "2024-01-02"),
        (datetime(2024, 1, 2, 3, 4, 5), "2024-01-02T03:04:05"),  # noqa: DTZ001
        (datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "2024-01-02T03:04:05.000006+00:00"),
        (time(1, 2), "01:02:00"),
        (timedelta(hours=-1, microseconds=500_000), "-PT3599.5S"),
        (timedelta(days=1), "PT86400S"),
        (Decimal("1.50"), "1.50"),
        (Decimal("1E+2"), "100"),
        (Decimal("-0.00"), "-0.00"),
        (Decimal("1E+99999"), "1E+99999"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (_Colour.RED, "red"),
        (_Colour.TWO, 2),
        (_Level.HIGH, 3),
        (_Word.YES, "yes"),
        ((1, (2,)), [1, [2]]),
        (OrderedDict(a=(1,)), {"a": [1]}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (_Inner(on=date(2024, 1, 2), amount=Decimal("1.0")), {"on": "2024-01-02", "amount": "1.0"}),
        (np.int64(3), 3),
        (np.float64(1.5), 1.5),
        (np.float32(1.5), 1.5),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array([1, 2]), [1, 2]),
        (np.datetime64("2024-01-02T03:04:05"), "2024-01-02T03:04:05"),
        (np.datetime64("NaT"), None),
        (pd.Timestamp("2024-01-02"), "2024-01-02T00:00:00"),
        (pd.NaT, None),
        (pd.NA, None),
    ],
)
@pytest.mark.parametrize("key", ["mrn", "seen", "codes", "cost", "unknown"])
def test_python_values_become_their_json_form(given: Any, expected: Any, key: str) -> None:
    assert strictly(normalise(given)) == strictly(expected)
    for big in (False, True):
        with big_path(big=big):
            assert strictly(there_and_back([{key: given}, {key: given}])) == strictly(
                [{key: expected}] * 2
            )


def test_rows_may_be_mappings_and_pydantic_models() -> None:
    model = _Model(mrn="a", inner=_Inner(on=date(2024, 1, 2), amount=Decimal("1.0")))
    expected = {"mrn": "a", "inner": {"on": "2024-01-02", "amount": "1.0"}}
    for rows in ([model, expected], [expected, model], [model], [MappingProxyType(expected)]):
        assert there_and_back(rows) == [expected] * len(rows)


def test_keys_of_text_subclasses_are_texts() -> None:
    class Key(str, Enum):  # noqa: UP042 - the older way hashes by name
        MRN = "mrn"
        OTHER = "other"

    rows = [{Key.MRN: "a", Key.OTHER: 1}, {"mrn": "b", "other": 2}, {Key.MRN: ["c"], Key.OTHER: 3}]
    back = there_and_back(rows)
    assert back == [{"mrn": "a", "other": 1}, {"mrn": "b", "other": 2}, {"mrn": ["c"], "other": 3}]
    assert {type(key) for row in back for key in row} == {str}


def test_dates_as_objects_and_as_text_give_the_same_columns() -> None:
    texts = [{"dob": "2024-01-02", "when": "2024-01-02T03:04:05"}, {"dob": None, "when": None}]
    objects = [{"dob": date(2024, 1, 2), "when": datetime(2024, 1, 2, 3, 4, 5)}, texts[1]]  # noqa: DTZ001
    for big in (False, True):
        with big_path(big=big):
            assert there_and_back(objects) == texts
            one, other = (typed_columns(encoded(rows)) for rows in (texts, objects))
            assert (one["birth_date"], one["seen"]) == (other["birth_date"], other["seen"])


@pytest.mark.parametrize(
    ("key", "given", "cell"),
    [
        ("count", "72.0", 72),
        ("count", 72.0, 72),
        ("count", True, None),
        ("count", "abc", None),
        ("count", 2**63, None),
        ("cost", 1.00005, Decimal("1.0000")),
        ("cost", 1.00015, Decimal("1.0002")),
        ("cost", "0.00005", Decimal("0.0000")),
        ("cost", "1E+3", Decimal("1000.0000")),
        ("cost", 10**16, None),
        ("weight", 9999.995, None),
        ("score", 2**53 + 1, float(2**53)),
        ("score", "nan", None),
        ("birth_date", "2024-02-30", None),
        ("birth_date", "2024-02-29T10:00:00Z", date(2024, 2, 29)),
        ("seen", "2024-01-01T00:30:00.1234567+02:00", datetime(2023, 12, 31, 22, 30, 0, 123456)),  # noqa: DTZ001
        ("seen", "0001-01-01T00:00:00+02:00", None),
        ("alive", "TRUE", True),
        ("alive", 1, None),
        ("given_name", 1.5, "1.5"),
        ("given_name", True, "true"),
        ("given_name", ["a"], None),
        ("codes", "[1]", "[1]"),
        ("codes", "[1", '"[1"'),
        ("codes", [1, 1.0, -0.0], "[1,1.0,-0.0]"),
    ],
)
@pytest.mark.parametrize("big", [False, True])
def test_a_cell_holds_the_best_value_even_when_the_exact_one_is_elsewhere(
    key: str, given: Any, cell: Any, *, big: bool
) -> None:
    rows = [{key: given}]
    with big_path(big=big):
        assert strictly(typed_columns(encoded(rows))[key]) == strictly([cell])
        assert strictly(there_and_back(rows)) == strictly(rows)


def test_values_of_several_forms_need_no_extra_when_each_form_is_common() -> None:
    winter, summer = "2024-01-10T08:00:00-05:00", "2024-07-10T08:00:00-04:00"
    rows = [
        {"when": winter if n % 2 else summer, "count": n if n % 3 else str(n)} for n in range(60)
    ]
    for big in (False, True):
        with big_path(big=big):
            chunk = encoded(rows)
            assert typed_columns(chunk)["extra"] == [None] * 60
            assert len(chunk.shapes) == 4
            assert there_and_back(rows) == rows


def test_defaults_fill_cells_and_are_never_decoded() -> None:
    rows = [{"mrn": "a"}, {"mrn": "b", "created_at": "2020-01-01T00:00:00Z"}, {"created_at": None}]
    assert there_and_back(rows) == rows
    cells = typed_columns(encoded(rows))["created_at"]
    assert cells == [datetime(2026, 1, 2, 3, 4, 5), datetime(2020, 1, 1), None]  # noqa: DTZ001


def test_rows_without_a_key_get_one_that_is_never_decoded() -> None:
    rows: list[dict[str, Any]] = [{}, {"mrn": None}, {"mrn": "a"}, {"mrn": ["b"]}]
    keys = typed_columns(encoded(rows))["patient_key"]
    assert keys[2] == "a"
    assert len(set(keys)) == 4
    assert all(len(key) == 36 for key in (keys[0], keys[1], keys[3]))
    assert there_and_back(rows) == rows


def test_an_id_that_every_row_has_stands_in_for_the_key() -> None:
    everywhere = [{"id": 5, "trouble_id": "x"}, {"id": "b"}]
    assert typed_columns(encoded(everywhere))["patient_key"] == ["5", "b"]
    assert typed_columns(encoded([{"id": 5, "trouble_id": "x"}, {"trouble_id": "y"}]))[
        "patient_key"
    ] == ["x", "y"]
    somewhere = typed_columns(encoded([{"id": "a"}, {}]))["patient_key"]
    assert all(len(key) == 36 for key in somewhere)
    assert there_and_back(everywhere) == everywhere


def test_a_nested_object_is_taken_apart_only_if_every_member_has_a_column() -> None:
    known, unknown = (
        {"name": {"given": "A", "family": "B"}},
        {"name": {"given": "A", "title": "Dr"}},
    )
    chunk = encoded([known, unknown, {"name": {}}], CALM)
    cells = typed_columns(chunk)
    assert cells["given_name"] == ["A", "A", None]
    assert cells["extra"] == [None, '{"name":{"given":"A","title":"Dr"}}', '{"name":{}}']
    assert there_and_back([known, unknown, {"name": {}}], CALM) == [known, unknown, {"name": {}}]


def test_the_best_alias_gets_the_column_and_the_other_is_an_unknown_key() -> None:
    rows = [{"Id": "b", "mrn": "a"}]
    cells = typed_columns(encoded(rows))
    assert (cells["patient_key"], cells["extra"]) == (["a"], ['{"Id":"b"}'])
    assert there_and_back(rows) == rows


def test_rare_keys_share_one_sparse_shape() -> None:
    rows: list[dict[str, Any]] = [
        {"mrn": str(n), "count": n, f"own {n}": n, "first": None if n % 2 else "x"}
        for n in range(80)
    ]
    for big in (False, True):
        with big_path(big=big):
            chunk = encoded(rows)
            assert len(chunk.shapes) == 32
            assert [shape.sparse for shape in chunk.shapes] == [False] * 31 + [True]
            assert typed_columns(chunk)["count"] == list(range(80))
            assert there_and_back(rows) == rows


def test_rare_keys_leave_room_for_each_other_where_nested_keys_differ() -> None:
    rows: list[dict[str, Any]] = [
        *({"name": {"given": "x"}} for _ in range(3)),
        *({"name": {"family": "y"}} for _ in range(3)),
        *({"mrn": str(n), f"own {n}": n} for n in range(40)),
    ]
    for big in (False, True):
        with big_path(big=big):
            chunk = encoded(rows)
            assert [shape.sparse for shape in chunk.shapes] == [False] * 31 + [True]
            assert there_and_back(rows) == rows


def test_extra_is_one_ascii_json_object_or_null() -> None:
    rows = [{"mrn": "a", "note": "é\x00\U0001f600"}, {"mrn": "b", "note": None}, {"mrn": "c"}]
    assert typed_columns(encoded(rows))["extra"] == [
        '{"note":"\\u00e9\\u0000\\ud83d\\ude00"}',
        '{"note":null}',
        None,
    ]


def test_a_column_without_any_residue_costs_no_extra() -> None:
    rows = [{"mrn": "a", "weight": 1.5, "alive": True, "dob": "2024-01-02"}] * (SMALL_ROWS + 1)
    chunk = encoded(rows)
    assert isinstance(chunk.data, pl.DataFrame)
    assert chunk.rows == len(rows)
    assert chunk.data["extra"].null_count() == len(rows)
    assert there_and_back(rows) == rows


def test_no_rows_are_no_rows() -> None:
    chunk = encoded([])
    assert isinstance(chunk.data, pa.Table)
    assert (chunk.rows, chunk.data.num_rows) == (0, 0)
    assert there_and_back([]) == []


def test_shapes_survive_their_json() -> None:
    shapes = encoded([{"mrn": "a", "visit": {"count": 1}, "x": 1}, {"é": 2}]).shapes
    assert shapes_from_json(shapes_to_json(shapes)) == shapes
    sparse = (Shape((), sparse=True),)
    assert shapes_from_json(shapes_to_json(sparse)) == sparse
    assert shapes_to_json(shapes).isascii()


def test_row_order_is_kept_across_shapes() -> None:
    rows = [{"mrn": str(n)} if n % 3 else {"count": n, "x": n} for n in range(5_000)]
    assert there_and_back(rows) == rows


def test_a_type_without_a_key_gets_no_ids() -> None:
    plain = EntityType(name="ts", singular="t", fields=(FieldSpec(id=1, name="a", type="int"),))
    chunk = encode_rows(plain, [{}, {"a": 1}], defaults={}, table="t")
    data, _ = through_parquet(chunk, plain.arrow_schema)
    assert data.column("a").to_pylist() == [None, 1]


@pytest.mark.parametrize("late", ["text", 7, 7.5, True, None, 2**70, [1], date(2024, 1, 2)])
@pytest.mark.parametrize("early", ["text", 7, 7.5, True, None, "2024-01-02"])
def test_a_column_may_change_its_type_far_into_a_large_chunk(early: Any, late: Any) -> None:
    keys = ("mrn", "count", "score", "cost", "dob", "alive", "codes", "unknown")
    rows = [dict.fromkeys(keys, early)] * 5_000 + [dict.fromkeys(keys, late)] * 3
    assert strictly(there_and_back(rows)) == strictly(normalise(rows))


def test_a_key_that_moves_far_into_a_large_chunk_keeps_its_place() -> None:
    rows = [{"mrn": "a", "count": 1}] * 5_000 + [{"count": 2, "mrn": "b"}]
    back = there_and_back(rows)
    assert back == rows
    assert [list(row) for row in back] == [list(row) for row in rows]


def test_rows_strung_together_are_not_mistaken_for_others() -> None:
    rows = [{"a": 1, "b": 2}, {"a": 3}, {"b": 4, "a": 5}, {"b": 6}]
    assert there_and_back(rows) == rows
