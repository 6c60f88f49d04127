"""Verify finds whatever is wrong and says what helps; repair mends what can be mended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lakes import abandon, age, keys, manifests, people, readings

from healthsim_lake import Lake, _clock
from healthsim_lake.catalog import checkpoint
from healthsim_lake.catalog.commit import digest
from healthsim_lake.catalog.documents import BodyRef, CreateDocument
from healthsim_lake.catalog.transaction import Draft
from healthsim_lake.errors import DamagedCommitError, LakeNotFoundError, ScenarioNotFoundError
from healthsim_lake.storage import layout

WIDE = {f"type_{number:03}": [{"id": "1"}] for number in range(80)}


def whats(lake: Lake) -> list[str]:
    return [one.what for one in lake.maintenance.verify().findings]


def swapped(lake: Lake, key: str, change) -> None:
    """Edit a file behind the lake's back."""
    storage = lake._log.storage
    data = storage.read(key)
    storage.delete(key)
    storage.put(key, change(data))


def test_a_whole_lake_has_no_findings(lake):
    lake.scenarios.save("a", people("1"))
    lake.scenarios.save("wide", WIDE)
    lake.scenarios.delete("wide")
    found = lake.maintenance.verify()
    assert (found.ok, found.findings) == (True, ())
    assert found.checked["data files"] == 81
    assert found.checked["commits"] == 3
    assert "nothing to complain of" in str(found)
    assert json.loads(json.dumps(found.to_dict()))["ok"] is True


def test_there_has_to_be_a_lake(lake):
    for verb in (lake.maintenance.verify, lake.maintenance.repair, lake.maintenance.doctor):
        with pytest.raises(LakeNotFoundError):
            verb()


def test_altered_missing_and_shortened_files_are_lost(lake):
    lake.scenarios.save("a", {**people("1"), "claims": [{"id": "c"}], "orders": [{"id": "o"}]})
    claims, orders, patients = keys(lake, "data")
    swapped(lake, claims, lambda data: data[:-20] + b"x" * 20)
    swapped(lake, orders, lambda data: data[:-1])
    lake._log.storage.delete(patients)
    found = lake.maintenance.verify()
    assert not found.ok
    assert sorted(one.what for one in found.lost) == [
        "data-file-altered",
        "data-file-altered",
        "data-file-missing",
    ]
    quick = lake.maintenance.verify(deep=False)
    assert len(quick.lost) == 2
    assert not lake.maintenance.repair().ok


def test_one_scenario_can_be_verified_alone(lake):
    lake.scenarios.save("a", people("1"))
    lake.scenarios.save("b", people("2"))
    lake.scenarios.delete("b")
    lake._log.storage.delete(keys(lake, "history")[0])
    assert lake.maintenance.verify("a").ok
    assert [one.what for one in lake.maintenance.verify("b").lost] == ["data-file-missing"]
    with pytest.raises(ScenarioNotFoundError):
        lake.maintenance.verify("c")


def test_a_missing_or_altered_manifest_is_lost(lake):
    lake.scenarios.save("wide", WIDE)
    lake.scenarios.save("wide", WIDE, overwrite=True)
    first, second = manifests(lake)
    lake._log.storage.delete(first)
    swapped(lake, second, lambda data: data.replace(b"type_001", b"type_XXX"))
    assert [one.what for one in lake.maintenance.verify().lost] == ["manifest", "manifest"]
    with pytest.raises(DamagedCommitError, match="the manifest"):
        lake.scenarios.load("wide")


def test_large_specifications_are_checked_where_they_are_named(lake):
    """As profiles and journeys are kept; nobody has to know what they mean."""
    log, txn, spec = lake._log, _clock.new_txn_id(), b'{"steps": []}'
    document = "profile-0123abcd"
    lake.scenarios.save("a", people("1"))

    def plan(_snapshot):
        body = BodyRef(txn_id=txn, sha256=digest(spec))
        action = CreateDocument(collection="profiles", document_id=document, name="plan", body=body)
        return Draft("save", actions=(action,))

    key = layout.document("profiles", document, txn)
    log.storage.create(key, spec)
    lake.scenarios._committer.commit(plan)
    assert lake.maintenance.verify().findings == ()
    assert lake.maintenance.vacuum(keep_versions=1).count == 0
    swapped(lake, key, lambda data: data + b" ")
    assert [one.what for one in lake.maintenance.verify().lost] == ["document"]
    log.storage.delete(key)
    assert "is missing" in str(lake.maintenance.verify())


