"""Dates and timestamps as text: which form a text has, and a column of them parsed and printed.

A timestamp form is ``separator:fraction:zone``: the separator is ``T`` or a space; the fraction is
``m`` (no seconds), ``0``, ``3`` or ``6`` (digits), or ``iso`` (six digits, none when they are
zero); the zone is empty, ``Z``, or an offset such as ``+02:00``. The form ``date`` is a date alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

DATE = "date"
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:([T ])[0-9]{2}:[0-9]{2}(?:(:[0-9]{2})(?:\.([0-9]{3}|[0-9]{6}))?)?"
    r"(Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?)?"
)
MICROS = pa.timestamp("us")
_FIRST, _LAST = "0001-01-01", "9999-12-31"
_YEARS = {
    pa.date32(): tuple(pa.scalar(day).cast(pa.date32()) for day in (_FIRST, _LAST)),
    MICROS: tuple(pa.scalar(at).cast(MICROS) for at in (_FIRST, f"{_LAST} 23:59:59.999999")),
}
_UNITS = {"m": ("s", 16), "0": ("s", 19), "3": ("ms", 23), "6": ("us", 26)}
_PATTERN = {
    "m": "%Y-%m-%d %H:%M",
    "0": "%Y-%m-%d %H:%M:%S",
    "3": "%Y-%m-%d %H:%M:%S%.3f",
    "6": "%Y-%m-%d %H:%M:%S%.6f",
    "iso": "%Y-%m-%d %H:%M:%S%.f",
}


def form_of(text: str) -> str | None:
    """Return the form of a timestamp's text, or None when it has none of them."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    separator, seconds, fraction, zone = match.groups()
    if separator is None:
        return DATE
    digits = str(len(fraction or "")) if seconds else "m"
    return f"{separator}:{digits}:{zone or ''}"


def joined(found: Counter[str]) -> str:
    """Return the most common form, or its ``iso`` sister where whole seconds lost their digits."""
    form = found.most_common(1)[0][0]
    if form == DATE:
        return form
    separator, _, zone = form.split(":", 2)
    sisters = {f"{separator}:{other}:{zone}" for other in ("0", "6")}
    return f"{separator}:iso:{zone}" if sisters <= found.keys() else form


def parse_date(texts: pa.Array) -> pa.Array:
    """Return dates, null where a text is clearly none; year 0 is refused."""
    try:
        days = texts.cast(pa.date32())
    except pa.ArrowInvalid:
        days = pl.Series(texts).str.to_date("%Y-%m-%d", strict=False).to_arrow()
    return _within_years(days)


def fit(form: str, texts: pa.Array) -> pa.Array:
    """Return timestamps in UTC, null where a text is not exactly what the form prints."""
    if form == DATE:
        moments = parse_date(texts).cast(MICROS)
        return keep(moments, pc.equal(show(form, moments), texts))
    separator, digits, zone = form.split(":", 2)
    local = _without(zone, texts)
    try:
        moments = local.cast(MICROS)
    except pa.ArrowInvalid:
        pattern = _PATTERN[digits].replace(" ", separator)
        lenient = pl.Series(local).str.to_datetime(pattern, time_unit="us", strict=False)
        moments = lenient.to_arrow()
    moments = _within_years(moments)
    moments = keep(moments, pc.equal(_printed(moments, separator, digits, ""), local))
    offset = _offset(zone)
    return _within_years(_shifted(moments, offset, pc.subtract)) if offset else moments


def show(form: str, moments: pa.Array) -> pa.Array:
    """Return the texts of timestamps."""
    if form == DATE:
        return moments.cast(pa.date32(), safe=False).cast(pa.large_string())
    separator, digits, zone = form.split(":", 2)
    return _printed(_shifted(moments, _offset(zone), pc.add), separator, digits, zone)


def _printed(local: pa.Array, separator: str, digits: str, zone: str) -> pa.Array:
    if digits == "iso":
        whole = pc.equal(local, pc.floor_temporal(local, unit="second"))
        short, long = (_printed(local, separator, each, zone) for each in ("0", "6"))
        return pc.if_else(whole, short, long)
    unit, length = _UNITS[digits]
    text = local.cast(pa.timestamp(unit), safe=False).cast(pa.large_string())
    raw = text.view(pa.large_binary())
    if separator == "T":
        raw = pc.binary_replace_slice(raw, 10, 11, b"T")
    if zone or digits == "m":
        raw = pc.binary_replace_slice(raw, length, 19 if digits == "m" else length, zone.encode())
    return raw.view(pa.large_string())


def _without(zone: str, texts: pa.Array) -> pa.Array:
    if not zone:
        return texts
    texts = keep(texts, pc.ends_with(texts, zone))
    return pc.binary_slice(texts.view(pa.large_binary()), 0, -len(zone)).view(pa.large_string())


def _offset(zone: str) -> timedelta:
    if zone in {"", "Z"}:
        return timedelta(0)
    size = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    return -size if zone[0] == "-" else size


def _shifted(moments: pa.Array, by: timedelta, direction: Callable[..., pa.Array]) -> pa.Array:
    return direction(moments, pa.scalar(by, pa.duration("us"))) if by else moments


def within_years(times: pa.Array) -> pa.Array | None:
    """Return which dates or timestamps lie in the years 1 to 9999; None when all do."""
    earliest, latest = _YEARS[times.type]
    found = pc.min_max(times)
    if not found["min"].is_valid:
        return None
    if earliest.value <= found["min"].value and found["max"].value <= latest.value:
        return None
    return pc.and_(pc.greater_equal(times, earliest), pc.less_equal(times, latest))


def _within_years(times: pa.Array) -> pa.Array:
    within = within_years(times)
    return times if within is None else keep(times, within)


def keep(values: pa.Array, which: pa.Array) -> pa.Array:
    """Return `values`, null where `which` is not true."""
    if pc.all(which, skip_nulls=True).as_py():
        return values
    return pc.if_else(which, values, pa.scalar(None, values.type))
