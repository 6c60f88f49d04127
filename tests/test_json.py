"""JSON text, our own and other people's."""

from __future__ import annotations

import math

import pytest

from healthsim_lake import _json
from healthsim_lake.errors import FormatError

HUGE = 10**5_000 + 7


def test_integers_of_any_size_are_written_and_read():
    value = {"a": [HUGE, -HUGE, True, None, 1.5, "x"], "b": {"c": HUGE}}
    assert _json.loads(_json.dumps(value)) == value
    assert _json.loads_foreign(_json.dumps(value), where="here") == value


@pytest.mark.parametrize("value", [math.nan, [math.inf], {"a": [HUGE, math.nan]}])
def test_nan_and_infinities_are_never_written(value):
    with pytest.raises(ValueError, match="JSON compliant"):
        _json.dumps(value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "a": 2}', "'a' is given twice"),
        ("[NaN]", "NaN is not a JSON value"),
        ("[-Infinity]", "-Infinity is not a JSON value"),
        ('{"a":', "line 1, column 6"),
        ("[" * 100_000, "nested too deeply"),
        (b"\xff\xfe", "not UTF-8"),
        ("", "not valid JSON"),
        ("1" * 10_001, "more than 10,000 digits"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(text, reason):
    with pytest.raises(FormatError, match=reason) as caught:
        _json.loads_foreign(text, where="file.json")
    assert "file.json" in str(caught.value)


def test_a_byte_order_mark_is_accepted():
    assert _json.loads_foreign(b"\xef\xbb\xbf[1]", where="file.json") == [1]


ORDERED = [None, True, 1, 1.0, "1", 0, 0.0, -0.0, False, "", [], {}, [1], [1.0], 10**5_000]


def test_texts_of_different_values_differ_and_the_order_of_keys_does_not_matter():
    texts = [_json.canonical({"b": [value], "a": 1}) for value in ORDERED]
    assert len(set(texts)) == len(ORDERED)
    assert texts == [_json.canonical({"a": 1, "b": [value]}) for value in ORDERED]


@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: {"x": [value]}])
def test_same_values_are_the_same_and_others_are_not(wrap):
    for place, one in enumerate(ORDERED):
        for other_place, other in enumerate(ORDERED):
            assert _json.same(wrap(one), wrap(other)) == (place == other_place), (one, other)


def test_what_is_no_json_has_no_canonical_text():
    with pytest.raises(ValueError, match="JSON"):
        _json.canonical([float("nan")])


def test_many_values_have_the_texts_that_each_of_them_has_alone():
    values = [
        None,
        {},
        [],
        "a,b",
        {"a": '","'},
        [[1, 2], {"x": "\\u0000\n"}],
        1.5,
        "\U0001f600",
    ]
    texts = _json.dumps_each(values)
    assert texts == [_json.dumps_text(value) for value in values]
    assert _json.dumps_each(values[:-1]) == texts[:-1]
    assert _json.dumps_each([]) == []


@pytest.mark.parametrize(
    "wrong",
    [float("nan"), "\ud800", {"\udfff": 1}, ["\ude00\ud83d"], 10**5000],
    ids=["NaN", "half", "half in a key", "halves", "digits"],
)
def test_what_the_catalog_cannot_hold_is_refused_alone_and_among_others(wrong):
    for call, value in ((_json.kept, wrong), (_json.dumps_each, ["fine", wrong])):
        with pytest.raises(ValueError, match=r"half of a character|not JSON compliant|4300 digits"):
            call(value)
