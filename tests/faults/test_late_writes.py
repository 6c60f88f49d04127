"""What is still on its way when a commit is made, refused, or lost: nothing else may suffer."""

from __future__ import annotations

import random
import secrets
import threading
import time
from pathlib import Path

import pytest

from healthsim_lake import Lake
from healthsim_lake.catalog.head import WriterLock
from healthsim_lake.errors import (
    AccessError,
    CommitStateUnknownError,
    StorageError,
    StorageFullError,
)
from healthsim_lake.storage import layout
from healthsim_lake.storage.local import LocalStorage

ROWS = {"patients": [{"patient_id": "1", "given_name": "SECRET"}]}
MANY_TABLES = {f"thing_{number}": [{"a": str(number)}] for number in range(120)}
"""Their manifest is too large for a commit."""


def is_commit(key: str) -> bool:
    return key.startswith(layout.LOG)


def files_in(lake: Lake) -> set[str]:
    root = Path(lake.url)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_a_refusal_after_an_unanswered_request_leaves_the_outcome_open(local, monkeypatch):
    """The first request may arrive long after the second was refused; its files must be there."""
    local.scenarios.save("before", ROWS)
    create, asked = LocalStorage.create, []

    def troubled(self, key, data):
        if not is_commit(key):
            return create(self, key, data)
        asked.append((key, data))
        if len(asked) == 1:
            raise StorageError(None, "timed out")
        raise AccessError(None, "the token has expired")

    with monkeypatch.context() as patch:
        patch.setattr(LocalStorage, "create", troubled)
        with pytest.raises(CommitStateUnknownError):
            local.scenarios.save("late", ROWS)
    LocalStorage(Path(local.url)).create(*asked[0])

    late = Lake(local.url)
    assert late.scenarios.load("late").entities == ROWS
    late.maintenance.tidy()
    assert late.maintenance.verify().ok


def test_a_refusal_without_an_unanswered_request_leaves_no_file(local, monkeypatch):
    local.scenarios.save("before", ROWS)
    before, create = files_in(local), LocalStorage.create

    def full(self, key, data):
        if is_commit(key):
            raise StorageFullError(28, "the disk is full")
        create(self, key, data)

    monkeypatch.setattr(LocalStorage, "create", full)
    with pytest.raises(StorageFullError):
        local.scenarios.save("large", MANY_TABLES)
    assert files_in(local) == before


def test_what_is_purged_as_soon_as_it_is_committed_is_gone_for_good(local, monkeypatch):
    """Its statistics, with samples of its rows, must not be written after that."""
    local.scenarios.save("before", {"patients": [{"patient_id": "2"}]})
    put, create = LocalStorage.put, LocalStorage.create
    written, committed = threading.Event(), []

    def late_put(self, key, data, *, durable=True):
        if not durable:
            time.sleep(0.2)
        put(self, key, data, durable=durable)
        if not durable:
            written.set()

    def noted_create(self, key, data):
        if is_commit(key):
            committed.append(written.is_set())
        create(self, key, data)

    with monkeypatch.context() as patch:
        patch.setattr(LocalStorage, "put", late_put)
        patch.setattr(LocalStorage, "create", noted_create)
        local.scenarios.save("secret", ROWS)
    assert committed == [True]

    local.maintenance.purge("secret")
    assert local.maintenance.verify().ok
    left = (Path(local.url, name) for name in files_in(local) if "statistics" in name)
    assert not any("SECRET" in path.read_text() for path in left)


def test_a_slow_disk_is_no_reason_to_wait_longer_for_other_writers(local, monkeypatch):
    local.scenarios.save("before", ROWS)
    slept: list[float] = []
    sync, calls = LocalStorage.sync, []

    def slow_sync(self, folder):
        if folder == layout.STAGING and not calls:
            calls.append(folder)
            threading.Event().wait(2)
            Lake(local.url).tags.add("before", "meanwhile")  # another writer, who is faster
        sync(self, folder)

    monkeypatch.setattr(LocalStorage, "sync", slow_sync)
    monkeypatch.setattr(random, "uniform", max)
    monkeypatch.setattr(time, "sleep", slept.append)
    # As another program would: writers of one program wait for their turns
    monkeypatch.setattr("healthsim_lake.catalog.head.WriterLock.of", lambda _: WriterLock())
    local.scenarios.save("slow", ROWS)
    assert slept
    assert max(slept) < 1


def test_nobody_waits_for_the_large_files_of_another_thread(local, monkeypatch):
    local.scenarios.save("before", ROWS)
    large = {"notes": [{"text": secrets.token_hex(1_000)} for _ in range(1_500)]}
    put, others_are_done, in_time = LocalStorage.put, threading.Event(), []

    def waiting_put(self, key, data, *, durable=True):
        if durable:
            in_time.append(others_are_done.wait(20))
        put(self, key, data, durable=durable)

    monkeypatch.setattr(LocalStorage, "put", waiting_put)
    saving = threading.Thread(target=lambda: local.scenarios.save("large", large))
    saving.start()
    local.tags.add("before", "meanwhile")
    others_are_done.set()
    saving.join()
    assert all(in_time)
    assert local.scenarios.load("large").entities == large
