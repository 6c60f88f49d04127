"""Two scenarios, or two versions of one, compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from healthsim_lake._shown import shown
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.records import EntitySet, Manifest, ScenarioRecord
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.entities.types import EntityType
from healthsim_lake.errors import EntityTypeNotFoundError, InputError, VersionNotFoundError
from healthsim_lake.scenarios.comparing.difference import Difference, TableDifference
from healthsim_lake.scenarios.entity_types import EntityTypes
from healthsim_lake.scenarios.loading import record_at
from healthsim_lake.storage import Storage
from healthsim_lake.tables.committer import Committer
from healthsim_lake.tables.comparing.difference import differing
from healthsim_lake.tables.comparing.picked import ChangedRows, PickedRows
from healthsim_lake.tables.places import FileRef, refs


@dataclass(frozen=True, slots=True)
class Side:
    """One state of a scenario.

    Attributes:
        record: The scenario's record at that version.
        manifest: Its rows; none if the scenario was deleted in that version.
    """

    record: ScenarioRecord
    manifest: Manifest

    @classmethod
    def of(cls, log: CommitLog, state: ScenarioState, version: int) -> Side:
        """Return a version of a scenario.

        Raises:
            VersionNotFoundError: It never had that version.
        """
        manifest = log.manifest(state, version)
        chosen = next(one for one in state.versions if one.version == version)
        if chosen.entity_count == 0:  # a deletion keeps the manifest, for restoring it
            bare = (one.model_copy(update={"files": ()}) for one in manifest.sets)
            manifest = Manifest(sets=tuple(bare))
        return cls(record_at(state, manifest, version), manifest)

    def files(self, table: str) -> tuple[EntitySet | None, list[FileRef]]:
        """Return the entity set of a table, if there is one, and its files."""
        for one in self.manifest.sets:
            if one.table == table:
                return one, refs(one, self.record.id)
        return None, []


def diff(
    committer: Committer,
    known: EntityTypes,
    names: tuple[str, str | None],
    versions: tuple[int | None, int | None],
    *,
    types: Sequence[str] | None,
) -> Difference:
    """Compare two states, table by table; see `Comparisons.diff`."""
    snapshot, log = committer.view(), committer.log
    before, after = _choose(log, snapshot, names, versions)
    with log.reading(before.record, after.record):
        found = {
            key: _table(log.storage, (key, known.at(table, snapshot)), before, after)
            for table, key in _tables(before, after, known, types).items()
        }
    return Difference(before.record, after.record, found, known.registry())


def _choose(
    log: CommitLog,
    snapshot: Snapshot,
    names: tuple[str, str | None],
    versions: tuple[int | None, int | None],
) -> tuple[Side, Side]:
    """Return the two states that are meant; without a second name two versions of the first."""
    (a, b), (version_a, version_b) = names, versions
    check_versions(version_a, version_b)
    if b is None:
        is_numbered = version_a is not None or version_b is not None
        state = other = _find(snapshot, a, deleted=is_numbered)
        version_b = version_b or state.record.version
        version_a = version_a or version_b - 1
        if not version_a:
            raise VersionNotFoundError(
                f"Scenario '{state.record.name}' has no version before 1 to compare with; "
                "give a second scenario, or two versions"
            )
    else:
        state = _find(snapshot, a, deleted=version_a is not None)
        other = _find(snapshot, b, deleted=version_b is not None)
        version_a = version_a or state.record.version
        version_b = version_b or other.record.version
    if state.record.id == other.record.id and version_a == version_b:
        raise InputError(
            f"version {version_a} of scenario '{state.record.name}' would be compared with itself; "
            "give another scenario, or two versions"
        )
    return Side.of(log, state, version_a), Side.of(log, other, version_b)


def check_versions(*versions: int | None) -> None:
    """Refuse what cannot be the number of a version.

    Raises:
        InputError: It is no whole number from 1 on.
    """
    for version in versions:
        if version is not None and (type(version) is not int or version < 1):
            raise InputError(
                f"a version is a number from 1 on, not {shown(version)}; see history(...)"
            )


def _find(snapshot: Snapshot, ref: str, *, deleted: bool) -> ScenarioState:
    """Return a scenario; a deleted one only where one of its versions is asked for by number."""
    grave = snapshot.find_deleted(ref) if deleted and snapshot.find(ref) is None else None
    return grave or snapshot.get(ref)


def _table(
    storage: Storage, what: tuple[str, EntityType], before: Side, after: Side
) -> TableDifference:
    key, entity_type = what
    (was, ours), (is_, theirs) = before.files(entity_type.name), after.files(entity_type.name)
    found = differing(storage, ours, theirs, entity_type)
    only: Literal["before", "after"] | None = None
    if was is None or is_ is None:
        only = "after" if was is None else "before"
    return TableDifference(
        key=key,
        table=entity_type.name,
        added=PickedRows(storage, entity_type, found.after, found.added),
        removed=PickedRows(storage, entity_type, found.before, found.removed),
        changed=ChangedRows(
            PickedRows(storage, entity_type, found.before, found.old),
            PickedRows(storage, entity_type, found.after, found.new),
            entity_type,
        ),
        unchanged=found.unchanged,
        columns=found.keys,
        only_in=only,
    )


def _tables(
    before: Side, after: Side, known: EntityTypes, types: Sequence[str] | None
) -> dict[str, str]:
    """Return the tables to compare, with the entity key of each; that of the later state wins."""
    held = {one.table: one.key for side in (before, after) for one in side.manifest.sets}
    if types is None:
        return held
    by_key = {key: table for table, key in held.items()}
    chosen = {}
    for name in [types] if isinstance(types, str) else types:
        meant = known.registry().find(name)
        table = by_key.get(name, name if meant is None else meant.name)
        if table not in held:
            raise EntityTypeNotFoundError(
                f"Neither side holds {shown(name)}; they hold {', '.join(by_key) or 'nothing'}"
            )
        chosen[table] = held[table]
    return chosen
