"""Which files hold the rows of a table: pruned in the catalog, before any engine sees one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from healthsim_lake._shown import shown
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.records import Manifest, ManifestRef
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.errors import InputError
from healthsim_lake.tables.places import FileRef, in_parallel, refs


def choose(
    snapshot: Snapshot, scenario: str | None, scenarios: Iterable[str] | None
) -> list[ScenarioState]:
    """Return the scenarios that a question is about: one, some, or all that are not deleted.

    Raises:
        ScenarioNotFoundError: One of them is not there.
        InputError: Both were given, or text in place of a list.
    """
    if scenario is not None and scenarios is not None:
        raise InputError("give either scenario or scenarios, not both")
    if isinstance(scenarios, str):
        raise InputError(f"scenarios must be a list; did you mean scenario={shown(scenarios)}?")
    if scenario is not None:
        return [snapshot.get(scenario)]
    if scenarios is not None:
        found = {one.record.id: one for one in map(snapshot.get, scenarios)}
        return list(found.values())
    return [one for one in snapshot.scenarios.values() if not one.record.deleted]


def manifests_of(log: CommitLog, chosen: Sequence[ScenarioState]) -> list[Manifest]:
    """Return the manifests of the chosen scenarios; those beside the log are read side by side."""
    large = [state for state in chosen if isinstance(state.manifest, ManifestRef)]
    read = in_parallel(log.storage, log.manifest, large)
    found = {state.record.id: manifest for state, manifest in zip(large, read, strict=True)}
    return [found.get(state.record.id) or log.manifest(state) for state in chosen]


def files_of(log: CommitLog, chosen: Sequence[ScenarioState], table: str) -> list[FileRef]:
    """Return the files that hold the rows of `table` in the chosen scenarios, in their order."""
    return [
        ref
        for state, manifest in zip(chosen, manifests_of(log, chosen), strict=True)
        for one in manifest.sets
        if one.table == table
        for ref in refs(one, state.record.id)
    ]
