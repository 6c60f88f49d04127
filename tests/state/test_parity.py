"""Both vocabularies tell the same: the specifications' names, and those of the lake."""

from __future__ import annotations

import inspect
from concurrent.futures import ThreadPoolExecutor

import pytest

from healthsim_lake import Lake, query, state
from healthsim_lake.scenarios.copying.results import CloneResult, MergeResult
from healthsim_lake.scenarios.exchange.result import ExportResult
from healthsim_lake.state import AutoPersistService, StateManager, auto_persist

ENTITIES = {
    "patients": [{"id": str(n), "gender": "FM"[n % 2]} for n in range(9)],
    "encounters": [{"encounter_id": f"e{n}", "patient_id": str(n)} for n in range(9)],
}

MANAGER = {
    "save_scenario": "name entities description=None tags=None overwrite=False product=None",
    "load_scenario": "name_or_id",
    "list_scenarios": "tag=None search=None product=None limit=100",
    "delete_scenario": "name_or_id confirm=None",
    "scenario_exists": "name_or_id",
    "get_scenario_tags": "name_or_id",
    "add_scenario_tags": "name_or_id tags",
    "rename_scenario": "old_name_or_id new_name",
    "persist": "entities scenario_id=None scenario_name=None context=None tags=None description=None",
    "get_summary": "scenario_id_or_name include_samples=True samples_per_type=3",
    "query": "scenario_id_or_name=None sql=None limit=None offset=None",
    "get_samples": "scenario_id_or_name entity_type count=3 strategy='diverse'",
    "export_to_json": "name_or_id output_path=None",
    "import_from_json": "json_path name=None overwrite=False",
}
SERVICE = {
    "persist_entities": "entities entity_type scenario_id=None scenario_name=None "
    "scenario_description=None context_keywords=None tags=None batch_number=None total_batches=None",
    "get_scenario_summary": "scenario_id=None scenario_name=None include_samples=True "
    "samples_per_type=3",
    "query_scenario": "scenario_id=None query=None limit=None offset=None",
    "list_scenarios": "filter_pattern=None tag=None limit=20 sort_by='updated_at'",
    "rename_scenario": "scenario_id new_name",
    "delete_scenario": "scenario_id confirm=False",
    "get_entity_samples": "scenario_id entity_type count=3 strategy='diverse'",
    "add_tag": "scenario_id tag",
    "remove_tag": "scenario_id tag",
    "get_tags": "scenario_id",
    "list_all_tags": "",
    "scenarios_by_tag": "tag",
    "clone_scenario": "source_scenario_id new_name=None description=None tags=None "
    "include_entity_types=None",
    "merge_scenarios": "source_scenario_ids target_name=None description=None tags=None "
    "conflict_strategy=None",
    "export_scenario": "scenario_id format='json' output_path=None include_entity_types=None "
    "include_provenance=True",
    "export_to_json": "scenario_id output_path=None",
    "export_to_csv": "scenario_id output_path=None",
    "export_to_parquet": "scenario_id output_path=None",
}
FUNCTIONS = {
    "generate_summary": "scenario_id include_samples=True samples_per_type=3",
    "get_scenario_by_name": "name",
    "extract_keywords": "context=None entity_type=None max_keywords=3",
    "sanitize_name": "name",
    "ensure_unique_name": "base",
    "generate_scenario_name": "keywords=None context=None entity_type=None prefix=None "
    "include_date=True",
    "parse_scenario_name": "name",
    "get_manager": "",
    "reset_manager": "",
    "get_auto_persist_service": "",
    "reset_service": "",
}
"""What the specifications promise, in its order; what is ours comes after it, and has a default.

Pages may be asked for in two ways, and merging clones keeps both rows by default: there None says
that nothing was said, where the specifications show 20, 0 and 'skip'.
"""
PROMISED = [
    *((StateManager, name, wanted) for name, wanted in MANAGER.items()),
    *((AutoPersistService, name, wanted) for name, wanted in SERVICE.items()),
    *((state, name, wanted) for name, wanted in FUNCTIONS.items()),
]


@pytest.mark.parametrize(("home", "name", "wanted"), PROMISED)
def test_what_is_promised_is_there_with_its_parameters_in_order(home, name, wanted):
    parameters = list(inspect.signature(getattr(home, name)).parameters.values())
    own = [one for one in parameters if one.name != "self"]
    promised = wanted.split()
    shown = [str(one.replace(annotation=one.empty)) for one in own]
    assert shown[: len(promised)] == promised
    assert all(one.default is not one.empty for one in own[len(promised) :])


@pytest.mark.parametrize("home", [StateManager, AutoPersistService])
def test_nothing_public_is_left_out_here(home):
    public = {one for one, _ in inspect.getmembers(home, inspect.isfunction) if one[0] != "_"}
    assert public == set({StateManager: MANAGER, AutoPersistService: SERVICE}[home])


@pytest.fixture
def lake(tmp_path):
    made = Lake(tmp_path / "lake")
    made.scenarios.save("a", ENTITIES, description="d", tags=["t"])
    made.scenarios.save("b", {"patients": ENTITIES["patients"][:2]}, tags=["t", "u"])
    return made


