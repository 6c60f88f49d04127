"""Symbolic links that somebody put into a lake's folders, to have maintenance reach outside."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from healthsim_lake import Lake
from healthsim_lake.errors import LakeError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links are of POSIX")

ROOMS = [
    "data", "staging", "history", "catalog/log", "catalog/checkpoint", "catalog/ledger",
    "catalog/ledger/profiles", "catalog/scenarios", "catalog/profiles", "data/patients",
    "history/patients",
]  # fmt: skip

WORK: dict[str, Callable[[Lake], object]] = {
    "save": lambda lake: lake.scenarios.save("new", {"patients": [{"id": "1"}]}),
    "overwrite": lambda lake: lake.scenarios.save("mine", {"patients": []}, overwrite=True),
    "record": lambda lake: lake.profiles.executions.record("plan"),
    "fold": lambda lake: lake.profiles.executions.fold(),
    "tidy": lambda lake: lake.maintenance.tidy(),
    "compact": lambda lake: lake.maintenance.compact(),
    "repair": lambda lake: lake.maintenance.repair(),
    "doctor": lambda lake: lake.maintenance.doctor(),
    "vacuum": lambda lake: lake.maintenance.vacuum(keep_versions=1),
    "purge": lambda lake: lake.maintenance.purge("mine"),
}


def two_lakes(folder: Path) -> tuple[Path, Path]:
    """Make the lake that is attacked, and another one that must not be harmed."""
    for name in ("mine", "other"):
        with Lake(folder / name) as lake:
            lake.scenarios.save("mine", {"patients": [{"id": name}]})
            lake.scenarios.save("mine", {"patients": [{"id": name}] * 2}, overwrite=True)
            lake.profiles.save("plan", {"id": "p", "name": "p", "demographics": {"count": 1}})
            lake.profiles.executions.record("plan")
    return folder / "mine", folder / "other"


def files(root: Path) -> dict[str, bytes]:
    return {str(one): one.read_bytes() for one in root.rglob("*") if one.is_file()}


def do_all(root: Path) -> None:
    for act in WORK.values():
        try:
            with Lake(root) as lake:
                act(lake)
        except LakeError:
            continue


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_that_leads_elsewhere_costs_no_file_there(tmp_path, room):
    mine, _ = two_lakes(tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep.txt").write_text("kept")
    (outside / "keep.parquet").write_text("kept")
    before = files(outside)
    shutil.rmtree(mine / room, ignore_errors=True)
    (mine / room).parent.mkdir(parents=True, exist_ok=True)
    (mine / room).symlink_to(outside, target_is_directory=True)
    do_all(mine)
    assert files(outside).items() >= before.items()


@pytest.mark.parametrize("room", ["data", "history", "staging"])
def test_a_folder_of_another_lake_behind_a_link_stays_whole(tmp_path, room):
    """Its files have names such as ours have; no commit of ours names them."""
    mine, other = two_lakes(tmp_path)
    before = files(other)
    (theirs,) = (other / "data" / "patients").iterdir()
    place = mine / room
    if room != "staging":
        place = place / "patients" / theirs.name
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():
        place.rmdir()
    place.symlink_to(theirs, target_is_directory=True)
    do_all(mine)
    assert files(other) == before
    assert Lake(other).maintenance.verify().ok
