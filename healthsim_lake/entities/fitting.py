"""How well a column holds a JSON value, for telling people about values that do not fit."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal

from healthsim_lake.entities.codec.best import best
from healthsim_lake.entities.fields import Kind

Misfit = Literal["type", "rounded"]
"""``type``: the value is of another type; ``rounded``: the column holds something near it."""

_CLOCK = re.compile(r"[^Zz+-]*")
_FRACTION = re.compile(r"[.,](\d+)")
_DAY = len("2024-01-31")
_MICROSECONDS = 6


def misfit(kind: Kind, value: Any) -> Misfit | None:
    """Return what is wrong with a value for a column of `kind`, or None if the column holds it.

    Another spelling of the same value is no misfit: ``"007"`` and ``7.0`` are whole numbers. An
    integer is text, as codes are; other numbers and bools are not.

    Args:
        kind: The column's kind.
        value: A JSON value; null fits everywhere.
    """
    if value is None or kind.name == "json":
        return None
    if kind.name == "text":
        is_text = isinstance(value, str) or (
            isinstance(value, int) and value is not True and value is not False
        )
        return None if is_text else "type"
    held = best(kind, value)
    if held is None:
        return "type"
    is_exact = _EXACT.get(kind.name)
    return None if is_exact is None or is_exact(held, value) else "rounded"


def _number(held: Any, value: Any) -> bool:
    return _exact(held) == _exact(value)


def _exact(number: Any) -> Decimal:
    """Return a number as the decimal that its shortest text shows."""
    match number:
        case float():
            return Decimal(repr(number))
        case str():
            return Decimal(number.strip())
    return Decimal(number)


def _date(_held: Any, value: str) -> bool:
    """Return whether nothing but midnight follows the day."""
    clock = _CLOCK.match(value.strip()[_DAY:])
    return clock is None or not set(clock[0]).intersection("123456789")


def _timestamp(_held: Any, value: str) -> bool:
    fraction = _FRACTION.search(value)
    return fraction is None or not fraction[1][_MICROSECONDS:].strip("0")


_EXACT: dict[str, Callable[[Any, Any], bool]] = {
    "float": _number,
    "decimal": _number,
    "date": _date,
    "timestamp": _timestamp,
}
"""Whether what a column holds is the value itself; of other kinds it always is."""
