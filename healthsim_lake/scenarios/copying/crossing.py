"""One scenario on its way into another lake: rows copied, and committed there."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from healthsim_lake.catalog import actions
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.records import (
    DataFile,
    EntitySet,
    Manifest,
    Origin,
    ScenarioRecord,
    StatisticsRef,
)
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.transaction import Draft, Label
from healthsim_lake.entities.types import EntityType
from healthsim_lake.errors import InputError, VersionConflictError
from healthsim_lake.scenarios.copying.standing import OPERATION, compared
from healthsim_lake.scenarios.entity_types import EntityTypes
from healthsim_lake.scenarios.writing import manifests
from healthsim_lake.scenarios.writing.pinned import PinnedTypes
from healthsim_lake.scenarios.writing.tables_in_use import declarations
from healthsim_lake.tables.committer import Committer
from healthsim_lake.tables.places import read_checked, refs
from healthsim_lake.tables.rewriting.recode import recoded
from healthsim_lake.tables.underway import PendingFile
from healthsim_lake.tables.writer import FileWriter


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two lakes.

    Attributes:
        log: Its log.
        lake_id: Its id; empty for one that is not there yet.
    """

    log: CommitLog
    lake_id: str


class Crossing:
    """One scenario on its way; planned again if somebody else commits meanwhile."""

    def __init__(
        self, source: Side, target: Committer, types: EntityTypes, scenario_id: str
    ) -> None:
        self._source, self._target, self._types = source, target, types
        self._id, self._pinned = scenario_id, PinnedTypes()
        self._state = source.log.latest().scenarios[scenario_id]
        self._manifest = source.log.manifest(self._state)
        self._written: tuple[Mapping[str, EntityType], list[EntitySet]] | None = None

    def run(self) -> ScenarioRecord:
        """Copy the rows, commit, publish, and return the record in the target."""
        transaction = self._target.begin(Label())
        with self._target.new_files(transaction, self._id) as writer:
            self._sets(self._target.log.latest(), writer)
            known = self._source.log.statistics(self._state)
            kept = None if known is None else writer.keep_statistics(known, self._id)
            committed = self._target.commit(
                lambda snapshot: self._plan(snapshot, writer, kept),
                transaction=transaction,
            )
        return committed.snapshot.scenarios[self._id].record

    def _plan(
        self,
        snapshot: Snapshot,
        writer: FileWriter,
        kept: StatisticsRef | None,
    ) -> Draft:
        log = self._target.log
        standing = compared(self._state, snapshot, self._source.lake_id, log.lake_id)
        if standing.is_conflict:
            raise VersionConflictError(f"changed in both lakes: {standing.told()}")
        manifest = Manifest(sets=tuple(self._sets(snapshot, writer)))
        declared, requires = declarations(dict(self._types_in(snapshot)), snapshot)
        old = None if standing.theirs is None else log.manifest(standing.theirs)
        publishes, retires = manifests.difference(manifest, old, self._id)
        stored = manifests.stored(manifest, self._id, writer=writer)
        record = self._state.record
        requires.append(actions.NameFree(name=record.name, but=self._id))
        if standing.theirs is None:
            changes: list[actions.Action] = [
                actions.CreateScenario(
                    scenario_id=self._id,
                    name=record.name,
                    description=record.description,
                    tags=record.tags,
                    metadata=record.metadata,
                    products=record.products,
                    entity_counts=record.entity_counts,
                    manifest=stored,
                    statistics=kept,
                    origins=self._origins(None),
                )
            ]
        else:
            former = standing.theirs.record
            requires.append(actions.ScenarioIs(scenario_id=self._id, version=former.version))
            changes = [
                actions.ReplaceRows(
                    scenario_id=self._id,
                    products=record.products,
                    entity_counts=record.entity_counts,
                    manifest=stored,
                    statistics=kept,
                    origins=self._origins(former),
                ),
                *_described(record, former),
            ]
        return Draft(
            operation=OPERATION,
            actions=(*declared, *changes),
            requires=tuple(requires),
            publishes=publishes,
            retires=retires,
            result=self._id,
        )

    def _origins(self, former: ScenarioRecord | None) -> tuple[Origin, ...]:
        record, lake_id = self._state.record, self._source.lake_id
        kept = (record if former is None else former).origins
        return (
            *(one for one in kept if one.operation != OPERATION or one.lake_id != lake_id),
            Origin(
                operation=OPERATION,
                scenario_id=self._id,
                name=record.name,
                version=record.version,
                lake_id=lake_id,
                own_version=1 if former is None else former.version + 1,
            ),
        )

    def _types_in(self, snapshot: Snapshot) -> Mapping[str, EntityType]:
        """Return the types of the tables that have rows, as they are or will be in the target."""
        head, found, new = self._source.log.latest(), dict[str, EntityType](), list[EntityType]()
        for one in self._manifest.sets:
            if one.files:
                own = self._types_of_source(one.table, head)
                pinned = self._types.pinned(one.table, snapshot)
                found[one.table] = pinned or own
                if pinned is None and self._types.registry(snapshot).find(one.table) is None:
                    new.append(own)
        if new:
            self._types.registry(snapshot).with_types(new)  # refuses what would be ambiguous
        return found

    def _types_of_source(self, table: str, head: Snapshot) -> EntityType:
        own = self._pinned.find(table, head)
        if own is None:
            raise InputError(f"the source never declared its table {table}")
        return own

    def _sets(self, snapshot: Snapshot, writer: FileWriter) -> list[EntitySet]:
        """Return the entity sets under new names; written again if tables got other columns."""
        types = self._types_in(snapshot)
        if self._written is None or self._written[0] != types:
            self._written = types, [self._copied(one, types, writer) for one in self._manifest.sets]
            writer.sync()
        return self._written[1]

    def _copied(
        self, one: EntitySet, types: Mapping[str, EntityType], writer: FileWriter
    ) -> EntitySet:
        files: list[Future[DataFile] | PendingFile] = []
        storage = self._source.log.storage
        for ref in refs(one, self._id):
            target = types[one.table]
            if target.fields == self._types_of_source(one.table, self._source.log.latest()).fields:
                files.append(writer.keep(partial(read_checked, storage, ref), ref))
            else:
                chunk = recoded(read_checked(storage, ref), target, where=str(ref))
                files.append(writer.submit(chunk, target, measure=False))
        return one.model_copy(update={"files": tuple(future.result() for future in files)})


def _described(record: ScenarioRecord, former: ScenarioRecord) -> list[actions.Action]:
    """Return what makes name, description, metadata and tags those of `record`."""
    changes: list[actions.Action] = []
    if record.name != former.name:
        changes.append(actions.RenameScenario(scenario_id=record.id, name=record.name))
    if (record.description, record.metadata) != (former.description, former.metadata):
        changes.append(
            actions.DescribeScenario(
                scenario_id=record.id, description=record.description, metadata=record.metadata
            )
        )
    changes += [
        actions.RemoveTag(scenario_id=record.id, tag=tag)
        for tag in former.tags
        if not record.has_tag(tag)
    ]
    changes += [actions.AddTag(scenario_id=record.id, tag=tag) for tag in record.tags]
    return changes
