"""The best value of a column's kind for any JSON value, one at a time.

A row whose exact value does not fit its column keeps that value in ``extra``; what the column then
holds, so that a query still finds it, is decided here. The columnar path gives the same values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

from healthsim_lake._json import integer_text
from healthsim_lake.entities.codec.arrays import INT_LIMIT
from healthsim_lake.entities.codec.check import RefusedValueError, plain
from healthsim_lake.entities.codec.jsontext import dumps
from healthsim_lake.entities.fields import Kind

_EXACT = Context(prec=400, rounding=ROUND_HALF_EVEN)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ]([0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r"(?:([Zz])|([+-])([01][0-9]|2[0-3]):?([0-5][0-9])?)?)?"
)
_LONGEST_NUMBER = 400
_WORDS = {"true": True, "false": False}


def best(kind: Kind, value: Any) -> Any:
    """Return the value that a column of `kind` should hold for the JSON value `value`.

    Args:
        kind: The column's kind.
        value: A JSON value.

    Returns:
        A ``str``, ``bool``, ``int``, ``float``, ``Decimal``, ``date`` or naive UTC ``datetime``;
        None when the value means nothing for the kind. Numbers that are too long for a decimal
        column are rounded half to even, fractions beyond microseconds are cut off.
    """
    return None if value is None else _BEST[kind.name](kind, value)


def _text(_kind: Kind, value: Any) -> str | None:
    match value:
        case str():
            return value
        case bool() | float():
            return dumps(value)
        case int():
            return integer_text(value)
    return None


def _bool(_kind: Kind, value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return _WORDS.get(value.strip().lower()) if isinstance(value, str) else None


def _int(_kind: Kind, value: Any) -> int | None:
    number: int | None = None
    match value:
        case bool():
            return None
        case int():
            number = value
        case float():
            number = int(value) if value.is_integer() else None
        case str():
            exact = _decimal_of(value)
            if exact is not None and exact == exact.to_integral_value(context=_EXACT):
                number = int(exact)
    return number if number is not None and -INT_LIMIT <= number < INT_LIMIT else None


def _float(_kind: Kind, value: Any) -> float | None:
    match value:
        case bool():
            return None
        case float():
            return value
        case int():
            return _as_float(value)
        case str():
            return None if _decimal_of(value) is None else _as_float(value.strip())
    return None


def _as_float(value: int | str) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if abs(number) != float("inf") else None


def _decimal(kind: Kind, value: Any) -> Decimal | None:
    exact: Decimal | None = None
    match value:
        case bool():
            return None
        case int():
            exact = Decimal(value)
        case float():
            exact = Decimal(repr(value))
        case str():
            exact = _decimal_of(value)
    if exact is None or exact.adjusted() >= kind.precision:
        return None
    try:
        rounded = exact.quantize(Decimal(1).scaleb(-kind.scale), context=_EXACT)
    except InvalidOperation:
        return None
    fits = abs(rounded) < Decimal(1).scaleb(kind.precision - kind.scale)
    return (rounded or abs(rounded)) if fits else None


def _decimal_of(text: str) -> Decimal | None:
    text = text.strip()
    if len(text) > _LONGEST_NUMBER or _NUMBER.fullmatch(text) is None:
        return None
    return Decimal(text)


def _date(_kind: Kind, value: Any) -> date | None:
    match = _MOMENT.fullmatch(value.strip()) if isinstance(value, str) else None
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def _timestamp(_kind: Kind, value: Any) -> datetime | None:
    match = _MOMENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    day, clock, seconds, fraction, _zulu, sign, hours, minutes = match.groups()
    micros = (fraction or "").ljust(6, "0")[:6]
    text = f"{day}T{clock or '00:00'}:{seconds or '00'}.{micros}"
    try:
        zone = _zone(sign, hours, minutes) if sign else UTC
        return (
            datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
        )
    except (ValueError, OverflowError):
        return None


def _zone(sign: str, hours: str, minutes: str | None) -> timezone:
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-offset if sign == "-" else offset)


def _json(_kind: Kind, value: Any) -> str:
    return value if isinstance(value, str) and is_json_container(value) else dumps(value)


def is_json_container(text: str) -> bool:
    """Return whether a text is itself the JSON text of an object or a list."""
    if not text.startswith(("{", "[")):
        return False
    try:
        plain(json.loads(text))
    except (ValueError, RecursionError, RefusedValueError):
        return False
    return True


_BEST: dict[str, Callable[[Kind, Any], Any]] = {
    "text": _text,
    "bool": _bool,
    "int": _int,
    "float": _float,
    "decimal": _decimal,
    "date": _date,
    "timestamp": _timestamp,
    "json": _json,
}
