"""Saving a scenario: all its rows in one commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from healthsim_lake import _clock
from healthsim_lake.catalog import actions
from healthsim_lake.catalog.check import check
from healthsim_lake.catalog.names import free_name
from healthsim_lake.catalog.records import EntitySet, Manifest, ScenarioRecord
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.catalog.transaction import Draft, Label
from healthsim_lake.errors import NameTakenError, VersionConflictError
from healthsim_lake.scenarios.summarising.statistics import Gathering
from healthsim_lake.scenarios.writing import manifests
from healthsim_lake.scenarios.writing.recode import followed
from healthsim_lake.scenarios.writing.rows import GivenRows, write_rows
from healthsim_lake.scenarios.writing.sources import Export
from healthsim_lake.scenarios.writing.tables_in_use import TablesInUse, declarations
from healthsim_lake.tables.committer import Committer
from healthsim_lake.tables.writer import FileWriter

PLANNED_BESIDE = 2**20
"""Bytes of files that may be on their way while their commit is planned."""


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """What a caller asked to save.

    Attributes:
        name: Checked name.
        description: Or None: none, or the old one.
        tags: Checked tags, or None: none, or the old ones.
        metadata: Or None: none, or the old one.
        overwrite: Whether a scenario of that name may be replaced.
        expected_version: The version it must then be at, or None for any.
        unique: Whether a number is put behind a name that is taken, rather than refused.
    """

    name: str
    description: str | None = None
    tags: tuple[str, ...] | None = None
    metadata: Mapping[str, Any] | None = None
    overwrite: bool = False
    expected_version: int | None = None
    unique: bool = False


class Saving:
    """One save, from rows to commit."""

    def __init__(self, committer: Committer, tables: TablesInUse, request: SaveRequest) -> None:
        self._committer, self._storage = committer, committer.log.storage
        self._tables, self._request = tables, request
        self._sets: Sequence[EntitySet] = ()
        self._id = ""
        self._gathering = Gathering(self._storage, self._id)

    def run(self, given: GivenRows, *, label: Label) -> ScenarioRecord:
        """Write the rows, commit, publish, and return the scenario's record."""
        transaction = self._committer.begin(label)
        earlier = self._committer.earlier_result(label)
        head = self._committer.log.latest()
        if earlier is not None:
            return head.get(earlier).record
        existing = self._existing(head)
        self._id = _clock.new_uuid() if existing is None else existing.record.id
        self._gathering = Gathering(self._storage, self._id)
        with self._committer.new_files(transaction, self._id) as writer:
            self._sets = write_rows(
                given, writer=writer, tables=self._tables, gathering=self._gathering
            )
            durable = writer.sync_beside()
            if _bytes_of(self._sets) > PLANNED_BESIDE:
                durable.result()  # others of this process can commit meanwhile
            if isinstance(given.entities, Export):
                self._add_metadata(given.entities.metadata)
            committed = self._committer.commit(
                lambda snapshot: self._plan(snapshot, writer),
                transaction=transaction,
                known=head,
            )
        return committed.snapshot.get(committed.result or self._id).record

    def _add_metadata(self, metadata: Mapping[str, Any]) -> None:
        merged = {**metadata, **(self._request.metadata or {})}
        self._request = replace(self._request, metadata=merged)

    def _existing(self, snapshot: Snapshot) -> ScenarioState | None:
        """Return the scenario to replace, or None if a new one is to be made.

        Raises:
            NameTakenError: There is one, and it may not be replaced.
            VersionConflictError: It is not at the version that the caller expects.
        """
        request = self._request
        if request.unique:
            return None
        found = snapshot.scenarios.get(snapshot.state.names.get(request.name, ""))
        if found is not None and not request.overwrite:
            raise NameTakenError(
                f"Scenario '{request.name}' already exists. "
                "Use overwrite=True to replace it, or another name."
            )
        if found is None:
            if request.expected_version:
                raise VersionConflictError(
                    f"Scenario '{request.name}' is not there, although version "
                    f"{request.expected_version} was expected"
                )
            return None
        if request.expected_version is not None:
            check(
                actions.ScenarioIs(scenario_id=found.record.id, version=request.expected_version),
                snapshot,
            )
        return found

    def _plan(self, snapshot: Snapshot, writer: FileWriter) -> Draft:
        """Plan the commit, perhaps while the files become durable; it waits for them."""
        existing = self._existing(snapshot)
        if existing is not None and existing.record.id != self._id:
            raise VersionConflictError(
                f"Scenario '{self._request.name}' was made by somebody else meanwhile; try again"
            )
        self._sets = followed(self._storage, self._sets, writer, self._tables, snapshot)
        manifest = Manifest(sets=tuple(self._sets))
        types = {one.table: self._tables.types[one.table] for one in self._sets if one.files}
        declared, requires = declarations(types, snapshot)
        old = None if existing is None else self._committer.log.manifest(existing)
        publishes, retires = manifests.difference(manifest, old, self._id)
        products = tuple(sorted({one.product for one in types.values()}))
        rows = actions.ReplaceRows(
            scenario_id=self._id,
            products=products,
            entity_counts=manifest.counts,
            manifest=manifests.stored(manifest, self._id, writer=writer),
            statistics=self._gathering.conclude(self._sets, types.__getitem__, writer=writer),
        )
        if existing is None:
            # Chosen on the snapshot that is committed on: nobody else can take it in between.
            name = self._request.name
            if self._request.unique:
                name = free_name(name, snapshot.state.names)
            requires.append(actions.NameFree(name=name))
            changes: list[actions.Action] = [self._creation(name, rows)]
        else:
            requires.append(self._overwritten(existing))
            changes = [rows, *self._descriptions(existing.record)]
        return Draft(
            operation="save",
            actions=(*declared, *changes),
            requires=tuple(requires),
            publishes=publishes,
            retires=retires,
            result=self._id,
        )

    def _creation(self, name: str, rows: actions.ReplaceRows) -> actions.CreateScenario:
        request = self._request
        return actions.CreateScenario(
            scenario_id=self._id,
            name=name,
            description=request.description,
            tags=request.tags or (),
            metadata=dict(request.metadata or {}),
            products=rows.products,
            entity_counts=rows.entity_counts,
            manifest=rows.manifest,
            statistics=rows.statistics,
        )

    def _overwritten(self, existing: ScenarioState) -> actions.Requirement:
        # The list of superseded files was read from this state, so it has to be the one replaced;
        # a blind overwrite that lost a race is simply planned again on the newer state.
        return actions.ScenarioIs(scenario_id=self._id, version=existing.record.version)

    def _descriptions(self, record: ScenarioRecord) -> list[actions.Action]:
        request, changes = self._request, list[actions.Action]()
        if request.description is not None or request.metadata is not None:
            changes.append(
                actions.DescribeScenario(
                    scenario_id=self._id,
                    description=request.description,
                    metadata=None if request.metadata is None else dict(request.metadata),
                )
            )
        if request.tags is not None:
            wanted = {tag.casefold() for tag in request.tags}
            changes += [
                actions.RemoveTag(scenario_id=self._id, tag=tag)
                for tag in record.tags
                if tag.casefold() not in wanted
            ]
            changes += [actions.AddTag(scenario_id=self._id, tag=tag) for tag in request.tags]
        return changes


def _bytes_of(sets: Iterable[EntitySet]) -> int:
    return sum(file.bytes for one in sets for file in one.files)
