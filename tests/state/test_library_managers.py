"""The specifications' names for profiles and journeys."""

from __future__ import annotations

from datetime import date

import pytest

from healthsim_lake import Lake
from healthsim_lake.state import StateManager
from healthsim_lake.state.journeys import JourneyManager, get_journey_manager
from healthsim_lake.state.profiles import ProfileManager, get_profile_manager

PROFILE = {"name": "medicare-diabetic", "demographics": {"count": 1000}}
JOURNEY = {
    "journey_id": "first-year",
    "name": "First year",
    "duration_days": 365,
    "products": ["patientsim"],
    "events": [
        {"event_id": "visit", "event_type": "encounter", "delay": {"min_days": 1, "max_days": 2}}
    ],
}


@pytest.fixture
def profiles(tmp_path):
    return ProfileManager(tmp_path)


@pytest.fixture
def journeys(tmp_path):
    return JourneyManager(tmp_path)


def test_a_profile_lives_through_the_names_of_the_specification(profiles):
    profile_id = profiles.save_profile("p", PROFILE, "d", tags=["medicare"], products=["a", "b"])
    assert len(profile_id) == 16
    record = profiles.load_profile("p")
    assert (record.id, record.version, record.products) == (profile_id, 1, ["a", "b"])
    assert record.profile_spec == PROFILE
    updated = profiles.update_profile(
        name="p", profile_spec={**PROFILE, "demographics": {"count": 2000}}
    )
    assert updated.version == 2
    (summary,) = profiles.list_profiles(product="a", tags=["medicare"], search="d")
    assert (summary.entity_count, summary.execution_count) == (2000, 0)
    assert profiles.rename_profile("p", "q").name == "q"
    assert profiles.delete_profile("q") is True
    assert profiles.delete_profile("q") is False
    assert profiles.restore_profile("q").version == 2
    with pytest.raises(ValueError, match="already exists"):
        profiles.save_profile("q", PROFILE)
    with pytest.raises(ValueError, match="not found"):
        profiles.load_profile("nobody")


def test_executions_of_a_profile_are_linked_to_their_cohort(profiles):
    profile_id = profiles.save_profile("p", PROFILE, product="patientsim")
    for count in (1, 2, 3):
        assert profiles.record_execution(profile_id, "c", seed=42, count=count) > 0
    profiles.update_profile("p", {**PROFILE, "demographics": {"count": 5}})
    found = profiles.get_executions(profile_id)
    assert [one.count for one in found] == [3, 2, 1]
    assert (found[0].duration_ms, found[0].status) == (0, "completed")
    assert profiles.get_cohort_profile("c").name == "p"
    assert profiles.get_cohort_profile("c").version == 1
    assert profiles.get_cohort_profile("nobody") is None
    again = profiles.get_execution_spec("c")
    assert again == {"profile_spec": PROFILE, "products": ["patientsim"], "seed": 42}
    assert profiles.get_execution_spec(found[0].id) == again
    with pytest.raises(ValueError, match="not found"):
        profiles.get_execution_spec(7)


def test_counts_and_products_may_be_said_in_two_ways_but_not_both(profiles):
    profiles.save_profile("p", PROFILE)
    assert profiles.record_execution("p", entity_count=5)
    with pytest.raises(ValueError, match="mean the same"):
        profiles.record_execution("p", count=1, entity_count=2)
    with pytest.raises(ValueError, match="not both"):
        profiles.save_profile("q", PROFILE, product="a", products=["b"])
    with pytest.raises(TypeError, match="entitycount"):
        profiles.record_execution("p", entitycount=5)


def test_a_journey_lives_through_the_names_of_the_specification(journeys):
    journey_id = journeys.save_journey("j", JOURNEY, description="d", tags=["x"])
    record = journeys.load_journey(journey_id)
    assert (record.duration_days, record.event_count, record.products) == (365, 1, ["patientsim"])
    assert record.journey_spec == JOURNEY
    assert journeys.journey_exists("j")
    changed = journeys.update_journey("j", description="new", tags=["y"], bump_version=False)
    assert (changed.version, changed.description) == (1, "new")
    execution = journeys.record_execution(
        journey_id=journey_id,
        profile_id="profile-abc123",
        cohort_id="cohort-xyz789",
        entity_id="patient-001",
        start_date=date(2024, 1, 1),
        end_date=date(2024, 12, 31),
        events_generated=48,
        duration_ms=1500,
        metadata={"source": "batch"},
    )
    journeys.record_executions(
        [{"journey_id": "j", "entity_id": "patient-002", "status": "failed"}]
    )
    assert [one.status for one in journeys.get_executions("j", limit=10)] == ["failed", "completed"]
    (found,) = journeys.get_entity_journeys("patient-001")
    assert (found.id, found.events_generated) == (execution, 48)
    assert journeys.list_journeys(products=["patientsim"])[0].execution_count == 2
    assert journeys.delete_journey("j")
    assert journeys.restore_journey("j").name == "j"
    assert journeys.get_executions("j") == []


def test_builtin_documents_come_once(profiles, journeys):
    offered = len(Lake(profiles.lake.url).journeys.builtin())
    assert journeys.import_builtin_journeys() == offered
    assert journeys.import_builtin_journeys() == 0
    assert profiles.import_builtin_profiles() == len(profiles.lake.profiles.builtin())


def test_the_getters_follow_the_default_lake(tmp_path, monkeypatch):
    monkeypatch.setenv("HEALTHSIM_LAKE", str(tmp_path / "here"))
    get_profile_manager().save_profile("p", PROFILE)
    assert Lake(tmp_path / "here").profiles.exists("p")
    assert get_journey_manager(tmp_path / "there").lake.url == str(tmp_path / "there")


def test_the_manager_hands_out_both_on_its_own_lake(tmp_path):
    manager = StateManager(tmp_path)
    manager.profiles.save_profile("p", PROFILE)
    manager.journeys.save_journey("j", JOURNEY)
    assert Lake(tmp_path).profiles.exists("p")
    assert Lake(tmp_path).journeys.exists("j")
