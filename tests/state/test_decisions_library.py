"""What the specifications leave open, as it was decided: profiles, journeys, and every call."""

from __future__ import annotations

import inspect
import re

import pytest
from pydantic import BaseModel

from healthsim_lake import errors, state
from healthsim_lake.errors import InputError, InvalidSpecificationError, ParameterError
from healthsim_lake.specs import DelaySpec, ProfileSpecification
from healthsim_lake.state import StateManager

PROFILE = {"name": "Adults 50+", "demographics": {"count": 10}, "own": {"kept": True}}
EVENT = {"event_id": "visit", "event_type": "encounter"}
JOURNEY = {"name": "First year", "products": ["patientsim"], "events": [EVENT]}


@pytest.fixture
def manager(tmp_path):
    return StateManager(tmp_path / "lake")


def test_ids_tell_what_they_are_ids_of(manager):
    profile_id = manager.profiles.save_profile("p", PROFILE)
    journey_id = manager.journeys.save_journey("j", JOURNEY)
    assert re.fullmatch(r"profile-[0-9a-f]{8}", profile_id)
    assert re.fullmatch(r"journey-[0-9a-f]{8}", journey_id)
    record = manager.profiles.load_profile(profile_id)
    assert record.id == profile_id
    runs = [manager.profiles.record_execution(record.id) for _ in range(2)]
    assert 0 < runs[0] < runs[1]
    assert [one.id for one in manager.profiles.get_executions(record.id)] == runs[::-1]


def test_specifications_are_dicts_or_models_and_keep_what_nobody_knows(manager):
    class Own(BaseModel):
        name: str = "own"
        demographics: dict[str, int] = {"count": 10}

    profiles = manager.profiles
    given = {"dict": PROFILE, "spec": ProfileSpecification(**PROFILE), "model": Own()}
    for name, spec in given.items():
        profiles.save_profile(name, spec)
    loaded = profiles.load_profile("dict").profile_spec
    assert isinstance(loaded, ProfileSpecification)
    assert loaded == PROFILE
    assert loaded.own == {"kept": True}
    assert profiles.load_profile("spec").profile_spec == PROFILE
    assert profiles.load_profile("model").profile_spec == Own().model_dump()
    manager.journeys.save_journey("j", {**JOURNEY, "own": 1})
    assert manager.journeys.load_journey("j").journey_spec == {**JOURNEY, "own": 1}


def test_updates_count_up_and_every_version_stays(manager):
    profiles = manager.profiles
    profiles.save_profile("p", PROFILE)
    assert profiles.update_profile("p", {**PROFILE, "demographics": {"count": 20}}).version == 2
    assert profiles.update_profile("p", description="d", bump_version=False).version == 2
    assert profiles.load_profile("p", version=1).profile_spec == PROFILE
    assert profiles.load_profile("p").profile_spec.demographics.count == 20
    difference = manager.lake.profiles.diff("p", 1, 2)
    assert "demographics" in str(difference)


def test_deleting_keeps_the_runs_of_profiles_and_drops_those_of_journeys(manager):
    profiles, journeys = manager.profiles, manager.journeys
    for name, dropped in (("default", None), ("other", "other")):
        profiles.save_profile(name, PROFILE)
        journeys.save_journey(name, JOURNEY)
        profiles.record_execution(name)
        journeys.record_execution(name)
        choice = {} if dropped is None else {"delete_executions": True}
        assert profiles.delete_profile(name, **choice)
        choice = {} if dropped is None else {"delete_executions": False}
        assert journeys.delete_journey(name, **choice)
        profiles.restore_profile(name)
        journeys.restore_journey(name)
    assert [len(profiles.get_executions(name)) for name in ("default", "other")] == [1, 0]
    assert [len(journeys.get_executions(name)) for name in ("default", "other")] == [0, 1]


@pytest.mark.parametrize("kind", ["profile", "journey"])
def test_both_filter_by_one_product_or_several(manager, kind):
    door = getattr(manager, f"{kind}s")
    for number in range(3):
        getattr(door, f"save_{kind}")(
            f"{kind}{number}",
            {"profile": PROFILE, "journey": JOURNEY}[kind],
            description="Find ME",
            products=[f"p{number}"],
            tags=[f"t{number}", "all"],
        )

    def names(**filters):
        return sorted(one.name[-1] for one in getattr(door, f"list_{kind}s")(**filters))

    assert names() == names(search="find me") == names(tags=["all"]) == ["0", "1", "2"]
    assert names(product="p1") == ["1"]
    assert names(products=["p0", "p1"]) == ["0", "1"]
    assert names(tags=["t0", "t2"]) == ["0", "2"]
    assert len(names(limit=2)) == len(names(limit=None, offset=1)) == 2


def test_runs_are_counted_by_either_word_and_belong_to_somebody(manager):
    profiles = manager.profiles
    profiles.save_profile("p", PROFILE)
    profiles.record_execution("p", count=3)
    profiles.record_execution("p", entity_count=4, status="success", cohort_id="no such scenario")
    later, first = profiles.get_executions("p")
    assert (first.count, first.status) == (3, "completed")
    assert (later.entity_count, later.status, later.cohort_id) == (
        4,
        "success",
        "no such scenario",
    )
    with pytest.raises(ValueError, match="not found"):
        profiles.record_execution("nobody")
    many = profiles.record_executions([{"profile_id": "p", "count": n} for n in range(3)])
    assert len(set(many)) == 3
    manager.journeys.save_journey("j", JOURNEY)
    manager.journeys.record_execution("j", profile_id="profile-00000000", entity_id="e")
    (went,) = manager.journeys.get_entity_journeys("e")
    assert went.profile_id == "profile-00000000"


