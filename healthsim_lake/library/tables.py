"""Profiles, journeys and what was run as tables for SQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from healthsim_lake import _json
from healthsim_lake.catalog.shelf import SINGULAR, Shelf
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.library.executions import JOURNEY_LEDGER, PROFILE_LEDGER, LedgerKind
from healthsim_lake.library.ledger import Ledger
from healthsim_lake.tables.committer import Committer

_FIGURES: dict[str, dict[str, pa.DataType]] = {
    "profiles": {"entity_count": pa.int64()},
    "journeys": {"duration_days": pa.float64(), "event_count": pa.int64()},
}


@dataclass(frozen=True, slots=True)
class LibraryTable:
    """A table made from the catalog.

    Attributes:
        name: In SQL.
        schema: Its columns.
        rows: Returns them, for the whole lake (None) or for some scenarios, by id: then only
            executions that led to these, and the documents behind those.
    """

    name: str
    schema: pa.Schema
    rows: Callable[[Snapshot, Collection[str] | None], pa.Table]


def catalog_tables(committer: Committer) -> tuple[LibraryTable, ...]:
    """Return ``profiles``, ``journeys``, and a ledger of executions for each."""
    return tuple(
        table
        for kind in (PROFILE_LEDGER, JOURNEY_LEDGER)
        for table in _tables_of(Ledger(committer, kind), kind)
    )


def _tables_of(ledger: Ledger, kind: LedgerKind) -> Iterator[LibraryTable]:
    schema = _document_schema(kind)

    def documents(snapshot: Snapshot, scenarios: Collection[str] | None) -> pa.Table:
        run = None
        if scenarios is not None:
            run = set(executions(snapshot, scenarios)[kind.owner].to_pylist())
        return pa.Table.from_pylist(list(_document_rows(snapshot, ledger, run)), schema=schema)

    def executions(_snapshot: Snapshot, scenarios: Collection[str] | None) -> pa.Table:
        table = ledger.table()
        if scenarios is None:
            return table
        wanted = pa.array(list(scenarios), pa.string())
        return table.filter(pc.is_in(table["cohort_id"], value_set=wanted))

    yield LibraryTable(kind.collection, schema, documents)
    name = f"{SINGULAR[kind.collection]}_executions"
    yield LibraryTable(name, kind.schema, executions)


def _document_schema(kind: LedgerKind) -> pa.Schema:
    texts, number, moment = pa.list_(pa.string()), pa.int64(), pa.timestamp("us")
    return pa.schema(
        [
            ("id", pa.string()),
            ("name", pa.string()),
            ("description", pa.string()),
            ("version", number),
            ("products", texts),
            ("tags", texts),
            *_FIGURES[kind.collection].items(),
            ("execution_count", number),
            ("last_executed", moment),
            ("created_at", moment),
            ("updated_at", moment),
            ("metadata", pa.string()),
        ]
    )


def _document_rows(
    snapshot: Snapshot, ledger: Ledger, wanted: Collection[str] | None
) -> Iterator[dict[str, Any]]:
    tallies = ledger.tallies()
    for one in Shelf(snapshot, ledger.kind.collection):
        record = one.record
        if record.deleted or (wanted is not None and record.id not in wanted):
            continue
        tally = tallies.get(record.id)
        yield {
            **record.model_dump(include={"id", "name", "description", "version"}),
            "products": list(record.products),
            "tags": list(record.tags),
            **{name: record.figures.get(name) for name in _FIGURES[ledger.kind.collection]},
            "execution_count": 0 if tally is None else tally.count,
            "last_executed": None if tally is None else tally.last.replace(tzinfo=None),
            "created_at": record.created_at.replace(tzinfo=None),
            "updated_at": record.updated_at.replace(tzinfo=None),
            "metadata": _json.dumps_text(record.metadata),
        }
