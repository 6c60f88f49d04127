"""The state of a scenario that a copy is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from healthsim_lake.catalog import actions
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.records import EntitySet, Manifest, Origin, ScenarioRecord
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.entities.registry import Registry
from healthsim_lake.scenarios.loading import choose_sets


@dataclass(frozen=True, slots=True)
class Original:
    """One state of a scenario.

    Attributes:
        record: The scenario's record.
        version: The version whose rows are meant.
        sets: Its entity sets, or those that were chosen.
        past: Whether it is not the newest state, and so cannot change any more.
        until: The last version of the lake in which it was the scenario's state.
        outdated: Tables whose columns were others when the files were written.
    """

    record: ScenarioRecord
    version: int
    sets: tuple[EntitySet, ...]
    past: bool = False
    until: int = 0
    outdated: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """The scenario's id."""
        return self.record.id

    def origin(self, operation: str, conflicts: dict[str, int] | None = None) -> Origin:
        """Return what the record of the copy says of this scenario."""
        return Origin(
            operation=operation,
            scenario_id=self.id,
            name=self.record.name,
            version=self.version,
            conflicts=conflicts or {},
        )

    def requires(self) -> list[actions.Requirement]:
        """Return what must hold for the copy to be one of what is there."""
        if self.past:
            return [actions.Retained(version=self.until, scenario_id=self.id)]
        return [actions.ScenarioIs(scenario_id=self.id, version=self.version)]

    def of_types(self, types: Sequence[str] | None, registry: Registry) -> Original:
        """Return the original with only some of its entity types; None means all.

        Raises:
            EntityTypeNotFoundError: It holds no such type.
        """
        if types is None:
            return self
        chosen = choose_sets(Manifest(sets=self.sets), types, registry, self.record)
        return replace(self, sets=tuple({one.key: one for one in chosen}.values()))


def newest(log: CommitLog, state: ScenarioState) -> Original:
    """Return the newest state of a scenario."""
    return Original(state.record, state.record.version, log.manifest(state).sets)


def at_version(
    log: CommitLog, head: Snapshot, state: ScenarioState, version: int | None
) -> Original:
    """Return one of a scenario's versions; None for the newest that `state` knows.

    Args:
        log: The lake's log.
        head: Says what columns the tables have now.
        state: The scenario, at the head or at an earlier snapshot.
        version: 1, 2, 3 …

    Raises:
        VersionNotFoundError: It never had that version.
    """
    number = state.record.version if version is None else version
    manifest = log.manifest(state, number)
    now = head.scenarios.get(state.record.id)
    if now is not None and not now.record.deleted and now.record.version == number:
        return newest(log, state)
    made = next(one.manifest_commit for one in state.versions if one.version == number)
    later = [one.commit for one in (now or state).versions if one.version > number]
    return Original(
        state.record,
        number,
        manifest.sets,
        past=True,
        until=min(later, default=head.version + 1) - 1,
        outdated=_outdated(log, head, made, {one.table for one in manifest.sets}),
    )


def at_time(log: CommitLog, head: Snapshot, ref: str, moment: datetime) -> Original:
    """Return a scenario as it was at a time; a name may be the one of now or the one of then.

    Raises:
        ScenarioNotFoundError: There was no such scenario.
        VersionNotFoundError: Nothing was committed by then.
    """
    then = log.at(timestamp=moment)
    known = head.find(ref)
    ref = ref if then.find(ref) or known is None else known.record.id
    return at_version(log, head, then.get(ref), None)


def _outdated(log: CommitLog, head: Snapshot, commit: int, tables: set[str]) -> frozenset[str]:
    """Return the tables whose columns at `commit` were not those of the head."""
    changed = {name for name in tables if name in head.tables and head.tables[name].revision > 1}
    if not changed:
        return frozenset()
    then = log.at(version=commit).tables
    return frozenset(
        name
        for name in changed
        if name not in then or then[name].revision != head.tables[name].revision
    )
