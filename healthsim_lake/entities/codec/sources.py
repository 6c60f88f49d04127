"""The values of a column, sorted by their JSON types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from healthsim_lake.entities.codec.arrays import INT_LIMIT, build, within_int64
from healthsim_lake.entities.codec.forms import EXACT_INT
from healthsim_lake.entities.codec.jsontext import plain_many
from healthsim_lake.entities.codec.packed import Packed
from healthsim_lake.entities.fields import Kind

_ABSENT = type(None)
_NAMES: dict[type, str] = {str: "text", int: "int", float: "float", bool: "bool"}
_ARROW = {"text": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
_NUMBERS = {int, float}
_FRACTIONAL = {"float", "decimal"}


@dataclass(frozen=True, slots=True)
class Source:
    """The values of one JSON type within a column.

    Attributes:
        name: ``text``, ``int``, ``float``, ``number`` (integers and floats), ``bool``, ``date``,
            ``moment`` or ``decimal``.
        array: The values, null where a row has something else.
        form: The only form that fits, where the type alone decides it.
    """

    name: str
    array: pa.Array
    form: str | None = None


def sort_values(
    kind: Kind, values: Sequence[Any]
) -> tuple[list[Source], Sequence[Any], pa.Array | None]:
    """Sort values by their types.

    Returns:
        The sources, most frequent first; the values; and which rows have one, or None when all
        values are in the one source.

    Raises:
        RefusedValueError: A value cannot be kept; carries its position.
    """
    simple = _simple_source(kind, values)
    if simple is not None:
        return [simple], values, None
    values = plain_many(values)
    present = pa.array([value is not None for value in values], pa.bool_())
    return _sorted_plain(kind, values), values, present


def packed_source(values: Packed) -> Source | None:
    """Return the one source of packed values, or None when they have to be looked at singly.

    Not all of the values may be null.
    """
    array = values.array()
    if values.of is float and not pc.all(pc.is_finite(array)).as_py():
        return None
    return Source(_NAMES[values.of or str], array)


def _simple_source(kind: Kind, values: Sequence[Any]) -> Source | None:
    """Return the one source of a column whose values have one type, or None."""
    first = next((value for value in values if value is not None), None)
    if type(first) is str:
        texts = _texts(values, pa.string() if kind.name == "text" else pa.large_string())
        return None if texts is None else Source("text", texts)
    kinds = set(map(type, values)) - {_ABSENT}
    if len(kinds) == 1:
        return _plain_source(next(iter(kinds)), values) or _time_source(kind, kinds, values)
    return None


def _plain_source(of: type, values: Sequence[Any]) -> Source | None:
    if of is int:
        integers = _integers(values)
        return None if integers is None else Source("int", integers)
    if of is float:
        floats = build(values, pa.float64())
        return Source("float", floats) if pc.all(pc.is_finite(floats)).as_py() else None
    if of is bool:
        return Source("bool", build(values, pa.bool_()))
    return None


def _time_source(kind: Kind, kinds: set[type], values: Sequence[Any]) -> Source | None:
    if kinds == {date} and kind.name == "date":
        return Source("date", build(values, kind.arrow), "date")
    if kinds == {datetime} and kind.name == "timestamp":
        zones = {None if moment is None else moment.tzinfo for moment in values}
        if zones == {None}:
            return Source("moment", build(values, kind.arrow), "T:iso:")
    return None


def _texts(values: Sequence[Any], kind: pa.DataType) -> pa.Array | None:
    try:
        return build(values, kind)
    except (TypeError, UnicodeEncodeError):
        return None


def _integers(values: Sequence[int | None]) -> pa.Array | None:
    return build(values, pa.int64()) if within_int64(values) else None


def _sorted_plain(kind: Kind, values: Sequence[Any]) -> list[Source]:
    counts = Counter(map(type, values))
    sources = []
    if kind.name in _FRACTIONAL and counts.keys() >= _NUMBERS:
        sources.append((counts.pop(int) + counts.pop(float), _number_source(values)))
    for of, count in counts.items():
        if of in _NAMES:
            own = [value if type(value) is of and _fits_cell(value) else None for value in values]
            sources.append((count, Source(_NAMES[of], build(own, _ARROW[_NAMES[of]]))))
    return [source for _, source in sorted(sources, key=lambda item: item[0], reverse=True)]


def _fits_cell(value: Any) -> bool:
    return type(value) is not int or -INT_LIMIT <= value < INT_LIMIT


def _number_source(values: Sequence[Any]) -> Source:
    """Return integers and fractions as floats; whole floats have no place beside integers."""
    own = [
        value
        if (type(value) is float and not value.is_integer())
        or (type(value) is int and -EXACT_INT <= value <= EXACT_INT)
        else None
        for value in values
    ]
    return Source("number", build([None if n is None else float(n) for n in own], pa.float64()))
