"""The specifications' names, over the store of the lake."""

from __future__ import annotations

import inspect
import json

import pytest

from healthsim_lake import default_lake, state
from healthsim_lake.errors import InputError
from healthsim_lake.state import StateManager

PATIENTS = [{"patient_id": "1", "given_name": "John", "birthDate": "1980-01-15"}]


@pytest.fixture
def manager(tmp_path):
    return StateManager(tmp_path / "lake")


def test_save_returns_an_id_and_load_a_json_ready_dict(manager):
    scenario_id = manager.save_scenario("demo", {"patient": PATIENTS, "encounter": []})
    assert len(scenario_id) == 36
    loaded = manager.load_scenario("demo")
    assert loaded["scenario_id"] == scenario_id
    assert set(loaded) == {
        "scenario_id",
        "name",
        "description",
        "created_at",
        "updated_at",
        "tags",
        "metadata",
        "entities",
        "entity_count",
    }
    assert loaded["entities"] == {"patient": PATIENTS, "encounter": []}
    assert loaded["patients"] is loaded["entities"]["patient"]
    assert json.loads(json.dumps(loaded)) == loaded
    assert loaded["created_at"].endswith("Z")
    with pytest.raises(KeyError):
        loaded["members"]


def test_the_specification_of_the_migration_holds(manager):
    manager.save_scenario("overwrite-test", {"patient": [{"given_name": "First"}]})
    manager.save_scenario("overwrite-test", {"patient": [{"given_name": "Second"}]}, overwrite=True)
    loaded = manager.load_scenario("overwrite-test")
    assert loaded["entities"]["patient"][0]["given_name"] == "Second"
    with pytest.raises(ValueError, match="already exists"):
        manager.save_scenario("overwrite-test", {})
    manager.save_scenario("tagged", {"patient": []}, tags=["diabetes", "test"])
    assert [one["name"] for one in manager.list_scenarios(tag="diabetes")] == ["tagged"]
    assert manager.list_scenarios(tag="nonexistent") == []
    with pytest.raises(ValueError, match="not found"):
        manager.load_scenario("nothing")


def test_delete_works_without_confirm_and_refuses_a_false_one(manager):
    manager.save_scenario("demo", {})
    with pytest.raises(InputError, match="confirm=True"):
        manager.delete_scenario("demo", confirm=False)
    assert manager.delete_scenario("demo", confirm=True) is True
    assert manager.delete_scenario("demo") is False
    assert not manager.scenario_exists("demo")


def test_products_are_kept_and_filtered(manager):
    manager.save_scenario("a", {"members": [{"id": "m"}]})
    manager.save_scenario("b", {}, product="trialsim")
    assert [one["name"] for one in manager.list_scenarios(product="membersim")] == ["a"]
    assert [one["name"] for one in manager.list_scenarios(product="trialsim")] == ["b"]
    assert manager.load_scenario("b")["metadata"] == {"product": "trialsim"}


def test_the_module_functions_follow_the_default_lake(in_force):
    scenario_id = state.save_scenario("demo", {"patients": PATIENTS}, tags=["t"])
    assert in_force.scenarios.get("demo").id == scenario_id
    assert state.load_scenario("demo")["patients"] == PATIENTS
    assert state.list_scenarios(search="dem")[0]["entity_count"] == 1
    assert state.scenario_exists(scenario_id)
    assert state.delete_scenario("demo", confirm=True)
    assert state.get_manager() is state.get_manager()


def test_the_environment_names_the_default_lake(tmp_path, monkeypatch):
    monkeypatch.setenv("HEALTHSIM_LAKE", str(tmp_path / "named"))
    assert default_lake().url == str(tmp_path / "named")
    assert StateManager().lake is default_lake()
    monkeypatch.delenv("HEALTHSIM_LAKE")
    assert default_lake().url.endswith(".healthsim/lake")


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, _ in inspect.getmembers(StateManager, inspect.isfunction)
        if not name.startswith("_")
    ],
)
def test_functions_and_methods_have_the_same_parameters(name):
    method = inspect.signature(getattr(StateManager, name))
    function = inspect.signature(getattr(state, name))
    assert list(method.parameters.values())[1:] == list(function.parameters.values())
    assert method.return_annotation == function.return_annotation
