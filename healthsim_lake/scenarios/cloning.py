"""Cloning a scenario: its files under new names, or with new identifiers in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from healthsim_lake import _clock
from healthsim_lake.catalog import actions
from healthsim_lake.catalog.check import check
from healthsim_lake.catalog.records import DataFile, EntitySet
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.transaction import Draft, Label
from healthsim_lake.entities.identity import Identifiers
from healthsim_lake.scenarios import originals
from healthsim_lake.scenarios.committer import Committer
from healthsim_lake.scenarios.copying import copied
from healthsim_lake.scenarios.creating import Creation, Described
from healthsim_lake.scenarios.entity_types import EntityTypes
from healthsim_lake.scenarios.names import MAX_NAME
from healthsim_lake.scenarios.originals import Original
from healthsim_lake.scenarios.renumbering import fresh_rules
from healthsim_lake.scenarios.results import CloneResult
from healthsim_lake.tables.places import FileRef, locate, refs
from healthsim_lake.tables.recode import recoded
from healthsim_lake.tables.substitute import Rule, substituted
from healthsim_lake.tables.writer import FileWriter


@dataclass(frozen=True, slots=True)
class CloneRequest:
    """What a caller asked to clone.

    Attributes:
        ref: Name or id of the source.
        name: Checked name, or None for one that is chosen.
        description: Or None: that of the source.
        tags: Checked tags, or None: those of the source.
        metadata: Checked, or None: that of the source.
        types: Entity types to clone, or None for all.
        version: Of the source, or None for the newest.
        as_of: The source as it was at this time, or None for now.
        new_ids: Whether every identifier gets a new value.
    """

    ref: str
    name: str | None = None
    description: str | None = None
    tags: tuple[str, ...] | None = None
    metadata: Mapping[str, Any] | None = None
    types: Sequence[str] | None = None
    version: int | None = None
    as_of: datetime | None = None
    new_ids: bool = False


class Cloning:
    """One clone, from files to commit; planned again when the source changed meanwhile."""

    def __init__(self, committer: Committer, known: EntityTypes, request: CloneRequest) -> None:
        self._committer, self._storage = committer, committer.log.storage
        self._known, self._tables, self._request = known, known.in_use(), request
        self._id = _clock.new_uuid()
        self._done: tuple[Original, list[EntitySet]] | None = None

    def run(self, label: Label) -> CloneResult:
        """Copy the files, commit, publish, and say what was made."""
        transaction = self._committer.begin(label)
        earlier = self._committer.earlier_result(label)
        head = self._committer.view()
        if earlier is not None:
            return CloneResult.of(head.get(earlier).record)
        if self._request.name is not None:
            check(actions.NameFree(name=self._request.name), head)
        original = self._original(head)
        with self._committer.new_files(transaction, self._id) as writer:
            # What takes long is done before the writers of this process queue up behind it.
            self._copy(original, writer)
            creation = Creation(
                self._storage,
                self._tables,
                writer,
                scenario_id=self._id,
                txn_id=transaction.txn_id,
            )
            committed = self._committer.commit(
                lambda snapshot: self._plan(snapshot, creation, writer), transaction=transaction
            )
        return CloneResult.of(committed.snapshot.get(committed.result or self._id).record)

    def _original(self, snapshot: Snapshot) -> Original:
        request, log = self._request, self._committer.log
        if request.as_of is not None:
            found = originals.at_time(log, snapshot, request.ref, request.as_of)
        else:
            state = snapshot.get(request.ref if self._done is None else self._done[0].id)
            found = originals.at_version(log, snapshot, state, request.version)
        return found.of_types(request.types, self._known.registry())

    def _plan(self, snapshot: Snapshot, creation: Creation, writer: FileWriter) -> Draft:
        original = self._original(snapshot)
        return creation.draft(
            snapshot,
            self._copy(original, writer),
            self._described(original, snapshot),
            operation="clone",
            requires=original.requires(),
        )

    def _described(self, original: Original, snapshot: Snapshot) -> Described:
        request, record = self._request, original.record
        return Described(
            name=request.name or _free_name(record.name, snapshot),
            description=(
                record.description if request.description is None else request.description
            ),
            tags=record.tags if request.tags is None else request.tags,
            metadata=record.metadata if request.metadata is None else request.metadata,
            origins=(original.origin("clone"),),
        )

    def _copy(self, original: Original, writer: FileWriter) -> list[EntitySet]:
        """Return the sets of the clone; they are made anew only if those of the source changed."""
        if self._done is None or self._done[0].sets != original.sets:
            for one in original.sets:
                self._tables.known(one.table)
            sets = self._renumbered(original, writer) if self._request.new_ids else None
            self._done = (
                original,
                sets or [self._linked(one, original, writer) for one in original.sets],
            )
        return self._done[1]

    def _linked(self, one: EntitySet, original: Original, writer: FileWriter) -> EntitySet:
        files = tuple(
            self._file(ref, writer, outdated=one.table in original.outdated)
            for ref in refs(one, original.id)
        )
        return one.model_copy(update={"files": files})

    def _file(self, ref: FileRef, writer: FileWriter, *, outdated: bool) -> DataFile:
        if not outdated:
            return copied(self._storage, ref, writer)
        entity_type = self._tables.types[ref.table]
        chunk = recoded(self._storage, locate(self._storage, ref), entity_type)
        return writer.submit(chunk, entity_type).result()

    def _renumbered(self, original: Original, writer: FileWriter) -> list[EntitySet]:
        rules = fresh_rules(
            self._storage,
            original.sets,
            scenario_id=original.id,
            types=self._tables.types,
            identifiers=Identifiers(self._known.registry()),
            seed=self._id,
        )
        return [
            one.model_copy(
                update={
                    "files": tuple(
                        self._renumbered_file(ref, rules[one.table], writer)
                        for ref in refs(one, original.id)
                    )
                }
            )
            for one in original.sets
        ]

    def _renumbered_file(self, ref: FileRef, rules: Sequence[Rule], writer: FileWriter) -> DataFile:
        entity_type = self._tables.types[ref.table]
        chunk = substituted(self._storage, ref, entity_type, rules)
        if chunk is None:
            return copied(self._storage, ref, writer)
        return writer.submit(chunk, entity_type).result()


def _free_name(source: str, snapshot: Snapshot) -> str:
    """Return ``<source>-copy``, or with a number behind it if that is taken.

    Chosen on the snapshot that is committed on, so that two who clone at once get two names.
    """
    number = 1
    while True:
        ending = "-copy" if number == 1 else f"-copy-{number}"
        name = f"{source[: MAX_NAME - len(ending)]}{ending}"
        if name not in snapshot.state.names:
            return name
        number += 1
