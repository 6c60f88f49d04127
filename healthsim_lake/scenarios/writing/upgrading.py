"""Other columns for a table that has rows."""

from __future__ import annotations

from healthsim_lake.catalog import actions
from healthsim_lake.catalog.records import (
    EntitySet,
    FileGroup,
    Manifest,
    StatisticsRef,
)
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.catalog.transaction import Draft
from healthsim_lake.entities.types import EntityType
from healthsim_lake.errors import InputError
from healthsim_lake.scenarios.summarising.statistics import Changes, Gathering
from healthsim_lake.scenarios.writing import manifests
from healthsim_lake.tables.committer import Committer
from healthsim_lake.tables.places import read_checked, refs
from healthsim_lake.tables.rewriting.recode import recoded
from healthsim_lake.tables.writer import FileWriter


def upgrade(committer: Committer, current: EntityType, target: EntityType) -> None:
    """Pin `target` for the table and rewrite its live files, of all scenarios, in one commit.

    Raises:
        InputError: The types are of different tables, or disagree on a column's id.
    """
    _check(current, target)
    if current.fields == target.fields:
        return
    transaction = committer.begin()
    with committer.new_files(transaction, "") as writer:
        upgrading = _Upgrading(committer, writer, target)
        committer.commit(upgrading.plan, transaction=transaction)


def _check(current: EntityType, target: EntityType) -> None:
    if current.name != target.name:
        raise InputError(f"a type for {target.name} cannot replace that of {current.name}")
    ids = {spec.name: spec.id for spec in current.fields}
    names = {spec.id: spec.name for spec in current.fields}
    for spec in target.fields:
        if ids.get(spec.name, spec.id) != spec.id or names.get(spec.id, spec.name) != spec.name:
            raise InputError(
                f"column {spec.name} of {target.name} has id {spec.id}; ids of existing columns "
                "must stay, and new columns need new ids"
            )


class _Upgrading:
    """Plans an upgrade; files written for a scenario are kept as long as it did not change."""

    def __init__(
        self,
        committer: Committer,
        writer: FileWriter,
        target: EntityType,
    ) -> None:
        self._committer, self._writer, self._target = committer, writer, target
        self._done: dict[tuple[str, int], Manifest] = {}

    def plan(self, snapshot: Snapshot) -> Draft:
        """Return the draft for `snapshot`."""
        table = snapshot.tables.get(self._target.name)
        requires: list[actions.Requirement] = [
            actions.TableIs(
                table=self._target.name, revision=0 if table is None else table.revision
            )
        ]
        changes: list[actions.Action] = [
            actions.DeclareTable(table=self._target.name, declaration=self._target.document())
        ]
        publishes: list[FileGroup] = []
        retires: list[FileGroup] = []
        for state in snapshot.scenarios.values():
            if state.record.deleted:
                continue
            old = self._committer.log.manifest(state)
            if not any(one.table == self._target.name and one.files for one in old.sets):
                continue
            new = self._rewritten(state, old)
            fresh, past = manifests.difference(new, old, state.record.id)
            publishes += fresh
            retires += past
            requires.append(
                actions.ScenarioIs(scenario_id=state.record.id, version=state.record.version)
            )
            changes.append(self._change(state, new))
        self._writer.sync()
        return Draft(
            operation="upgrade",
            actions=tuple(changes),
            requires=tuple(requires),
            publishes=tuple(publishes),
            retires=tuple(retires),
            result=self._target.name,
        )

    def _change(self, state: ScenarioState, new: Manifest) -> actions.ReplaceRows:
        return actions.ReplaceRows(
            scenario_id=state.record.id,
            products=state.record.products,
            entity_counts=new.counts,
            manifest=manifests.stored(new, state.record.id, writer=self._writer),
            statistics=self._statistics(state, new),
            same_rows=True,
        )

    def _statistics(self, state: ScenarioState, new: Manifest) -> StatisticsRef | None:
        """Return the statistics of the new columns; None, as before, where there were none."""
        log = self._committer.log
        former = log.statistics(state)
        if former is None:
            return None
        gathering = Gathering(log.storage, state.record.id, former=former)
        return gathering.conclude(
            [one for one in new.sets if one.table in {*former.tables, self._target.name}],
            lambda _: self._target,
            writer=self._writer,
            changes=Changes(recoded=(self._target.name,)),
        )

    def _rewritten(self, state: ScenarioState, old: Manifest) -> Manifest:
        known = (state.record.id, state.record.version)
        if known not in self._done:
            sets = tuple(
                self._recoded(one, state.record.id) if one.table == self._target.name else one
                for one in old.sets
            )
            self._done[known] = Manifest(sets=sets)
        return self._done[known]

    def _recoded(self, one: EntitySet, scenario_id: str) -> EntitySet:
        storage = self._committer.log.storage
        futures = [
            self._writer.submit(
                recoded(read_checked(storage, ref), self._target, where=str(ref)),
                self._target,
                scenario_id=scenario_id,
            )
            for ref in refs(one, scenario_id)
        ]
        return one.model_copy(update={"files": tuple(future.result() for future in futures)})
