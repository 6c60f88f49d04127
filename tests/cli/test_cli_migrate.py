"""Bringing the predecessor's files into the lake from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from healthsim_lake import Lake


@pytest.fixture
def folder():
    place = Path.home() / ".healthsim" / "scenarios"
    place.mkdir(parents=True)
    for name in ("a", "b"):
        document = {"name": name, "entities": {"patients": [{"id": name}]}}
        (place / f"{name}.json").write_text(json.dumps(document))
    return place


def test_a_migration_is_shown_done_and_reported(run, place, folder):
    assert run("migrate", "--status", "--json").json["pending"] == ["a", "b"]
    assert "2 scenarios, 0 imported, 2 to do" in run("migrate", "--status").out
    head, *lines = run("migrate", "--dry-run").out.splitlines()
    assert head.split() == ["name", "rows", "bytes", "outcome", "file"]
    assert [line.split()[0] for line in lines] == ["a", "b"]
    assert [one["outcome"] for one in run("migrate", "--dry-run", "--json").json] == [
        "to import"
    ] * 2
    done = run("migrate")
    assert done.code == 0
    assert done.out.count("imported and verified") == 2
    assert "scenarios_backup" in done.out
    assert len(Lake(place).scenarios.list()) == 2
    assert not folder.exists()
    assert "nothing to migrate" in run("migrate").err
    assert "nothing to migrate" in run("migrate", "--dry-run").err
    assert "backup: " in run("migrate", "--status").out


def test_a_failure_has_its_exit_code_and_leaves_the_originals(run, folder):
    (folder / "c.json").write_text("{}")
    failed = run("migrate", "--json")
    assert failed.code == 1
    assert [one["success"] for one in failed.json["results"]] == [True, True, False]
    assert "no entity types" in failed.json["results"][2]["error"]
    assert "the originals were not touched" in run("migrate", "--quiet").err
    assert len(list(folder.iterdir())) == 3


def test_another_folder_can_be_read_without_a_backup(run, folder, tmp_path):
    folder.rename(tmp_path / "old")
    done = run("migrate", "--from", tmp_path / "old", "--no-backup", "--json").json
    assert done["backup"] is None
    assert [one["entity_count"] for one in done["results"]] == [1, 1]
    assert (tmp_path / "old" / "a.json").exists()
