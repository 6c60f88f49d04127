"""Merging scenarios: what does not collide is linked, what does is settled on columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, get_args

from healthsim_lake._shown import shown
from healthsim_lake.catalog.names import check_tags, free_name
from healthsim_lake.catalog.records import DataFile, EntitySet
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.transaction import Label
from healthsim_lake.entities.codec import Chunk
from healthsim_lake.entities.identity import Identifiers
from healthsim_lake.errors import InputError
from healthsim_lake.scenarios.copying import originals
from healthsim_lake.scenarios.copying.creating import Creation, NewScenario
from healthsim_lake.scenarios.copying.files import linked, rewritten
from healthsim_lake.scenarios.copying.originals import Original
from healthsim_lake.scenarios.copying.results import MergeResult
from healthsim_lake.scenarios.copying.settling import Settlement, settle
from healthsim_lake.scenarios.entity_types import EntityTypes
from healthsim_lake.scenarios.writing import folding
from healthsim_lake.tables.committer import Committer
from healthsim_lake.tables.places import FileRef
from healthsim_lake.tables.rewriting.compact import concatenate
from healthsim_lake.tables.rewriting.substitute import substituted
from healthsim_lake.tables.writer import FileWriter

ConflictStrategy = Literal["skip", "overwrite", "rename", "keep"]


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """What a caller asked to merge.

    Attributes:
        refs: Names or ids of the sources, in order.
        name: Checked name.
        strategy: How rows with one key are settled, or None for the usual way.
        description: Or None for one that names the sources.
        tags: Checked tags, or None: those of all sources.
        metadata: Checked, or None: that of all sources, the first one's values first.
        unique: Whether a number may be put behind a name that is taken.
    """

    refs: tuple[str, ...]
    name: str
    strategy: ConflictStrategy | None = None
    description: str | None = None
    tags: tuple[str, ...] | None = None
    metadata: Mapping[str, Any] | None = None
    unique: bool = False


def check_conflict_strategy(strategy: str | None) -> None:
    """Refuse what is no way of settling rows of several sources that have one key.

    Raises:
        InputError: It is none of skip, overwrite, rename, keep.
    """
    known = get_args(ConflictStrategy)
    if strategy is not None and strategy not in known:
        raise InputError(
            f"conflict_strategy={shown(strategy)} is not known; use one of {', '.join(known)}"
        )


class Merging:
    """One merge; its files are made again if the rows of a source changed meanwhile."""

    def __init__(self, committer: Committer, known: EntityTypes, request: MergeRequest) -> None:
        self._log, self._storage = committer.log, committer.log.storage
        self._known, self._tables, self._request = known, known.in_use(), request
        self._creation = Creation(committer, self._tables, "merge")
        self._done: tuple[list[Original], list[EntitySet], Settlement] | None = None

    def run(self, label: Label) -> MergeResult:
        """Write the files, commit, publish, and say what was made."""
        fixed = None if self._request.unique else self._request.name
        record = self._creation.run(self._prepare, name=fixed, label=label)
        return MergeResult.of(record)

    def _prepare(self, snapshot: Snapshot, writer: FileWriter) -> NewScenario:
        sources, request = self._sources(snapshot), self._request
        if self._done is None or [one.sets for one in self._done[0]] != [
            one.sets for one in sources
        ]:
            settlement = self._settlement(sources, snapshot)
            self._done = sources, self._merge(sources, settlement, writer), settlement
        _, sets, settlement = self._done
        *first, last = (one.record.name for one in sources)
        return NewScenario(
            name=(
                free_name(request.name, snapshot.state.names) if request.unique else request.name
            ),
            description=(
                f"Merged from {', '.join(first)} and {last}"
                if request.description is None
                else request.description
            ),
            tags=(
                check_tags(tag for one in sources for tag in one.record.tags)
                if request.tags is None
                else request.tags
            ),
            metadata=(
                {k: v for one in reversed(sources) for k, v in one.record.metadata.items()}
                if request.metadata is None
                else request.metadata
            ),
            origins=tuple(
                one.origin("merge", _by_key(settlement.conflicts.get(at, {}), sets))
                for at, one in enumerate(sources)
            ),
            sets=sets,
            requires=[held for one in sources for held in one.requires()],
        )

    def _sources(self, snapshot: Snapshot) -> list[Original]:
        refs = self._request.refs if self._done is None else [one.id for one in self._done[0]]
        states = [snapshot.get(ref) for ref in refs]
        seen: dict[str, str] = {}
        for ref, state in zip(refs, states, strict=True):
            if state.record.id in seen:
                raise InputError(
                    f"{shown(seen[state.record.id])} and {shown(ref)} are the same scenario, "
                    "which cannot be merged with itself; clone it first"
                )
            seen[state.record.id] = ref
        return [originals.newest(self._log, state) for state in states]

    def _settlement(self, sources: Sequence[Original], snapshot: Snapshot) -> Settlement:
        for one in sources:
            self._tables.use(one.sets)
        strategy = self._request.strategy
        if strategy is None:
            strategy = "keep" if _related(sources, snapshot) else "skip"
        return settle(
            self._storage,
            sources,
            strategy,
            types=self._tables.types,
            identifiers=Identifiers(self._known.registry()),
            seed=self._creation.id,
        )

    def _merge(
        self, sources: Sequence[Original], settlement: Settlement, writer: FileWriter
    ) -> list[EntitySet]:
        merged: dict[str, EntitySet] = {}
        for at, source in enumerate(sources):
            for one in source.sets:
                new = self._settled(at, source, one, settlement, writer)
                former = merged.get(one.table)
                merged[one.table] = new if former is None else self._behind(former, new, writer)
        return list(merged.values())

    def _behind(self, former: EntitySet, new: EntitySet, writer: FileWriter) -> EntitySet:
        files = folding.folded(
            [*former.files, *new.files], lambda run: self._joined(new.table, run, writer)
        )
        return former.model_copy(update={"files": tuple(files)})

    def _settled(
        self, at: int, source: Original, one: EntitySet, settlement: Settlement, writer: FileWriter
    ) -> EntitySet:
        rules = settlement.rules.get((at, one.table), ())
        leaving = settlement.leaving.get((at, one.table), {})
        if not rules and not leaving:
            return linked(self._storage, one, source.id, writer)
        entity_type = self._tables.types[one.table]

        def change(ref: FileRef) -> Chunk | None:
            without = leaving.get(ref.file.name)
            if not rules and without is None:
                return None
            return substituted(self._storage, ref, entity_type, rules, without=without)

        return rewritten(
            self._storage, one, source.id, writer, entity_type=entity_type, change=change
        )

    def _joined(self, table: str, files: Sequence[DataFile], writer: FileWriter) -> DataFile:
        """Make one file of several that are written but not committed yet."""
        entity_type = self._tables.types[table]
        found = [FileRef(table, self._creation.id, file) for file in files]
        chunk = concatenate(self._storage, found, entity_type)
        return writer.submit(chunk, entity_type).result()


def _by_key(by_table: Mapping[str, int], sets: Sequence[EntitySet]) -> dict[str, int]:
    return {one.key: by_table[one.table] for one in sets if one.table in by_table}


def _related(sources: Sequence[Original], snapshot: Snapshot) -> bool:
    """Return whether one source is a clone of another, or two are clones of the same scenario."""
    families = [set(_lineage(one.id, snapshot)) for one in sources]
    return any(not one.isdisjoint(other) for one, other in combinations(families, 2))


def _lineage(scenario_id: str, snapshot: Snapshot) -> Iterator[str]:
    """Yield a scenario's id and the ids of what it was cloned from, and that was cloned from."""
    current: str | None = scenario_id
    while current is not None:
        yield current
        state = snapshot.scenarios.get(current)
        found = () if state is None else state.record.origins
        current = next((one.scenario_id for one in found if one.operation == "clone"), None)
