"""Packed files that unpack to far more than their size can explain."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from healthsim_lake import Lake, _unpacking
from healthsim_lake.errors import FormatError, InputError
from healthsim_lake.formats import synthea

ROWS = 200_000
BOMBS = {
    "patients.csv.gz": (b"id,name\n", b"1,x\n", b""),
    "patients.ndjson.gz": (b"", b'{"id":"1"}\n', b""),
    "patients.json.gz": (b'{"patients":[{"id":"1"}', b',{"id":"1"}', b"]}"),
    "blanks.json.gz": (b"", b"          ", b'{"patients":[]}'),
    "one text.json.gz": (b'{"patients":[{"id":"', b"xxxxxxxx", b'"}]}'),
}


@pytest.fixture(autouse=True)
def _little_may_always_be_unpacked(monkeypatch):
    monkeypatch.setattr(_unpacking, "ALWAYS", 200_000)


def packed(folder: Path, name: str) -> Path:
    head, row, tail = BOMBS[name]
    path = folder / name
    path.write_bytes(gzip.compress(head + row * ROWS + tail))
    return path


@pytest.mark.parametrize("name", BOMBS)
def test_a_gzip_bomb_is_refused_and_nothing_is_left_of_it(tmp_path, name):
    with Lake(tmp_path / "lake") as lake:
        with pytest.raises(FormatError, match="unpacks to more than 250 times its"):
            lake.scenarios.import_file(packed(tmp_path, name))
        assert lake.version == 0
    assert list((tmp_path / "lake").rglob("*.parquet")) == []


def test_a_bomb_in_a_folder_of_files_is_refused(tmp_path):
    packed(tmp_path, "patients.csv.gz")
    with Lake(tmp_path / "lake") as lake, pytest.raises(FormatError, match="unpacks to more than"):
        lake.scenarios.import_file(tmp_path)


def test_rows_that_are_alike_are_taken_when_somebody_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(_unpacking, "ALWAYS", 20_000)
    path = tmp_path / "patients.csv.gz"
    path.write_bytes(gzip.compress(b"id,gender\n" + b"1,F\n" * 20_000))
    with Lake(tmp_path / "lake") as lake:
        monkeypatch.setenv(_unpacking.ENVIRONMENT, "100")
        with pytest.raises(FormatError, match="HEALTHSIM_UNPACK_RATIO"):
            lake.scenarios.import_file(path)
        monkeypatch.setenv(_unpacking.ENVIRONMENT, "2000")
        assert lake.scenarios.import_file(path).entity_count == 20_000


def test_files_that_pack_as_rows_do_are_no_bombs(tmp_path):
    rows = "".join(
        f'{{"id":"{number}","gender":"F","city":"Boston"}}\n' for number in range(10_000)
    )
    path = tmp_path / "patients.ndjson.gz"
    path.write_bytes(gzip.compress(rows.encode()))
    with Lake(tmp_path / "lake") as lake:
        assert lake.scenarios.import_file(path).entity_count == 10_000


@pytest.mark.parametrize("ratio", ["many", "0", "nan", "-1", "x" * 1_000_000])
def test_a_ratio_that_is_no_number_is_refused(tmp_path, monkeypatch, ratio):
    monkeypatch.setenv(_unpacking.ENVIRONMENT, ratio[:100_000])
    with Lake(tmp_path / "lake") as lake, pytest.raises(InputError, match="a number from 1 on"):
        lake.scenarios.import_file(packed(tmp_path, "patients.csv.gz"))


def test_a_zip_bomb_is_refused_before_a_byte_of_it_is_unpacked(tmp_path):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("patients.csv", "Id\n" + "1\n" * 500_000)
    with pytest.raises(FormatError, match="unpacks to more than 250 times its"):
        synthea.read(path)


def test_a_zip_whose_members_are_one_another_is_refused(tmp_path):
    """The directory of a zip may name the same bytes any number of times."""
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("patients.csv", "Id\n" + "".join(f"{at}\n" for at in range(30_000)))
        (member,) = archive.infolist()
        for number in range(1_000):
            twin = zipfile.ZipInfo(f"t{number}.csv")
            for name in ("header_offset", "CRC", "file_size", "compress_size", "compress_type"):
                setattr(twin, name, getattr(member, name))
            archive.filelist.append(twin)
    with pytest.raises(FormatError, match=r"unpacks to more than|[Oo]verlapped"):
        synthea.read(path)
