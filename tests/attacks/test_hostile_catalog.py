"""Documents of the catalog that no writer wrote: other paths, other types, bombs, another history.

Whoever can write into a lake's folder can say anything in it. What is said must stay inside the
lake, end in an error of ours, and end at all.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attacked import (
    Forger,
    build,
    documents,
    leaves,
    listing,
    read_everything,
    with_value,
)

from healthsim_lake import Lake
from healthsim_lake.errors import DamagedCommitError, IntegrityError, LakeError

SECRET = "SENTINEL-4712"  # noqa: S105  # the word that no answer may hold

HOSTILE = [
    "../../../outside", "/etc/passwd", "..\\..\\outside", "a/../../outside", "\x00", "\ud800", "",
    "x" * 100_000, -1, 0, 2**63, 1e308, True, None, [], {}, [[]], {"a": 1}, "2026-01-01",
]  # fmt: skip

EVERY_LEAF = "HEALTHSIM_ALL_ATTACKS" in os.environ
"""Everyday a seeded sample is tried; with this variable set, everything (half an hour)."""
SAMPLE = 120
PARTS = 12
"""Each takes every twelfth value, so that a long run shows how far it got, and can be shared."""
NAMES = {"small", "large", "copy", "owls"}


@pytest.fixture(scope="module")
def original(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    (folder / "outside.json").write_text(json.dumps({"secret": SECRET}))
    return Path(build(folder / "lake"))


def copied(original: Path, tmp_path: Path) -> Path:
    place = tmp_path / "place"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(original.parent, place)
    return place / "lake"


def check_harmless(root: Path) -> None:
    """Read everything: answers or errors of ours, never a secret, a path, or a change.

    A lake that cannot be opened gives every call the same error: some of them are enough then.
    """
    before = listing(root.parent)
    opened = True
    for number, read in enumerate(read_everything(str(root))):
        if not opened and number % 6:
            continue
        try:
            told = str(read())
        except LakeError as error:
            opened = opened and number > 0
            told = str(error)
            assert len(told) < 5_000
        assert SECRET not in told
    assert listing(root.parent) == before


def one_of_each(root: Path) -> list[Path]:
    """Return a document of each kind, and the last commit."""
    every = documents(root)
    kinds = {layout_of(path.relative_to(root)): path for path in reversed(every)}
    return sorted({*kinds.values(), max((root / "catalog" / "log").iterdir())})


def layout_of(path: Path) -> tuple[str, bool]:
    """Return what tells kinds of documents apart: their folder, and whether they are statistics."""
    return "/".join(path.parts[:3] if path.parts[1] == "ledger" else path.parts[:2]), (
        "statistics" in path.name
    )


@pytest.mark.parametrize("part", range(PARTS))
def test_any_value_of_any_document_may_be_hostile(original, tmp_path, part):
    root = copied(original, tmp_path)
    forger = Forger(root)
    cases = [
        (path, way, value)
        for path, data in forger.documents.items()
        for way in leaves(json.loads(data))
        for value in HOSTILE
    ]
    assert len(cases) > 5_000
    cases = cases[part::PARTS]
    if not EVERY_LEAF:
        cases = random.Random(part).sample(cases, SAMPLE // PARTS)
    for path, way, value in cases:
        changed = with_value(json.loads(forger.documents[path]), way, value)
        forger.forge(path, changed)
        try:
            check_harmless(root)
        except BaseException as error:
            error.add_note(f"{path.relative_to(root)}: {way} = {str(value)[:60]!r}")
            raise
        forger.undo()


def test_a_manifest_that_fits_its_digest_and_is_none_is_damage(original, tmp_path):
    root = copied(original, tmp_path)
    forger = Forger(root)
    (path,) = [one for one in forger.documents if b'"thing0s"' in forger.documents[one][:40]]
    for value in ({"sets": 5}, [], {"sets": [{"key": "thing0s"}]}):
        forger.forge(path, value)
        with Lake(root) as lake:
            with pytest.raises(DamagedCommitError, match=r"manifest .* cannot be read"):
                lake.scenarios.load("large")
            assert [one.what for one in lake.maintenance.verify().lost] == ["manifest"]


@pytest.mark.parametrize(
    "lie",
    [
        {"seed": 5}, {"tables": {"patients": {"rows": 1}}}, [],
        {"tables": {"patients": {"rows": 1, "samples": [], "births": [[1980, [[]]]]}}},
        {"tables": {"patients": {"rows": 1, "samples": [], "dates": [["x", "never", "never"]]}}},
        {"tables": {"patients": {"rows": 1, "samples": [], "amounts": {"a": ["b", 1, "NaN"]}}}},
    ],
)  # fmt: skip
def test_statistics_that_cannot_be_are_computed_anew(original, tmp_path, lie):
    root = copied(original, tmp_path)
    with Lake(original) as lake:
        told = lake.scenarios.summary("small").to_dict()
    forger = Forger(root)
    found = [path for path in forger.documents if "statistics" in path.name]
    assert found
    for path in found:
        forger.forge(path, lie if isinstance(lie, list) else {"seed": "s", "tables": {}, **lie})
        with Lake(root) as lake:
            assert lake.scenarios.summary("small").to_dict() == told
        forger.undo()


def test_verify_tells_of_a_declaration_that_means_nothing(original, tmp_path):
    root = copied(original, tmp_path)
    (root / "catalog" / "checkpoint").rename(tmp_path / "checkpoints")

    def change(action: dict[str, Any]) -> None:
        action["declaration"] = {**action["declaration"], "singular": "Not a name"}

    commit_with(root, "declare_table", change)
    with Lake(root) as lake:
        assert "declaration" in {one.what for one in lake.maintenance.verify().lost}


def commit_with(root: Path, kind: str, change: Callable[[dict[str, Any]], None]) -> Path:
    """Change the first action of a kind, and make the rest of the log fit to it."""
    for path in sorted((root / "catalog" / "log").iterdir()):
        document = json.loads(path.read_bytes())
        for action in document["actions"]:
            if action["kind"] == kind:
                change(action)
                Forger(root).forge(path, document)
                return path
    raise AssertionError(kind)


PATHS = ["../../../outside", "..", "/etc/passwd", "a/b", "..\\x", "\x00", ".", "C:x", "~", "%2e%2e"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "place",
    [
        ("create_scenario", "scenario_id"),
        ("create_scenario", "manifest", "sets", 0, "table"),
        ("create_scenario", "manifest", "sets", 0, "files", 0, "name"),
        ("create_scenario", "statistics", "name"),
        ("create_document", "document_id"),
        ("create_document", "collection"),
        ("declare_table", "table"),
        ("extend_ledger", "file", "name"),
        ("extend_ledger", "ledger"),
    ],
    ids=lambda place: ".".join(map(str, place)),
)
def test_a_name_in_a_commit_leads_nowhere(original, tmp_path, place, path):
    root = copied(original, tmp_path)
    kind, *way = place

    def change(action: dict[str, Any]) -> None:
        action.update(with_value(action, tuple(way), path))

    commit_with(root, kind, change)
    with Lake(root) as lake, pytest.raises(IntegrityError):
        lake.scenarios.list()
    check_harmless(root)


@pytest.mark.parametrize("path", PATHS)
def test_files_to_move_do_not_leave_the_lake(original, tmp_path, path):
    """`publishes` and `retires` are orders to rename files: the most dangerous words of a commit."""
    for place in ("publishes", "retires"):
        for key, value in (("table", path), ("scenario_id", path), ("names", [path])):
            root = copied(original, tmp_path)
            log = sorted((root / "catalog" / "log").iterdir())
            document = json.loads(log[-1].read_bytes())
            group = {
                "table": "patients",
                "scenario_id": "00000000-0000-4000-8000-000000000000",
                "names": ["0" * 24 + "-1"],
                key: value,
            }
            Forger(root).forge(log[-1], {**document, place: [group], "tidied": 0})
            before = sorted(root.parent.rglob("*"))
            with Lake(root) as lake, pytest.raises(IntegrityError):
                lake.scenarios.save("new", {"patients": []})
            assert sorted(root.parent.rglob("*")) == before


BOMBS = {
    "depth": "[" * 100_000,
    "depth of objects": '{"a":' * 100_000,
    "closed depth": "[" * 50_000 + "]" * 50_000,
    "a huge number": "1" * 1_000_000,
    "a huge exponent": '{"version": 1e999999999}',
    "twins": '{"format": 1, "format": 2}',
    "many keys": "{" + ",".join(f'"k{number}":1' for number in range(10_000)) + "}",
    "not utf-8": "\udcff\udcfe",
    "nan": "NaN",
    "nothing": "",
    "nul": "\x00" * 1_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_in_place_of_any_document_is_an_error_of_ours(original, tmp_path, bomb):
    root = copied(original, tmp_path)
    for path in one_of_each(root):
        kept = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(BOMBS[bomb].encode("utf-8", "surrogateescape"))
        try:
            check_harmless(root)
        except BaseException as error:
            error.add_note(f"in {path.name}")
            raise
        path.write_bytes(kept)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_in_place_of_statistics_or_a_checkpoint_changes_no_answer(original, tmp_path, bomb):
    """Both only save time."""
    root = copied(original, tmp_path)
    data = BOMBS[bomb].encode("utf-8", "surrogateescape")
    for path in (root / "catalog").rglob("*.statistics.json"):
        path.chmod(0o644)
        path.write_bytes(data)
    folder = root / "catalog" / "checkpoint"
    folder.mkdir(exist_ok=True)
    (folder / f"{3:020d}-00000000.jsonl").write_bytes(data)
    with Lake(original) as good, Lake(root) as lake:
        told = [one.scenarios.summary("small").to_dict() for one in (good, lake)]
        assert told[0]["entity_counts"] == told[1]["entity_counts"]
        assert lake.scenarios.load("small")["patients"] == good.scenarios.load("small")["patients"]


@pytest.mark.skipif(os.name == "nt", reason="links, pipes and devices are of POSIX")
def test_a_document_that_is_a_pipe_a_device_or_a_loop_ends(original, tmp_path):
    root = copied(original, tmp_path)
    for path in one_of_each(root):
        for replace in (os.mkfifo, _link_to_zeros, _link_to_itself, _link_outside):
            kept = path.read_bytes()
            path.unlink()
            replace(path)
            check_harmless(root)
            path.unlink()
            path.write_bytes(kept)


def _link_to_zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _link_to_itself(path: Path) -> None:
    path.symlink_to(path)


def _link_outside(path: Path) -> None:
    outside = next(one for one in path.parents if (one / "outside.json").exists())
    path.symlink_to(outside / "outside.json")


@pytest.mark.parametrize(
    "action",
    [
        {"kind": "rename_scenario", "name": "x"},
        {"kind": "add_tag", "tag": "x"},
        {"kind": "delete_scenario"},
        {"kind": "describe_scenario", "description": "x"},
        {"kind": "replace_rows", "manifest": {"sets": []}},
    ],
)
def test_a_commit_that_changes_what_is_not_there_is_damage(original, tmp_path, action):
    root = copied(original, tmp_path)
    last = max((root / "catalog" / "log").iterdir())
    document = json.loads(last.read_bytes())
    missing = {**action, "scenario_id": "00000000-0000-4000-8000-000000000000"}
    Forger(root).forge(last, {**document, "actions": [missing], "publishes": [], "retires": []})
    with Lake(root) as lake, pytest.raises(DamagedCommitError, match="not there"):
        lake.scenarios.list()


def test_a_checkpoint_that_lies_is_not_believed(original, tmp_path, monkeypatch):
    from healthsim_lake.catalog import checkpoint  # noqa: PLC0415  # only this test needs it

    monkeypatch.setattr(checkpoint, "LEAST_BYTES", 1)
    root = copied(original, tmp_path)
    with Lake(root) as lake:
        lake.scenarios.save("last", {"patients": []})
    path = max((root / "catalog" / "checkpoint").iterdir())
    text = path.read_text().replace('"small"', '"STOLEN"')
    path.chmod(0o644)
    path.write_text(text)
    with Lake(root) as lake:
        assert {one.name for one in lake.scenarios.list()} == {*NAMES, "last"}


def test_names_in_the_folders_that_are_not_ours_are_passed_over(original, tmp_path):
    root = copied(original, tmp_path)
    strangers = [
        "catalog/log/1.json", "catalog/log/99999999999999999999.json.bak", "catalog/log/.hidden",
        "catalog/checkpoint/x.jsonl", "catalog/checkpoint/with blank.jsonl",
        "catalog/ledger/profiles/segments/x.json", "catalog/ledger/profiles/segments/.x",
        "data/patients/scenario_id=x/y.parquet", "data/with blank/é.parquet", "staging/x.tmp",
    ]  # fmt: skip
    for name in strangers:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"{}")
    with Lake(original) as good, Lake(root) as lake:
        assert lake.version == good.version
        assert lake.scenarios.load("small")["patients"] == good.scenarios.load("small")["patients"]
        assert len(lake.profiles.executions.of("inline")) == 2
        assert lake.query("FROM patients").total_count == good.query("FROM patients").total_count
        lake.scenarios.save("new", {"patients": []})
        lake.profiles.executions.fold()
