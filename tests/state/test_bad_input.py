"""Bad input gets a named error, and leaves everything as it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from healthsim_lake import Lake
from healthsim_lake.errors import (
    FormatError,
    NameTakenError,
    ParameterError,
    ScenarioNotFoundError,
    StorageError,
)
from healthsim_lake.state import AutoPersistService, StateManager, legacy

ROWS = [{"id": "1", "name": {"given": "Ada"}}, {"id": "2"}]


@pytest.fixture
def manager(tmp_path):
    made = StateManager(tmp_path / "lake")
    made.save_scenario("there", {"patients": ROWS}, tags=["t"])
    return made


@pytest.fixture(autouse=True)
def _everything_is_as_it_was(manager, tmp_path):
    """Compare the lake, and every file that is neither in it nor put there by the test."""
    before = manager.lake.version, manager.load_scenario("there"), files(tmp_path / "lake")
    yield
    after = manager.lake.version, manager.load_scenario("there"), files(tmp_path / "lake")
    assert after == before


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(one.relative_to(folder)): one.read_bytes()
        for one in sorted(folder.rglob("*"))
        if one.is_file()
    }


NOBODY = "123e4567-e89b-12d3-a456-426614174000"
UNKNOWN = {
    "load": lambda manager, ref: manager.load_scenario(ref),
    "rename": lambda manager, ref: manager.rename_scenario(ref, "x"),
    "persist": lambda manager, ref: manager.persist({"patients": ROWS}, scenario_id=ref),
    "summary": lambda manager, ref: manager.get_summary(ref),
    "query": lambda manager, ref: manager.query(ref, "SELECT 1"),
    "samples": lambda manager, ref: manager.get_samples(ref, "patients"),
    "export": lambda manager, ref: manager.export_to_json(ref),
}
UNKNOWN_TO_THE_SERVICE = {
    "persist": lambda service, ref: service.persist_entities(ROWS, "patient", ref),
    "summary": lambda service, ref: service.get_scenario_summary(ref),
    "query": lambda service, ref: service.query_scenario(ref, "SELECT 1"),
    "rename": lambda service, ref: service.rename_scenario(ref, "x"),
    "delete": lambda service, ref: service.delete_scenario(ref, confirm=True),
    "samples": lambda service, ref: service.get_entity_samples(ref, "patients"),
    "add_tag": lambda service, ref: service.add_tag(ref, "x"),
    "remove_tag": lambda service, ref: service.remove_tag(ref, "x"),
    "clone": lambda service, ref: service.clone_scenario(ref),
    "merge": lambda service, ref: service.merge_scenarios(["there", ref]),
    "export": lambda service, ref: service.export_scenario(ref),
}


@pytest.mark.parametrize("ref", ["nobody", NOBODY, "' OR 1=1 --", "../there", ""])
@pytest.mark.parametrize("verb", UNKNOWN)
def test_an_unknown_scenario_is_not_found(manager, verb, ref):
    with pytest.raises(ScenarioNotFoundError, match="not found"):
        UNKNOWN[verb](manager, ref)
    assert not (Path.home() / "Downloads").exists()


@pytest.mark.parametrize("ref", ["nobody", NOBODY])
@pytest.mark.parametrize("verb", UNKNOWN_TO_THE_SERVICE)
def test_an_unknown_scenario_is_not_found_by_the_service(manager, verb, ref):
    with pytest.raises(ScenarioNotFoundError, match="not found"):
        UNKNOWN_TO_THE_SERVICE[verb](manager.auto_persist, ref)


@pytest.mark.parametrize("form", ["json", "ndjson", "csv", "parquet"])
def test_an_export_folder_that_cannot_be_written_is_named(manager, tmp_path, form):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="file"):
        manager.auto_persist.export_scenario("there", form, tmp_path / "file" / "out")
    assert (tmp_path / "file").read_text() == "in the way"
    assert {one.name for one in tmp_path.iterdir()} == {"lake", "file"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_export_folder_without_permission_is_named(manager, tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    with pytest.raises(StorageError, match="closed"):
        manager.export_to_json("there", folder / "out.json")
    assert list(folder.iterdir()) == []


def test_a_json_file_cut_off_anywhere_is_refused(manager, tmp_path):
    whole = manager.export_to_json("there", tmp_path / "whole.json").read_text()
    cut = tmp_path / "cut.json"
    for length in (*range(0, len(whole.rstrip()), 37), len(whole.rstrip()) - 1):
        cut.write_text(whole[:length])
        with pytest.raises(FormatError, match=r"cut\.json"):
            manager.import_from_json(cut, name=f"new-{length}")
        with pytest.raises(FormatError, match=r"cut\.json"):
            manager.import_from_json(cut, name="there", overwrite=True)


@pytest.mark.parametrize(
    "content",
    [
        "[1, 2, 3]",
        '"text"',
        "{}",
        '{"type": "FeatureCollection", "features": []}',
        '{"entities": {"patients": 5}}',
        '{"entities": {"patients": [{"id": NaN}]}}',
        "<html></html>",
        "PAR1\x00\x00",
    ],
)
def test_a_json_file_of_something_else_is_refused(manager, tmp_path, content):
    (tmp_path / "other.json").write_text(content)
    with pytest.raises(FormatError, match=r"other\.json"):
        manager.import_from_json(tmp_path / "other.json", name="new")


def test_a_file_that_is_not_there_is_a_file_not_found_error(manager, tmp_path):
    with pytest.raises(FileNotFoundError):
        manager.import_from_json(tmp_path / "none.json")


class TestOthersWereFaster:
    """These change the lake: another process does."""

    @pytest.fixture
    def _everything_is_as_it_was(self) -> None:
        """What another process wrote stays."""

    def rival(self, lake: Lake, name: str) -> None:
        code = (
            "import sys; from healthsim_lake.state import StateManager;"
            "StateManager(sys.argv[1]).save_scenario(sys.argv[2], {'claims': [{'id': 'theirs'}]})"
        )
        subprocess.run([sys.executable, "-c", code, lake.url, name], check=True)

    def test_a_name_that_another_process_takes_while_rows_are_written_is_taken(self, manager):
        def rows():
            yield {"id": "ours"}
            self.rival(manager.lake, "wanted")
            yield {"id": "ours, too"}

        with pytest.raises(NameTakenError, match="already exists"):
            manager.save_scenario("wanted", {"patients": rows()})
        assert manager.load_scenario("wanted")["entities"] == {"claims": [{"id": "theirs"}]}
        assert manager.lake.maintenance.verify().ok
        left = [one for one in (Path(manager.lake.url) / "staging").rglob("*") if one.is_file()]
        assert left == []

    def test_where_names_may_be_numbered_both_are_kept(self, manager):
        def rows():
            yield {"id": "ours"}
            self.rival(manager.lake, "wanted")

        result = manager.persist({"patients": rows()}, name="wanted")
        assert result.scenario_name == "wanted-2"
        assert manager.load_scenario("wanted")["entities"] == {"claims": [{"id": "theirs"}]}

    def test_one_broken_file_of_a_legacy_folder_does_not_keep_the_good_ones_out(self, manager):
        folder = Path.home() / ".healthsim" / "scenarios"
        folder.mkdir(parents=True)
        (folder / "good.json").write_text(json.dumps({"patients": ROWS}))
        (folder / "broken.json").write_text('{"patients": [{"id": "1"')
        originals = files(folder)
        results, backup = legacy.migrate_all_scenarios(manager=manager)
        assert {one.name: one.success for one in results} == {"good": True, "broken": False}
        assert files(folder) == originals == files(backup)
        assert manager.load_scenario("good")["patients"] == ROWS
        assert not manager.scenario_exists("broken")


def test_rows_that_cannot_be_kept_leave_no_scenario_behind(tmp_path):
    service = AutoPersistService(tmp_path / "lake")
    with pytest.raises(ValueError, match=r"patients\[1\]"):
        service.persist_entities([{"id": "1"}, {"id": float("inf")}], "patient")
    with pytest.raises(ValueError, match="No entities"):
        service.persist_entities([], "patient")


def test_what_is_allowed_instead_is_told_in_words(manager):
    with pytest.raises(ParameterError, match=r"tags='x': give a list of texts or None$"):
        manager.save_scenario("new", {"patients": ROWS}, tags="x")
