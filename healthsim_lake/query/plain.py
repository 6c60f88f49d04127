"""Values of an answer as plain JSON values.

Dates, times and timestamps become ISO 8601 text, with a Z where the column has a zone; intervals
ISO 8601 durations; bytes hex digits; NaN and infinities their names; maps objects. Whole decimals
(SUM of integers) become integers. Other decimals become numbers where every value of the column
has at most 15 digits, which a double keeps, else the whole column becomes exact text: a column
is never partly text, and pages of one answer agree.
"""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_FLOAT_DIGITS = 15


def plain_values(column: pa.ChunkedArray, *, offset: int, limit: int) -> list[Any]:
    """Return `limit` values of a column, from `offset` on, as plain JSON values."""
    page = column.slice(offset, limit)
    kind = column.type
    if pa.types.is_decimal(kind) and kind.scale > 0 and not _fits_float(column):
        return [None if value is None else format(value, "f") for value in page.to_pylist()]
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return _moments(page)
    try:
        return [_plain(value) for value in page.to_pylist(maps_as_pydicts="lossy")]
    except (ValueError, OverflowError):
        return _moments(page)


def _moments(page: pa.ChunkedArray) -> list[str | None]:
    # Those that Python's datetime cannot hold: nanoseconds, years beyond 9999.
    texts = page.cast(pa.string()).to_pylist()
    return [None if text is None else text.replace(" ", "T", 1) for text in texts]


def _fits_float(column: pa.ChunkedArray) -> bool:
    if column.type.precision <= _FLOAT_DIGITS:
        return True
    extremes = pc.min_max(column).as_py().values()
    most = max((abs(value) for value in extremes if value is not None), default=0)
    return bool(most < Decimal(10) ** (_FLOAT_DIGITS - column.type.scale))


def duration(value: pa.MonthDayNano) -> str:
    """Return an interval as an ISO 8601 duration, e.g. ``P1M3DT0.5S``."""
    seconds = Decimal(value.nanoseconds).scaleb(-9).normalize()
    days = f"{value.months}M" if value.months else ""
    days += f"{value.days}D" if value.days else ""
    time = f"T{seconds:f}S" if seconds or not days else ""
    return f"P{days}{time}"


def _plain(value: Any) -> Any:
    convert = _CONVERTERS.get(type(value))
    return value if convert is None else convert(value)


def _float(value: float) -> float | str:
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _decimal(value: Decimal) -> int | float | str:
    if value.as_tuple().exponent == 0:
        return int(value)
    # Inside a list there is no column to look through, so each value answers for itself.
    number = float(value)
    return number if Decimal(repr(number)) == value else format(value, "f")


def _datetime(value: dt.datetime) -> str:
    text = value.isoformat()
    return f"{text.removesuffix('+00:00')}Z" if text.endswith("+00:00") else text


_CONVERTERS: dict[type, Callable[[Any], Any]] = {
    float: _float,
    Decimal: _decimal,
    dt.datetime: _datetime,
    dt.date: dt.date.isoformat,
    dt.time: dt.time.isoformat,
    uuid.UUID: str,
    bytes: bytes.hex,
    pa.MonthDayNano: duration,
    list: lambda items: [_plain(item) for item in items],
    dict: lambda items: {str(key): _plain(item) for key, item in items.items()},
}
