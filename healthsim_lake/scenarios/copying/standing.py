"""How a scenario stands in two lakes: which of its versions both have, and who went on."""

from __future__ import annotations

from dataclasses import dataclass

from healthsim_lake.catalog.records import Origin
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState

OPERATION = "transfer"
"""What commits and origins of carried scenarios are called."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a scenario stands in both lakes.

    Attributes:
        ours: In the source.
        theirs: In the target, if it is there.
        base: Versions in source and target that are known to be the same; 0 if none are.
    """

    ours: ScenarioState
    theirs: ScenarioState | None
    base: tuple[int, int] = (0, 0)

    @property
    def is_new_here(self) -> bool:
        """Whether the source changed since."""
        return self.ours.record.version > self.base[0]

    @property
    def is_conflict(self) -> bool:
        """Whether both changed since."""
        changed_there = self.theirs is not None and self.theirs.record.version > self.base[1]
        return changed_there and self.is_new_here

    def told(self) -> str:
        """Return the conflict in words."""
        ours, there = self.ours.record, "absent"
        if self.theirs is not None:
            theirs = self.theirs.record
            there = "deleted" if theirs.deleted else f"version {theirs.version}"
        return (
            f"'{ours.name}' (version {ours.version} here, {there} there; "
            f"last in common {self.base[0]} and {self.base[1]})"
        )


def compared(ours: ScenarioState, snapshot: Snapshot, source_id: str, target_id: str) -> Standing:
    """Return how a scenario of the source stands beside that of the target, at `snapshot`.

    What both have in common is the longest beginning of both histories, or what the last transfer
    in either direction left in `origins`, whichever is later.

    Args:
        ours: The scenario in the source.
        snapshot: Of the target.
        source_id: Id of the source's lake.
        target_id: Id of the target's lake; empty for one that is not there yet.
    """
    theirs = snapshot.scenarios.get(ours.record.id)
    if theirs is None:
        return Standing(ours, None)
    common = 0
    for mine, other in zip(ours.versions, theirs.versions, strict=False):
        if mine != other:
            break
        common = mine.version
    known = [(common, common)]
    known += [(one.version, one.own_version or 0) for one in _from(theirs, source_id)]
    known += [(one.own_version or 0, one.version) for one in _from(ours, target_id)]
    return Standing(ours, theirs, max(known, key=sum))


def _from(state: ScenarioState, lake_id: str) -> list[Origin]:
    return [
        one for one in state.record.origins if one.operation == OPERATION and one.lake_id == lake_id
    ]
