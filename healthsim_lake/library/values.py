"""Values of one column of a ledger, as callers give them, into an array."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import NoneType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from healthsim_lake import _json
from healthsim_lake.library.executions import COMPLETED

UNFIT = (pa.ArrowException, TypeError, ValueError, OverflowError, RecursionError)
"""What `array` raises for values that do not fit."""

_COUNTS = frozenset({"entity_count", "events_generated", "duration_ms"})
_EXPECTED = {pa.string(): "text", pa.int64(): "an integer of 64 bits", pa.date32(): "a date"}


def expected(name: str, kind: pa.DataType) -> str:
    """Return what a column takes, for errors."""
    if name == "metadata":
        return "a mapping of JSON values"
    return _EXPECTED[kind] + (", not below zero" if name in _COUNTS else "")


def array(name: str, values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Return the values of a column as an array; None is null.

    Nothing is rounded, cut or guessed: what does not fit is one of the errors of `UNFIT`.

    Args:
        name: Of the column.
        values: As they were given.
        kind: Of the column.
    """
    if name == "metadata":
        values = _documents(values)
    elif pa.types.is_date(kind):
        values = list(map(_day, values))
    elif pa.types.is_integer(kind):
        values = _integers(values)
    else:
        _check_texts(values)
        if name == "status":
            values = [COMPLETED if value is None else value for value in values]
    column = pa.array(values, kind)
    if name in _COUNTS and (pc.min(column).as_py() or 0) < 0:
        raise ValueError("a count below zero")
    return column


def _documents(values: Sequence[Any]) -> list[str | None]:
    if not set(map(type, values)) <= {dict, NoneType}:
        values = list(map(_mapping, values))
    texts = _json.dumps_each(values)
    return [None if text == "null" else text for text in texts] if None in values else [*texts]


def _mapping(value: Any) -> dict[str, Any] | None:
    if value is None or isinstance(value, Mapping):
        return value if value is None else dict(value)
    raise TypeError("metadata must be a mapping")


def _integers(values: Sequence[Any]) -> Sequence[int | None]:
    if set(map(type, values)) <= {int, NoneType}:
        return values
    return list(map(_integer, values))


def _integer(value: Any) -> int | None:
    """Return an integer of whatever type, e.g. of NumPy; Arrow would cut decimals off."""
    if isinstance(value, bool):
        raise TypeError("a truth value is no number")
    return None if value is None else operator.index(value)


def _check_texts(values: Sequence[Any]) -> None:
    """Refuse what is no text; Arrow takes bytes as well."""
    if set(map(type, values)) <= {str, NoneType}:
        return
    if not all(value is None or isinstance(value, str) for value in values):
        raise TypeError("not a text")


def _day(value: Any) -> date | None:
    if value is None or type(value) is date:
        return value
    if isinstance(value, datetime):
        return value.date()
    return date.fromisoformat(value)
