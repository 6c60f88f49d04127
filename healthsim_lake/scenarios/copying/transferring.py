"""Carrying single scenarios between lakes: an ordinary save there, which knows where it is from."""

from __future__ import annotations

from collections.abc import Sequence

from healthsim_lake._shown import shown
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.records import ScenarioRecord
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.errors import NameTakenError, ScenarioNotFoundError, VersionConflictError
from healthsim_lake.scenarios.copying.crossing import Crossing, Side
from healthsim_lake.scenarios.copying.standing import compared
from healthsim_lake.scenarios.entity_types import EntityTypes
from healthsim_lake.sync.relation import refuse_itself
from healthsim_lake.sync.report import Carried, Moved, Progress
from healthsim_lake.tables.committer import Committer


def transfer(
    source: CommitLog,
    target: Committer,
    types: EntityTypes,
    *,
    scenarios: Sequence[str] = (),
    tag: str | None = None,
    dry_run: bool = False,
    on_progress: Progress | None = None,
) -> Carried:
    """Carry the newest state of some scenarios into another lake.

    Each is a commit of its own. All are checked before the first is carried; where others change
    the target meanwhile, those that were carried before the error stay, and a repeated call finds
    them as they should be. A scenario keeps its id. Whether it changed in both lakes since they had
    the same state is told by what they share of its history, or by the origin that the last
    transfer left.

    Args:
        source: The log of the lake to read.
        target: Of the lake to write.
        types: The entity types of the lake to write.
        scenarios: Names or ids in the source.
        tag: All scenarios of the source that carry this tag, too.
        dry_run: Only count.
        on_progress: Told after each scenario.

    Raises:
        ScenarioNotFoundError: The source has no such scenario.
        VersionConflictError: Some changed in both lakes; names all of them. Nothing was changed.
        NameTakenError: Another scenario of the target has the name.
    """
    refuse_itself(source, target.log)
    snapshot, there = source.refresh(), target.log.refresh()
    chosen = _chosen(snapshot, scenarios, tag)
    lake = Side(source, source.lake_id)
    target_id = target.log.lake_id if there.digest else ""
    standing = [compared(one, there, lake.lake_id, target_id) for one in chosen]
    conflicts = [one for one in standing if one.is_conflict]
    if conflicts:
        raise VersionConflictError(
            f"changed in both {source.storage.url} and {target.log.storage.url}: "
            + "; ".join(one.told() for one in conflicts)
            + ". Nothing was changed: rename or delete one of the two, or merge a clone of it"
        )
    wanted = [one for one in standing if one.is_new_here]
    _check_names([one.ours.record for one in wanted], there)
    sizes = {
        one.ours.record.id: sum(
            file.bytes for group in source.manifest(one.ours).sets for file in group.files
        )
        for one in wanted
    }
    moved, done = list[Moved](), 0
    for one in standing:
        record, outcome = one.ours.record, "unchanged"
        if one.is_new_here:
            outcome = "created" if one.theirs is None else "updated"
        version = 0 if one.theirs is None else one.theirs.record.version
        if one.is_new_here and not dry_run:
            version = Crossing(lake, target, types, record.id).run().version
            done += sizes[record.id]
            if on_progress is not None:
                on_progress(record.name, done, sum(sizes.values()))
        moved.append(Moved(record.id, record.name, outcome, version))
    files = sum(len(group.files) for one in wanted for group in source.manifest(one.ours).sets)
    after = target.log.latest().version
    return Carried(
        source=source.storage.url,
        target=target.log.storage.url,
        since=there.version,
        version=after,
        commits=len(wanted),
        files=files,
        bytes=sum(sizes.values()),
        present=0,
        dry_run=dry_run,
        scenarios=tuple(moved),
    )


def _check_names(records: Sequence[ScenarioRecord], there: Snapshot) -> None:
    """Refuse names that others have there, before the first scenario is carried.

    Raises:
        NameTakenError: When its turn comes, another scenario of the target has its name.
    """
    owners = dict(there.state.names.items())
    names, taken = {owner: name for name, owner in owners.items()}, []
    for one in records:
        if owners.get(one.name, one.id) != one.id:
            taken.append(one.name)
        owners.pop(names.get(one.id, ""), None)
        owners[one.name] = one.id
    if taken:
        raise NameTakenError(
            f"the target has other scenarios called {', '.join(map(shown, taken))}; nothing was "
            "changed: rename them here or there"
        )


def _chosen(snapshot: Snapshot, scenarios: Sequence[str], tag: str | None) -> list[ScenarioState]:
    found = {one.record.id: one for one in map(snapshot.get, scenarios)}
    if tag is not None:
        tagged = [one for one in snapshot.records() if one.has_tag(tag)]
        if not tagged:
            raise ScenarioNotFoundError(f"no scenario has the tag {shown(tag)}")
        found.update((one.id, snapshot.scenarios[one.id]) for one in tagged)
    return list(found.values())
