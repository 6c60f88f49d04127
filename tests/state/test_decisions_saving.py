"""What the specifications leave open, as it was decided: saving, finding, naming, deleting.

One test for each decision, in the order of their table; two more files hold the rest.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest

from healthsim_lake.errors import (
    InputError,
    InvalidEntityError,
    InvalidNameError,
    NameTakenError,
    NotFoundError,
    PurgedError,
)
from healthsim_lake.state import StateManager

ROWS = [{"patient_id": "1", "name": {"given": "Ada"}}, {"patient_id": "2"}]


@pytest.fixture
def manager(tmp_path):
    return StateManager(tmp_path / "lake")


def test_saving_returns_an_id_and_the_lake_a_record_with_counts(manager):
    saved = manager.save_scenario("a", {"patients": ROWS})
    assert UUID(saved).version == 4
    assert len(saved) == 36
    record = manager.lake.scenarios.save("b", {"patients": ROWS, "claim": []})
    assert record.entity_counts == {"patients": 2, "claim": 0}


def test_loading_returns_a_json_ready_dict_whose_missing_keys_are_entity_types(manager):
    class Sex(Enum):
        F = "F"

    rows = [
        {
            "id": UUID(int=1),
            "born": date(2001, 2, 3),
            "seen": datetime(2024, 5, 6, 7, 8, tzinfo=UTC),
            "paid": Decimal("1.50"),
            "sex": Sex.F,
            "text": "2001-02-03",
        }
    ]
    manager.save_scenario("a", {"patient": rows, "name": [{"id": "n"}]}, tags=["t"])
    loaded = manager.load_scenario("a")
    assert list(loaded) == [
        *("scenario_id", "name", "description", "created_at", "updated_at"),
        *("entity_count", "tags", "metadata", "entities"),
    ]
    assert loaded["patients"] == [
        {
            "id": str(UUID(int=1)),
            "born": "2001-02-03",
            "seen": "2024-05-06T07:08:00+00:00",
            "paid": "1.50",
            "sex": "F",
            "text": "2001-02-03",
        }
    ]
    assert loaded["name"] == "a", "metadata keys win"
    assert loaded["entities"]["name"] == [{"id": "n"}]
    assert loaded["patient"] is loaded["patients"] is loaded["entities"]["patient"]
    assert json.loads(json.dumps(loaded)) == loaded
    for listed in (loaded, manager.list_scenarios()[0]):
        assert datetime.fromisoformat(listed["created_at"]).tzinfo == UTC
        assert listed["created_at"].endswith("Z")
    assert manager.lake.scenarios.get("a").created_at.tzinfo == UTC


def test_entity_keys_are_singular_or_plural_in_any_case(manager):
    manager.save_scenario("a", {"Diagnosis": [{"id": "1"}], "Wearable": [{"id": "2"}]})
    assert manager.query("a", "SELECT count(*) AS n FROM diagnoses").results == [{"n": 1}]
    assert manager.query("a", "SELECT count(*) AS n FROM wearables").results == [{"n": 1}]
    assert list(manager.load_scenario("a")["entities"]) == ["Diagnosis", "Wearable"]
    with pytest.raises(InputError, match="'patient' and 'patients'"):
        manager.save_scenario("b", {"patient": [], "patients": []})


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ({"id": "i", "encounter_id": "e"}, "e"),
        ({"encounter_id": "e"}, "e"),
        ({"id": "i"}, "i"),
    ],
)
def test_the_key_is_the_best_of_the_id_keys(manager, row, key):
    result = manager.persist({"encounters": [row]})
    assert result.entity_ids == [key]
    assert manager.load_scenario(result.scenario_id)["encounters"] == [row]


def test_a_row_without_an_id_gets_one_in_its_column_and_comes_back_without(manager):
    result = manager.persist({"encounters": [{"status": "planned"}]})
    (made,) = result.entity_ids
    assert UUID(made)
    found = manager.query(result.scenario_id, "SELECT encounter_id FROM encounters")
    assert found.results == [{"encounter_id": made}]
    assert manager.load_scenario(result.scenario_id)["encounters"] == [{"status": "planned"}]


def test_nothing_is_dropped_silently_when_rows_or_ids_repeat(manager):
    twice = [{"id": "1"}, {"id": "1"}, {"id": "2"}]
    saved = manager.save_scenario("a", {"patients": twice})
    assert manager.load_scenario("a")["patients"] == twice
    add = manager.lake.scenarios.add
    assert add("a", {"patients": [{"id": "2"}]}).entity_count == 4
    for _ in range(2):
        manager.persist({"patients": [{"id": "3"}, {"id": "3"}]}, scenario_id=saved)
    assert [row["id"] for row in manager.load_scenario("a")["patients"]] == list("112233")
    with pytest.raises(InvalidEntityError, match="'3'"):
        add("a", {"patients": [{"id": "3"}]}, on_duplicate="error")


def test_what_is_missing_or_of_the_wrong_type_is_kept_and_reported(manager):
    rows = [{"id": "1", "birth_date": "unknown"}]
    manager.save_scenario("a", {"patients": rows})
    assert manager.load_scenario("a")["patients"] == rows
    found = manager.query("a", "SELECT birth_date, extra FROM patients").results[0]
    assert found["birth_date"] is None
    assert json.loads(found["extra"]) == {"birth_date": "unknown"}
    rules = manager.lake.scenarios.validate("a").errors_by_rule
    assert {"missing", "type"} <= set(rules)


def test_empty_lists_are_remembered(manager):
    manager.save_scenario("a", {"patients": []})
    assert manager.load_scenario("a")["entities"] == {"patients": []}


def test_lists_are_newest_first_and_filters_are_literal(manager):
    manager.save_scenario("50%", {}, description="First")
    manager.save_scenario("b", {}, tags=["Tag"])
    manager.save_scenario("c_c", {}, description="FIRST", tags=["tagged"])
    manager.lake.scenarios.describe("b", "first, too")

    def names(**filters):
        return [one["name"] for one in manager.list_scenarios(**filters)]

    assert names() == ["b", "c_c", "50%"]
    assert names(limit=1) == ["b"]
    assert names(tag="tAG") == ["b"], "a whole tag"
    assert names(search="first") == ["b", "c_c", "50%"]
    assert names(search="%") == ["50%"]
    assert names(search="_") == ["c_c"]
    assert names(tag="tag", search="50") == [], "both together are AND"


def test_deleting_asks_for_what_each_door_asks_for_and_can_be_undone(manager):
    service = manager.auto_persist
    for name in "abcd":
        manager.save_scenario(name, {"patients": ROWS})
    assert manager.delete_scenario("a")
    assert not manager.delete_scenario("a")
    with pytest.raises(ValueError, match="confirm=True"):
        manager.delete_scenario("b", confirm=False)
    with pytest.raises(ValueError, match="confirm=True"):
        service.delete_scenario("b")
    with pytest.raises(ValueError, match="not found"):
        service.delete_scenario("a", confirm=True)
    assert service.delete_scenario("b", confirm=True)["entity_count"] == 2
    for name in "ab":
        manager.lake.scenarios.restore(name)
        assert manager.load_scenario(name)["patients"] == ROWS
    assert manager.delete_scenario("c", confirm=True, purge=True)
    assert service.delete_scenario("d", confirm=True, purge=True)["name"] == "d"
    for name in "cd":
        with pytest.raises(PurgedError):
            manager.lake.scenarios.restore(name)


def test_overwriting_keeps_the_id_and_the_former_version(manager):
    first = manager.save_scenario("a", {"patients": ROWS}, description="d", tags=["t"])
    made = manager.load_scenario("a")["created_at"]
    with pytest.raises(InvalidEntityError):
        manager.save_scenario("a", {"patients": [{"x": float("nan")}]}, overwrite=True)
    assert manager.load_scenario("a")["patients"] == ROWS
    assert manager.save_scenario("a", {"claims": []}, tags=["u"], overwrite=True) == first
    loaded = manager.load_scenario("a")
    assert (loaded["created_at"], loaded["description"], loaded["tags"]) == (made, "d", ["u"])
    assert manager.lake.scenarios.load("a", version=1)["patients"] == ROWS


def test_names_are_kept_as_given_within_rules(manager):
    manager.save_scenario("My Cafe\u0301", {})
    assert manager.list_scenarios()[0]["name"] == "My Café"
    wrong = ["", " ", "x" * 201, "a\nb", "123e4567-e89b-12d3-a456-426614174000"]
    for name in wrong:
        with pytest.raises(InvalidNameError):
            manager.save_scenario(name, {})
    catalog = ("scenarios", "scenario_entities", "scenario_tags")
    for table in (*catalog, "profile_executions", "journey_executions"):
        with pytest.raises(InvalidNameError, match=table):
            manager.save_scenario("a", {table: []})
    with pytest.raises(NameTakenError, match="already exists") as taken:
        manager.save_scenario("My Café", {})
    assert isinstance(taken.value, ValueError)
    with pytest.raises(NotFoundError, match="not found") as missing:
        manager.load_scenario("nothing")
    assert isinstance(missing.value, LookupError)
    assert isinstance(missing.value, ValueError)


def test_the_manager_renames_as_given_and_the_service_in_kebab_case(manager):
    scenario_id = manager.save_scenario("a", {})
    manager.save_scenario("b", {})
    with pytest.raises(NameTakenError):
        manager.rename_scenario(scenario_id, "b")
    assert manager.rename_scenario("a", "My A")
    service = manager.auto_persist
    assert service.rename_scenario("My A", "B") == ("My A", "b-2")
    assert service.clone_scenario("b", "My Clone").new_scenario_name == "my-clone"
    assert service.clone_scenario("b", "My Clone").new_scenario_name == "my-clone-2"
    assert service.merge_scenarios(["b", "b-2"], "My Clone").target_scenario_name == "my-clone-3"


def test_tags_are_stripped_and_compared_in_any_case(manager):
    manager.save_scenario("a", {}, tags=[" One ", "ONE", "two"])
    assert manager.get_scenario_tags("a") == ["One", "two"]
    manager.add_scenario_tags("a", ["TWO", "Three"])
    assert manager.get_scenario_tags("a") == ["One", "two", "Three"]
    service = manager.auto_persist
    assert service.add_tag("a", " FOUR ") == ["One", "Three", "four", "two"]
    assert [one.name for one in service.scenarios_by_tag("one")] == ["a"]
    clone = service.clone_scenario("a", tags=["New"])
    assert manager.get_scenario_tags(clone.new_scenario_id) == ["new"]
