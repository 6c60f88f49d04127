"""The parts of a lake's state, as they are held in memory and written to checkpoints."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from pydantic import Field

from healthsim_lake.catalog.documents import Collection, DocumentState
from healthsim_lake.catalog.ledgers import LedgerState
from healthsim_lake.catalog.records import (
    AnyManifest,
    Record,
    ScenarioRecord,
    ScenarioVersion,
    Timestamp,
)
from healthsim_lake.catalog.retention import Purged, Retention


class ScenarioState(Record):
    """A scenario with the manifest of its newest state and the list of its versions."""

    record: ScenarioRecord
    manifest: AnyManifest
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
        retention: Which versions may still be read.
        purged: What is left of scenarios that were purged, by id.
    """

    scenarios: dict[str, ScenarioState] = {}
    names: dict[str, str] = {}
    tables: dict[str, TableState] = {}
    documents: dict[str, DocumentState] = {}
    ledgers: dict[Collection, LedgerState] = {}
    results: dict[str, IdempotentResult] = {}
    reader_features: list[str] = []
    writer_features: list[str] = []
    retention: Retention = Retention()
    purged: dict[str, Purged] = {}

    @cached_property
    def titles(self) -> dict[tuple[Collection, str], str]:
        """Ids of the documents that are not deleted, by collection and name."""
        alive = (one for one in self.documents.values() if not one.record.deleted)
        return {(one.collection, one.record.name): one.record.id for one in alive}

    def mutable_copy(self) -> State:
        """Return a copy whose dictionaries and lists are its own; what they hold is shared."""
        copied = State.model_construct(
            scenarios=dict(self.scenarios),
            names=dict(self.names),
            tables=dict(self.tables),
            documents=dict(self.documents),
            ledgers=dict(self.ledgers),
            results=dict(self.results),
            reader_features=list(self.reader_features),
            writer_features=list(self.writer_features),
            retention=self.retention,
            purged=dict(self.purged),
        )
        if "titles" in self.__dict__:
            copied.__dict__["titles"] = dict(self.titles)
        return copied

    def put(self, state: ScenarioState) -> None:
        """Set a scenario and keep the index of names in step."""
        record = state.record
        former = self.scenarios.get(record.id)
        if former is not None and self.names.get(former.record.name) == record.id:
            del self.names[former.record.name]
        if not record.deleted:
            self.names[record.name] = record.id
        self.scenarios[record.id] = state

    def document_named(self, collection: Collection, name: str) -> DocumentState | None:
        """Return the document of that name that is not deleted, or None."""
        return self.documents.get(self.titles.get((collection, name), ""))

    def put_document(self, state: DocumentState) -> None:
        """Set a document and keep the index of names in step."""
        record, titles = state.record, self.titles
        former = self.documents.get(record.id)
        if former is not None and titles.get((state.collection, former.record.name)) == record.id:
            del titles[state.collection, former.record.name]
        if not record.deleted:
            titles[state.collection, record.name] = record.id
        self.documents[record.id] = state

    def drop(self, scenario_id: str) -> None:
        """Remove a scenario, tombstones included, as if it had never been."""
        former = self.scenarios.pop(scenario_id)
        if self.names.get(former.record.name) == scenario_id:
            del self.names[former.record.name]

    def retain(self, retention: Retention) -> None:
        """Set what may still be read."""
        self.__dict__["retention"] = retention  # like the dictionaries: while this is being made

    def remember(self, key: str, result: IdempotentResult) -> None:
        """Keep what a request with an idempotency key led to."""
        self.results[key] = result

    def forget_results_before(self, moment: datetime) -> None:
        """Drop what is too old of results and abandoned transactions.

        Results are held in order of time.
        """
        if any(when < moment for when in self.retention.abandoned.values()):
            kept = {txn: when for txn, when in self.retention.abandoned.items() if when >= moment}
            self.retain(self.retention.model_copy(update={"abandoned": kept}))
        while self.results:
            key = next(iter(self.results))
            if self.results[key].timestamp >= moment:
                return
            del self.results[key]
