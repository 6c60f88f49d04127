"""Tables that show the lake's own catalog beside the rows: ``scenarios`` and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.tables.selection import manifests_of

Chosen = Sequence[ScenarioState] | None
"""The scenarios that a question is about; None when it is about the whole lake."""


@dataclass(frozen=True, slots=True)
class CatalogTable:
    """A table whose rows come from the catalog, not from data files.

    Attributes:
        name: Name in SQL; wins over an entity type of that name.
        schema: Its columns.
        rows: Returns the rows at a snapshot that concern the chosen scenarios, or all rows of the
            lake; only called when a question reads the table.
        grows: Whether rows may come without a commit, as executions do.
    """

    name: str
    schema: pa.Schema
    rows: Callable[[Snapshot, Chosen], pa.Table]
    grows: bool = False


def scenario_tables(log: CommitLog) -> tuple[CatalogTable, ...]:
    """Return the tables that tell of scenarios: themselves, their tags, and what they hold."""
    return (
        _table(
            "scenarios",
            [
                ("scenario_id", pa.string()),
                ("name", pa.string()),
                ("description", pa.string()),
                ("tags", pa.list_(pa.string())),
                ("entity_count", pa.int64()),
                ("version", pa.int64()),
                ("created_at", pa.timestamp("us")),
                ("updated_at", pa.timestamp("us")),
            ],
            _scenarios,
        ),
        _table("scenario_tags", [("scenario_id", pa.string()), ("tag", pa.string())], _tags),
        _table(
            "scenario_entities",
            [
                ("scenario_id", pa.string()),
                ("entity_type", pa.string()),
                ("key", pa.string()),
                ("rows", pa.int64()),
            ],
            lambda states: _entities(log, states),
        ),
    )


def _table(
    name: str,
    columns: list[tuple[str, pa.DataType]],
    rows: Callable[[Sequence[ScenarioState]], Iterator[tuple[Any, ...]]],
) -> CatalogTable:
    schema = pa.schema(columns)

    def at(snapshot: Snapshot, chosen: Chosen) -> pa.Table:
        if chosen is None:
            chosen = [one for one in snapshot.scenarios.values() if not one.record.deleted]
        values = list(zip(*rows(chosen), strict=True)) or [()] * len(schema)
        return pa.table(list(map(pa.array, values, schema.types)), schema=schema)

    return CatalogTable(name, schema, at)


def _scenarios(states: Sequence[ScenarioState]) -> Iterator[tuple[Any, ...]]:
    for record in (state.record for state in states):
        yield (
            record.id,
            record.name,
            record.description,
            list(record.tags),
            record.entity_count,
            record.version,
            record.created_at.replace(tzinfo=None),
            record.updated_at.replace(tzinfo=None),
        )


def _tags(states: Sequence[ScenarioState]) -> Iterator[tuple[Any, ...]]:
    return ((state.record.id, tag) for state in states for tag in state.record.tags)


def _entities(log: CommitLog, states: Sequence[ScenarioState]) -> Iterator[tuple[Any, ...]]:
    for state, manifest in zip(states, manifests_of(log, states), strict=True):
        for one in manifest.sets:
            yield state.record.id, one.table, one.key, one.rows
