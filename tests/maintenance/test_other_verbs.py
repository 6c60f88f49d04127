"""Compact, purge, doctor, tidy, and what a read-only lake allows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lakes import keys, people, readings

from healthsim_lake import EntityType, FieldSpec, Lake
from healthsim_lake.catalog import actions, checkpoint
from healthsim_lake.catalog.check import check
from healthsim_lake.errors import NotFoundError, PurgedError, ReadOnlyError, VersionConflictError
from healthsim_lake.scenarios.writing import manifests


def with_small_files(lake: Lake) -> Lake:
    lake.scenarios.save("a", {**people("1"), "claims": [{"id": "c"}]})
    for number in range(2, 6):
        lake.scenarios.add("a", people(str(number)))
    lake.scenarios.save("b", people("1"))
    return lake


def test_compact_joins_small_files_and_changes_nothing_else(lake):
    before = readings(with_small_files(lake))
    record = lake.scenarios.get("a")
    assert lake.maintenance.compact() == {"a": 4}
    assert len(keys(lake, "data")) == 3
    after = readings(lake)
    assert {version: after[version] for version in before} == before
    assert lake.scenarios.load("a")["patients"] == [
        {"id": str(n), "pets": ["cat"]} for n in range(1, 6)
    ]
    now = lake.scenarios.get("a")
    assert now.updated_at == record.updated_at
    assert now.version == record.version + 1
    assert [one.name for one in lake.scenarios.list()] == ["b", "a"]
    assert lake.scenarios.history("a")[0].operation == "compact"
    assert lake.maintenance.verify().findings == ()
    assert lake.maintenance.compact() == {}


def test_compact_follows_a_scenario_that_changes_meanwhile(lake):
    with_small_files(lake)
    rival = Lake(lake.url)
    rival._log.writers = type(rival._log.writers)()
    storage, real = lake._log.storage, lake._log.storage.create
    raced = []

    def create(key, data):
        if not raced and "log" in key:
            raced.append(key)
            rival.scenarios.add("a", people("9"))
        real(key, data)

    storage.create = create
    assert lake.maintenance.compact("a") == {"a": 5}
    assert [row["id"] for row in lake.scenarios.load("a")["patients"]] == [
        "1",
        "2",
        "3",
        "4",
        "5",
        "9",
    ]


def test_purge_removes_every_byte_of_every_version(local, monkeypatch):
    monkeypatch.setattr(manifests, "INLINE_BYTES", 1)
    monkeypatch.setattr(checkpoint, "LEAST_BYTES", 1)
    record = local.scenarios.save("secret", people("classified-1"))
    local.scenarios.save("secret", people("classified-2"), overwrite=True)
    local.scenarios.save("other", people("3"))
    report = local.maintenance.purge("secret")
    assert (report.record.id, report.files, report.clones) == (record.id, 6, ())
    left = [path for path in Path(local.url).rglob("*") if path.is_file()]
    assert not [path for path in left if record.id in str(path)]
    assert not [path for path in left if b"classified" in path.read_bytes()]
    assert local.scenarios.load("other").entities == people("3")
    assert local.maintenance.verify().findings == ()


def test_a_purged_scenario_says_so_in_every_version(lake):
    record = lake.scenarios.save("a", people("1"))
    lake.scenarios.rename("a", "b")
    pinned = lake.at(version=1)
    lake.scenarios.delete("b", purge=True)
    for read in (
        lambda: lake.scenarios.load("b"),
        lambda: lake.scenarios.get(record.id),
        lambda: lake.at(version=1).scenarios.load("a"),
        lambda: lake.at(version=2).scenarios.load(record.id),
        lambda: lake.scenarios.restore("b"),
        lambda: lake.maintenance.purge("b"),
        lambda: pinned.scenarios.load("a"),
        lambda: check(actions.Retained(version=2, scenario_id=record.id), lake._log.refresh()),
    ):
        with pytest.raises(PurgedError, match="purged by commit 3"):
            read()
    assert not lake.scenarios.exists("b")
    assert lake.at(version=1).scenarios.list() == []
    assert lake.scenarios.save("b", people("2")).id != record.id
    assert lake.scenarios.load("b").entities == people("2")


def test_a_tombstone_can_be_purged(lake):
    lake.scenarios.save("a", people("1"))
    lake.scenarios.delete("a")
    assert lake.maintenance.purge("a").files == 2
    assert keys(lake, "history") == []
    with pytest.raises(NotFoundError):
        lake.maintenance.purge("never")


def test_purge_names_what_was_made_from_the_scenario(lake):
    lake.scenarios.save("a", people("1"))
    lake.scenarios.save("unrelated", people("1"))
    lake.scenarios.clone("a", "copy")
    lake.scenarios.clone("copy", "copy of copy")
    report = lake.maintenance.purge("a")
    assert [one.name for one in report.clones] == ["copy", "copy of copy"]
    assert [one["name"] for one in report.to_dict()["clones"]] == ["copy", "copy of copy"]
    assert lake.scenarios.load("copy of copy").entities == people("1")


def test_a_restore_brings_rows_back_with_the_columns_of_now(lake):
    """Files of one table must not differ, whenever they were written."""
    old = EntityType(
        name="widgets",
        singular="widget",
        key="id",
        fields=(FieldSpec(id=1, name="id", type="text"),),
    )
    new = old.model_copy(
        update={"fields": (*old.fields, FieldSpec(id=2, name="colour", type="text"))}
    )
    lake.entities.declare(old)
    rows = {"widgets": [{"id": "1", "colour": "red"}]}
    lake.scenarios.save("a", rows)
    lake.scenarios.delete("a")
    lake.entities.upgrade("widgets", new)
    lake.scenarios.restore("a")
    assert lake.scenarios.load("a").entities == rows
    assert lake.query("SELECT colour FROM widgets").results == [{"colour": "red"}]
    assert lake.maintenance.verify().findings == ()


def test_a_restore_does_not_lose_what_came_between(lake):
    """Restored, changed and deleted again by somebody else while its files were copied."""
    lake.scenarios.save("a", people("1"))
    lake.scenarios.delete("a")
    rival = Lake(lake.url)
    storage, real = lake._log.storage, lake._log.storage.copy

    def copy(source, target):
        real(source, target)
        storage.copy = real
        rival.scenarios.restore("a")
        rival.scenarios.add("a", people("2"))
        rival.scenarios.delete("a")

    storage.copy = copy
    with pytest.raises(VersionConflictError, match="changed meanwhile"):
        lake.scenarios.restore("a")
    lake.scenarios.restore("a")
    assert len(lake.scenarios.load("a")["patients"]) == 2


def test_doctor_knows_the_lake(lake):
    with_small_files(lake)
    lake.scenarios.delete("b")
    lake.scenarios.save("a", people("1"), overwrite=True)
    health = lake.maintenance.doctor()
    assert health.capabilities["conditional_create"] is True
    assert health.capabilities["hard_links"] is (not lake.url.startswith("memory"))
    assert abs(health.clock_skew_seconds) < 60
    assert health.tables["patients"]["rows"] == 1
    assert [(one["name"], one["rows"]) for one in health.scenarios] == [("a", 1), ("b", 0)]
    assert all(one["history_bytes"] > 0 for one in health.scenarios)
    assert health.log["commits"] == health.version == lake.version
    assert set(health.stored) == {"needed"}
    assert {"healthsim-lake", "python", "duckdb", "polars"} <= set(health.software)
    json.dumps(health.to_dict())
    assert health.advice == []


def test_doctor_gives_advice(local):
    for number in range(30):
        local.scenarios.save(f"s{number}", people("1"))
    storage = local._log.storage
    storage.put("staging/x.tmp", b"half")
    live = keys(local, "data")[0]
    storage.move(live, live.replace("data", "history", 1))
    advice = " ".join(local.maintenance.doctor().advice)
    assert "repair" in advice
    assert "vacuum" in advice


def test_tidy_finishes_what_a_writer_left(local, monkeypatch):
    local.scenarios.save("a", people("1"))
    with monkeypatch.context() as patch:
        patch.setattr(
            "healthsim_lake.tables.publish.Publisher.publish", lambda _self, _commit: None
        )
        local.scenarios.save("b", people("2"))
    assert len(keys(local, "data")) == 1
    assert Lake(local.url).maintenance.tidy() == 2
    assert len(keys(local, "data")) == 2


def test_a_read_only_lake_can_be_looked_at_and_not_changed(lake_url):
    with Lake(lake_url) as lake:
        lake.scenarios.save("a", people("1"))
    past = Lake(lake_url, read_only=True)
    assert past.maintenance.verify().ok
    assert past.maintenance.vacuum(dry_run=True).count == 0
    assert past.maintenance.doctor().capabilities["conditional_create"] is None
    for change in (
        past.maintenance.vacuum,
        past.maintenance.tidy,
        past.maintenance.repair,
        lambda: past.maintenance.purge("a"),
    ):
        with pytest.raises(ReadOnlyError):
            change()
