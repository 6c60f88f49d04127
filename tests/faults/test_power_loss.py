"""The power fails: what was acknowledged is there, whatever the disk had not yet made durable."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

import pytest
from disk import ForgetfulDisk
from exam import content, examine, examine_next_writer
from faulty import READS, Crash, Dying, lake_on
from operations import OPERATIONS, people
from rehearsal import FULL, Rehearsal

from healthsim_lake import Lake
from healthsim_lake.catalog import checkpoint
from healthsim_lake.storage import open_storage


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_acknowledged_write_survives_a_power_failure(operation, fresh, quick_place, monkeypatch):
    rehearsal = Rehearsal(fresh, operation)
    writes = [at for at, name in enumerate(rehearsal.steps) if name not in READS]
    draw = random.Random(operation)
    moments = [*writes, None, None] if FULL else [*draw.sample(writes, min(4, len(writes))), None]
    for number, moment in enumerate(moments):
        storage = fresh()
        aside = quick_place / f"deleted-{number}"
        aside.mkdir()
        with monkeypatch.context() as patch, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            disk = ForgetfulDisk(Path(storage.url), aside, patch)
            try:
                dying = storage if moment is None else Dying(storage, moment, done=True)
                OPERATIONS[operation](lake_on(dying))
                acknowledged = True
            except Crash:
                acknowledged = False
            disk.lose_power(kept=draw.choice([0, 0, draw.randint(0, disk.pending)]))
        allowed = {rehearsal.after} if acknowledged else {rehearsal.before, rehearsal.after}
        try:
            examine(storage, allowed, repairs=number % 2 == 0)
            examine_next_writer(storage)
        except BaseException as error:
            at = "its end" if moment is None else f"{rehearsal.steps[moment]} {moment}"
            error.add_note(f"{operation}: power lost after {at}; {acknowledged=}")
            raise


def test_the_first_save_of_a_lake_survives_a_power_failure(quick_place, monkeypatch):
    root, aside = quick_place / "new" / "lake", quick_place / "deleted"
    root.parent.mkdir()
    aside.mkdir()
    with monkeypatch.context() as patch:
        disk = ForgetfulDisk(root, aside, patch)
        Lake(root).scenarios.save("first", people("1"))
        disk.lose_power()
    assert Lake(root).scenarios.load("first").entities == people("1")
    examine(open_storage(root), {content(Lake(root))}, repairs=False)
    examine_next_writer(open_storage(root))


def test_a_large_manifest_survives_a_power_failure_whatever_made_its_folders(tmp_path, monkeypatch):
    """Where no scenario was the first commit, statistics make them, which nobody waits for."""
    root, aside = tmp_path / "lake", tmp_path / "deleted"
    aside.mkdir()
    large = {f"thing_{number}": [{"a": str(number)}] for number in range(120)}
    with monkeypatch.context() as patch:
        disk = ForgetfulDisk(root, aside, patch)
        patch.setattr(checkpoint, "LEAST_BYTES", 10**9)  # one would make the folders durable
        lake = Lake(root)
        lake.profiles.save("p", {"name": "p", "generation": {"count": 5}})
        lake.scenarios.save("small", people("1"))
        lake.scenarios.save("large", large)
        disk.lose_power()
    assert Lake(root).scenarios.load("large").entities == large
    assert Lake(root).maintenance.repair().ok


def test_the_disk_of_these_tests_does_forget(quick_place, monkeypatch):
    """Else they would prove nothing."""
    root, aside = quick_place / "lake", quick_place / "deleted"
    aside.mkdir()
    storage = open_storage(root)
    storage.create("catalog/before.json", b"x")
    with monkeypatch.context() as patch:
        disk = ForgetfulDisk(root, aside, patch)
        storage.put("staging/file", b"rows")
        storage.create("catalog/kept.json", b"x")
        storage.move("catalog/before.json", "data/later.json")
        disk.lose_power()
    left = [entry.key for room in ("catalog", "data", "staging") for entry in storage.list(room)]
    assert left == ["catalog/before.json", "catalog/kept.json"]


@pytest.mark.parametrize("operation", ["save", "overwrite", "add", "delete", "restore", "upgrade"])
def test_the_next_writer_moves_files_again_whose_moves_the_disk_forgot(
    operation, fresh, quick_place, monkeypatch
):
    """Even if a later commit, which the disk did keep, was made when they had been moved."""
    storage, aside = fresh(), quick_place / "deleted"
    aside.mkdir()
    with monkeypatch.context() as patch:
        disk = ForgetfulDisk(Path(storage.url), aside, patch)
        lake = lake_on(storage)
        OPERATIONS[operation](lake)
        lake.tags.add("small", "later")
        disk.lose_power()
    examine(storage, {content(lake_on(storage))}, repairs=False)
    examine_next_writer(storage)
