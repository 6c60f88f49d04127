"""The parts of a lake's state, as they are held in memory and written to checkpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from healthsim_lake.catalog.documents import Collection, DocumentState
from healthsim_lake.catalog.ledgers import LedgerState
from healthsim_lake.catalog.records import (
    Manifest,
    ManifestRef,
    Record,
    ScenarioRecord,
    ScenarioVersion,
    Timestamp,
)


class ScenarioState(Record):
    """A scenario with the manifest of its newest state and the list of its versions."""

    record: ScenarioRecord
    manifest: Manifest | ManifestRef
    versions: tuple[ScenarioVersion, ...]


class TableState(Record):
    """What is pinned of a table.

    Attributes:
        revision: 1 when first declared, one more with every change.
        declaration: The entity type's document.
    """

    revision: int = Field(ge=1)
    declaration: dict[str, Any]


class IdempotentResult(Record):
    """What a request with an idempotency key led to."""

    commit: int
    timestamp: Timestamp
    result: str | None = None


class State(Record):
    """Everything that commits change.

    Instances inside a `Snapshot` are never changed; a fold works on a `mutable_copy`.

    Attributes:
        scenarios: By id, tombstones included.
        names: Ids of the scenarios that are not deleted, by name.
        tables: By name.
        documents: Profiles and journeys by id, tombstones included.
        ledgers: What was run, by collection.
        results: Of the last seven days, by idempotency key.
        reader_features: What a reader must know.
        writer_features: What a writer must know.
    """

    scenarios: dict[str, ScenarioState] = {}
    names: dict[str, str] = {}
    tables: dict[str, TableState] = {}
    documents: dict[str, DocumentState] = {}
    ledgers: dict[Collection, LedgerState] = {}
    results: dict[str, IdempotentResult] = {}
    reader_features: list[str] = []
    writer_features: list[str] = []

    def mutable_copy(self) -> State:
        """Return a copy whose dictionaries and lists are its own; what they hold is shared."""
        return State.model_construct(
            scenarios=dict(self.scenarios),
            names=dict(self.names),
            tables=dict(self.tables),
            documents=dict(self.documents),
            ledgers=dict(self.ledgers),
            results=dict(self.results),
            reader_features=list(self.reader_features),
            writer_features=list(self.writer_features),
        )

    def put(self, state: ScenarioState) -> None:
        """Set a scenario and keep the index of names in step."""
        record = state.record
        former = self.scenarios.get(record.id)
        if former is not None and self.names.get(former.record.name) == record.id:
            del self.names[former.record.name]
        if not record.deleted:
            self.names[record.name] = record.id
        self.scenarios[record.id] = state

    def remember(self, key: str, result: IdempotentResult) -> None:
        """Keep what a request with an idempotency key led to."""
        self.results[key] = result

    def forget_results_before(self, moment: datetime) -> None:
        """Drop results that are too old; they are held in order of time."""
        while self.results:
            key = next(iter(self.results))
            if self.results[key].timestamp >= moment:
                return
            del self.results[key]
