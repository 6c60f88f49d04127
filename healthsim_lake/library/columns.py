"""Executions as callers give them, into columns; and back into records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from healthsim_lake import _json
from healthsim_lake._clock import to_utc
from healthsim_lake.errors import InputError
from healthsim_lake.library.executions import (
    COMPLETED,
    JourneyExecution,
    LedgerKind,
    ProfileExecution,
)
from healthsim_lake.specs.refusals import shown

Row = Mapping[str, Any]
Owners = Callable[[Any], tuple[str, int, int]]
"""Returns id, version and commit of the specification of the document that a caller names."""


def columns_of(kind: LedgerKind, rows: Sequence[Row], owners: Owners) -> pa.Table:
    """Return rows as columns, checked, with everything but ``id`` and ``executed_at``.

    Args:
        kind: The ledger they are meant for.
        rows: Values by column name; what is left out is null, and ``status`` then ``completed``.
        owners: Finds the documents.

    Raises:
        InputError: A row has an unknown key or a value of a wrong type; names the row.
        DocumentNotFoundError: A row's profile or journey is not there.
    """
    for key in set().union(*rows) - set(kind.given):
        number = next(at for at, row in enumerate(rows) if key in row)
        raise InputError(f"executions[{number}]: {key!r} is not known; use {', '.join(kind.given)}")
    columns = {name: _column(kind, name, rows) for name in kind.given if name != kind.owner}
    columns |= _owner_columns(kind, rows, owners)
    names = [name for name in kind.schema.names if name in columns]
    return pa.table({name: columns[name] for name in names})


def _owner_columns(kind: LedgerKind, rows: Sequence[Row], owners: Owners) -> dict[str, pa.Array]:
    refs = [row.get(kind.owner) for row in rows]
    found = {ref: owners(ref) for ref in dict.fromkeys(refs)}
    names = (kind.owner, "version", "spec_commit")
    return {
        name: pa.array([found[ref][at] for ref in refs], kind.schema.field(name).type)
        for at, name in enumerate(names)
    }


def _column(kind: LedgerKind, name: str, rows: Sequence[Row]) -> pa.Array:
    values = [row.get(name) for row in rows]
    wanted = kind.schema.field(name).type
    try:
        return _array(name, values, wanted)
    except _UNFIT:
        raise _first_unfit(name, values, wanted) from None


_UNFIT = (pa.ArrowException, TypeError, ValueError, OverflowError, RecursionError)
_KINDS = {pa.string(): "text", pa.int64(): "an integer of 64 bits", pa.date32(): "a date"}
_COUNTS = frozenset({"entity_count", "events_generated", "duration_ms"})


def _array(name: str, values: list[Any], wanted: pa.DataType) -> pa.Array:
    if name == "metadata":
        values = [None if value is None else _metadata_text(value) for value in values]
    elif name == "status":
        values = [COMPLETED if value is None else value for value in values]
    elif pa.types.is_date(wanted):
        values = [_day(value) for value in values]
    column = pa.array(values, wanted)
    if name in _COUNTS and (pc.min(column).as_py() or 0) < 0:
        raise ValueError("a count below zero")
    return column


def _first_unfit(name: str, values: list[Any], wanted: pa.DataType) -> InputError:
    expected = "a mapping of JSON values" if name == "metadata" else _KINDS[wanted]
    if name in _COUNTS:
        expected += ", not below zero"
    for number, value in enumerate(values):
        try:
            _array(name, [value], wanted)
        except _UNFIT:
            return InputError(
                f"executions[{number}]: {name} must be {expected}, not {shown(value)}"
            )
    return InputError(f"executions: {name} must be {expected}")


def _metadata_text(value: Any) -> str:
    # By far most are dicts, and a check of an abstract class is slow.
    if type(value) is not dict and not isinstance(value, Mapping):
        raise TypeError("metadata must be a mapping")
    return _json.dumps_text(_json.kept(dict(value)))


def _day(value: Any) -> date | None:
    if value is None or type(value) is date:
        return value
    if isinstance(value, datetime):
        return value.date()
    return date.fromisoformat(value)


def records_of(kind: LedgerKind, table: pa.Table) -> list[ProfileExecution | JourneyExecution]:
    """Return the rows of a ledger as records."""
    return [
        kind.record.model_construct(
            **{
                **row,
                "executed_at": to_utc(row["executed_at"]),
                "metadata": None if row["metadata"] is None else _json.loads(row["metadata"]),
            }
        )
        for row in table.to_pylist()
    ]


def table_of(kind: LedgerKind, records: Sequence[ProfileExecution | JourneyExecution]) -> pa.Table:
    """Return records as the rows of a ledger."""
    rows = [
        {
            **record.model_dump(include=set(kind.schema.names)),
            "executed_at": record.executed_at.replace(tzinfo=None),
            "metadata": None if record.metadata is None else _json.dumps_text(record.metadata),
        }
        for record in records
    ]
    return pa.Table.from_pylist(rows, schema=kind.schema)
