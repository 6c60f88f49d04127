"""Lakes that earlier releases wrote are read by this one, and what comes later is refused."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from healthsim_lake import Lake
from healthsim_lake.catalog import checkpoint
from healthsim_lake.errors import NewerFormatError

HERE = Path(__file__).parent
FORMATS = sorted(path.name for path in HERE.iterdir() if path.name.startswith("format-"))


def _tool() -> Any:
    place = HERE.parent.parent / "tools" / "make_golden_lake.py"
    spec = importlib.util.spec_from_file_location("make_golden_lake", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


expectation = _tool().expectation


@pytest.fixture(params=FORMATS)
def golden(request, tmp_path) -> tuple[Path, dict[str, Any]]:
    folder = HERE / request.param
    with tarfile.open(folder / "lake.tar.xz") as packed:
        packed.extractall(tmp_path, filter="tar")
    return tmp_path / "lake", json.loads((folder / "expected.json").read_text())


def digests(root: Path) -> dict[str, str]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def check(told: Any, expected: Any, where: str = "") -> None:
    """Objects may say more than is expected; everything else is the same, to the type."""
    if isinstance(expected, dict) and isinstance(told, dict) and not where.startswith("rows"):
        for key, value in expected.items():
            assert key in told, f"{where}.{key} is gone"
            check(told[key], value, f"{where}.{key}".lstrip("."))
    else:
        assert json.dumps(told) == json.dumps(expected), where


def order_of_keys_kept(value: Any) -> Any:
    """Expectations are sorted by key; the order that rows have is tested where they are saved."""
    return json.loads(json.dumps(value, sort_keys=True))


def test_every_lake_is_read_as_it_was_written(golden):
    root, expected = golden
    before = digests(root)
    with Lake(root) as lake:
        check(order_of_keys_kept(expectation(lake)), expected)
    assert digests(root) == before


def test_read_only_media_open_and_read(golden):
    root, expected = golden
    before = digests(root)
    folders = [path for path in root.rglob("*") if path.is_dir()]
    for path in [*root.rglob("*"), root]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        with Lake(root) as lake:
            check(order_of_keys_kept(expectation(lake)), expected)
        with Lake(root, read_only=True) as lake:
            assert lake.version == expected["version"]
    finally:
        for path in [root, *folders]:
            path.chmod(0o755)
    assert digests(root) == before


def test_a_lake_goes_on_from_there_and_keeps_its_past(golden, monkeypatch):
    root, expected = golden
    with Lake(root) as lake:
        lake.scenarios.save("new", {"patients": [{"id": "p1"}]})
        lake.scenarios.add("first", {"patients": [{"id": "p77"}]})
        lake.scenarios.delete("merged")
        lake.profiles.executions.record("profile")
        monkeypatch.setattr(checkpoint, "LEAST_BYTES", 1)
        monkeypatch.setattr(checkpoint, "SHARE", 0)
        lake.scenarios.rename("new", "newer")
    with Lake(root) as lake:
        past = lake.at(version=expected["version"])
        for name, versions in expected["rows"].items():
            newest = max(versions, key=int)
            loaded = past.scenarios.load(name)
            assert order_of_keys_kept({key: loaded[key] for key in loaded}) == versions[newest]
        assert len(lake.scenarios.load("newer")["patients"]) == 1


def head(root: Path) -> Path:
    return max((root / "catalog" / "log").iterdir())


def next_commit(root: Path, **given: Any) -> None:
    """Write a commit after the head, as another release would."""
    data = head(root).read_bytes()
    document = json.loads(data)
    version = document["version"] + 1
    document |= {
        "version": version, "previous": hashlib.sha256(data).hexdigest(), "requires": [],
        "actions": [], "publishes": [], "retires": [], **given,
    }  # fmt: skip
    head(root).with_name(f"{version:020d}.json").write_text(json.dumps(document))


REFUSED = {
    "format": {"format": 2},
    "action": {"actions": [{"kind": "fold_space", "scenario_id": "x"}]},
    "requirement": {"requires": [{"kind": "moon_is", "phase": "full"}]},
    "reader feature": {"actions": [{"kind": "protocol", "reader_features": ["teleport"]}]},
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_later_release_must_be_known_for_is_refused(golden, what):
    root, expected = golden
    next_commit(root, **REFUSED[what])
    before = digests(root)
    with Lake(root) as lake:
        for use in (
            lake.scenarios.list,
            lambda: lake.query("SELECT 1 FROM patients"),
            lambda: lake.scenarios.save("x", {"patients": []}),
            lambda: lake.at(version=expected["version"]),
        ):
            with pytest.raises(NewerFormatError, match="newer"):
                use()
    assert digests(root) == before


def test_a_later_writer_feature_lets_read_and_not_write(golden):
    root, expected = golden
    next_commit(root, actions=[{"kind": "protocol", "writer_features": ["teleport"]}])
    before = digests(root)
    with Lake(root) as lake:
        assert len(lake.scenarios.list(limit=None)) == len(expected["scenarios"])
        for use in (
            lambda: lake.scenarios.save("x", {"patients": []}),
            lambda: lake.scenarios.rename("first", "y"),
            lambda: lake.profiles.delete("profile"),
        ):
            with pytest.raises(NewerFormatError, match="teleport"):
                use()
    assert digests(root) == before


def test_a_later_format_of_the_lake_is_refused(golden):
    root, _ = golden
    path = root / "catalog" / "lake.json"
    path.chmod(0o644)
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "format": 2}))
    for use in (lambda lake: lake.version, lambda lake: lake.scenarios.save("x", {})):
        with Lake(root) as lake, pytest.raises(NewerFormatError, match="format 2"):
            use(lake)


@pytest.mark.parametrize("change", [{"format": 2}, {"reader_features": ["teleport"]}])
def test_a_later_checkpoint_is_refused(golden, change):
    root, _ = golden
    newest = max((root / "catalog" / "checkpoint").iterdir())
    first, *lines = newest.read_bytes().split(b"\n")
    data = b"\n".join([json.dumps(json.loads(first) | change).encode(), *lines])
    version = newest.name.split("-")[0]
    newest.with_name(f"{version}-{hashlib.sha256(data).hexdigest()[:8]}.jsonl").write_bytes(data)
    newest.unlink()
    with Lake(root) as lake, pytest.raises(NewerFormatError, match="newer"):
        lake.scenarios.list()


def test_unknown_optional_keys_are_kept_through_checkpoints(golden, monkeypatch):
    root, _ = golden
    manifest = {
        "sets": [{"key": "patients", "table": "patients", "colour": "set"}],
        "colour": "all",
    }
    action = {
        "kind": "create_scenario", "scenario_id": "00000000-0000-4000-8000-000000000001",
        "name": "colourful", "manifest": manifest, "entity_counts": {"patients": 0},
        "colour": "action",
    }  # fmt: skip
    next_commit(root, actions=[action], colour="commit")
    monkeypatch.setattr(checkpoint, "LEAST_BYTES", 1)
    monkeypatch.setattr(checkpoint, "SHARE", 0)
    with Lake(root) as lake:
        assert lake.scenarios.load("colourful")["patients"] == []
        lake.scenarios.save("x", {"patients": []})
    newest = max((root / "catalog" / "checkpoint").iterdir()).read_bytes()
    first, *lines = map(json.loads, newest.split(b"\n"))
    ids = [record["id"] for record in first["scenarios"]]
    kept = lines[ids.index(action["scenario_id"])]["manifest"]
    assert kept["colour"] == "all"
    assert kept["sets"][0]["colour"] == "set"
    with Lake(root) as lake:
        assert lake.scenarios.load("colourful")["patients"] == []
