"""Columns of Arrow arrays of any type: what their values mean as JSON, and how they are encoded."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from healthsim_lake.entities.codec import moments
from healthsim_lake.entities.codec.arrays import build, listed
from healthsim_lake.entities.codec.check import RefusedValueError, seconds_text
from healthsim_lake.entities.codec.columns import Column, solve
from healthsim_lake.entities.codec.jsontext import plain_many
from healthsim_lake.entities.codec.sources import Source
from healthsim_lake.entities.codec.values import encode_values
from healthsim_lake.entities.fields import Kind

_UTC = {"UTC", "utc", "Z", "GMT", "Etc/UTC", "Etc/GMT", "+00:00"}
_OFFSET = re.compile(r"[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]")
_LAST_RULES = pa.scalar("2037-01-01").cast(moments.MICROS)
"""From here on Arrow forgets the summer time of named zones."""
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def encode_array(kind: Kind, given: pa.Array) -> Column:
    """Encode one column of a frame.

    Raises:
        RefusedValueError: A value cannot be kept; carries its position.
    """
    given = decoded(given)
    source = None if kind.name == "json" else _source(kind, given)
    if source is None:
        return encode_values(kind, plain_values(given))
    return solve(
        kind,
        [source],
        given.is_valid(),
        lambda rows: plain_values(given.take(pa.array(rows))),
        len(given),
    )


def decoded(given: pa.Array) -> pa.Array:
    """Return an array without dictionary, run-length or view encoding."""
    if types.is_dictionary(given.type):
        return decoded(given.dictionary_decode())
    if types.is_run_end_encoded(given.type):
        return decoded(pc.run_end_decode(given))
    if types.is_string(given.type) or types.is_string_view(given.type):
        return given.cast(pa.large_string())
    return given


def plain_values(given: pa.Array) -> list[Any]:
    """Return the JSON values of an array.

    Raises:
        RefusedValueError: A value has no JSON form; carries its position.
    """
    given = decoded(given)
    kind = given.type
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_large_string(kind):
        return listed(given)
    if types.is_date(kind) or types.is_timestamp(kind):
        return listed(_time_texts(given))
    if types.is_duration(kind):
        per_second = _PER_SECOND[kind.unit]
        counts = listed(given.cast(pa.int64()))
        return [None if count is None else seconds_text(count, per_second) for count in counts]
    if types.is_time(kind):
        return [None if text is None else _clock(text) for text in listed(given.cast(pa.string()))]
    if types.is_interval(kind) or "binary" in str(kind):
        raise RefusedValueError(f"a column of type {kind} has no JSON form; make it text")
    return plain_many(given.to_pylist())


def _clock(text: str) -> str:
    whole, _, digits = text.partition(".")
    return whole + _fraction(digits.ljust(6, "0"))


def _fraction(digits: str) -> str:
    """Return a fraction of a second as Python prints it: nothing, six digits, or all nine."""
    if not digits.strip("0"):
        return ""
    return "." + (digits[:6] if not digits[6:].strip("0") else digits)


def _source(kind: Kind, given: pa.Array) -> Source | None:
    """Return the values in a form that encodes without Python objects, if there is one."""
    of = given.type
    if types.is_large_string(of):
        return Source("text", given)
    if types.is_boolean(of) or types.is_integer(of):
        plain = _cast(given, pa.bool_() if types.is_boolean(of) else pa.int64())
        return None if plain is None else Source("bool" if types.is_boolean(of) else "int", plain)
    if types.is_floating(of):
        floats = given.cast(pa.float64())
        return Source("float", floats) if pc.all(pc.is_finite(floats)).as_py() else None
    if types.is_date(of) or types.is_timestamp(of):
        return _time_source(kind, given)
    if types.is_decimal(of) and kind.name == "decimal" and of.scale <= kind.scale:
        numbers = _cast(given, kind.arrow)
        return None if numbers is None else Source("decimal", numbers, f"text:{of.scale}")
    return None


def _cast(given: pa.Array, kind: pa.DataType) -> pa.Array | None:
    try:
        return given.cast(kind)
    except pa.ArrowInvalid:
        return None


def _time_source(kind: Kind, given: pa.Array) -> Source:
    if types.is_date(given.type):
        if kind.name == "date":
            return Source("date", _days(given), "date")
    elif kind.name == "timestamp":
        zone, micros = _zone(given.type.tz), _micros(given)
        if zone is not None and micros is not None:
            _check_years(_local(given, micros))
            return Source("moment", micros, f"T:iso:{zone}")
    return Source("text", _time_texts(given))


def _time_texts(given: pa.Array) -> pa.Array:
    """Return dates and timestamps as ISO text."""
    if types.is_date(given.type):
        return _days(given).cast(pa.large_string())
    micros = _micros(given)
    if micros is None:
        return build(_nano_texts(given), pa.string())
    zone = _zone(given.type.tz)
    if zone is not None:
        _check_years(_local(given, micros))
        return moments.show(f"T:iso:{zone}", micros)
    latest = pc.max(micros)
    if latest.is_valid and latest.value >= _LAST_RULES.value:
        return build([None if at is None else at.isoformat() for at in listed(given)], pa.string())
    local = _local(given, micros)
    texts = listed(moments.show("T:iso:", _check_years(local)))
    shifts = listed(pc.subtract(local, micros).cast(pa.int64()))
    pairs = zip(texts, shifts, strict=True)
    return build([None if text is None else text + _offset(by) for text, by in pairs], pa.string())


def _nano_texts(given: pa.Array) -> list[str | None]:
    """Return the texts of nanoseconds; whole microseconds as everywhere else."""
    local = pc.local_timestamp(given) if given.type.tz else given
    utc = given.cast(pa.timestamp("ns"))
    shifts = listed(pc.divide(pc.subtract(local, utc).cast(pa.int64()), 1000))
    result: list[str | None] = []
    for text, by in zip(listed(local.cast(pa.large_string())), shifts, strict=True):
        if text is None:
            result.append(None)
            continue
        day, clock = text.split(" ")
        whole, nanos = clock.split(".")
        result.append(f"{day}T{whole}{_fraction(nanos)}{_offset(by) if given.type.tz else ''}")
    return result


def _zone(name: str | None) -> str | None:
    """Return the offset that all texts of a zone carry, or None when it varies."""
    if name is None:
        return ""
    if name in _UTC:
        return "+00:00"
    return name if _OFFSET.fullmatch(name) else None


def _offset(micros: int) -> str:
    minutes, rest = divmod(abs(micros) // 1_000_000, 60)
    seconds = f":{rest:02d}" if rest else ""
    return f"{'-' if micros < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}{seconds}"


def _micros(given: pa.Array) -> pa.Array | None:
    """Return timestamps as naive microseconds in UTC, or None when some are finer."""
    if given.type.tz:
        given = given.cast(pa.timestamp(given.type.unit))
    if given.type.unit == "ns":
        return _cast(given, moments.MICROS)
    return _refusing_overflow(given.cast, moments.MICROS)


def _local(given: pa.Array, micros: pa.Array) -> pa.Array:
    if not given.type.tz:
        return micros
    return pc.local_timestamp(micros.cast(pa.timestamp("us", given.type.tz)))


def _days(given: pa.Array) -> pa.Array:
    days = given.cast(pa.date32())
    _check_years(days)
    return days


def _refusing_overflow(cast: Callable[[pa.DataType], pa.Array], kind: pa.DataType) -> pa.Array:
    try:
        return cast(kind)
    except pa.ArrowInvalid:
        raise RefusedValueError("a time lies outside the years 1 to 9999") from None


def _check_years(times: pa.Array) -> pa.Array:
    within = moments.within_years(times)
    if within is not None:
        refused = RefusedValueError("a time outside the years 1 to 9999 has no ISO text")
        refused.row = pc.indices_nonzero(pc.invert(within))[0].as_py()
        raise refused
    return times
