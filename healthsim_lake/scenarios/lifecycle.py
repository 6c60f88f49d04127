"""Renaming, describing, deleting and restoring: plans that touch no rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from healthsim_lake.catalog import actions
from healthsim_lake.catalog.names import free_name
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.transaction import Draft, Plan
from healthsim_lake.errors import InputError
from healthsim_lake.tables.committer import Committer


def rename(scenario_id: str, name: str, *, unique: bool = False) -> Plan:
    """Return the plan that gives a scenario another name.

    Args:
        scenario_id: Which one.
        name: The new one.
        unique: Put a number behind it where it is taken.
    """

    def plan(snapshot: Snapshot) -> Draft:
        others = {one: own for one, own in snapshot.state.names.items() if own != scenario_id}
        wanted = free_name(name, others) if unique else name
        return Draft(
            operation="rename",
            actions=(actions.RenameScenario(scenario_id=scenario_id, name=wanted),),
            requires=(
                actions.Exists(scenario_id=scenario_id),
                actions.NameFree(name=wanted, but=scenario_id),
            ),
            result=scenario_id,
        )

    return plan


def describe(scenario_id: str, description: str | None, metadata: Mapping[str, Any] | None) -> Plan:
    """Return the plan that changes description or metadata.

    Raises:
        InputError: Neither was given.
    """
    if description is None and metadata is None:
        raise InputError("give a description, or metadata, or both")

    def plan(_snapshot: Snapshot) -> Draft:
        return Draft(
            operation="describe",
            actions=(
                actions.DescribeScenario(
                    scenario_id=scenario_id,
                    description=description,
                    metadata=None if metadata is None else dict(metadata),
                ),
            ),
            requires=(actions.Exists(scenario_id=scenario_id),),
            result=scenario_id,
        )

    return plan


def delete(committer: Committer, scenario_id: str) -> Plan:
    """Return the plan that makes a scenario a tombstone and retires its files."""

    def plan(snapshot: Snapshot) -> Draft:
        state = snapshot.get(scenario_id)
        manifest = committer.log.manifest(state)
        return Draft(
            operation="delete",
            actions=(actions.DeleteScenario(scenario_id=scenario_id),),
            # The files to retire were read from this state.
            requires=(actions.ScenarioIs(scenario_id=scenario_id, version=state.record.version),),
            retires=manifest.groups(scenario_id),
            result=scenario_id,
        )

    return plan


def change_tags(
    scenario_id: str, *, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()
) -> Plan:
    """Return the plan that adds and removes tags."""

    def plan(_snapshot: Snapshot) -> Draft:
        return Draft(
            operation="tag" if add else "untag",
            actions=(
                *(actions.RemoveTag(scenario_id=scenario_id, tag=tag) for tag in remove),
                *(actions.AddTag(scenario_id=scenario_id, tag=tag) for tag in add),
            ),
            requires=(actions.Exists(scenario_id=scenario_id),),
            result=scenario_id,
        )

    return plan