def test_a_broken_chain_is_lost_and_what_is_before_it_is_still_checked(lake):
    for name in "abc":
        lake.scenarios.save(name, people("1"))
    swapped(lake, layout.commit(2), lambda data: data.replace(b'"name":"b"', b'"name":"x"'))
    fresh = Lake(lake.url)
    found = fresh.maintenance.verify()
    assert [one.what for one in found.lost] == ["chain-broken"]
    assert found.checked["scenarios"] == 2
    with pytest.raises(DamagedCommitError):
        fresh.maintenance.repair()


def test_a_missing_commit_is_lost(lake):
    for name in "abc":
        lake.scenarios.save(name, people("1"))
    lake._log.storage.delete(layout.commit(2))
    assert [one.what for one in lake.maintenance.verify().lost] == ["commit-missing"]


@pytest.mark.parametrize("left", [0, 1, 200, -1])
def test_a_torn_head_is_put_aside_once_nobody_can_be_writing_it(local, left):
    """As a disk without hard links may leave it; the commit was never acknowledged."""
    for name in "ab":
        local.scenarios.save(name, people("1"))
    swapped(local, layout.commit(2), lambda data: data[:left])
    fresh = Lake(local.url)
    assert fresh.maintenance.verify().findings == ()
    age(local, layout.commit(2), 60)
    with pytest.raises(DamagedCommitError):
        fresh.scenarios.list()
    assert [one.what for one in fresh.maintenance.verify().mendable] == ["commit-torn"]
    report = fresh.maintenance.repair()
    assert report.ok
    assert "commit-torn" in [one.what for one in report.mended]
    assert len(keys(fresh, layout.TORN)) == 1
    assert [one.name for one in fresh.scenarios.list()] == ["a"]
    fresh.scenarios.save("c", people("1"))
    assert fresh.maintenance.verify().ok


def test_an_altered_head_is_not_taken_for_a_torn_one(local):
    """It may have been acknowledged, and only a backup knows what it said."""
    for name in "ab":
        local.scenarios.save(name, people("1"))
    swapped(local, layout.commit(2), lambda data: data.replace(b'"version":2', b'"version":"x"'))
    age(local, layout.commit(2), 60)
    fresh = Lake(local.url)
    assert [one.what for one in fresh.maintenance.verify().lost] == ["commit-damaged"]
    with pytest.raises(DamagedCommitError):
        fresh.maintenance.repair()
    assert fresh._log.storage.stat(layout.commit(2)) is not None


def test_files_in_the_wrong_place_are_found_and_moved(local):
    local.scenarios.save("a", people("1"))
    local.scenarios.save("a", people("2"), overwrite=True)
    before = readings(local)
    storage = local._log.storage
    (live,), (past,) = keys(local, "data"), keys(local, "history")
    storage.move(live, layout.staged(layout.data_file(live)[3]))
    storage.move(past, past.replace("history", "data"))
    assert readings(local) == before
    assert whats(local) == ["misplaced", "misplaced"]
    report = local.maintenance.repair()
    assert (report.ok, len(report.mended)) == (True, 2)
    assert (keys(local, "data"), keys(local, "history")) == ([live], [past])
    assert readings(local) == before


def test_a_file_that_stands_twice_loses_the_wrong_place(lake):
    lake.scenarios.save("a", people("1"))
    lake.scenarios.save("a", people("2"), overwrite=True)
    (past,) = keys(lake, "history")
    wrong = past.replace("history", "data")
    lake._log.storage.copy(past, wrong)
    assert whats(lake) == ["misplaced"]
    assert lake.maintenance.repair().ok
    assert keys(lake, "history") == [past]
    assert wrong not in keys(lake, "data")


def test_rows_that_nobody_committed_leave_data(local):
    """They show in a glob, so they go; where they are put, only vacuum deletes them."""
    local.scenarios.save("a", people("1"))
    (live,) = keys(local, "data")
    stray = live.replace(layout.data_file(live)[3], f"{'ab' * 12}-1")
    local._log.storage.copy(live, stray)
    assert whats(local) == ["stray"]
    assert local.maintenance.repair().ok
    assert keys(local, "data") == [live]
    assert keys(local, "history") == [stray.replace("data", "history", 1)]
    assert whats(local) == ["superseded"]
    assert local.maintenance.vacuum().count == 1


def of_a_record(first, line):
    return {
        **first,
        "scenarios": [{**first["scenarios"][0], "description": "something else"}],
    }, line


