"""JSON taken piece by piece: what it yields, and what it says of broken text."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthsim_lake.entities import Registry
from healthsim_lake.errors import FormatError
from healthsim_lake.scenarios.exchange import layouts, pieces

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
ROWS = st.lists(st.dictionaries(st.text(max_size=6), VALUES, max_size=4), max_size=6)


class Dripping(io.RawIOBase):
    """A stream that gives a few bytes at a time, whatever is asked for."""

    def __init__(self, data: bytes, size: int) -> None:
        self._rest, self._size = data, size

    def read(self, _size: int = -1) -> bytes:
        part, self._rest = self._rest[: self._size], self._rest[self._size :]
        return part


def taken(data: bytes, size: int = 1_000_000):
    registry = Registry()
    found = layouts.survey(Dripping(data, size), "f.json", registry)
    return found, list(layouts.rows(Dripping(data, size), "f.json", found))


@given(ROWS, ROWS, st.integers(1, 40), st.booleans())
def test_rows_come_out_as_they_are_however_the_bytes_arrive(patients, widgets, size, escaped):
    document = {
        "name": "n",
        "entities": {"patients": patients, "widgets": widgets},
        "writer": "healthsim-lake",
    }
    data = json.dumps(document, ensure_ascii=escaped, indent=1).encode("utf-8", "surrogatepass")
    try:
        data.decode()
    except UnicodeDecodeError:
        with pytest.raises(FormatError, match="not UTF-8"):
            taken(data, size)
        return
    found, rows = taken(data, size)
    assert found.head == {"name": "n", "writer": "healthsim-lake"}
    assert found.counts == {"patients": len(patients), "widgets": len(widgets)}
    assert [row for key, row in rows if key == "patients"] == patients
    assert [row for key, row in rows if key == "widgets"] == widgets


@given(st.data())
def test_every_beginning_of_a_document_is_refused(data):
    whole = json.dumps(
        {"name": "é", "entities": {"patients": [{"id": "1", "n": [1.5, True]}]}}
    ).encode()
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(FormatError, match=r"^f\.json: .* line \d+, column \d+"):
        taken(whole[:cut], data.draw(st.integers(1, 50)))


def test_a_text_that_is_cut_off_is_said_to_be_so_with_place_and_row():
    with pytest.raises(FormatError) as caught:
        taken(b'{"entities": {"patients": [\n{"id": "1"},\n{"id": "2"')
    assert str(caught.value) == (
        "f.json: ends in the middle (cut off?) at line 3, column 11, inside entities.patients[1]"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "ends in the middle"),
        (b"[]", "expected an object with entities, found a list at line 1, column 1"),
        (b"12", "found a number"),
        (b"nonsense", "found null"),
        (b'{"entities": []}', "expected an object of entity types to rows, found a list"),
        (b'{"entities": {"patients": "x"}}', "expected a list of rows, found text"),
        (
            b'{"entities": {"patients": [1]}}',
            r"a row must be an object, found a number at .*patients\[0\]",
        ),
        (b'{"entities": {"patients": [{"a": 1,}]}}', "not valid JSON: .* line 1, column"),
        (b'{"entities": {"patients": [{"a": 1, "a": 2}]}}', "key 'a' is given twice"),
        (b'{"entities": {"patients": [], "patients": []}}', "key 'patients' is given twice"),
        (b'{"entities": {"patients": [{"a": NaN}]}}', "NaN is not a JSON value"),
        (b'{"entities": {}} x', "Extra data"),
        (b'{"name": "a" "b"}', "Expecting ',' or '}'"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (
            b'{"entities": {"patients": [' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"]}}",
            "nested too deeply",
        ),
    ],
)
def test_what_is_no_document_of_rows_is_refused_with_its_place(text, message):
    with pytest.raises(FormatError, match=message):
        taken(text)


def test_a_number_is_never_cut_in_two_where_a_piece_ends():
    data = b'{"entities": {"patients": [{"n": 1234567890}]}, "version": 12345}'
    for size in range(1, len(data)):
        found, rows = taken(data, size)
        assert found.head["version"] == 12345
        assert rows == [("patients", {"n": 1234567890})]


def test_a_broken_file_is_refused_without_reading_it_to_its_end():
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            Endless.given += size
            return (b'{"entities": {"patients": [{"a": oops}' + b" " * size)[:size]

    with pytest.raises(FormatError, match="not valid JSON"):
        layouts.survey(Endless(), "f.json", Registry())
    assert Endless.given <= 4 * pieces.CHUNK
