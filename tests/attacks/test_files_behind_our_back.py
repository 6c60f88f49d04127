"""Data files swapped, edited, linked elsewhere or taken away behind the lake's back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from healthsim_lake import Lake
from healthsim_lake.errors import DataFileAlteredError, DataFileMissingError, IntegrityError

WORD, OTHER = "AAAA1111", "BBBB2222"


def rows(word: str) -> dict[str, list[dict[str, str]]]:
    return {"patients": [{"id": f"{word}-{number}", "gender": "F"} for number in range(20)]}


@pytest.fixture
def url(tmp_path):
    """A lake with two scenarios whose files are of one size."""
    with Lake(tmp_path / "lake") as lake:
        lake.scenarios.save("mine", rows(WORD))
        lake.scenarios.save("other", rows(OTHER))
        sizes = {Path(path).stat().st_size for path in lake.files("patients")}
        assert len(sizes) == 1
        return lake.url


def file_of(url: str, name: str) -> Path:
    return Path(Lake(url).files("patients", scenario=name)[0])


def edited(path: Path, _other: Path) -> None:
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.write(path.read_bytes().replace(WORD.encode(), OTHER.encode()))


def swapped(path: Path, other: Path) -> None:
    aside = path.with_name("aside")
    aside.write_bytes(other.read_bytes())
    aside.replace(path)


def linked(path: Path, other: Path) -> None:
    path.unlink()
    path.symlink_to(other)


def linked_outside(path: Path, other: Path) -> None:
    outside = path.parents[4] / "outside.parquet"
    shutil.copyfile(other, outside)
    path.unlink()
    path.symlink_to(outside)


def flipped(path: Path, _other: Path) -> None:
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(100)
        byte = file.read(1)[0]
        file.seek(100)
        file.write(bytes([byte ^ 1]))


def shortened(path: Path, _other: Path) -> None:
    path.chmod(0o644)
    os.truncate(path, path.stat().st_size - 1)


def emptied(path: Path, _other: Path) -> None:
    path.chmod(0o644)
    os.truncate(path, 0)


def replaced_by_text(path: Path, _other: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"x" * path.stat().st_size)


def replaced_by_a_pipe(path: Path, _other: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def linked_to_zeros(path: Path, _other: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def linked_to_itself(path: Path, _other: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def replaced_by_a_folder(path: Path, _other: Path) -> None:
    path.unlink()
    path.mkdir()


def removed(path: Path, _other: Path) -> None:
    path.unlink()


def in_another_place(path: Path, _other: Path) -> None:
    path.rename(path.with_name("0" * 24 + "-1.parquet"))


HARM = [
    edited, swapped, linked, linked_outside, flipped, shortened, emptied, replaced_by_text,
    replaced_by_a_pipe, linked_to_zeros, linked_to_itself, replaced_by_a_folder, removed,
    in_another_place,
]  # fmt: skip

READINGS: dict[str, Callable[[Lake], object]] = {
    "load": lambda lake: lake.scenarios.load("mine")["patients"],
    "frame": lambda lake: lake.scenarios.load("mine").to_polars("patients"),
    "query": lambda lake: lake.query("SELECT id FROM patients", scenario="mine").results,
    "query of all": lambda lake: lake.query("SELECT id FROM patients").results,
    "scan": lambda lake: lake.scan("patients", scenario="mine").collect(),
    "files": lambda lake: lake.files("patients", scenario="mine"),
    "samples": lambda lake: lake.scenarios.samples("mine", "patients", strategy="random"),
    "diff": lambda lake: lake.scenarios.diff("mine", "other"),
    "validate": lambda lake: lake.scenarios.validate("mine"),
    "clone": lambda lake: lake.scenarios.clone("mine", "copy"),
    "clone with new ids": lambda lake: lake.scenarios.clone("mine", "copy", new_ids=True),
    "merge": lambda lake: lake.scenarios.merge(["mine", "other"], "both"),
    "add by key": lambda lake: lake.scenarios.add(
        "mine", {"patients": [{"id": f"{WORD}-1"}]}, on_duplicate="replace"
    ),
}


@pytest.mark.skipif(os.name == "nt", reason="pipes, devices and modes are of POSIX")
@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("harm", HARM, ids=lambda harm: harm.__name__)
def test_a_file_that_is_not_what_was_committed_is_named_and_never_shown(url, harm, reading):
    harm(file_of(url, "mine"), file_of(url, "other"))
    with Lake(url) as lake:
        before = lake.version
        with pytest.raises((IntegrityError, OSError)) as caught:
            READINGS[reading](lake)
        assert url not in str(caught.value)
        assert OTHER not in str(caught.value)
        assert lake.version == before
        assert lake.scenarios.load("other")["patients"] == rows(OTHER)["patients"]


def test_an_edit_under_a_warm_lake_is_noticed(url):
    with Lake(url) as lake:
        assert lake.query("SELECT count(*) AS n FROM patients").results == [{"n": 40}]
        frame = lake.scan("patients", scenario="mine")
        assert len(frame.collect()) == 20
        edited(file_of(url, "mine"), file_of(url, "other"))
        with pytest.raises(DataFileAlteredError, match="SHA-256"):
            lake.query("SELECT id FROM patients")
        with pytest.raises(DataFileAlteredError, match="SHA-256"):
            frame.collect()


def test_an_edit_whose_times_were_forged_deceives_neither_load_nor_verify(url):
    path = file_of(url, "mine")
    then = path.stat()
    edited(path, path)
    os.utime(path, ns=(then.st_atime_ns, then.st_mtime_ns))
    with Lake(url) as lake:
        with pytest.raises(DataFileAlteredError, match="SHA-256"):
            lake.scenarios.load("mine")
        assert [one.what for one in lake.maintenance.verify().lost] == ["data-file-altered"]


def test_a_copy_of_a_lake_that_lost_its_times_reads_as_the_lake(url, tmp_path):
    """Files whose times are of today are read in full once, and trusted then."""
    copied = shutil.copytree(url, tmp_path / "copied", copy_function=shutil.copyfile)
    with Lake(copied) as lake:
        assert lake.query("SELECT count(*) AS n FROM patients").results == [{"n": 40}]
        assert len(lake.scan("patients").collect()) == 40
        edited(file_of(str(copied), "mine"), file_of(url, "other"))
        with pytest.raises(DataFileAlteredError, match="SHA-256"):
            lake.query("SELECT id FROM patients")


def test_files_on_another_disk_behind_links_are_read(url, tmp_path):
    """A symbolic link is no attack when it leads to what was committed."""
    moved = Path(shutil.move(Path(url, "data"), tmp_path / "big disk"))
    Path(url, "data").symlink_to(moved)
    path = file_of(url, "mine")
    kept = path.rename(tmp_path / "kept.parquet")
    path.symlink_to(kept)
    with Lake(url) as lake:
        assert lake.scenarios.load("mine")["patients"] == rows(WORD)["patients"]
        assert lake.query("SELECT count(*) AS n FROM patients").results == [{"n": 40}]
        assert len(lake.scan("patients").collect()) == 40
        lake.scenarios.save("third", rows(WORD))
        assert len(lake.scan("patients").collect()) == 60


def test_a_clone_of_an_untouched_file_is_trusted_without_reading_it(url):
    with Lake(url) as lake:
        lake.scenarios.clone("mine", "copy")
        for path in map(Path, lake.files("patients")):
            assert path.stat().st_mtime_ns % 1_000_000_000 == 0


def test_a_folder_swapped_for_another_scenarios_is_no_way_to_its_rows(url):
    mine, other = file_of(url, "mine").parent, file_of(url, "other").parent
    shutil.rmtree(mine)
    mine.symlink_to(other, target_is_directory=True)
    with Lake(url) as lake:
        for read in READINGS.values():
            with pytest.raises(DataFileMissingError):
                read(lake)