def test_the_manager_tells_what_the_lake_tells(lake):
    manager = StateManager(lake)
    loaded, scenario = manager.load_scenario("a"), lake.scenarios.load("a")
    assert loaded["entities"] == scenario.entities
    record = scenario.record.to_dict()
    for key in ("name", "description", "created_at", "updated_at", "tags", "entity_count"):
        assert loaded[key] == record[key]
    assert [one["scenario_id"] for one in manager.list_scenarios(tag="T")] == [
        one.id for one in lake.scenarios.list(tag="T")
    ]
    sql = "SELECT * FROM patients ORDER BY id"
    asked = manager.query("a", sql, limit=4, offset=4)
    assert asked.to_dict() == lake.query(sql, scenario="a", limit=4, offset=4).to_dict()
    assert manager.get_samples("a", "patient") == lake.scenarios.samples("a", "patient")
    told, known = manager.get_summary("a").to_dict(), lake.scenarios.summary("a").to_dict()
    assert told.pop("scenario_id") == known.pop("id")
    known.pop("version")
    assert told == known
    assert tuple(manager.get_scenario_tags("b")) == lake.tags.of("b")
    assert manager.scenario_exists("b") == lake.scenarios.exists("b")


def test_the_service_tells_what_the_lake_tells(lake):
    service = AutoPersistService(lake)
    assert [one.scenario_id for one in service.list_scenarios(sort_by="name")] == [
        one.id for one in lake.scenarios.list(sort="name")
    ]
    summary = StateManager(lake).get_summary("a")
    assert service.get_scenario_summary(scenario_name="a") == summary
    assert (
        service.get_scenario_summary(summary.scenario_id)
        == summary
        == state.generate_summary("a", lake=lake)
    )
    sql = "SELECT count(*) AS n FROM encounters"
    assert service.query_scenario("a", sql).results == lake.query(sql, scenario="a").results
    samples = lake.scenarios.samples("a", "patients", count=2)
    assert service.get_entity_samples("a", "patients", count=2) == samples
    counts = {one["tag"]: one["count"] for one in service.list_all_tags()}
    assert counts == lake.tags.count()
    clone, merged = service.clone_scenario("a"), service.merge_scenarios(["a", "b"])
    assert clone == CloneResult.of(lake.scenarios.get("a-copy"))
    assert merged == MergeResult.of(lake.scenarios.get(merged.target_scenario_id))
    exported = service.export_scenario("a")
    assert exported == lake.scenarios.export("a")
    for result in (clone, merged, exported, service.query_scenario("a", sql)):
        assert result.to_json().startswith("{")
    assert isinstance(exported, ExportResult)


def test_whatever_wrote_a_scenario_everything_reads_it(lake):
    manager = StateManager(lake)
    persisted = manager.persist(ENTITIES, name="persisted")
    batch = manager.auto_persist.persist_entities(ENTITIES["patients"], "patient")
    for scenario_id in (persisted.scenario_id, batch.scenario_id):
        assert manager.load_scenario(scenario_id)["patients"] == ENTITIES["patients"]
        cloned = manager.auto_persist.clone_scenario(scenario_id)
        assert cloned.entities_cloned["patients"] == 9
        listed = {one["scenario_id"]: one["entity_count"] for one in manager.list_scenarios()}
        assert listed[scenario_id] == listed[cloned.new_scenario_id] >= 9


def test_a_name_is_found_exactly_then_in_any_case_then_in_part(lake):
    find = state.get_scenario_by_name
    lake.scenarios.save("Alpha One", {})
    lake.scenarios.save("alpha one two", {})
    assert find("Alpha One", lake) == find("ALPHA ONE", lake) == lake.scenarios.get("Alpha One").id
    assert find("one", lake) == lake.scenarios.get("alpha one two").id, "the last changed"
    assert find("%", lake) is None


def test_results_are_imported_from_where_the_specifications_say():
    for name in ("PersistResult", "QueryResult", "ScenarioBrief", "CloneResult", "ExportResult"):
        assert getattr(auto_persist, name) is getattr(state, name)
    assert auto_persist.QueryResult is query.QueryResult
    for home in (auto_persist, state):
        with pytest.raises(AttributeError, match="no_such_name"):
            _ = home.no_such_name


def test_threads_share_one_manager_and_one_service(lake):
    manager = StateManager(lake)
    service = manager.auto_persist

    def work(number: int) -> tuple[int, int, str]:
        result = manager.persist(
            {"patients": ENTITIES["patients"][: number + 1]}, context="asthma in Ohio"
        )
        scenario_id = result.scenario_id
        service.add_tag(scenario_id, f"thread-{number}")
        rows = manager.query(scenario_id, "SELECT count(*) AS n FROM patients").results[0]["n"]
        return rows, manager.get_summary(scenario_id).total_entities(), result.scenario_name

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, range(8)))
    assert [one[:2] for one in found] == [(number + 1, number + 1) for number in range(8)]
    assert len({name for *_, name in found}) == 8, "names are unique without races"
    assert len(service.scenarios_by_tag("t")) == 2
    with ThreadPoolExecutor(4) as pool:
        clones = list(pool.map(lambda _: service.clone_scenario("a", "same"), range(4)))
        merged = list(pool.map(lambda _: service.merge_scenarios(["a", "b"], "same"), range(4)))
    names = [one.new_scenario_name for one in clones] + [one.target_scenario_name for one in merged]
    assert sorted(names) == ["same", *(f"same-{number}" for number in range(2, 9))]
