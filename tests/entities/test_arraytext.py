"""JSON texts of whole columns are those that are made value by value."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthsim_lake.entities.codec.arraytext import array_objects, array_texts
from healthsim_lake.entities.codec.jsontext import dumps_many

INT64 = st.integers(-(2**63), 2**63 - 1)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
COLUMNS = st.one_of(
    st.tuples(st.just(pa.large_string()), st.lists(st.none() | st.text(max_size=8))),
    st.tuples(st.just(pa.int64()), st.lists(st.none() | INT64)),
    st.tuples(st.just(pa.float64()), st.lists(st.none() | FINITE)),
    st.tuples(st.just(pa.bool_()), st.lists(st.none() | st.booleans())),
)


@given(COLUMNS, st.integers(0, 3))
def test_a_column_has_the_texts_of_its_values_wherever_it_is_cut(
    column: tuple[pa.DataType, list[Any]], start: int
) -> None:
    kind, values = column
    texts = array_texts(pa.array(values, kind)[start:])
    if texts is None:
        assert any(json.dumps(value) != f'"{value}"' for value in values[start:] if value)
    else:
        assert texts.to_pylist() == dumps_many(values[start:])


@pytest.mark.parametrize("text", ['"', "\\", "\n", "\x00", "\x1e", "\x7f", "é", "😀"])
def test_a_text_with_something_to_escape_is_left_to_others(text: str) -> None:
    assert array_texts(pa.array(["plain", f"a{text}b", None], pa.string())) is None


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_json_number_is_left_to_others(number: float) -> None:
    assert array_texts(pa.array([1.5, None, number])) is None


def test_numbers_of_any_size_keep_their_type_and_sign() -> None:
    floats = [0.0, -0.0, 1.0, 0.1, 1e16, 1e-7, 5e-324, 1.7976931348623157e308]
    texts = array_texts(pa.array(floats))
    assert list(map(repr, map(json.loads, texts.to_pylist()))) == list(map(repr, floats))
    assert array_texts(pa.array([2**63 - 1, None])).to_pylist() == ["9223372036854775807", "null"]


def test_objects_take_members_of_any_type() -> None:
    members = {
        "a": array_texts(pa.array([0.1, None])),
        "b": array_texts(pa.array([True, False])),
        "c": array_texts(pa.array(["x", None], pa.string_view())),
        "d": array_texts(pa.nulls(2)),
    }
    rows = [json.loads(text) for text in array_objects(members).to_pylist()]
    assert rows == [
        {"a": 0.1, "b": True, "c": "x", "d": None},
        {"a": None, "b": False, "c": None, "d": None},
    ]


def test_objects_have_their_members_in_order_under_escaped_keys() -> None:
    ones, twos = (
        pa.array(["1", "null"], pa.large_string()),
        pa.array(['"x"', "2"], pa.large_string()),
    )
    assert array_objects({'a"b': ones, "ö": twos}).to_pylist() == [
        '{"a\\"b":1,"\\u00f6":"x"}',
        '{"a\\"b":null,"\\u00f6":2}',
    ]
