"""Bringing a deleted scenario back."""

from __future__ import annotations

from collections.abc import Mapping

from healthsim_lake.catalog import actions
from healthsim_lake.catalog.records import EntitySet, Manifest, ScenarioRecord, StatisticsRef
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState, TableState
from healthsim_lake.catalog.transaction import Draft, Label
from healthsim_lake.scenarios.copying.files import linked
from healthsim_lake.scenarios.entity_types import EntityTypes
from healthsim_lake.scenarios.summarising import statistics
from healthsim_lake.scenarios.writing import manifests
from healthsim_lake.scenarios.writing.recode import recode
from healthsim_lake.tables.committer import Committer
from healthsim_lake.tables.writer import FileWriter


def restore(
    committer: Committer,
    known: EntityTypes,
    tombstone: ScenarioState,
    *,
    name: str,
    label: Label | None = None,
) -> ScenarioRecord:
    """Give the files of `tombstone` new names, commit, publish, and return the record.

    A file's name is live at most once, so rows that come back come under new names; their bytes
    are shared where the disk can do that.

    Raises:
        NameTakenError: Another scenario has the name now.
        VersionConflictError: Somebody else restored it meanwhile.
        VersionNotFoundError: `vacuum` has forgotten it meanwhile.
        DataFileMissingError: A file is gone.
    """
    scenario_id = tombstone.record.id
    transaction = committer.begin(label)
    with committer.new_files(transaction, scenario_id) as writer:
        restoring = _Restoring(committer, known, tombstone, writer)
        with committer.log.reading(tombstone.record):
            restoring.copy()
        committed = committer.commit(
            lambda snapshot: restoring.plan(snapshot, name), transaction=transaction
        )
    return committed.snapshot.get(scenario_id).record


class _Restoring:
    """Plans a restore; tables that were given other columns meanwhile get files to match."""

    def __init__(
        self,
        committer: Committer,
        known: EntityTypes,
        tombstone: ScenarioState,
        writer: FileWriter,
    ) -> None:
        self._log, self._storage, self._known = committer.log, committer.log.storage, known
        self._tombstone, self._record, self._writer = tombstone, tombstone.record, writer
        self._old = self._log.manifest(tombstone)
        self._alive_at = tombstone.versions[-1].commit - 1
        self._sets: list[EntitySet] = []
        self._statistics: StatisticsRef | None = None
        self._revisions: dict[str, int] = {}

    def copy(self) -> None:
        """Give all files new names, before writers queue up behind this one."""
        self._sets = [
            linked(self._storage, one, self._record.id, self._writer) for one in self._old.sets
        ]
        self._statistics = statistics.carried(
            self._log, self._tombstone, writer=self._writer, scenario_id=self._record.id
        )
        self._writer.sync()

    def plan(self, snapshot: Snapshot, name: str) -> Draft:
        """Return the draft that brings the rows back, on `snapshot`."""
        with_rows = sorted({one.table for one in self._sets if one.files})
        self._follow_tables(snapshot, with_rows)
        manifest = Manifest(sets=tuple(self._sets))
        kept = manifests.stored(manifest, self._record.id, writer=self._writer)
        return Draft(
            operation="restore",
            actions=(
                actions.RestoreScenario(
                    scenario_id=self._record.id,
                    name=name,
                    manifest=kept,
                    entity_counts=manifest.counts,
                    statistics=self._statistics,
                ),
            ),
            requires=(
                actions.Retained(version=self._alive_at, scenario_id=self._record.id),
                actions.Deleted(scenario_id=self._record.id),
                actions.ScenarioIs(scenario_id=self._record.id, version=self._record.version),
                actions.NameFree(name=name),
                *(
                    actions.TableIs(table=table, revision=snapshot.table(table).revision)
                    for table in with_rows
                ),
            ),
            publishes=manifest.groups(self._record.id),
            result=self._record.id,
        )

    def _follow_tables(self, snapshot: Snapshot, tables: list[str]) -> None:
        """Write files anew whose table got other columns since the scenario was deleted."""
        now = {table: snapshot.table(table).revision for table in tables}
        if not self._revisions:
            self._revisions = now
            if any(revision > 1 for revision in now.values()):
                self._revisions = _revisions(self._log.at(version=self._alive_at).tables, tables)
        changed = {
            table: self._known.at(table, snapshot)
            for table in tables
            if now[table] != self._revisions[table]
        }
        if changed:
            self._sets = recode(self._storage, self._sets, self._writer, types=changed)
            self._revisions = now


def _revisions(states: Mapping[str, TableState], tables: list[str]) -> dict[str, int]:
    return {table: states[table].revision for table in tables}
