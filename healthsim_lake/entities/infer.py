"""Entity types for rows that nobody declared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any

import pyarrow as pa
from pyarrow import types
from pydantic import BaseModel

from healthsim_lake.entities.codec.arrays import INT_LIMIT
from healthsim_lake.entities.codec.best import best
from healthsim_lake.entities.codec.moments import DATE, form_of
from healthsim_lake.entities.fields import MAX_PRECISION, Kind
from healthsim_lake.entities.types import NAME_PATTERN, RESERVED_COLUMNS, EntityType, FieldSpec

MAX_COLUMNS = 1_000
"""Keys beyond this many stay in ``extra``: rows with a key per person are no table."""
_NAME = re.compile(NAME_PATTERN)
_TIMES = {"date": Kind("date"), "timestamp": Kind("timestamp")}
_DEEPEST_SCALE = 18
_KEY_KINDS = {"text", "int"}


def infer_from_rows(
    name: str, singular: str, rows: Sequence[Mapping[str, Any] | BaseModel]
) -> EntityType:
    """Return an entity type for the table `name`, from its first rows.

    A key becomes a column when its lower-case form is a column name, no other key differs from it
    in case only, and it has a value somewhere. Texts become dates or timestamps only if all of
    them are ISO text; digits in text are codes, and codes stay text. A number is a float as soon
    as one of the rows has a fraction there. Nested values become JSON text.

    Args:
        name: Table name.
        singular: What one row is called.
        rows: Mappings or pydantic models; other things are left to `encode_rows` to refuse.
    """
    dicts = [_items(row) for row in rows]
    columns = {
        key: [row.get(key) for row in dicts] for key in dict.fromkeys(chain.from_iterable(dicts))
    }
    found = {
        key: (_kind_of_values(values), None not in values)
        for key, values in columns.items()
        if isinstance(key, str)
    }
    return _entity_type(name, singular, found)


def infer_from_frame(name: str, singular: str, frame: pa.Table) -> EntityType:
    """Return an entity type for the table `name`, from the columns of its first rows.

    Args:
        name: Table name.
        singular: What one row is called.
        frame: An Arrow table; its text stays text.
    """
    found = {
        column: (_kind_of_type(kind), frame[column].null_count == 0)
        for column, kind in zip(frame.column_names, frame.schema.types, strict=True)
        if frame.column_names.count(column) == 1
    }
    return _entity_type(name, singular, found)


def _items(row: Any) -> Mapping[str, Any]:
    if isinstance(row, BaseModel):
        return row.model_dump(mode="json")
    return row if isinstance(row, Mapping) else {}


def _entity_type(
    name: str, singular: str, found: Mapping[str, tuple[str | None, bool]]
) -> EntityType:
    names = [key.lower() for key in found]
    fields: list[FieldSpec] = []
    key: str | None = None
    for given, (kind, everywhere) in found.items():
        column = given.lower()
        if kind is None or column in RESERVED_COLUMNS or not _NAME.fullmatch(column):
            continue
        if names.count(column) > 1 or len(fields) == MAX_COLUMNS:
            continue
        aliases = () if column == given else (given,)
        fields.append(FieldSpec(id=len(fields) + 1, name=column, type=kind, aliases=aliases))
        if everywhere and kind in _KEY_KINDS and column in ("id", f"{singular}_id"):
            key = "id" if "id" in (key, column) else column
    return EntityType(
        name=name, singular=singular, key=key, origin="inferred", fields=tuple(fields)
    )


def _kind_of_values(values: Iterable[Any]) -> str | None:
    """Return the kind that holds all the values, or None when there is none."""
    present = [value for value in values if value is not None]
    of = set(map(type, present))
    if not of:
        return None
    if any(issubclass(one, dict | list | tuple | Mapping | BaseModel) for one in of):
        return "json"
    if of == {bool}:
        return "bool"
    if all(issubclass(one, int | float) and one is not bool for one in of):
        return _kind_of_numbers(present, of)
    if of <= {Decimal, int}:
        return _kind_of_decimals(present)
    if all(issubclass(one, date) for one in of):
        return "timestamp" if any(issubclass(one, datetime) for one in of) else "date"
    return _kind_of_texts(present) if of == {str} else "text"


def _kind_of_numbers(values: Sequence[float], of: set[type]) -> str:
    if any(issubclass(one, float) for one in of):
        return "float"
    return "int" if min(values) >= -INT_LIMIT and max(values) < INT_LIMIT else "text"


def _kind_of_decimals(values: Iterable[Decimal | int]) -> str:
    scale = 0
    for value in values:
        exponent = Decimal(value).as_tuple().exponent
        scale = max(scale, -exponent) if isinstance(exponent, int) else scale
    return f"decimal({MAX_PRECISION},{min(scale, _DEEPEST_SCALE)})"


def _kind_of_texts(texts: Sequence[str]) -> str:
    """Return the kind of texts; the first that is no time ends the search."""
    forms = set()
    for text in texts:
        form = form_of(text)
        if form is None or best(_TIMES["timestamp"], text) is None:
            return "text"
        forms.add(form)
    return "date" if forms == {DATE} else "timestamp"


def _kind_of_type(kind: pa.DataType) -> str | None:
    """Return the kind of column for an Arrow type; None for a column of nulls."""
    if types.is_dictionary(kind):
        return _kind_of_type(kind.value_type)
    if types.is_decimal128(kind) and 0 <= kind.scale <= kind.precision:
        return f"decimal({kind.precision},{kind.scale})"
    for is_one, name in _KINDS_BY_TYPE:
        if is_one(kind):
            return name
    return "text"


_KINDS_BY_TYPE = (
    (types.is_null, None),
    (types.is_boolean, "bool"),
    (types.is_integer, "int"),
    (types.is_floating, "float"),
    (types.is_date, "date"),
    (types.is_timestamp, "timestamp"),
    (types.is_nested, "json"),
)
