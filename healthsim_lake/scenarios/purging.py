"""Removing a scenario for good: the log says so first, then all its bytes go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from healthsim_lake.catalog import actions
from healthsim_lake.catalog.records import FileGroup, ScenarioRecord
from healthsim_lake.catalog.retention import Purge
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.catalog.transaction import Draft, Label, Plan
from healthsim_lake.errors import IntegrityError
from healthsim_lake.storage import layout
from healthsim_lake.tables.committer import Committer
from healthsim_lake.tables.erasing import erase


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """What `purge` removed, and who still has the rows.

    Attributes:
        record: The scenario as it was.
        commit: The commit that removed it.
        files: Data files and documents that were deleted.
        bytes: Their size; bytes that a clone shares stay.
        clones: Scenarios that were made from it, and so still hold rows of it.
    """

    record: ScenarioRecord
    commit: int | None
    files: int
    bytes: int
    clones: tuple[ScenarioRecord, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "scenario_id": self.record.id,
            "name": self.record.name,
            "commit": self.commit,
            "files": self.files,
            "bytes": self.bytes,
            "clones": [{"id": one.id, "name": one.name} for one in self.clones],
        }


def purge(committer: Committer, ref: str, label: Label | None = None) -> PurgeReport:
    """Remove a scenario, or what is left of a deleted one, with all its versions.

    What stays: the commits that made it, with its name, description, tags and the bounds of small
    manifests. They are links of the chain, and cannot be taken out.

    Raises:
        ScenarioNotFoundError: There is no such scenario.
        PurgedError: It was purged before; whatever was left of it is deleted now.
    """
    snapshot = committer.log.refresh()
    state = snapshot.find(ref) or snapshot.find_deleted(ref)
    if state is None:
        if ref in snapshot.state.purged and not committer.read_only:
            erase(committer.log.storage, snapshot, ref)
            committer.log.checkpoint_anew(snapshot.state.purged[ref].commit)
        state = snapshot.get(ref)
    committed = committer.commit(_plan(committer, state.record.id), label=label)
    storage, after = committer.log.storage, committed.snapshot
    commit = None if committed.commit is None else committed.commit.version
    staged = [
        layout.staged(name)
        for group in (() if committed.commit is None else committed.commit.retires)
        for name in group.names
    ]
    for key in staged:
        storage.delete(key)  # of a file that never got to its folder
    files, size = erase(storage, after, state.record.id)
    if commit is not None:
        committer.log.checkpoint_anew(commit)
    return PurgeReport(state.record, commit, files, size, tuple(clones_of(after, state.record.id)))


def _plan(committer: Committer, scenario_id: str) -> Plan:
    def plan(snapshot: Snapshot) -> Draft:
        state = snapshot.scenarios.get(scenario_id) or snapshot.get(scenario_id)
        return Draft(
            operation="purge",
            actions=(Purge(scenario_id=scenario_id),),
            requires=(actions.ScenarioIs(scenario_id=scenario_id, version=state.record.version),),
            retires=_live_files(committer, state),
            result=scenario_id,
        )

    return plan


def _live_files(committer: Committer, state: ScenarioState) -> tuple[FileGroup, ...]:
    """Return the files to take out of ``data/``; none are known if the manifest is damaged."""
    if state.record.deleted:
        return ()
    try:
        return committer.log.manifest(state).groups(state.record.id)
    except IntegrityError:
        return ()  # what is purged need not be readable; its folders are emptied all the same


def clones_of(snapshot: Snapshot, scenario_id: str) -> Iterator[ScenarioRecord]:
    """Yield the scenarios that were made from one, directly or by way of others."""
    sources = {scenario_id}
    records = [one.record for one in snapshot.scenarios.values()]
    while found := [one for one in records if one.id not in sources and sources & _origins(one)]:
        sources.update(one.id for one in found)
        yield from found


def _origins(record: ScenarioRecord) -> set[str]:
    """Return the ids of the scenarios that a record names as what it was made from."""
    return {one.scenario_id for one in record.origins}
