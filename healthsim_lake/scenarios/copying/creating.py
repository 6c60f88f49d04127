"""A new scenario from files that are there: the one place where copies become a commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from healthsim_lake import _clock
from healthsim_lake.catalog import actions
from healthsim_lake.catalog.check import check
from healthsim_lake.catalog.records import (
    EntitySet,
    Manifest,
    Origin,
    ScenarioRecord,
    StatisticsRef,
)
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.transaction import Draft, Label
from healthsim_lake.scenarios.summarising.statistics import Gathering
from healthsim_lake.scenarios.writing import manifests
from healthsim_lake.scenarios.writing.recode import followed
from healthsim_lake.scenarios.writing.tables_in_use import TablesInUse, declarations
from healthsim_lake.tables.committer import Committer
from healthsim_lake.tables.writer import FileWriter


@dataclass(frozen=True, slots=True)
class NewScenario:
    """A scenario that is to be made.

    Attributes:
        name: Checked, or chosen so that it is free.
        description: Free text, or None.
        tags: Checked.
        metadata: Checked.
        origins: What it is made from.
        sets: Its rows, in files that are written.
        requires: What has to hold for them to be the right ones.
        statistics: What is known of the rows, if that is known without looking at them.
    """

    name: str
    description: str | None
    tags: tuple[str, ...]
    metadata: Mapping[str, Any]
    origins: tuple[Origin, ...]
    sets: Sequence[EntitySet]
    requires: Sequence[actions.Requirement]
    statistics: StatisticsRef | None = None


Prepare = Callable[[Snapshot, FileWriter], NewScenario]
"""Says what to make on a snapshot; called again when others were faster, so it keeps its files."""


class Creation:
    """Makes one scenario out of others.

    Attributes:
        id: Of the new scenario.

    Args:
        committer: Reads what is true, and changes it.
        tables: The types of the tables that are written to.
        operation: What is done, for the history.
    """

    def __init__(self, committer: Committer, tables: TablesInUse, operation: str) -> None:
        self._committer, self._tables, self._operation = committer, tables, operation
        self.id = _clock.new_uuid()
        self._given: Sequence[EntitySet] = ()
        self._fitting: Sequence[EntitySet] = ()
        self._measured: tuple[Sequence[EntitySet], StatisticsRef | None] = ((), None)

    def run(self, prepare: Prepare, *, name: str | None, label: Label) -> ScenarioRecord:
        """Have the files written, commit, publish, and return the new scenario's record.

        Args:
            prepare: Writes them.
            name: The new name if it is known: one that is taken is refused before any work.
            label: Who, why, and the idempotency key.
        """
        transaction = self._committer.begin(label)
        earlier = self._committer.earlier_result(label)
        head = self._committer.log.latest()
        if earlier is not None:
            return head.get(earlier).record
        if name is not None:
            check(actions.NameFree(name=name), head)
        with self._committer.new_files(transaction, self.id) as writer:
            # What takes long is done before the writers of this process queue up behind it.
            self._statistics(prepare(head, writer), writer)
            committed = self._committer.commit(
                lambda snapshot: self._plan(snapshot, prepare(snapshot, writer), writer),
                transaction=transaction,
                known=head,
            )
        return committed.snapshot.get(committed.result or self.id).record

    def _plan(self, snapshot: Snapshot, made: NewScenario, writer: FileWriter) -> Draft:
        sets = self._fitted(snapshot, made.sets, writer)
        writer.sync()
        manifest = Manifest(sets=tuple(sets))
        types = {one.table: self._tables.types[one.table] for one in sets if one.files}
        declared, fitting = declarations(types, snapshot)
        create = actions.CreateScenario(
            scenario_id=self.id,
            name=made.name,
            description=made.description,
            tags=made.tags,
            metadata=dict(made.metadata),
            products=tuple(sorted({one.product for one in types.values()})),
            entity_counts=manifest.counts,
            manifest=manifests.stored(manifest, self.id, writer=writer),
            statistics=self._statistics(made, writer),
            origins=made.origins,
        )
        return Draft(
            operation=self._operation,
            actions=(*declared, create),
            requires=(*made.requires, *fitting, actions.NameFree(name=made.name)),
            publishes=manifest.groups(self.id),
            result=self.id,
        )

    def _statistics(self, made: NewScenario, writer: FileWriter) -> StatisticsRef | None:
        """Return what is known of the rows; looks at them once."""
        if made.statistics is not None:
            return made.statistics
        if self._measured[0] is not made.sets:
            gathering = Gathering(self._committer.log.storage, self.id)
            found = gathering.conclude(made.sets, self._tables.types.__getitem__, writer=writer)
            self._measured = made.sets, found
        return self._measured[1]

    def _fitted(
        self, snapshot: Snapshot, sets: Sequence[EntitySet], writer: FileWriter
    ) -> Sequence[EntitySet]:
        """Return `sets` with the columns that their tables have in `snapshot`."""
        if self._given is not sets:
            self._given = self._fitting = sets
        storage = self._committer.log.storage
        self._fitting = followed(storage, self._fitting, writer, self._tables, snapshot)
        return self._fitting
