"""The predecessor's JSON files, brought into the lake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from healthsim_lake import Lake
from healthsim_lake.errors import FormatError, NotFoundError, StorageError
from healthsim_lake.state import StateManager, legacy
from healthsim_lake.state.legacy import MigrationResult

PATIENT = {"id": "1", "name": {"given": "Ada"}, "pets": ["cat"]}


@pytest.fixture
def manager(tmp_path):
    return StateManager(tmp_path / "lake")


@pytest.fixture
def folder():
    """The predecessor's folder, with a scenario in each of its layouts."""
    place = Path.home() / ".healthsim" / "scenarios"
    (place / "saved" / "ward").mkdir(parents=True)
    documents = {
        "plain.json": {
            "name": "plain",
            "description": "d",
            "tags": ["t"],
            "entities": {"patients": [PATIENT]},
        },
        "top.json": {"patients": [PATIENT], "encounters": []},
        "single.json": {"patient": [PATIENT]},
        "0f8fad5b-d9cb-469f-a165-70867728950e.json": {
            "metadata": {
                "workspace_id": "0f8fad5b",
                "name": "work",
                "tags": ["w"],
                "product": "patientsim",
            },
            "provenance_summary": {},
            "entities": {
                "patients": [
                    {
                        "entity_id": "1",
                        "entity_type": "patient",
                        "data": PATIENT,
                        "provenance": {"source_type": "loaded"},
                    }
                ]
            },
        },
        "saved/ward/a.json": {"person": {"person_id": "1"}},
        "saved/ward/b.json": {
            "persons": [{"person_id": "2"}],
            "encounters": [{"encounter_id": "e"}],
        },
    }
    for name, document in documents.items():
        (place / name).write_text(json.dumps(document))
    return place


NAMES = ["plain", "single", "top", "ward", "work"]


def contents(place: Path) -> dict[str, bytes]:
    return {
        str(one.relative_to(place)): one.read_bytes() for one in place.rglob("*") if one.is_file()
    }


def test_every_layout_arrives_row_for_row_and_the_originals_are_in_the_backup(manager, folder):
    before = contents(folder)
    results, backup = legacy.migrate_all_scenarios(manager=manager)
    assert sorted(one.name for one in results) == NAMES
    assert all(one.success for one in results)
    assert backup == folder.with_name("scenarios_backup")
    assert contents(backup) == before
    assert not folder.exists()
    lake = manager.lake
    assert lake.scenarios.load("plain").entities == {"patients": [PATIENT]}
    assert lake.scenarios.get("plain").tags == ("t",)
    assert lake.scenarios.load("top").entities == {"patients": [PATIENT], "encounters": []}
    assert lake.scenarios.load("single").entities == {"patients": [PATIENT]}
    assert lake.scenarios.load("work")["patients"] == [
        {**PATIENT, "_provenance": {"source_type": "loaded"}}
    ]
    assert [one["person_id"] for one in lake.scenarios.load("ward")["persons"]] == ["1", "2"]
    assert legacy.verify_migration(5, NAMES, manager)["success"]
    assert not legacy.verify_migration(5, ["other"], manager)["success"]
    assert legacy.verify_migration(6, manager=manager)["count_match"] is False


def test_one_broken_file_among_good_ones_is_told_and_all_originals_stay(manager, folder):
    (folder / "broken.json").write_text('{"entities": {"patients": [{"id": ')
    before = contents(folder)
    results, backup = legacy.migrate_all_scenarios(manager=manager)
    failed = [one for one in results if not one.success]
    assert [one.name for one in failed] == ["broken"]
    assert "cut off?" in failed[0].error
    assert failed[0].source_path == folder / "broken.json"
    assert contents(folder) == before == contents(backup)
    assert sorted(one.name for one in manager.lake.scenarios.list()) == NAMES
    (folder / "broken.json").write_text('{"entities": {}, "name": "mended"}')
    results, second = legacy.migrate_all_scenarios(manager=manager)
    assert all(one.success for one in results)
    assert second != backup, "a backup of other files is not written over"
    assert contents(backup) == before
    assert not folder.exists()
    assert {one.version for one in manager.lake.scenarios.list()} == {1}, (
        "nothing was imported twice"
    )


def test_an_interrupted_migration_goes_on(manager, folder):
    half = folder.with_name(".scenarios_backup.aaaa.part")
    half.mkdir()
    assert legacy.migrate_scenario(folder / "plain.json", manager).success
    results, backup = legacy.migrate_all_scenarios(manager=manager)
    assert all(one.success for one in results)
    assert manager.lake.scenarios.get("plain").version == 1
    (folder / "saved").mkdir(parents=True)
    (folder / "plain.json").write_bytes((backup / "plain.json").read_bytes())
    results, again = legacy.migrate_all_scenarios(manager=manager)
    assert [repr(one) for one in results] == ["✓ plain (1 entities)"]
    assert again == backup
    assert not folder.exists()


def test_a_dry_run_and_the_status_change_nothing(manager, folder):
    before = contents(folder)
    legacy.migrate_scenario(folder / "top.json", manager)
    version = manager.lake.version
    results, backup = legacy.migrate_all_scenarios(dry_run=True, manager=manager)
    assert backup is None
    assert {one.entity_count for one in results} == {-1}
    assert "dry run" in repr(results[0])
    previews = {one.name: one for one in legacy.preview_migration(manager=manager)}
    assert previews["top"].outcome == "already imported"
    assert previews["ward"].entity_counts == {"persons": 2, "encounters": 1}
    assert previews["plain"].outcome == "to import"
    status = legacy.get_migration_status(manager)
    assert status["legacy_count"] == 5
    assert status["migrated"] == ["top"]
    assert sorted(status["pending"]) == ["plain", "single", "ward", "work"]
    assert status["backups"] == []
    assert json.dumps(status)
    assert contents(folder) == before
    assert manager.lake.version == version


