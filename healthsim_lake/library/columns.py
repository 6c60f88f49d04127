"""Executions as callers give them, into columns; and back into records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from healthsim_lake import _json
from healthsim_lake._clock import to_utc
from healthsim_lake._shown import shown
from healthsim_lake.errors import InputError
from healthsim_lake.library.executions import JourneyExecution, LedgerKind, ProfileExecution
from healthsim_lake.library.values import UNFIT, array, expected

Row = Mapping[str, Any]
Owners = Callable[[str], tuple[str, int, int]]
"""Returns id, version and commit of the specification of the document that a caller names."""


def columns_of(
    kind: LedgerKind, rows: Sequence[Row], owners: Owners, *, where: str = "executions[{}]: "
) -> pa.Table:
    """Return rows as columns, checked, with everything but ``id`` and ``executed_at``.

    Args:
        kind: The ledger they are meant for.
        rows: Values by column name; what is left out is null, and ``status`` then ``completed``.
        owners: Finds the documents.
        where: How errors begin; its ``{}`` stands for the number of the row.

    Raises:
        InputError: A row has an unknown key or a value of a wrong type; names the row.
        DocumentNotFoundError: A row's profile or journey is not there.
    """
    given = _known_keys(kind, rows, where)
    columns = _owner_columns(kind, rows, owners, where)
    for name in kind.given:
        if name != kind.owner:
            values = [row.get(name) for row in rows] if name in given else [None] * len(rows)
            columns[name] = _column(kind, name, values, where)
    return pa.table({name: columns[name] for name in kind.schema.names if name in columns})


def _known_keys(kind: LedgerKind, rows: Sequence[Row], where: str) -> set[str]:
    """Return the keys that any row has, all of which are columns."""
    if set(map(type, rows)) != {dict}:
        for number, row in enumerate(rows):
            if not isinstance(row, Mapping):
                raise InputError(f"{where.format(number)}must be a mapping, not {shown(row)}")
    given = set[str]().union(*rows)
    for key in given.difference(kind.given):
        number = next(at for at, row in enumerate(rows) if key in row)
        known = ", ".join(kind.given)
        raise InputError(f"{where.format(number)}{shown(key)} is not known; use {known}")
    return given


def _owner_columns(
    kind: LedgerKind, rows: Sequence[Row], owners: Owners, where: str
) -> dict[str, pa.Array]:
    """Return the columns that say which document was run, and what it was then."""
    refs = [row.get(kind.owner) for row in rows]
    if set(map(type, refs)) != {str}:
        for number, ref in enumerate(refs):
            if not isinstance(ref, str):
                raise InputError(f"{where.format(number)}give {kind.owner}: a name or an id")
    place = {str(ref): at for at, ref in enumerate(dict.fromkeys(refs))}
    found = zip(*map(owners, place), strict=True)
    arrays = {
        name: pa.array(values, kind.schema.field(name).type)
        for name, values in zip((kind.owner, "version", "spec_commit"), found, strict=True)
    }
    if len(rows) == 1:  # alone, there is nothing to repeat
        return arrays
    which = pa.array([place[ref] for ref in refs], pa.int32())  # type: ignore[index]  # texts, see above
    return {name: values.take(which) for name, values in arrays.items()}


def _column(kind: LedgerKind, name: str, values: list[Any], where: str) -> pa.Array:
    wanted = kind.schema.field(name).type
    try:
        return array(name, values, wanted)
    except UNFIT as error:
        number, value = _first_unfit(name, values, wanted)
        raise InputError(
            f"{where.format(number)}{name} must be {expected(name, wanted)}, not {shown(value)}"
        ) from error


def _first_unfit(name: str, values: Sequence[Any], wanted: pa.DataType) -> tuple[int, Any]:
    for number, value in enumerate(values):
        try:
            array(name, [value], wanted)
        except UNFIT:
            return number, value
    raise AssertionError(f"each {name} fits, but not all of them together")


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
