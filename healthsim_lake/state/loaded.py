"""Scenarios as the specifications show them: plain dicts with times as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from healthsim_lake.catalog.records import ScenarioRecord

if TYPE_CHECKING:
    from healthsim_lake.scenarios.loading import Scenario


def as_listed(record: ScenarioRecord) -> dict[str, Any]:
    """Return what `list_scenarios` tells of a scenario."""
    shown = record.to_dict()
    kept = ("name", "description", "created_at", "updated_at", "entity_count", "tags", "metadata")
    return {"scenario_id": record.id, **{key: shown[key] for key in kept}}


class LoadedScenario(dict[str, Any]):
    """A dict of what is known of a scenario, whose missing keys fall through to its entity types.

    ``scenario["entities"]["patients"]`` and ``scenario["patients"]`` are the same list.
    """

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(as_listed(scenario.record), entities=scenario.entities)
        self._scenario = scenario

    def __missing__(self, key: str) -> list[dict[str, Any]]:
        if key not in self._scenario:
            raise KeyError(key)
        return self._scenario[key]
