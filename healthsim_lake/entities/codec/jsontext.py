"""JSON text of values that were checked before: compact, ASCII, and equal for equal values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import repeat
from json.encoder import encode_basestring_ascii
from typing import Any

import polars as pl
from pydantic_core import from_json

from healthsim_lake._json import dumps_text, loads
from healthsim_lake.entities.codec.check import RefusedValueError, plain

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode
_APART = "\x1e"
"""Separates texts of scalars: escaped inside of them, so that it can be split at."""
_encode_apart = json.JSONEncoder(separators=(_APART, ":"), allow_nan=False).encode
_SCALARS = {str, int, float, bool, type(None)}


def dumps(value: Any) -> str:
    """Return the JSON text of a checked value."""
    try:
        return _encode(value)
    except ValueError:  # an integer of more than 4,300 digits
        return dumps_text(value)


def loads_many(texts: Sequence[str]) -> list[Any]:
    """Parse many JSON texts at once, much faster than one by one."""
    together = "[" + ",".join(texts) + "]"
    try:
        return from_json(together, cache_strings="keys")  # type: ignore[no-any-return]
    except ValueError:  # deeper than its limit, or an integer of more than 4,300 digits
        return loads(together)  # type: ignore[no-any-return]


def dumps_many(values: Sequence[Any]) -> list[str]:
    """Return the JSON text of each value of a column, checking the values on the way.

    Raises:
        RefusedValueError: A value cannot be kept; carries its position in `values`.
    """
    kinds = set(map(type, values)) - {type(None)}
    found: list[str] | None = None
    if not values:
        found = []
    elif kinds == {str}:
        found = _text_dumps(values)
    elif kinds == {float}:
        found = _float_dumps(values)
    elif kinds <= _SCALARS:
        found = _scalar_dumps(values)
    return list(map(dumps, plain_many(values))) if found is None else found


def _text_dumps(values: Sequence[str | None]) -> list[str] | None:
    """Return the JSON texts, or None when a text cannot be kept."""
    together = "".join(filter(None, values))
    if not together.isascii():
        try:
            together.encode()
        except UnicodeEncodeError:
            return None
    return ["null" if text is None else encode_basestring_ascii(text) for text in values]


def _float_dumps(values: Sequence[float | None]) -> list[str] | None:
    """Return the JSON texts, or None when a number cannot be kept."""
    numbers = pl.Series(values, dtype=pl.Float64)
    if not numbers.is_finite().all():
        return None
    return numbers.cast(pl.String).fill_null("null").to_list()


def _scalar_dumps(values: Sequence[Any]) -> list[str] | None:
    """Return the JSON texts, or None when a value needs a closer look."""
    try:
        together = _encode_apart(values)
    except ValueError:  # NaN, an infinity, or an integer of more than 4,300 digits
        return None
    # half of a character beyond the first 65,536, or a lone surrogate
    return None if "\\ud" in together else together[1:-1].split(_APART)


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
    parts: list[Iterable[str]] = []
    for key, column in zip(keys, columns, strict=True):
        parts += repeat(("," if parts else "{") + encode_basestring_ascii(key) + ":"), column
    return list(map("".join, zip(*parts, repeat("}"))))


def member_texts(before: str | None, key: str, text: str) -> str:
    """Return the JSON object `before` with one more member; a member that is there already wins."""
    member = f"{encode_basestring_ascii(key)}:{text}"
    if before is None:
        return "{" + member + "}"
    return before if key in loads(before) else f"{before[:-1]},{member}}}"
