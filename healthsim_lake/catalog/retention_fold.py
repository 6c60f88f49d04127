"""How retention changes the state, and what it leaves of an earlier one."""

from __future__ import annotations

from healthsim_lake.catalog.commit import Commit
from healthsim_lake.catalog.records import ScenarioVersion
from healthsim_lake.catalog.retention import Forget, Purge, Purged, Retention
from healthsim_lake.catalog.state import State


def forget(action: Forget, state: State, commit: Commit) -> None:
    """Remember what may be read from here on, and drop what may not."""
    former = state.retention
    farther = action.before > former.before
    state.retention = Retention(
        before=max(former.before, action.before),
        commit=commit.version if farther else former.commit,
        abandoned={**former.abandoned, **dict.fromkeys(action.abandons, commit.timestamp)},
    )
    if farther:
        trim(state, action.before)


def purge(action: Purge, state: State, commit: Commit) -> None:
    """Drop a scenario, and remember that it was dropped."""
    record = state.scenarios[action.scenario_id].record
    state.drop(record.id)
    state.purged[record.id] = Purged(
        name=record.name, commit=commit.version, timestamp=commit.timestamp
    )


def trim(state: State, before: int) -> None:
    """Drop the versions of scenarios that no version of the lake from `before` on shows.

    A tombstone goes when none of them shows the scenario alive.
    """
    for scenario_id, one in list(state.scenarios.items()):
        if one.record.deleted and one.commit <= before:
            state.drop(scenario_id)
            continue
        kept = shown_from(one.versions, before)
        if len(kept) < len(one.versions):
            state.scenarios[scenario_id] = one.with_versions(kept)


def shown_from(versions: tuple[ScenarioVersion, ...], before: int) -> tuple[ScenarioVersion, ...]:
    """Return the versions that were the newest one at some version of the lake from `before` on."""
    first = 0
    while first + 1 < len(versions) and versions[first + 1].commit <= before:
        first += 1
    return versions[first:]


def applied(past: State, head: State) -> State:
    """Return an earlier state without what may not be read any more at the head."""
    if head.retention == past.retention and head.purged == past.purged:
        return past
    state = past.mutable_copy()
    trim(state, head.retention.before)
    state.retention = head.retention
    for scenario_id, gone in head.purged.items():
        known = state.scenarios.get(scenario_id)
        if known is not None:
            # Whoever looks at an earlier state may know the scenario by the name it had then.
            gone = gone.model_copy(update={"name": known.record.name})  # noqa: PLW2901  # renamed for this state only
            state.drop(scenario_id)
        state.purged[scenario_id] = gone
    return state
