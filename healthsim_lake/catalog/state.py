"""The parts of a lake's state, as they are held in memory and written to checkpoints."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from pydantic import Field, ValidationError

from healthsim_lake.catalog.documents import Collection, DocumentState
from healthsim_lake.catalog.ledgers import LedgerState
from healthsim_lake.catalog.records import (
    AnyManifest,
    Manifest,
    ManifestRef,
    Record,
    ScenarioRecord,
    ScenarioVersion,
    Timestamp,
)
from healthsim_lake.catalog.retention import Purged, Retention
from healthsim_lake.errors import DamagedCommitError

_ALL_KEPT = Retention()


class ScenarioDetails(Record):
    """What is known of a scenario beside its record.

    Attributes:
        manifest: Of its newest state.
        versions: All that may still be read, oldest first; at least one.
    """

    manifest: AnyManifest
    versions: tuple[ScenarioVersion, ...] = Field(min_length=1)


class Lines:
    """The further lines of a text, which is split when one of them is asked for.

    Args:
        text: Lines with line feeds between them, of which the first is not counted.
    """

    __slots__ = ("_parts", "_text")

    def __init__(self, text: bytes) -> None:
        self._text: bytes | None = text
        self._parts: list[bytes] = []

    def __len__(self) -> int:
        text = self._text
        return len(self._parts) - 1 if text is None else text.count(b"\n")

    def __getitem__(self, at: int) -> bytes:
        text = self._text
        if text is not None:
            self._parts = text.split(b"\n")
            self._text = None  # last, for threads that look at the same time
        return self._parts[at + 1]


class ScenarioState:
    """A scenario with the manifest of its newest state and the list of its versions.

    A checkpoint gives the details as text, which is parsed when they are asked for: most scenarios
    of a large lake are only ever listed, and their manifests are most of what there is to parse.

    Attributes:
        record: What lists show.
        commit: The commit that made its newest version.

    Args:
        record: See above.
        details: See above, or where their text stands.
        commit: Needed where they are text.
    """

    __slots__ = ("_details", "commit", "record")

    def __init__(
        self,
        record: ScenarioRecord,
        details: ScenarioDetails | tuple[Lines, int],
        commit: int | None = None,
    ) -> None:
        self.record = record
        self._details = details
        self.commit = self.versions[-1].commit if commit is None else commit

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ScenarioState):
            return NotImplemented
        if (self.record, self.commit) != (other.record, other.commit):
            return False
        try:
            return self.details == other.details
        except DamagedCommitError:  # nothing is known to be the same
            return False

    def __hash__(self) -> int:
        return hash((self.record.id, self.commit))

    @property
    def manifest(self) -> Manifest | ManifestRef:
        """The manifest of its newest state."""
        return self.details.manifest

    @property
    def versions(self) -> tuple[ScenarioVersion, ...]:
        """Its versions, oldest first."""
        return self.details.versions

    @property
    def details(self) -> ScenarioDetails:
        """Manifest and versions.

        Raises:
            DamagedCommitError: The text of a checkpoint says something else.
        """
        details = self._details
        if isinstance(details, tuple):
            lines, at = details
            details = self._details = self._parsed(lines[at])
        return details

    def text(self) -> bytes:
        """Return the details as they stand in a checkpoint: JSON without line breaks."""
        details = self._details
        if isinstance(details, tuple):
            lines, at = details
            return lines[at]
        return details.model_dump_json().encode()

    def with_versions(self, versions: tuple[ScenarioVersion, ...]) -> ScenarioState:
        """Return the state with other versions."""
        return ScenarioState(self.record, self.details.model_copy(update={"versions": versions}))

    def _parsed(self, text: bytes) -> ScenarioDetails:
        try:
            return ScenarioDetails.model_validate_json(text)
        except ValidationError as error:
            raise DamagedCommitError(
                f"a checkpoint is wrong about scenario {self.record.id}; delete the files in "
                "catalog/checkpoint, which only save time"
            ) from error


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


@dataclass
class State:
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

    scenarios: dict[str, ScenarioState] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    tables: dict[str, TableState] = field(default_factory=dict)
    documents: dict[str, DocumentState] = field(default_factory=dict)
    ledgers: dict[Collection, LedgerState] = field(default_factory=dict)
    results: dict[str, IdempotentResult] = field(default_factory=dict)
    reader_features: tuple[str, ...] = ()
    writer_features: tuple[str, ...] = ()
    retention: Retention = _ALL_KEPT
    purged: dict[str, Purged] = field(default_factory=dict)

    @cached_property
    def titles(self) -> dict[tuple[Collection, str], str]:
        """Ids of the documents that are not deleted, by collection and name."""
        alive = (one for one in self.documents.values() if not one.record.deleted)
        return {(one.collection, one.record.name): one.record.id for one in alive}

    def mutable_copy(self) -> State:
        """Return a copy whose dictionaries are its own; what they hold is shared."""
        copied = State(
            scenarios=dict(self.scenarios),
            names=dict(self.names),
            tables=dict(self.tables),
            documents=dict(self.documents),
            ledgers=dict(self.ledgers),
            results=dict(self.results),
            reader_features=self.reader_features,
            writer_features=self.writer_features,
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

    def remember(self, key: str, result: IdempotentResult) -> None:
        """Keep what a request with an idempotency key led to."""
        self.results[key] = result

    def forget_results_before(self, moment: datetime) -> None:
        """Drop what is too old of results and abandoned transactions.

        Results are held in order of time.
        """
        if any(when < moment for when in self.retention.abandoned.values()):
            kept = {txn: when for txn, when in self.retention.abandoned.items() if when >= moment}
            self.retention = self.retention.model_copy(update={"abandoned": kept})
        while self.results:
            key = next(iter(self.results))
            if self.results[key].timestamp >= moment:
                return
            del self.results[key]
