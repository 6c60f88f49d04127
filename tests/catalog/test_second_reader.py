"""What FORMAT.md says is enough to read a lake: a reader written from it reads what we read."""

from __future__ import annotations

import json
import runpy
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from second_reader import SecondReader

from healthsim_lake import Lake
from healthsim_lake.formats import synthea

TESTS = Path(__file__).parent.parent
GOLDEN = sorted((TESTS / "golden").glob("format-*"))
CASES = runpy.run_path(str(TESTS / "entities" / "codec_cases.py"))
strictly = CASES["strictly"]


def assert_reads_the_same(root: Path, lake: Lake, version: int | None = None) -> None:
    """Compare every row of every scenario, keys in order."""
    second = SecondReader(root, version)
    shown = lake if version is None else lake.at(version=version)
    records = shown.scenarios.list(limit=None)
    assert second.names() == {one.name: one.id for one in records}
    for record in records:
        ours, theirs = shown.scenarios.load(record.id), second.load(record.name)
        assert strictly(dict(ours)) == strictly(theirs)
        for key, rows in theirs.items():
            assert [list(row) for row in rows] == [list(row) for row in ours[key]]


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda folder: folder.name)
def test_a_lake_of_every_format_is_read_at_every_version(folder, tmp_path):
    with tarfile.open(folder / "lake.tar.xz") as packed:
        packed.extractall(tmp_path, filter="tar")
    expected = json.loads((folder / "expected.json").read_text())
    second = SecondReader(tmp_path / "lake")
    assert second.version == expected["version"]
    assert set(second.names()) == set(expected["scenarios"])
    for name, told in expected["scenarios"].items():
        known = second.scenarios[second.names()[name]]
        assert (
            known.items()
            >= {
                key: told["record"][key]
                for key in (
                    "description",
                    "tags",
                    "metadata",
                    "created_at",
                    "updated_at",
                    "version",
                )
            }.items()
        )
        assert known["entity_counts"] == told["record"]["entity_counts"]
        for one in told["history"]:
            version = known["versions"][one["version"]]
            assert version.items() <= one.items()
            rows = second.load(name, one["version"])
            assert strictly(rows) == strictly(expected["rows"][name][str(one["version"])])
    for version, names in expected["past"].items():
        assert sorted(SecondReader(tmp_path / "lake", int(version)).names()) == names


def test_a_real_export_is_read_after_everything_that_moves_its_files(tmp_path, synthea_folder):
    root = tmp_path / "lake"
    with Lake(root) as lake:
        lake.scenarios.save("boston", synthea.read(synthea_folder))
        lake.scenarios.add("boston", {"patients": [{"id": "x", "q": [1.0, 1]}]})
        lake.scenarios.clone("boston", "others", types=["patients", "encounters"])
        lake.scenarios.delete("others")
        lake.scenarios.restore("others")
        lake.maintenance.compact()
        assert_reads_the_same(root, lake, version=1)
        assert_reads_the_same(root, lake)


def test_what_was_forgotten_or_purged_is_not_shown(tmp_path):
    root = tmp_path / "lake"
    with Lake(root) as lake:
        for number in range(3):
            lake.scenarios.save("kept", {"patients": [{"id": str(number)}]}, overwrite=True)
        lake.scenarios.save("deleted", {"patients": [{"id": "1"}]})
        lake.scenarios.delete("deleted")
        lake.scenarios.save("purged", {"patients": [{"id": "1"}]})
        lake.scenarios.rename("kept", "renamed")
        lake.maintenance.vacuum(keep_versions=2)
        lake.maintenance.purge("purged")
        assert_reads_the_same(root, lake)
        second = SecondReader(root)
        (known,) = second.scenarios.values()
        assert list(known["versions"]) == [
            one.version for one in reversed(lake.scenarios.history("renamed"))
        ]
        with pytest.raises(AssertionError, match="was forgotten"):
            SecondReader(root, 2)


def test_bytes_that_were_changed_are_noticed(tmp_path):
    root = tmp_path / "lake"
    with Lake(root) as lake:
        lake.scenarios.save("s", {"patients": [{"id": "1"}]})
        lake.scenarios.rename("s", "t")
    (file,) = root.glob("data/**/*.parquet")
    file.chmod(0o644)
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(AssertionError, match="was changed"):
        SecondReader(root).load("t")
    commit = root / "catalog" / "log" / f"{1:020d}.json"
    commit.chmod(0o644)
    commit.write_bytes(commit.read_bytes() + b" ")
    with pytest.raises(AssertionError, match="does not follow"):
        SecondReader(root)


@pytest.fixture(scope="module")
def lake_of_trouble(tmp_path_factory):
    root = tmp_path_factory.mktemp("trouble") / "lake"
    with Lake(root) as lake:
        for declared in (CASES["TROUBLE"], CASES["CALM"]):
            lake.entities.declare(declared)
        yield root, lake


@settings(max_examples=max(20, CASES["EXAMPLES"] // 10))
@given(rows=CASES["any_rows"], table=st.sampled_from(["troubles", "calms"]))
def test_rows_that_lean_towards_trouble_are_read_exactly(lake_of_trouble, rows, table):
    root, lake = lake_of_trouble
    lake.scenarios.save("s", {table: rows}, overwrite=True)
    assert strictly(SecondReader(root).load("s")) == strictly({table: rows})


def test_keys_keep_their_order_and_numbers_their_digits(tmp_path):
    rows = [
        {"gender": "F", "zebra": 1, "id": "1", "birth_date": "no date", "given_name": "A"},
        {"id": 10**5_000, "gender": None, "zebra": -0.0, "deep": {"b": 1, "a": [1.0, 1, True]}},
    ]
    with Lake(tmp_path) as lake:
        lake.scenarios.save("s", {"patients": rows})
    read = SecondReader(tmp_path).load("s")["patients"]
    assert strictly(read) == strictly(rows)
    assert [list(row) for row in read] == [list(row) for row in rows]