def of_a_version(first, line):
    return first, {**line, "versions": [{**line["versions"][0], "operation": "something else"}]}


def of_no_details(first, _line):
    return first, {"manifest": 7}


@pytest.mark.parametrize("lie", [of_a_record, of_a_version, of_no_details])
def test_a_checkpoint_that_lies_is_found_and_removed(lake, monkeypatch, lie):
    monkeypatch.setattr(checkpoint, "LEAST_BYTES", 1)
    lake.scenarios.save("a", people("1"))
    (key,) = checkpoint.keys(lake._log.storage)
    first, line = map(json.loads, lake._log.storage.read(key).split(b"\n"))
    lake._log.storage.delete(key)
    data = "\n".join(map(json.dumps, lie(first, line))).encode()
    lake._log.storage.put(layout.checkpoint(1, digest(data)), data)
    lake._log.storage.put(layout.checkpoint(2, "ab" * 32), b"{")
    monkeypatch.setattr(checkpoint, "LEAST_BYTES", 1 << 30)
    fresh = Lake(lake.url)
    assert set(whats(fresh)) == {"checkpoint"}
    assert fresh.maintenance.repair().ok
    assert fresh.scenarios.get("a").description is None
    assert fresh.scenarios.history("a")[0].operation == "save"


def test_details_of_a_checkpoint_that_are_none_are_named(lake, monkeypatch):
    monkeypatch.setattr(checkpoint, "LEAST_BYTES", 1)
    lake.scenarios.save("a", people("1"))
    (key,) = checkpoint.keys(lake._log.storage)
    first, _ = lake._log.storage.read(key).split(b"\n")
    lake._log.storage.delete(key)
    data = first + b"\n{}"
    lake._log.storage.put(layout.checkpoint(1, digest(data)), data)
    fresh = Lake(lake.url)
    assert [one.name for one in fresh.scenarios.list()] == ["a"]
    with pytest.raises(DamagedCommitError, match="delete the files in catalog/checkpoint"):
        fresh.scenarios.load("a")


def test_leftovers_are_no_fault_and_repair_removes_the_old_ones(local):
    local.scenarios.save("a", people("1"))
    old, young = abandon(local), abandon(local, seconds=60)
    found = local.maintenance.verify()
    assert found.ok
    assert [one.what for one in found.findings] == ["unfinished", "unfinished"]
    assert local.maintenance.repair().removed == (old,)
    assert keys(local, "staging") == [young]


def test_files_of_other_programs_are_told_and_left_alone(local):
    local.scenarios.save("a", people("1"))
    strangers = [".DS_Store", "catalog/.DS_Store", "data/notes of mine.txt", "data/x/.nfs01"]
    for stranger in strangers:
        path = Path(local.url, stranger)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"?")
    fresh = Lake(local.url)
    assert {one.where for one in fresh.maintenance.verify().findings} == set(strangers)
    assert fresh.maintenance.repair().ok
    assert fresh.maintenance.vacuum(keep_versions=1).count == 0
    assert all(Path(local.url, stranger).exists() for stranger in strangers)
    assert fresh.scenarios.load("a").entities == people("1")


def test_a_file_manager_in_the_folder_of_checkpoints_does_no_harm(local, monkeypatch):
    monkeypatch.setattr(checkpoint, "LEAST_BYTES", 1)
    local.scenarios.save("a", people("1"))
    stranger = Path(local.url, layout.CHECKPOINTS, ".DS_Store")
    stranger.write_bytes(b"?")
    for name in "bcd":
        Lake(local.url).scenarios.save(name, people("1"))
    assert len(Lake(local.url).scenarios.list()) == 4
    assert stranger.exists()


def test_files_with_other_columns_than_their_table_are_found(lake):
    lake.scenarios.save("a", {"widgets": [{"id": "1"}]})
    lake.scenarios.save("b", {"gadgets": [{"id": "1", "colour": "red"}]})
    log = lake._log
    commit = json.loads(log.storage.read(layout.commit(2)))
    one = commit["actions"][-1]["manifest"]["sets"][0]
    gadget = keys(lake, "data/gadgets")[0]
    log.storage.copy(gadget, gadget.replace("gadgets", "widgets"))
    one["table"] = "widgets"
    commit["publishes"][0]["table"] = "widgets"
    swapped(lake, layout.commit(2), lambda _data: json.dumps(commit).encode())
    assert [f.what for f in Lake(lake.url).maintenance.verify().lost] == ["schema"]