def test_a_run_is_told_with_the_specification_of_its_version(manager):
    profiles = manager.profiles
    profiles.save_profile("p", PROFILE, product="patientsim")
    run = profiles.record_execution("p", cohort_id="c", seed=7)
    profiles.update_profile("p", {**PROFILE, "demographics": {"count": 99}})
    told = {"profile_spec": PROFILE, "products": ["patientsim"], "seed": 7}
    assert profiles.get_execution_spec("c") == told
    assert profiles.get_execution_spec(run) == told


def test_a_cohort_is_a_scenario(manager):
    scenario_id = manager.save_scenario("cohort", {"patients": [{"id": "1"}]})
    manager.profiles.save_profile("p", PROFILE)
    manager.profiles.record_execution("p", cohort_id=scenario_id)
    assert manager.profiles.get_cohort_profile(scenario_id).name == "p"
    runs = manager.query("cohort", "SELECT cohort_id FROM profile_executions")
    assert runs.results == [{"cohort_id": scenario_id}]


def test_delays_and_counts_mean_what_they_say(manager):
    assert (DelaySpec(min_days=8, max_days=10).shortest, DelaySpec(days=9).longest) == (8, 9)
    normal = DelaySpec(days=9, days_min=8, days_max=10, distribution="normal")
    assert (normal.shortest, normal.longest, normal.kind) == (8, 10, "normal")
    journeys = manager.journeys
    with pytest.raises(InvalidSpecificationError, match="day"):
        journeys.save_journey("j", {**JOURNEY, "events": [{**EVENT, "delay": {"day": 3}}]})
    manager.journeys.save_journey("j", JOURNEY)
    assert manager.journeys.load_journey("j").journey_spec == JOURNEY
    spec = ProfileSpecification(**PROFILE)
    assert (spec.id, spec.entity_count) == ("adults-50", 10)
    with pytest.raises(InvalidSpecificationError, match="means the same"):
        manager.profiles.save_profile("p", {**PROFILE, "generation": {"count": 11}})


def test_builtin_documents_are_imported_beside_what_is_there(manager):
    journeys, offered = manager.journeys, manager.lake.journeys.builtin()
    taken = next(iter(offered))
    journeys.save_journey(taken, JOURNEY)
    with pytest.warns(UserWarning, match=f"names are taken were not imported: {taken}"):
        assert journeys.import_builtin_journeys() == len(offered) - 1
    assert journeys.load_journey(taken).journey_spec == JOURNEY
    assert taken not in {one.name for one in journeys.list_journeys(tags=["builtin"], limit=None)}
    profiles = manager.profiles
    assert profiles.import_builtin_profiles() == len(manager.lake.profiles.builtin())
    assert profiles.import_builtin_profiles() == 0, "and nothing is said of ours"


WRONG = {
    "save_scenario": {"name": 5, "tags": "text", "overwrite": "yes", "description": 5},
    "load_scenario": {"name_or_id": None},
    "list_scenarios": {"tag": 5, "search": 5, "product": 5, "limit": "x"},
    "delete_scenario": {"name_or_id": 5, "purge": 1},
    "get_summary": {"scenario_id_or_name": 5, "samples_per_type": "3", "budget": True},
    "query_scenario": {"scenario_id_or_name": 5, "sql": 5, "limit": "1", "page": 1.5},
    "get_samples": {"entity_type": 5, "count": "3"},
    "persist": {"context": 5, "tags": 5, "scenario_id": 5},
    "export_scenario_to_json": {"output_path": 5},
    "import_scenario_from_json": {"json_path": 5},
}


@pytest.mark.usefixtures("in_force")
@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [(name, *one) for name, given in WRONG.items() for one in given.items()],
)
def test_a_value_of_the_wrong_type_is_refused_by_the_name_of_its_parameter(name, parameter, value):
    function = getattr(state, name)
    required = [
        one.name
        for one in inspect.signature(function).parameters.values()
        if one.default is inspect.Parameter.empty
    ]
    others = dict.fromkeys(required, "x") | ({"entities": {}} if "entities" in required else {})
    with pytest.raises(ParameterError, match=f"{name}: {parameter}=.*give "):
        function(**{**others, parameter: value})


@pytest.mark.parametrize(
    "door", [state.StateManager, state.AutoPersistService, state.ProfileManager]
)
def test_an_unknown_parameter_is_refused_with_those_that_there_are(door, tmp_path):
    made = door(tmp_path)
    public = [one for one, _ in inspect.getmembers(door, inspect.isfunction) if one[0] != "_"]
    for name in public:
        known = list(inspect.signature(getattr(made, name)).parameters)
        with pytest.raises(TypeError, match=f"^{name}: .*{', '.join(known)}"):
            getattr(made, name)(no_such_parameter=1)


def test_a_lake_is_a_lake_a_path_or_a_url():
    with pytest.raises(ParameterError, match="a Lake, a path, a URL or None"):
        StateManager(5)


def test_every_error_is_in_one_tree():
    own = [
        one for one in vars(errors).values() if getattr(one, "__module__", "") == errors.__name__
    ]
    own = [one for one in own if inspect.isclass(one)]
    assert all(issubclass(one, errors.LakeError) for one in own)
    assert issubclass(InputError, ValueError)
    assert issubclass(ParameterError, TypeError)
