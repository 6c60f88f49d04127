"""What the specifications leave open, as it was decided: persisting, showing, copying, exchanging."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from healthsim_lake.errors import (
    FormatError,
    InputError,
    NotFoundError,
    QueryError,
    ScenarioNotFoundError,
)
from healthsim_lake.state import StateManager, legacy

PATIENTS = [
    {"id": str(n), "gender": "FM"[n % 2], "birth_date": f"19{50 + n}-01-01"} for n in range(30)
]
ENCOUNTERS = [
    {"encounter_id": f"e{n}", "patient_id": str(n), "class_code": "AMB"} for n in range(30)
]


@pytest.fixture
def manager(tmp_path):
    return StateManager(tmp_path / "lake")


@pytest.fixture
def saved(manager):
    return manager.save_scenario("a", {"patients": PATIENTS, "encounters": ENCOUNTERS}, tags=["t"])


def test_persisting_names_a_scenario_after_its_context_and_never_answers_with_rows(manager):
    context = "diabetic patients in Texas over 65"
    names = [
        manager.persist({"patients": PATIENTS}, context=context).scenario_name for _ in range(2)
    ]
    today = f"{datetime.now(UTC):%Y%m%d}"
    assert names == [f"diabetes-texas-{today}", f"diabetes-texas-{today}-2"]
    wide = [{**row, "note": "x" * 5_000} for row in PATIENTS]
    result = manager.persist({"patients": wide, "claims": []}, name="Wide Rows", tags=["a"])
    assert result.scenario_name == "wide-rows"
    assert (result.entities_persisted, result.is_new_scenario) == (30, True)
    assert result.entities_by_type == {"patients": 30, "claims": 0}
    assert result.summary.token_estimate() <= 600
    assert result.summary.entity_counts == {"patients": 30}
    assert set(json.loads(result.to_json())) == {
        *("scenario_id", "scenario_name", "entity_type", "entities_persisted", "entity_ids"),
        *("entities_by_type", "summary", "is_new_scenario", "batch_number", "total_batches"),
    }
    more = manager.persist({"claims": [{"id": "c"}]}, scenario_id=result.scenario_id)
    assert (more.is_new_scenario, more.scenario_name) == (False, "wide-rows")
    assert more.summary.entity_counts == {"patients": 30, "claims": 1}
    with pytest.raises(InputError, match="mean the same"):
        manager.persist({}, scenario_name="a", name="b")


def test_ids_are_a_list_that_also_knows_types(manager):
    result = manager.persist({"patients": PATIENTS[:2], "encounters": ENCOUNTERS[:1]})
    assert result.entity_ids == ["0", "1", "e0"]
    assert result.entity_ids["patients"] == result.entity_ids["Patient"] == ["0", "1"]
    assert result.to_dict()["entity_ids"] == ["0", "1", "e0"]


def test_a_summary_tells_counts_figures_and_samples_within_a_budget(manager, saved):
    manager.lake.scenarios.add("a", {"claims": []})
    summary = manager.get_summary("a")
    assert summary == manager.get_summary(saved)
    assert summary.entity_counts == {"patients": 30, "encounters": 30}
    assert summary.total_entities() == 60
    assert summary.tags == ["t"]
    assert {key: len(rows) for key, rows in summary.samples.items()} == {
        "patients": 3,
        "encounters": 3,
    }
    assert summary.statistics["gender_distribution"]["patients"] == {"F": 15, "M": 15}
    assert summary.statistics["age_range"]["patients"]["min"] >= 0
    assert summary.statistics["encounter_classes"] == {"AMB": 30}
    assert summary.token_estimate() == len(summary.to_json(indent=None)) // 4 <= 3_500
    assert json.loads(summary.to_json()) == summary.to_dict()
    assert type(summary).from_dict(summary.to_dict()) == summary
    for budget in (300, 120):
        bound = manager.get_summary("a", budget=budget)
        assert bound.token_estimate() <= budget
        assert bound.entity_counts == summary.entity_counts
    assert manager.get_summary("a", include_samples=False).samples == {}
    assert len(manager.get_summary("a", samples_per_type=5).samples["patients"]) == 5
    assert len(manager.get_summary("a", samples_per_type=1).samples["patients"]) == 1
    with pytest.raises(ScenarioNotFoundError):
        manager.get_summary("none")


def test_a_question_names_its_scenario_and_its_page_in_either_way(manager, saved):
    sql = "SELECT id FROM patients ORDER BY CAST(id AS INTEGER)"
    first = manager.query("a", sql)
    assert (first.total_count, first.page, first.page_size, first.has_more) == (30, 0, 20, True)
    third = manager.query(scenario_id=saved, query=sql, page=2, page_size=10)
    assert [row["id"] for row in third.results] == [str(n) for n in range(20, 30)]
    assert manager.query(name="a", sql=sql, limit=10, offset=25).page == 2
    assert manager.query("a", f"{sql} LIMIT 7").total_count == 7
    assert len(manager.query("a", sql, limit=1_000).results) == 30
    for size in ({"limit": 1_001}, {"page_size": 1_001}):
        with pytest.raises(QueryError, match="1,000"):
            manager.query("a", sql, **size)
    with pytest.raises(InputError, match="not both"):
        manager.query("a", sql, limit=10, page=1)
    with pytest.raises(InputError, match="mean the same"):
        manager.query("a", sql, query="SELECT 1")
    with pytest.raises(InputError, match="required"):
        manager.query(sql=sql)
    assert manager.query("a", "SELECT name FROM scenarios").results == [{"name": "a"}]


def test_samples_are_diverse_random_or_recent(manager, saved):
    def ids(**options):
        found = manager.get_samples(saved, "patient", **options)
        return [PATIENTS.index(row) for row in found]

    assert ids() == ids(strategy="diverse")
    assert len(set(ids(count=5))) == 5
    assert ids(strategy="random", seed=1) == ids(strategy="random", seed=1)
    assert ids(strategy="random", seed=1, count=9) != ids(strategy="random", seed=2, count=9)
    assert ids(strategy="recent", count=2) == [29, 28]
    with pytest.raises(InputError, match="diverse, random, recent"):
        manager.get_samples(saved, "patient", strategy="best")


def test_a_clone_keeps_ids_or_gives_new_ones_that_references_follow(manager, saved):
    service = manager.auto_persist
    same = service.clone_scenario("a")
    assert (same.source_scenario_id, same.new_scenario_name) == (saved, "a-copy")
    assert same.entities_cloned == {"patients": 30, "encounters": 30}
    assert manager.get_scenario_tags("a-copy") == ["t"]
    copied = manager.load_scenario(same.new_scenario_id)
    assert copied["entities"] == manager.load_scenario("a")["entities"]
    part = service.clone_scenario("a", tags=[], include_entity_types=["patient"])
    assert (part.new_scenario_name, part.total_entities) == ("a-copy-2", 30)
    assert manager.get_scenario_tags("a-copy-2") == []
    fresh = manager.load_scenario(service.clone_scenario("a", new_ids=True).new_scenario_id)
    people = [row["id"] for row in fresh["patients"]]
    assert not {row["id"] for row in PATIENTS} & set(people)
    assert [row["patient_id"] for row in fresh["encounters"]] == people


def test_a_merge_settles_rows_of_one_key_as_it_is_told(manager):
    service = manager.auto_persist
    one = {"patients": [{"id": "1", "gender": "F"}], "encounters": ENCOUNTERS[:1]}
    manager.save_scenario("one", one, tags=["x"])
    manager.save_scenario("two", {"patients": [{"id": "1", "gender": "M"}]}, tags=["y"])

    def merged(strategy=None):
        result = service.merge_scenarios(["one", "two"], conflict_strategy=strategy)
        rows = manager.load_scenario(result.target_scenario_id)["patients"]
        return result, [row["gender"] for row in rows], {row["id"] for row in rows}

    result, genders, _ = merged()
    assert result.target_scenario_name == f"merged-{datetime.now(UTC):%Y%m%d}"
    assert (genders, result.conflicts_resolved) == (["F"], 1)
    assert result.conflicts_by_type == {"patients": 1}
    assert manager.get_scenario_tags(result.target_scenario_id) == ["x", "y"]
    assert merged("skip")[1] == ["F"]
    assert merged("overwrite")[1] == ["M"]
    assert merged("rename")[1] == ["F", "M"]
    assert len(merged("rename")[2]) == 2
    assert merged("keep")[1:] == (["F", "M"], {"1"})
    service.clone_scenario("one", "clone")
    both = service.merge_scenarios(["one", "clone"])
    assert both.entities_merged == {"patients": 2, "encounters": 2}, "clones keep both"
    for sources, options, reason in (
        (["one"], {}, "At least 2"),
        (["one", "two"], {"conflict_strategy": "best"}, "skip, overwrite, rename, keep"),
        (["one", "none"], {}, "not found"),
    ):
        with pytest.raises(ValueError, match=reason):
            service.merge_scenarios(sources, **options)


def test_exports_have_the_specified_layout_and_come_back(manager, saved, tmp_path):
    service = manager.auto_persist
    path = manager.export_to_json("a", tmp_path / "new" / "folder" / "a.json")
    document = json.loads(path.read_text())
    assert {"schema_version", "scenario_id", "name", "created_at", "tags"} <= set(document)
    assert (document["schema_version"], document["scenario_id"]) == ("1.0", saved)
    again = manager.import_from_json(path, name="again")
    entities = manager.load_scenario("a")["entities"]
    assert manager.load_scenario(again)["entities"] == entities
    assert service.export_to_json("a").file_path == str(Path.home() / "Downloads" / "a.json")
    inside = Path(service.export_to_parquet("a", tmp_path).file_path)
    assert inside.parent == tmp_path
    frame = pl.read_parquet(inside / "patients.parquet")
    assert (frame.height, frame.columns[-1]) == (30, "extra")
    csv = Path(service.export_to_csv("a", tmp_path / "csv").file_path)
    assert {one.name for one in csv.glob("*.csv")} == {"patients.csv", "encounters.csv"}
    rows = service.export_scenario("a", "ndjson", tmp_path / "rows", ["patients"])
    lines = (Path(rows.file_path) / "patients.ndjson").read_text().splitlines()
    assert list(map(json.loads, lines)) == PATIENTS
    assert rows.entities_exported == {"patients": 30}
    bare = service.export_scenario("a", "csv", tmp_path / "bare", include_provenance=False)
    header = (Path(bare.file_path) / "patients.csv").read_text().splitlines()[0]
    assert "source_type" not in header
    with pytest.raises(ValueError, match="Unsupported export format"):
        service.export_scenario("a", "xml")


def test_imports_take_every_layout_and_say_where_another_one_is_wrong(manager, tmp_path):
    row = {"id": "1"}
    layouts = {
        "export": {"name": "own", "entities": {"patients": [row]}},
        "top": {"patients": [row]},
        "singular": {"patient": [row]},
        "wrapped": {"entities": {"patients": [{"data": row, "provenance": {}}]}},
    }
    for stem, document in layouts.items():
        (tmp_path / f"{stem}.json").write_text(json.dumps(document))
        (tmp_path / f"{stem}-z.json.gz").write_bytes(gzip.compress(json.dumps(document).encode()))
    for path in sorted(tmp_path.glob("*.json")):
        (found,) = manager.load_scenario(manager.import_from_json(path))["patients"]
        assert found["id"] == "1", path
    assert {"own", "top", "singular", "wrapped"} == {
        one["name"] for one in manager.list_scenarios()
    }
    packed = manager.import_from_json(tmp_path / "top-z.json.gz", name_override="packed")
    assert manager.load_scenario(packed)["patients"] == [row]
    assert manager.import_from_json(tmp_path / "top.json", name="given")
    assert manager.scenario_exists("given")
    (tmp_path / "wrong.json").write_text('{"entities": {"patients": [\n  {"id": "1"},\n  7\n]}}')
    with pytest.raises(FormatError, match=r"wrong\.json: .* line 3, .*patients\[1\]"):
        manager.import_from_json(tmp_path / "wrong.json")


def test_a_legacy_folder_is_backed_up_imported_and_verified(manager):
    folder = Path.home() / ".healthsim" / "scenarios"
    folder.mkdir(parents=True)
    (folder / "old.json").write_text(json.dumps({"patients": PATIENTS}))
    results, _ = legacy.migrate_all_scenarios(dry_run=True, manager=manager)
    assert manager.list_scenarios() == []
    results, backup = legacy.migrate_all_scenarios(manager=manager)
    assert [one.success for one in results] == [True]
    assert (backup / "old.json").is_file()
    assert manager.load_scenario("old")["patients"] == PATIENTS
    with pytest.raises(NotFoundError):
        legacy.backup_json_scenarios()
