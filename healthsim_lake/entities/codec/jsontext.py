"""JSON text of values that were checked before: compact, ASCII, and equal for equal values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from typing import Any

from healthsim_lake.entities.codec.check import RefusedValueError, checked_text, plain

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode
_BOOLS = {True: "true", False: "false"}


def integer_text(number: int) -> str:
    """Return the decimal digits of an integer of any size (Python alone stops at 4,300 digits)."""
    try:
        return int.__repr__(number)
    except ValueError:
        return format(Decimal(number), "f")


def text_integer(text: str) -> int:
    """Return the integer of any size that decimal digits stand for."""
    try:
        return int(text)
    except ValueError:
        return int(Decimal(text))


def dumps(value: Any) -> str:
    """Return the JSON text of a checked value."""
    try:
        return _encode(value)
    except ValueError:  # an integer of more than 4,300 digits
        return _dumps_large(value)


def loads(text: str) -> Any:
    """Parse JSON text that this package wrote."""
    try:
        return json.loads(text)
    except ValueError:
        return json.loads(text, parse_int=text_integer)


def loads_many(texts: Sequence[str]) -> list[Any]:
    """Parse many JSON texts at once, much faster than one by one."""
    result: list[Any] = loads("[" + ",".join(texts) + "]")
    return result


def dumps_many(values: Sequence[Any]) -> list[str]:
    """Return the JSON text of each value of a column, checking the values on the way.

    Raises:
        RefusedValueError: A value cannot be kept; carries its position in `values`.
    """
    kinds = set(map(type, values))
    if kinds == {str}:
        _check_texts(values)
        return list(map(encode_basestring_ascii, values))
    if kinds == {int}:
        return list(map(integer_text, values))
    if kinds == {bool}:
        return list(map(_BOOLS.__getitem__, values))
    return list(map(dumps, plain_many(values)))


def plain_many(values: Sequence[Any]) -> list[Any]:
    """Return the JSON values of a column; a refusal carries its position in `values`."""
    try:
        return list(map(plain, values))
    except RefusedValueError:
        for position, value in enumerate(values):
            try:
                plain(value)
            except RefusedValueError as refused:
                refused.row = position
                raise
        raise


def objects(keys: Sequence[str], columns: Sequence[Sequence[str]]) -> list[str]:
    """Return one JSON object per position, from the JSON texts of its members by column."""
    template = ",".join(encode_basestring_ascii(key).replace("%", "%%") + ":%s" for key in keys)
    return list(map(("{" + template + "}").__mod__, zip(*columns, strict=True)))


def member_texts(before: str | None, key: str, text: str) -> str:
    """Return the JSON object `before` with one more member; a member that is there already wins."""
    member = f"{encode_basestring_ascii(key)}:{text}"
    if before is None:
        return "{" + member + "}"
    return before if key in loads(before) else f"{before[:-1]},{member}}}"


def _check_texts(values: Sequence[str]) -> None:
    together = "".join(values)
    if together.isascii():
        return
    for position, text in enumerate(values):
        try:
            checked_text(text)
        except RefusedValueError as refused:
            refused.row = position
            raise


def _dumps_large(value: Any) -> str:
    match value:
        case bool():
            return _BOOLS[value]
        case int():
            return integer_text(value)
        case dict():
            items = (f"{_encode(key)}:{_dumps_large(item)}" for key, item in value.items())
            return "{" + ",".join(items) + "}"
        case list():
            return "[" + ",".join(map(_dumps_large, value)) + "]"
    return _encode(value)
