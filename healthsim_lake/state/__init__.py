"""The vocabulary of the specifications, over the one store of a lake."""

from healthsim_lake.state.functions import (
    delete_scenario,
    get_manager,
    list_scenarios,
    load_scenario,
    reset_manager,
    save_scenario,
    scenario_exists,
)
from healthsim_lake.state.loaded import LoadedScenario
from healthsim_lake.state.manager import StateManager

__all__ = [
    "LoadedScenario",
    "StateManager",
    "delete_scenario",
    "get_manager",
    "list_scenarios",
    "load_scenario",
    "reset_manager",
    "save_scenario",
    "scenario_exists",
]
