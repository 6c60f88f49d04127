"""Adding rows to a scenario that exists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from healthsim_lake._shown import shown
from healthsim_lake.catalog import actions
from healthsim_lake.catalog.records import DataFile, EntitySet, Manifest, ScenarioRecord
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.catalog.transaction import Draft, Label
from healthsim_lake.entities.types import EntityType
from healthsim_lake.errors import InputError, InvalidEntityError
from healthsim_lake.scenarios.summarising.statistics import Changes, Gathering
from healthsim_lake.scenarios.writing import folding, manifests
from healthsim_lake.scenarios.writing.recode import followed
from healthsim_lake.scenarios.writing.rows import GivenRows, write_rows
from healthsim_lake.scenarios.writing.tables_in_use import TablesInUse, declarations
from healthsim_lake.tables.committer import Committer
from healthsim_lake.tables.places import FileRef, refs
from healthsim_lake.tables.reader import keys_of
from healthsim_lake.tables.rewriting.compact import concatenate, without_keys
from healthsim_lake.tables.writer import FileWriter

OnDuplicate = Literal["keep", "replace", "error"]
STRATEGIES: tuple[OnDuplicate, ...] = ("keep", "replace", "error")


def check_strategy(on_duplicate: str) -> None:
    """Refuse what is no way of treating rows whose key is already there.

    Raises:
        InputError: It is none of keep, replace, error.
    """
    if on_duplicate not in STRATEGIES:
        raise InputError(
            f"on_duplicate={shown(on_duplicate)} is not known; use one of {', '.join(STRATEGIES)}"
        )


class Adding:
    """One add, from rows to commit; planned again when the scenario changed meanwhile."""

    def __init__(
        self,
        committer: Committer,
        tables: TablesInUse,
        *,
        on_duplicate: OnDuplicate,
        tags: tuple[str, ...] = (),
        description: str | None = None,
    ) -> None:
        self._committer, self._storage = committer, committer.log.storage
        self._tags, self._description = tags, description
        self._tables, self._on_duplicate = tables, on_duplicate
        self._sets: Sequence[EntitySet] = ()
        self._new_keys: dict[str, set[Any]] = {}
        self._id = ""
        self._gathering = Gathering(self._storage, self._id)
        self._version = 0
        self._moved: set[str] = set()

    def run(self, ref: str, given: GivenRows, *, label: Label) -> ScenarioRecord:
        """Write the rows, commit them behind those that are there, and return the record."""
        transaction = self._committer.begin(label)
        earlier = self._committer.earlier_result(label)
        if earlier is not None:
            return self._committer.view().get(earlier).record
        head = self._committer.log.latest()
        state = head.get(ref)
        self._id = state.record.id
        self._gathering = self._begin(state)
        with self._committer.new_files(transaction, self._id) as writer:
            self._sets = write_rows(
                given, writer=writer, tables=self._tables, gathering=self._gathering
            )
            writer.settle()  # for what follows reads them
            self._new_keys = self._read_new_keys()
            committed = self._committer.commit(
                lambda snapshot: self._plan(snapshot, writer),
                transaction=transaction,
                known=head,
            )
        return committed.snapshot.get(self._id).record

    def _begin(self, state: ScenarioState) -> Gathering:
        self._version = state.record.version
        before = {one.table: one.rows for one in self._committer.log.manifest(state).sets}
        former = self._committer.log.statistics(state)
        return Gathering(self._storage, self._id, former=former, before=before)

    def _read_new_keys(self) -> dict[str, set[Any]]:
        if self._on_duplicate == "keep":
            return {}
        types = self._tables.types
        return {
            one.table: keys_of(self._storage, refs(one, self._id), key)
            for one in self._sets
            if one.files and (key := types[one.table].key) is not None
        }

    def _plan(self, snapshot: Snapshot, writer: FileWriter) -> Draft:
        state = snapshot.get(self._id)
        self._sets = followed(self._storage, self._sets, writer, self._tables, snapshot)
        if state.record.version != self._version:
            self._version = state.record.version
            self._gathering.rebase(self._committer.log.statistics(state))
        old = self._committer.log.manifest(state)
        manifest = self._extended(old, writer)
        writer.sync()
        known = self._gathering.conclude(
            manifest.sets,
            lambda table: self._tables.at(table, snapshot),
            writer=writer,
            changes=self._changes(),
        )
        types = {one.table: self._tables.types[one.table] for one in self._sets if one.files}
        declared, requires = declarations(types, snapshot)
        publishes, retires = manifests.difference(manifest, old, self._id)
        products = {*state.record.products, *(one.product for one in types.values())}
        change = actions.ReplaceRows(
            scenario_id=self._id,
            products=tuple(sorted(products)),
            entity_counts=manifest.counts,
            manifest=manifests.stored(manifest, self._id, writer=writer),
            statistics=known,
        )
        return Draft(
            operation="add",
            actions=(*declared, change, *self._described()),
            requires=(
                *requires,
                actions.Exists(scenario_id=self._id),
                actions.ScenarioIs(scenario_id=self._id, version=state.record.version),
            ),
            publishes=publishes,
            retires=retires,
            result=self._id,
        )

    def _changes(self) -> Changes:
        added = {one.table: one for one in self._sets if one.files}
        return Changes(added=added, moved=self._moved)

    def _described(self) -> list[actions.Action]:
        changes: list[actions.Action] = [
            actions.AddTag(scenario_id=self._id, tag=tag) for tag in self._tags
        ]
        if self._description is not None:
            described = actions.DescribeScenario(
                scenario_id=self._id, description=self._description
            )
            changes.append(described)
        return changes

    def _extended(self, old: Manifest, writer: FileWriter) -> Manifest:
        """Return the manifest with the new files behind the old ones."""
        added = {one.table: one for one in self._sets}
        self._moved = set()
        sets = []
        for former in old.sets:
            new = added.pop(former.table, None)
            sets.append(former if new is None else self._joined(former, new, writer))
        return Manifest(sets=(*sets, *added.values()))

    def _joined(self, former: EntitySet, new: EntitySet, writer: FileWriter) -> EntitySet:
        if not new.files:
            return former
        entity_type = self._tables.types[new.table]
        kept = self._without_duplicates(former, entity_type, writer)
        files = folding.folded(
            [*kept, *new.files],
            lambda run: self._merge(new.table, run, entity_type, writer),
        )
        return former.model_copy(update={"files": tuple(files)})

    def _without_duplicates(
        self, former: EntitySet, entity_type: EntityType, writer: FileWriter
    ) -> list[DataFile]:
        """Return the old files, without the rows that the new ones replace."""
        keys = self._new_keys.get(former.table)
        if not keys or entity_type.key is None:
            return list(former.files)
        kept: list[DataFile] = []
        for ref in refs(former, self._id):
            chunk = without_keys(self._storage, ref, entity_type, keys)
            if chunk is None:
                kept.append(ref.file)
                continue
            if self._on_duplicate == "error":
                there = keys & keys_of(self._storage, [ref], entity_type.key)
                raise InvalidEntityError(
                    f"{len(there)} rows have a key that the scenario already has, "
                    f"e.g. {shown(min(there, key=str))}; use on_duplicate='replace' or 'keep'",
                    table=former.key,
                    key=entity_type.key,
                )
            self._moved.add(former.table)
            if chunk.rows:
                kept.append(writer.submit(chunk, entity_type).result())
        return kept

    def _merge(
        self, table: str, files: list[DataFile], entity_type: EntityType, writer: FileWriter
    ) -> DataFile:
        found = [FileRef(table, self._id, file) for file in files]
        chunk = concatenate(self._storage, found, entity_type)
        return writer.submit(chunk, entity_type, measure=False).result()
