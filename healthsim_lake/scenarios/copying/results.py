"""What cloning and merging answer with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from healthsim_lake._json import AsJson
from healthsim_lake.catalog.records import Origin, ScenarioRecord
from healthsim_lake.errors import InputError


@dataclass(frozen=True, slots=True)
class CloneResult(AsJson):
    """A clone that was made.

    Attributes:
        source_scenario_id: What was cloned.
        source_scenario_name: Its name then.
        new_scenario_id: The clone.
        new_scenario_name: Its name.
        entities_cloned: Rows by entity key.
        total_entities: Rows of all types.
    """

    source_scenario_id: str
    source_scenario_name: str
    new_scenario_id: str
    new_scenario_name: str
    entities_cloned: dict[str, int]
    total_entities: int

    @classmethod
    def of(cls, record: ScenarioRecord) -> CloneResult:
        """Return the result that a clone's record tells.

        Raises:
            InputError: The scenario is no clone.
        """
        (source,) = _origins(record, "clone")
        return cls(
            source_scenario_id=source.scenario_id,
            source_scenario_name=source.name,
            new_scenario_id=record.id,
            new_scenario_name=record.name,
            entities_cloned=dict(record.entity_counts),
            total_entities=record.entity_count,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class MergeResult(AsJson):
    """A merge that was made.

    Attributes:
        source_scenario_ids: What was merged, in order.
        source_scenario_names: Their names then.
        target_scenario_id: The new scenario.
        target_scenario_name: Its name.
        entities_merged: Rows of the new scenario by entity key.
        total_entities: Rows of all types.
        conflicts_resolved: Rows that were dropped or given new ids because another source has
            their key.
        conflicts_by_type: The same by entity key; types without any are left out.
    """

    source_scenario_ids: list[str]
    source_scenario_names: list[str]
    target_scenario_id: str
    target_scenario_name: str
    entities_merged: dict[str, int]
    total_entities: int
    conflicts_resolved: int
    conflicts_by_type: dict[str, int]

    @classmethod
    def of(cls, record: ScenarioRecord) -> MergeResult:
        """Return the result that the record of a merged scenario tells.

        Raises:
            InputError: The scenario was not made by a merge.
        """
        origins = _origins(record, "merge")
        by_type = {
            key: found
            for key in record.entity_counts
            if (found := sum(one.conflicts.get(key, 0) for one in origins))
        }
        return cls(
            source_scenario_ids=[one.scenario_id for one in origins],
            source_scenario_names=[one.name for one in origins],
            target_scenario_id=record.id,
            target_scenario_name=record.name,
            entities_merged=dict(record.entity_counts),
            total_entities=record.entity_count,
            conflicts_resolved=sum(by_type.values()),
            conflicts_by_type=by_type,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return asdict(self)


def _origins(record: ScenarioRecord, operation: str) -> tuple[Origin, ...]:
    found = tuple(one for one in record.origins if one.operation == operation)
    if not found:
        raise InputError(
            f"the idempotency key was used by an operation that made '{record.name}' otherwise "
            f"than by a {operation}; use another key"
        )
    return found
