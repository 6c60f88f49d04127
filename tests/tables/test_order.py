"""In which order a save reaches the disk: a commit may name only what lasts."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from healthsim_lake.errors import StorageFullError
from healthsim_lake.storage import layout
from healthsim_lake.storage.local import LocalStorage
from healthsim_lake.tables import FileWriter

ROWS = {"patients": [{"id": "1"}], "encounters": [{"id": "1"}], "diagnoses": [{"id": "1"}]}


@pytest.fixture
def planned(monkeypatch):
    """Set when a commit is being planned: its files are encoded, and statistics are next."""
    event, keep = threading.Event(), FileWriter.keep_statistics

    def noted_keep(self, statistics, scenario_id):
        event.set()
        return keep(self, statistics, scenario_id)

    monkeypatch.setattr(FileWriter, "keep_statistics", noted_keep)
    return event


def test_a_commit_waits_for_its_files_and_for_their_names(local, planned, monkeypatch):
    """However late the disk is: planning goes on meanwhile."""
    local.scenarios.save("before", ROWS)
    planned.clear()
    done = []
    put, sync, create = LocalStorage.put, LocalStorage.sync, LocalStorage.create

    def late_put(self, key, data, *, durable=True):
        if durable:
            assert planned.wait(10)
            put(self, key, data)
            done.append("file")
        else:
            put(self, key, data, durable=False)

    def noted_sync(self, folder):
        sync(self, folder)
        done.append(f"names in {folder}")

    def noted_create(self, key, data):
        done.append("commit")
        create(self, key, data)

    monkeypatch.setattr(LocalStorage, "put", late_put)
    monkeypatch.setattr(LocalStorage, "sync", noted_sync)
    monkeypatch.setattr(LocalStorage, "create", noted_create)
    local.scenarios.save("late", ROWS)

    assert done == ["file", "file", "file", f"names in {layout.STAGING}", "commit"]
    assert local.scenarios.load("late").keys() == ROWS.keys()


@pytest.mark.parametrize("name", ["new", "there"])
def test_a_file_that_fails_while_its_commit_is_planned_leaves_nothing(
    local, planned, monkeypatch, name
):
    local.scenarios.save("there", ROWS)
    planned.clear()
    put = LocalStorage.put

    def failing_put(self, key, data, *, durable=True):
        if durable:
            assert planned.wait(10)
            raise StorageFullError(28, f"cannot write {key}: the disk is full")
        put(self, key, data, durable=False)

    monkeypatch.setattr(LocalStorage, "put", failing_put)
    version = local.version
    with pytest.raises(StorageFullError):
        local.scenarios.save(name, ROWS, overwrite=True)
    assert planned.is_set()
    assert local.version == version
    assert not list(Path(local.url, layout.STAGING).iterdir())