def test_a_name_that_is_taken_is_only_replaced_when_asked(manager, folder):
    manager.lake.scenarios.save("plain", {"patients": [{"id": "mine"}]})
    results, _ = legacy.migrate_all_scenarios(manager=manager)
    assert [one.name for one in results if not one.success] == ["plain"]
    assert manager.lake.scenarios.load("plain")["patients"] == [{"id": "mine"}]
    assert folder.exists()
    results, _ = legacy.migrate_all_scenarios(overwrite=True, manager=manager)
    assert all(one.success for one in results)
    assert manager.lake.scenarios.load("plain")["patients"] == [PATIENT]
    assert manager.lake.scenarios.load("plain", version=1)["patients"] == [{"id": "mine"}]


def test_two_files_of_one_name_are_both_refused(manager, folder):
    (folder / "twin.json").write_text(json.dumps({"name": "plain", "entities": {}}))
    results, _ = legacy.migrate_all_scenarios(overwrite=True, manager=manager)
    failed = sorted(one.source_path.name for one in results if not one.success)
    assert failed == ["plain.json", "twin.json"]
    assert not manager.lake.scenarios.exists("plain")


def test_without_a_backup_the_originals_stay(manager, folder):
    before = contents(folder)
    results, backup = legacy.migrate_all_scenarios(manager=manager, backup=False)
    assert backup is None
    assert all(one.success for one in results)
    assert contents(folder) == before


def test_a_backup_that_cannot_be_made_stops_everything(manager, folder, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        legacy.migrate_all_scenarios(backup_path=tmp_path / "file" / "below", manager=manager)
    assert manager.lake.scenarios.list() == []
    assert folder.exists()


def test_moving_a_folder_away_never_replaces_an_earlier_backup(folder):
    backup = legacy.backup_json_scenarios()
    assert backup == folder.with_name("scenarios_backup")
    assert not folder.exists()
    folder.mkdir()
    second = legacy.backup_json_scenarios()
    assert second.name.startswith("scenarios_backup_2")
    with pytest.raises(NotFoundError):
        legacy.backup_json_scenarios()


def test_results_show_how_they_ended():
    assert repr(MigrationResult("a", success=True, entity_count=3)) == "✓ a (3 entities)"
    assert repr(MigrationResult("a", success=True, entity_count=-1)) == "✓ a (dry run)"
    assert repr(MigrationResult("a", success=False, error="why")) == "✗ a: why"


def test_legacy_files_are_discovered_by_name_and_listed_newest_first(folder):
    found = [path.name for path in legacy.discover_json_scenarios()]
    assert found == sorted(found)
    assert legacy.discover_json_scenarios(folder / "none") == []
    os.utime(folder / "single.json", (2e9, 2e9))
    workspaces = Path.home() / ".healthsim" / "workspaces"
    workspaces.mkdir()
    (workspaces / "w.json").write_text("{}")
    listed = legacy.list_legacy_scenarios()
    assert listed[0]["name"] == "single"
    assert set(listed[0]) == {"name", "path", "modified_at", "size_bytes"}
    assert "w" in {one["name"] for one in listed}
    assert folder == legacy.LEGACY_SCENARIOS_PATH
    assert workspaces == legacy.LEGACY_WORKSPACES_PATH
    with pytest.raises(AttributeError):
        _ = legacy.NOTHING


def test_all_legacy_files_are_imported_with_their_errors_told(manager, folder, capsys):
    (folder / "broken.json").write_text("nonsense")
    done = legacy.migrate_all_legacy_scenarios(manager)
    assert done["broken"].startswith("ERROR: ")
    assert done["plain"] == manager.lake.scenarios.get("plain").id
    assert "broken: ERROR" in capsys.readouterr().out
    assert legacy.migrate_legacy_scenario(folder / "plain.json", manager) == done["plain"]
    with pytest.raises(FormatError):
        legacy.migrate_legacy_scenario(folder / "broken.json", manager)


def test_a_scenario_is_shared_without_what_only_its_lake_knows(manager, tmp_path):
    manager.save_scenario("s", {"patients": [{**PATIENT, "_provenance": {"a": 1}}]}, tags=["t"])
    shared = legacy.export_scenario_for_sharing(manager.load_scenario("s"))
    assert "scenario_id" not in shared
    assert shared["entities"] == {"patients": [PATIENT]}
    path = legacy.export_to_json(shared, tmp_path / "deep" / "s.json")
    assert legacy.import_from_json(path) == shared
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(FormatError):
        legacy.import_from_json(tmp_path / "x.json")


def test_the_module_is_a_program(folder, tmp_path):
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "healthsim_lake.state.legacy", *arguments]
        environment = {**os.environ, "HEALTHSIM_LAKE": str(tmp_path / "lake")}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    assert json.loads(run("--status").stdout)["legacy_count"] == 5
    assert run("--dry-run").stdout.count("(dry run)") == 5
    (folder / "broken.json").write_text("x")
    failed = run()
    assert failed.returncode == 1
    assert failed.stdout.count("✓") == 5
    (folder / "broken.json").unlink()
    done = run()
    assert done.returncode == 0
    assert "backup: " in done.stdout
    assert len(Lake(tmp_path / "lake").scenarios.list()) == 5
