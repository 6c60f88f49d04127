"""The specifications' names, over the store of the lake."""

from __future__ import annotations

import inspect
import json
from concurrent.futures import ThreadPoolExecutor

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


FUNCTIONS = {
    "export_to_json": "export_scenario_to_json",
    "import_from_json": "import_scenario_from_json",
    "query": "query_scenario",
}
"""Methods whose function has another name."""


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
    function = inspect.signature(getattr(state, FUNCTIONS.get(name, name)))
    assert list(method.parameters.values())[1:] == list(function.parameters.values())
    assert method.return_annotation == function.return_annotation


@pytest.mark.parametrize("name", state.__all__)
def test_every_public_name_has_full_parameters(name):
    thing = getattr(state, name)
    if inspect.isclass(thing):
        return
    kinds = {one.kind for one in inspect.signature(thing).parameters.values()}
    assert inspect.Parameter.VAR_KEYWORD not in kinds


def test_renaming_to_a_taken_name_is_an_error_in_the_manager(manager):
    manager.save_scenario("a", {})
    manager.save_scenario("b", {})
    with pytest.raises(ValueError, match="already exists"):
        manager.rename_scenario("b", "a")
    assert manager.rename_scenario("b", "My Name") is True
    assert manager.scenario_exists("My Name")
    with pytest.raises(ValueError, match="not found"):
        manager.rename_scenario("b", "c")


def test_tags_of_the_manager_are_kept_as_given(manager):
    manager.save_scenario("a", {}, tags=["One"])
    assert manager.add_scenario_tags("a", ["one", "Two"]) is True
    assert manager.get_scenario_tags("a") == ["One", "Two"]
    assert manager.add_scenario_tags("none", ["x"]) is False
    assert manager.get_scenario_tags("none") == []


def test_persist_names_a_scenario_and_tells_about_its_rows(manager):
    rows = {"patients": [{"id": "1"}, {"id": "2"}], "diagnosis": [{"code": "E11.9"}]}
    result = manager.persist(rows, context="diabetic patients in Texas over 65", tags=["Tx"])
    assert result.scenario_name.startswith("diabetes-texas-20")
    assert result.entities_persisted == 3
    assert result.entities_by_type == {"patients": 2, "diagnosis": 1}
    assert result.entity_ids[:2] == ["1", "2"]
    assert len(result.entity_ids) == 3
    assert result.entity_ids["patient"] == ["1", "2"]
    assert result.entity_ids["diagnoses"] == result.entity_ids[2:]
    with pytest.raises(KeyError):
        result.entity_ids["claims"]
    assert result.is_new_scenario
    assert json.loads(result.to_json()) == result.to_dict()
    again = manager.persist({"patients": [{"id": "2"}]}, scenario_id=result.scenario_id)
    assert not again.is_new_scenario
    assert manager.load_scenario(result.scenario_id)["entity_count"] == 3
    assert manager.persist({"patients": []}, name="N x").scenario_name == "n-x"


def test_json_leaves_and_comes_back_by_the_names_of_the_specifications(in_force, tmp_path):
    state.save_scenario("demo", {"patients": PATIENTS}, tags=["t"])
    assert state.export_scenario_to_json("demo").name == "demo.json"
    path = state.export_scenario_to_json("demo", output_path=tmp_path / "deep" / "x.json")
    new_id = state.import_scenario_from_json(path, name_override="copy")
    assert state.load_scenario(new_id)["entities"] == {"patients": PATIENTS}
    assert state.get_scenario_tags("copy") == ["t"]
    with pytest.raises(ValueError, match="already exists"):
        state.import_scenario_from_json(path)
    assert (
        state.import_scenario_from_json(str(path), overwrite=True)
        == in_force.scenarios.get("demo").id
    )


def test_threads_may_share_one_manager(manager):
    def work(number):
        manager.save_scenario(f"s{number}", {"patients": [{"id": str(number)}]})
        return manager.load_scenario(f"s{number}")["patients"]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, range(12)))
    assert found == [[{"id": str(number)}] for number in range(12)]


def test_completion_offers_what_is_public_and_nothing_else():
    assert dir(state) == sorted(state.__all__)
