"""Vacuum forgets first and deletes afterwards; what is kept reads as it did."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from lakes import abandon, age, heads, keys, manifests, people, readings

from healthsim_lake import Lake, _clock
from healthsim_lake.catalog import actions, transaction
from healthsim_lake.catalog.check import check
from healthsim_lake.errors import (
    AbandonedError,
    DamagedCommitError,
    InputError,
    LakeNotFoundError,
    ScenarioNotFoundError,
    VersionNotFoundError,
)
from healthsim_lake.storage import layout


def changed(lake: Lake) -> Lake:
    lake.scenarios.save("a", people("1"))
    lake.scenarios.save("a", people("2"), overwrite=True)
    lake.scenarios.add("a", people("3"))
    lake.scenarios.save("b", people("4"))
    lake.scenarios.delete("b")
    return lake


def written(lake: Lake, room: str, files: int) -> list[str]:
    """Wait until so many files are whole in a room, and return their keys."""
    for _ in range(3_000):
        found = [key for key in keys(lake, room) if is_whole(lake, key)]
        if len(found) >= files:
            return found
        time.sleep(0.01)
    raise TimeoutError(f"{room} never held {files} files")


def is_whole(lake: Lake, key: str) -> bool:
    """On a disk, a file is there before it is written, and gets its time last of all."""
    storage = lake._log.storage
    found = storage.stat(key)
    return found is not None and (found.sealed or not storage.stages)


def test_what_is_kept_reads_as_it_did_and_the_rest_is_gone(lake):
    before = readings(changed(lake))
    report = lake.maintenance.vacuum(keep_versions=3)
    assert report.before == 4
    assert report.files == {"superseded": 1, "documents": 2}
    after = readings(lake)
    assert set(after) == {4, 5, 6}
    for version in (4, 5):
        assert after[version] == {
            name: rows for name, rows in before[version].items() if name in after[version]
        }
    assert "a, 3" in after[4]
    assert lake.maintenance.verify().findings == ()


@pytest.mark.parametrize("keep", range(1, 6))
def test_exactly_the_versions_that_were_asked_for_are_kept(lake, keep):
    for number in "1234":
        lake.scenarios.save("a", people(number), overwrite=True)
    lake.scenarios.delete("a")
    before = heads(lake)
    lake.maintenance.vacuum(keep_versions=keep)
    after = heads(lake)
    assert list(after) == list(range(7 - keep, 7))
    assert after.pop(6) == before[5]
    assert after == {version: before[version] for version in after}
    assert lake.maintenance.verify().findings == ()


def test_a_dry_run_says_the_same_and_changes_nothing(lake):
    changed(lake)
    before, version = readings(lake), lake.version
    would = lake.maintenance.vacuum(keep_versions=1, dry_run=True)
    assert (lake.version, readings(lake)) == (version, before)
    did = lake.maintenance.vacuum(keep_versions=1)
    assert (would.keys, would.bytes, would.before) == (did.keys, did.bytes, did.before)
    assert did.count > 0
    assert keys(lake, "history") == []


def test_a_forgotten_version_says_what_forgot_it(lake):
    changed(lake)
    pinned, later = lake.at(version=1), lake.at(version=2)
    lake.maintenance.vacuum(keep_versions=1)
    for read in (
        lambda: lake.scenarios.load("a", version=1),
        lambda: lake.at(version=1),
        lambda: pinned.scenarios.load("a"),
        lambda: pinned.scenarios.summary("a"),
        lambda: pinned.scenarios.samples("a", "patients"),
        lambda: later.scenarios.diff("a"),
        lambda: pinned.scenarios.validate("a"),
    ):
        with pytest.raises(VersionNotFoundError, match="forgotten by vacuum at commit 6"):
            read()
    with pytest.raises(VersionNotFoundError, match="it has 3 to 3"):
        lake.scenarios.load("a", version=9)


def test_a_tombstone_is_restored_until_it_is_forgotten(lake):
    changed(lake)
    lake.maintenance.vacuum(keep_versions=3)
    assert lake.scenarios.restore("b").entity_counts == {"patients": 1}
    lake.scenarios.delete("b")
    lake.maintenance.vacuum(keep_versions=1)
    with pytest.raises(ScenarioNotFoundError):
        lake.scenarios.restore("b")
    lake.scenarios.save("b", people("5"))
    assert lake.scenarios.load("b")["patients"] == people("5")["patients"]


def test_everything_of_the_last_week_is_kept_by_default(lake):
    before = readings(changed(lake))
    report = lake.maintenance.vacuum()
    assert (report.count, report.commit, readings(lake)) == (0, None, before)
    assert lake.maintenance.vacuum(older_than=timedelta(0)).count > 0
    assert set(readings(lake)) == {5, 6}


def test_a_second_run_finds_nothing_to_say_and_nothing_to_do(lake):
    changed(lake)
    assert lake.maintenance.vacuum(keep_versions=2).commit == 6
    again = lake.maintenance.vacuum(keep_versions=2)
    assert (again.commit, again.count, lake.version) == (None, 0, 6)


def test_what_a_run_that_died_left_is_deleted_by_the_next(local, monkeypatch):
    changed(local)

    real = local._log.storage.delete

    def die(key):
        if key.startswith("history/"):
            raise KeyboardInterrupt
        real(key)

    with monkeypatch.context() as patch:
        patch.setattr(local._log.storage, "delete", die)
        with pytest.raises(KeyboardInterrupt):
            local.maintenance.vacuum(keep_versions=1)
    after = Lake(local.url)
    assert len(keys(after, "history")) == 2
    assert [one.what for one in after.maintenance.verify().findings] == ["superseded"] * 2
    assert after.maintenance.vacuum(keep_versions=1).files == {"superseded": 2}


def test_large_manifests_go_with_their_versions(lake):
    many = {f"type_{number:03}": [{"id": "1"}] for number in range(80)}
    lake.scenarios.save("wide", many)
    lake.scenarios.save("wide", many, overwrite=True)
    assert len(keys(lake, "catalog/scenarios")) == 4  # a manifest and statistics for each
    assert lake.maintenance.vacuum(keep_versions=1).files == {"superseded": 80, "documents": 2}
    assert len(keys(lake, "catalog/scenarios")) == 2
    assert lake.scenarios.load("wide").entities == many
    assert lake.maintenance.verify().findings == ()


def test_leftovers_of_dead_writers_go_after_an_hour_and_not_before(local):
    local.scenarios.save("a", people("1"))
    dead, young = abandon(local), abandon(local, seconds=600)
    storage = local._log.storage
    for name, seconds in (("old", 7200), ("new", 60)):
        storage.put(layout.temporary(name), b"half")
        age(local, layout.temporary(name), seconds)
    found = local.maintenance.vacuum()
    assert found.files == {"abandoned": 1, "temporary": 1}
    assert set(keys(local, "staging")) == {young, layout.temporary("new")}
    assert local._log.refresh().state.retention.abandoned.keys() == {
        dead.removeprefix("staging/").split("-")[0]
    }


def test_a_writer_that_was_given_up_cannot_commit(local, monkeypatch):
    """Its rows would be in the log and nowhere else: one side has to lose, and knows that it did."""
    local.scenarios.save("a", people("1"))
    slow = Lake(local.url)

    def rows():
        yield {"id": "2"}
        for key in written(local, "staging", 1):
            age(local, key, 7200)
        monkeypatch.setattr("healthsim_lake.maintenance.inventory.begun", lambda _txn: 0.0)
        assert local.maintenance.vacuum().files == {"abandoned": 1}

    slow.scenarios._committer.log.writers = type(slow._log.writers)()  # as if in another process
    with monkeypatch.context() as patch:
        patch.setattr("healthsim_lake.scenarios.writing.sources.STREAMED_ROWS_PER_CHUNK", 1)
        patch.setattr("healthsim_lake.scenarios.writing.rows.MOST_UNSENT", 0)
        with pytest.raises(AbandonedError, match="do it again"):
            slow.scenarios.save("slow", {"patients": rows()})
    assert [one.name for one in slow.scenarios.list()] == ["a"]
    assert keys(local, "staging") == []
    assert local.maintenance.verify().findings == ()


def test_a_long_transaction_looks_whether_its_files_are_still_there(lake, monkeypatch):
    monkeypatch.setattr(transaction, "LONG_RUNNING", timedelta(0))
    lake.scenarios.save("a", people("1"))
    storage = lake._log.storage

    def rows():
        yield {"id": "2"}
        for key in written(lake, *(("staging", 1) if storage.stages else ("data", 2))):
            storage.delete(key)

    monkeypatch.setattr("healthsim_lake.scenarios.writing.sources.STREAMED_ROWS_PER_CHUNK", 1)
    monkeypatch.setattr("healthsim_lake.scenarios.writing.rows.MOST_UNSENT", 0)
    with pytest.raises(AbandonedError, match="is gone"):
        lake.scenarios.save("b", {"patients": rows()})
    assert lake.version == 1


def test_rows_cannot_be_brought_back_past_a_vacuum(local):
    changed(local)
    head = local._log.refresh()
    check(actions.Retained(version=3), head)
    local.maintenance.vacuum(keep_versions=1)
    with pytest.raises(VersionNotFoundError, match="version 3 of the lake was forgotten"):
        check(actions.Retained(version=3), local._log.refresh())


def test_a_restore_that_vacuum_overtakes_changes_nothing(local, monkeypatch):
    changed(local)
    rival = Lake(local.url)
    rival._log.writers = type(rival._log.writers)()
    real = type(local._log.storage).copy

    def copy(self, source, target):
        real(self, source, target)
        monkeypatch.setattr(type(self), "copy", real)
        thread = threading.Thread(target=rival.maintenance.vacuum, kwargs={"keep_versions": 1})
        thread.start()
        thread.join()

    monkeypatch.setattr(type(local._log.storage), "copy", copy)
    with pytest.raises(VersionNotFoundError, match="forgotten by vacuum"):
        local.scenarios.restore("b")
    assert keys(local, "staging") == []
    assert local.maintenance.verify().findings == ()


def test_folders_that_hold_nothing_any_more_go(local):
    local.scenarios.save("a", people("1"))
    local.scenarios.delete("a")
    local.maintenance.vacuum(keep_versions=1)
    assert [path for path in Path(local.url, "data").rglob("*") if path.is_dir()] == []
    local.scenarios.save("a", people("1"))
    assert local.scenarios.load("a")["patients"] == people("1")["patients"]


def test_nothing_is_deleted_while_a_manifest_cannot_be_read(lake):
    many = {f"type_{number:03}": [{"id": "1"}] for number in range(80)}
    lake.scenarios.save("wide", many)
    lake.scenarios.save("wide", {}, overwrite=True)
    storage, key = lake._log.storage, manifests(lake)[0]
    storage.delete(key)
    storage.create(key, b"{}")
    with pytest.raises(DamagedCommitError, match="nothing was deleted"):
        lake.maintenance.vacuum(keep_versions=9)
    assert len(keys(lake, "history")) == 80


def test_wrong_wishes_and_missing_lakes_are_errors(lake):
    with pytest.raises(InputError, match="at least 1"):
        lake.maintenance.vacuum(keep_versions=0)
    with pytest.raises(InputError, match="negative"):
        lake.maintenance.vacuum(older_than=timedelta(days=-1))
    with pytest.raises(LakeNotFoundError):
        lake.maintenance.vacuum()


def test_the_list_of_abandoned_transactions_does_not_grow_for_ever(local, monkeypatch):
    local.scenarios.save("a", people("1"))
    abandon(local)
    local.maintenance.vacuum()
    assert local._log.refresh().state.retention.abandoned
    later = _clock.now() + timedelta(days=8)
    monkeypatch.setattr(_clock, "now", lambda: later)
    local.scenarios.save("b", people("1"))
    assert local._log.refresh().state.retention.abandoned == {}
