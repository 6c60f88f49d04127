"""The service for batches."""

from __future__ import annotations

import json

import pytest

from healthsim_lake import state
from healthsim_lake.errors import InputError, NotFoundError
from healthsim_lake.state import AutoPersistService, get_auto_persist_service, reset_service
from healthsim_lake.state.naming import ensure_unique_name, generate_scenario_name

ROWS = [{"id": "1", "gender": "F"}, {"id": "2", "gender": "M"}, {"id": "3"}]


@pytest.fixture
def service(tmp_path):
    return AutoPersistService(tmp_path / "lake")


@pytest.mark.parametrize("spelled", ["patient", "patients", "Patients"])
def test_a_batch_becomes_a_scenario_whatever_the_spelling_of_its_type(service, spelled):
    result = service.persist_entities(ROWS, spelled, scenario_name="My Cohort", tags=["A"])
    assert (result.entity_type, result.entities_persisted) == ("patients", 3)
    assert result.entity_ids == ["1", "2", "3"]
    assert (result.scenario_name, result.is_new_scenario) == ("my-cohort", True)
    assert service.get_tags(result.scenario_id) == ["a"]


def test_batches_add_up_and_one_sent_twice_is_harmless(service):
    first = service.persist_entities(
        ROWS[:2], "patient", context_keywords=["diabetes", "tx"], batch_number=1, total_batches=2
    )
    assert first.scenario_name.startswith("diabetes-tx-20")
    for _ in range(2):
        second = service.persist_entities(
            ROWS[2:], "patient", first.scenario_id, batch_number=2, total_batches=2
        )
    assert (second.is_new_scenario, second.batch_number, second.total_batches) == (False, 2, 2)
    assert second.scenario_id == first.scenario_id
    assert service.lake.scenarios.load(first.scenario_id)["patients"] == ROWS


def test_rows_belong_to_their_scenario(service):
    one = service.persist_entities(ROWS, "patient", scenario_name="one")
    two = service.persist_entities(ROWS, "patient", scenario_name="two")
    for result in (one, two):
        assert service.lake.scenarios.get(result.scenario_id).entity_count == 3


def test_types_that_nobody_knows_get_a_table(service):
    result = service.persist_entities([{"diagnosis_id": "d"}], "diagnosis")
    assert result.entity_type == "diagnoses"
    assert (
        service.persist_entities([{"a": 1}], "WearableReading").entity_type == "wearable_readings"
    )


def test_what_cannot_be_persisted_is_refused(service):
    with pytest.raises(InputError, match="No entities to persist"):
        service.persist_entities([], "patient")
    with pytest.raises(ValueError, match="not found"):
        service.persist_entities(ROWS, "patient", scenario_id="none")
    assert service.list_scenarios() == []


def test_scenarios_are_listed_by_pattern_tag_and_order(service):
    assert service.list_scenarios() == []
    for name in ("beta", "Alpha", "gamma-100%"):
        service.lake.scenarios.save(name, {"patients": ROWS}, tags=["t"] if name != "beta" else [])
    service.lake.scenarios.describe("beta", "changed last")
    assert [one.name for one in service.list_scenarios()] == ["beta", "gamma-100%", "Alpha"]
    assert [one.name for one in service.list_scenarios(sort_by="created_at")] == [
        "gamma-100%",
        "Alpha",
        "beta",
    ]
    assert [one.name for one in service.list_scenarios(sort_by="name", limit=2)] == [
        "Alpha",
        "beta",
    ]
    assert [one.name for one in service.list_scenarios("ALPHA")] == ["Alpha"]
    assert [one.name for one in service.list_scenarios("%")] == ["gamma-100%"]
    assert [one.name for one in service.scenarios_by_tag("T")] == ["gamma-100%", "Alpha"]
    with pytest.raises(InputError, match="sort"):
        service.list_scenarios(sort_by="size")
    brief = service.list_scenarios("alpha")[0]
    assert brief.entity_count == 3
    assert json.loads(brief.to_json()) == brief.to_dict()
    assert brief.to_dict()["created_at"].endswith("Z")


def test_renaming_writes_kebab_case_and_makes_names_unique(service):
    one = service.persist_entities(ROWS, "patient", scenario_name="one", tags=["t"]).scenario_id
    service.persist_entities(ROWS, "patient", scenario_name="two")
    assert service.rename_scenario(one, "Two") == ("one", "two-2")
    with pytest.raises(ValueError, match="not found"):
        service.rename_scenario("none", "x")
    with pytest.raises(InputError, match="cannot be empty"):
        service.rename_scenario(one, "!!!")


def test_deleting_needs_confirmation_and_tells_what_it_was(service):
    one = service.persist_entities(
        ROWS, "patient", scenario_name="one", scenario_description="d"
    ).scenario_id
    with pytest.raises(InputError, match="confirm"):
        service.delete_scenario(one)
    assert service.delete_scenario(one, confirm=True) == {
        "scenario_id": one,
        "name": "one",
        "description": "d",
        "entity_count": 3,
    }
    with pytest.raises(NotFoundError, match="not found"):
        service.delete_scenario(one, confirm=True)


def test_tags_are_lower_case_sorted_and_counted(service):
    one = service.persist_entities(ROWS, "patient", tags=["a", "A"]).scenario_id
    assert service.add_tag(one, "  Zeta ") == ["a", "zeta"]
    assert service.add_tag(one, "ZETA") == ["a", "zeta"]
    assert service.remove_tag(one, "Zeta") == ["a"]
    assert service.remove_tag(one, "absent") == ["a"]
    assert service.get_tags("none") == []
    with pytest.raises(InputError, match="Tag cannot be empty"):
        service.add_tag(one, " ")
    with pytest.raises(NotFoundError, match="not found"):
        service.add_tag("none", "x")
    service.persist_entities(ROWS, "patient", tags=["b", "a"])
    assert service.list_all_tags() == [{"tag": "a", "count": 2}, {"tag": "b", "count": 1}]


@pytest.mark.parametrize("form", ["json", "CSV", "parquet"])
def test_scenarios_are_exported(service, tmp_path, form):
    one = service.persist_entities(ROWS, "patient", scenario_name="one").scenario_id
    result = service.export_scenario(
        one, form, tmp_path / "out", ["patient"], include_provenance=False
    )
    assert result.total_entities == 3
    assert result.format == form.lower()
    assert result.entities_exported == {"patients": 3}
    with pytest.raises(ValueError, match="Unsupported export format"):
        service.export_scenario("none", "xml")
    for export in (service.export_to_json, service.export_to_csv, service.export_to_parquet):
        assert export(one).file_path.startswith(str(tmp_path.home()))


def test_the_service_in_force_follows_the_default_lake_and_can_be_replaced(in_force, tmp_path):
    reset_service()
    assert get_auto_persist_service() is get_auto_persist_service()
    assert get_auto_persist_service().lake is in_force
    assert get_auto_persist_service(tmp_path / "other").lake.url == str(tmp_path / "other")
    assert get_auto_persist_service().lake.url == str(tmp_path / "other")
    reset_service()
    assert state.get_manager().auto_persist.lake is in_force


def test_names_are_made_unique_among_scenarios(in_force):
    assert generate_scenario_name(include_date=False) == "scenario"
    in_force.scenarios.save("scenario", {})
    assert generate_scenario_name(include_date=False) == "scenario-2"
    assert ensure_unique_name("scenario", in_force.url) == "scenario-2"
    assert ensure_unique_name("free") == "free"
