"""Cloning a scenario: its files under new names, or with new identifiers in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from healthsim_lake.catalog.names import free_name
from healthsim_lake.catalog.records import EntitySet, StatisticsRef
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.transaction import Label
from healthsim_lake.entities.identity import Identifiers
from healthsim_lake.scenarios.copying import originals
from healthsim_lake.scenarios.copying.creating import Creation, NewScenario
from healthsim_lake.scenarios.copying.files import linked, rewritten
from healthsim_lake.scenarios.copying.originals import Original
from healthsim_lake.scenarios.copying.renumbering import fresh_rules
from healthsim_lake.scenarios.copying.results import CloneResult
from healthsim_lake.scenarios.entity_types import EntityTypes
from healthsim_lake.scenarios.summarising import statistics
from healthsim_lake.tables.committer import Committer
from healthsim_lake.tables.places import read_checked
from healthsim_lake.tables.rewriting.recode import recoded
from healthsim_lake.tables.rewriting.substitute import Rule, substituted
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
        unique: Whether a number may be put behind a name that is taken.
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
    unique: bool = False


class Cloning:
    """One clone; its files are made again if the rows of the source changed meanwhile."""

    def __init__(self, committer: Committer, known: EntityTypes, request: CloneRequest) -> None:
        self._log, self._storage = committer.log, committer.log.storage
        self._known, self._tables, self._request = known, known.in_use(), request
        self._creation = Creation(committer, self._tables, "clone")
        self._done: tuple[Original, list[EntitySet]] | None = None
        self._known_of: tuple[Original, list[EntitySet]] | None = None
        self._kept: StatisticsRef | None = None

    def run(self, label: Label) -> CloneResult:
        """Copy the files, commit, publish, and say what was made."""
        fixed = None if self._request.unique else self._request.name
        record = self._creation.run(self._prepare, name=fixed, label=label)
        return CloneResult.of(record)

    def _prepare(self, snapshot: Snapshot, writer: FileWriter) -> NewScenario:
        original, request = self._original(snapshot), self._request
        record = original.record
        if self._done is None or self._done[0].sets != original.sets:
            self._done = original, self._copy(original, writer)
        return NewScenario(
            name=self._name(record.name, snapshot),
            description=(
                record.description if request.description is None else request.description
            ),
            tags=record.tags if request.tags is None else request.tags,
            metadata=record.metadata if request.metadata is None else request.metadata,
            origins=(original.origin("clone"),),
            sets=self._done[1],
            requires=original.requires(),
            statistics=self._carried(original, snapshot, writer),
        )

    def _name(self, source: str, snapshot: Snapshot) -> str:
        """Return the clone's name.

        It is chosen on the snapshot that is committed on, so that two who clone at once get two.
        """
        name, taken = self._request.name, snapshot.state.names
        if name is None:
            return free_name(source, taken, ending="-copy")
        return free_name(name, taken) if self._request.unique else name

    def _carried(
        self, original: Original, snapshot: Snapshot, writer: FileWriter
    ) -> StatisticsRef | None:
        """Return what is known of the source's rows, which are those of the clone."""
        if self._request.new_ids:
            return None
        if self._known_of is not self._done:
            self._known_of, self._kept = (
                self._done,
                statistics.carried(
                    self._log,
                    snapshot.scenarios[original.id],
                    writer=writer,
                    scenario_id=self._creation.id,
                    version=original.version,
                    tables=[one.table for one in original.sets],
                ),
            )
        return self._kept

    def _original(self, snapshot: Snapshot) -> Original:
        request = self._request
        ref = request.ref if self._done is None else self._done[0].id
        if request.as_of is not None:
            found = originals.at_time(self._log, snapshot, ref, request.as_of)
        else:
            found = originals.at_version(self._log, snapshot, snapshot.get(ref), request.version)
        return found.of_types(request.types, self._known.registry())

    def _copy(self, original: Original, writer: FileWriter) -> list[EntitySet]:
        self._tables.use(original.sets)
        if self._request.new_ids:
            return self._renumbered(original, writer)
        return [self._linked(one, original, writer) for one in original.sets]

    def _linked(self, one: EntitySet, original: Original, writer: FileWriter) -> EntitySet:
        if not one.files or one.table not in original.outdated:
            return linked(self._storage, one, original.id, writer)
        entity_type = self._tables.types[one.table]
        return rewritten(
            self._storage,
            one,
            original.id,
            writer,
            entity_type=entity_type,
            change=lambda ref: recoded(
                read_checked(self._storage, ref), entity_type, where=str(ref)
            ),
        )

    def _renumbered(self, original: Original, writer: FileWriter) -> list[EntitySet]:
        rules = fresh_rules(
            self._storage,
            original.sets,
            scenario_id=original.id,
            types=self._tables.types,
            identifiers=Identifiers(self._known.registry()),
            seed=self._creation.id,
        )
        return [
            self._with_rules(one, own, original, writer)
            if (own := rules.get(one.table))
            else self._linked(one, original, writer)
            for one in original.sets
        ]

    def _with_rules(
        self, one: EntitySet, rules: Sequence[Rule], original: Original, writer: FileWriter
    ) -> EntitySet:
        entity_type = self._tables.types[one.table]
        return rewritten(
            self._storage,
            one,
            original.id,
            writer,
            entity_type=entity_type,
            change=lambda ref: substituted(self._storage, ref, entity_type, rules),
        )
