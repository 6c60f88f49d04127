"""The commit log: what is true, under races, damage and time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from healthsim_lake import _clock
from healthsim_lake.catalog import actions, checkpoint
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.records import Manifest
from healthsim_lake.catalog.transaction import Draft, Label, Transaction
from healthsim_lake.errors import (
    ClockError,
    DamagedCommitError,
    LakeReplacedError,
    NameTakenError,
    NewerFormatError,
    NotALakeError,
    StorageError,
    VersionNotFoundError,
)
from healthsim_lake.storage import layout, open_storage


def create(name, *, scenario_id=None):
    action = actions.CreateScenario(
        scenario_id=scenario_id or _clock.new_uuid(), name=name, manifest=Manifest(sets=())
    )
    return Draft(
        operation="save", actions=(action,), requires=(actions.NameFree(name=name),), result=name
    )


def commit(log, draft, **label):
    return Transaction(log, tidy=lambda snapshot: snapshot.version, label=Label(**label)).commit(
        lambda _snapshot: draft
    )


@pytest.fixture
def log(lake_url):
    return CommitLog(open_storage(lake_url))


def reopened(log):
    return CommitLog(log.storage)


def test_an_empty_place_is_an_empty_lake_and_reading_makes_nothing(log):
    assert log.refresh().version == 0
    assert list(log.storage.names()) == []


def test_commits_are_numbered_from_one_and_seen_by_everybody(log):
    for number, name in enumerate("abc", 1):
        assert commit(log, create(name)).snapshot.version == number
    other = reopened(log).refresh()
    assert {record.name for record in other.records()} == {"a", "b", "c"}


def test_a_requirement_that_fails_changes_nothing(log):
    commit(log, create("a"))
    with pytest.raises(NameTakenError, match="already exists"):
        commit(log, create("a"))
    assert log.refresh().version == 1


def test_each_commit_names_the_digest_of_the_one_before(log):
    commit(log, create("a"))
    commit(log, create("b"))
    data = log.storage.read(layout.commit(2))
    from healthsim_lake.catalog.commit import digest  # noqa: PLC0415  # only this test needs it

    assert json.loads(data)["previous"] == digest(log.storage.read(layout.commit(1)))


def test_a_lost_race_is_planned_again_on_the_new_state(log):
    rival = reopened(log)
    seen = []

    def plan(snapshot):
        seen.append(snapshot.version)
        if len(seen) == 1:
            commit(rival, create("theirs"))
        return create("ours")

    rival.writers = type(rival.writers)()  # another process has a queue of its own
    done = Transaction(log, tidy=lambda snapshot: snapshot.version).commit(plan)
    assert seen == [0, 1]
    assert done.snapshot.version == 2


def test_an_idempotency_key_makes_a_second_request_do_nothing(log):
    first = commit(log, create("a"), idempotency_key="k")
    second = commit(log, create("b"), idempotency_key="k")
    assert second.commit is None
    assert second.result == first.result
    assert log.refresh().version == 1


def test_an_altered_commit_is_noticed(log):
    commit(log, create("a"))
    commit(log, create("b"))
    data = log.storage.read(layout.commit(1))
    log.storage.delete(layout.commit(1))
    log.storage.create(layout.commit(1), data.replace(b'"name":"a"', b'"name":"x"'))
    with pytest.raises(DamagedCommitError, match="does not follow"):
        reopened(log).refresh()


def test_a_torn_commit_below_the_head_is_an_error(log):
    commit(log, create("a"))
    commit(log, create("b"))
    log.storage.delete(layout.commit(1))
    log.storage.create(layout.commit(1), b'{"format": 1, "ver')
    with pytest.raises(DamagedCommitError, match="commit 1 cannot be read"):
        reopened(log).refresh()


def test_a_missing_commit_is_an_error_and_not_an_older_lake(log):
    for name in "abc":
        commit(log, create(name))
    log.storage.delete(layout.commit(2))
    with pytest.raises(DamagedCommitError, match="commit 2 is missing"):
        reopened(log).refresh()


def test_an_unknown_action_asks_for_a_newer_release(log):
    commit(log, create("a"))
    document = json.loads(log.storage.read(layout.commit(1)))
    document["version"] = 2
    document["actions"] = [{"kind": "fold_space"}]
    log.storage.create(layout.commit(2), json.dumps(document).encode())
    with pytest.raises(NewerFormatError, match="newer release"):
        reopened(log).refresh()


def test_an_unknown_reader_feature_refuses_to_open(log):
    commit(log, create("a"))
    with pytest.raises(NewerFormatError, match="later"):
        commit(log, Draft("protocol", (actions.Protocol(reader_features=("later",)),)))
    with pytest.raises(NewerFormatError, match="later"):
        reopened(log).refresh()


def test_an_unknown_writer_feature_lets_read_and_not_write(log):
    commit(log, Draft("protocol", (actions.Protocol(writer_features=("later",)),)))
    assert reopened(log).refresh().version == 1
    with pytest.raises(NewerFormatError, match="later"):
        commit(reopened(log), create("a"))


def test_a_newer_format_is_refused(log):
    log.storage.create(
        layout.LAKE,
        json.dumps({"magic": "healthsim-lake", "format": 2, "lake_id": _clock.new_uuid()}).encode(),
    )
    with pytest.raises(NewerFormatError, match="format 2"):
        log.refresh()


def test_a_folder_of_something_else_is_no_lake(log):
    log.storage.put("holiday/photo.jpg", b"...")
    with pytest.raises(NotALakeError, match="holiday"):
        log.refresh()


def test_a_lake_that_was_replaced_under_a_writer_is_noticed(log):
    commit(log, create("a"))
    commit(log, create("b"))
    log.storage.delete(layout.commit(2))
    with pytest.raises(LakeReplacedError, match="nothing was written"):
        commit(log, create("c"))
    assert log.storage.stat(layout.commit(3)) is None
    assert commit(log, create("c")).snapshot.version == 2


def test_every_version_of_the_lake_stays_readable(log):
    for name in "abcd":
        commit(log, create(name))
    past = reopened(log).at(version=2)
    assert {record.name for record in past.records()} == {"a", "b"}
    with pytest.raises(VersionNotFoundError, match="0 to 4"):
        log.at(version=5)


def test_a_time_finds_the_last_commit_not_after_it(log):
    for name in "abc":
        commit(log, create(name))
    moment = log.read(2).timestamp
    assert log.at(timestamp=moment).version == 2
    assert log.at(timestamp=moment + timedelta(days=1)).version == 3
    with pytest.raises(VersionNotFoundError, match="nothing was committed"):
        log.at(timestamp=moment - timedelta(days=1))


def test_times_never_go_back_and_a_clock_far_behind_is_refused(log, monkeypatch):
    later = _clock.now() + timedelta(minutes=30)
    with monkeypatch.context() as patch:
        patch.setattr(_clock, "now", lambda: later)
        commit(log, create("a"))
    commit(log, create("b"))
    assert log.read(2).timestamp >= log.read(1).timestamp
    with monkeypatch.context() as patch:
        patch.setattr(_clock, "now", lambda: later - timedelta(hours=2))
        with pytest.raises(ClockError, match="clock"):
            commit(log, create("c"))


@pytest.fixture
def often(monkeypatch):
    monkeypatch.setattr(checkpoint, "LEAST_BYTES", 2_000)


@pytest.mark.usefixtures("often")
def test_a_lake_opened_from_a_checkpoint_is_the_same_lake(log):
    for number in range(30):
        commit(log, create(f"scenario {number}"))
    keys = [entry.key for entry in log.storage.list(layout.CHECKPOINTS)]
    assert 1 <= len(keys) <= checkpoint.KEPT
    fresh = reopened(log)
    assert fresh.refresh().state == log.refresh().state
    assert fresh.refresh().digest == log.refresh().digest


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("garbage", [b"", b"{", b'{"format":1}'])
def test_a_torn_checkpoint_is_passed_over(log, garbage):
    for number in range(30):
        commit(log, create(f"scenario {number}"))
    for entry in list(log.storage.list(layout.CHECKPOINTS)):
        log.storage.delete(entry.key)
        log.storage.create(entry.key, garbage)
    assert reopened(log).refresh().state == log.refresh().state


@pytest.mark.usefixtures("often")
def test_a_checkpoint_of_another_history_is_passed_over(log):
    for number in range(30):
        commit(log, create(f"scenario {number}"))
    version, _ = layout.checkpoint_parts(next(log.storage.list(layout.CHECKPOINTS)).key)
    for later in range(version, 31):
        log.storage.delete(layout.commit(later))
    assert reopened(log).refresh().version == version - 1


def test_unknown_optional_keys_of_a_commit_are_kept(log):
    commit(log, create("a"))
    document = json.loads(log.storage.read(layout.commit(1)))
    document["colour"] = "blue"
    log.storage.delete(layout.commit(1))
    log.storage.create(layout.commit(1), json.dumps(document).encode())
    assert reopened(log).read(1).model_extra == {"colour": "blue"}


def test_a_lost_answer_is_found_in_the_log(log, monkeypatch):
    commit(log, create("a"))
    real = log.storage.create

    def losing(key, data):
        real(key, data)
        monkeypatch.setattr(log.storage, "create", real)
        raise StorageError(5, "the answer was lost")

    monkeypatch.setattr(log.storage, "create", losing)
    assert commit(log, create("b")).snapshot.version == 2
    assert {record.name for record in reopened(log).refresh().records()} == {"a", "b"}


def test_of_several_actions_in_one_commit_the_last_gives_a_version_its_rows(log):
    made = create("a")
    (first,) = made.actions
    rows = Manifest(sets=({"key": "patients", "table": "patients"},))
    again = actions.ReplaceRows(scenario_id=first.scenario_id, manifest=rows)
    commit(log, replace(made, actions=(first, again)))
    rename = actions.RenameScenario(scenario_id=first.scenario_id, name="b")
    commit(log, Draft(operation="rename", actions=(rename,)))
    state = log.latest().scenarios[first.scenario_id]
    assert state.record.version == 2
    assert log.manifest(state, 1) == log.manifest(state) == rows
