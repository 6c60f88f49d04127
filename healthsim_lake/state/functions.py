"""The specifications' module functions: one statement each, over the manager in force."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from healthsim_lake.state.checked import checked
from healthsim_lake.state.loaded import LoadedScenario
from healthsim_lake.state.manager import StateManager
from healthsim_lake.state.results import PersistResult
from healthsim_lake.state.summary import BUDGET, SAMPLES, ScenarioSummary

if TYPE_CHECKING:
    from healthsim_lake.query import QueryResult
    from healthsim_lake.scenarios.summarising.sampling import Strategy
    from healthsim_lake.scenarios.writing.sources import Entities

_lock = threading.Lock()
_manager: StateManager | None = None


def get_manager() -> StateManager:
    """Return the manager that the functions of this module use; it follows the default lake."""
    global _manager  # noqa: PLW0603  # the singleton that the specifications promise
    with _lock:
        if _manager is None:
            _manager = StateManager()
        return _manager


def reset_manager() -> None:
    """Forget the manager; the next call makes a new one."""
    global _manager  # noqa: PLW0603  # see get_manager
    with _lock:
        _manager = None


@checked
def save_scenario(
    name: str,
    entities: Entities,
    description: str | None = None,
    tags: Iterable[str] | None = None,
    overwrite: bool = False,  # noqa: FBT001, FBT002  # positional in the specifications
    product: str | None = None,
) -> str:
    """Save a scenario and return its id; see `StateManager.save_scenario`."""
    return get_manager().save_scenario(name, entities, description, tags, overwrite, product)


@checked
def load_scenario(name_or_id: str) -> LoadedScenario:
    """Return a scenario as a dict; see `StateManager.load_scenario`."""
    return get_manager().load_scenario(name_or_id)


@checked
def list_scenarios(
    tag: str | None = None,
    search: str | None = None,
    product: str | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Return scenarios as dicts; see `StateManager.list_scenarios`."""
    return get_manager().list_scenarios(tag, search, product, limit)


@checked
def delete_scenario(
    name_or_id: str,
    confirm: bool | None = None,  # noqa: FBT001  # positional in the specifications
    purge: bool = False,  # noqa: FBT001, FBT002  # likewise
) -> bool:
    """Delete a scenario; see `StateManager.delete_scenario`."""
    return get_manager().delete_scenario(name_or_id, confirm, purge)


@checked
def scenario_exists(name_or_id: str) -> bool:
    """Return whether there is a scenario with that name or id."""
    return get_manager().scenario_exists(name_or_id)


@checked
def rename_scenario(old_name_or_id: str, new_name: str) -> bool:
    """Rename a scenario; see `StateManager.rename_scenario`."""
    return get_manager().rename_scenario(old_name_or_id, new_name)


@checked
def get_scenario_tags(name_or_id: str) -> list[str]:
    """Return the tags of a scenario; see `StateManager.get_scenario_tags`."""
    return get_manager().get_scenario_tags(name_or_id)


@checked
def add_scenario_tags(name_or_id: str, tags: Iterable[str]) -> bool:
    """Add tags to a scenario; see `StateManager.add_scenario_tags`."""
    return get_manager().add_scenario_tags(name_or_id, tags)


@checked
def persist(
    entities: Entities,
    scenario_id: str | None = None,
    scenario_name: str | None = None,
    context: str | None = None,
    tags: Iterable[str] | None = None,
    description: str | None = None,
    name: str | None = None,
) -> PersistResult:
    """Save rows under a name that is found for them; see `StateManager.persist`."""
    return get_manager().persist(
        entities, scenario_id, scenario_name, context, tags, description, name
    )


@checked
def get_summary(
    scenario_id_or_name: str,
    include_samples: bool = True,  # noqa: FBT001, FBT002  # positional in the specifications
    samples_per_type: int = SAMPLES,
    budget: int = BUDGET,
) -> ScenarioSummary:
    """Return what a scenario is like; see `StateManager.get_summary`."""
    return get_manager().get_summary(scenario_id_or_name, include_samples, samples_per_type, budget)


@checked
def query_scenario(
    scenario_id_or_name: str | None = None,
    sql: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
    scenario_id: str | None = None,
    name: str | None = None,
    query: str | None = None,
    page: int | None = None,
    page_size: int | None = None,
    params: Sequence[Any] | Mapping[str, Any] | None = None,
) -> QueryResult:
    """Ask one SQL question about a scenario; see `StateManager.query`."""
    return get_manager().query(
        scenario_id_or_name, sql, limit, offset, scenario_id, name, query, page, page_size, params
    )


@checked
def get_samples(
    scenario_id_or_name: str,
    entity_type: str,
    count: int = SAMPLES,
    strategy: Strategy = "diverse",
    seed: int | str | None = None,
) -> list[dict[str, Any]]:
    """Return a few rows of one type; see `StateManager.get_samples`."""
    return get_manager().get_samples(scenario_id_or_name, entity_type, count, strategy, seed)


@checked
def export_scenario_to_json(
    name_or_id: str, output_path: str | os.PathLike[str] | None = None
) -> Path:
    """Write a scenario to a JSON file; see `StateManager.export_to_json`."""
    return get_manager().export_to_json(name_or_id, output_path)


@checked
def import_scenario_from_json(
    json_path: str | os.PathLike[str],
    name: str | None = None,
    overwrite: bool = False,  # noqa: FBT001, FBT002  # positional in the specifications
    name_override: str | None = None,
) -> str:
    """Save a JSON file as a scenario; see `StateManager.import_from_json`."""
    return get_manager().import_from_json(json_path, name, overwrite, name_override)
