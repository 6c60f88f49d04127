"""A small lake with something of everything, and a way to write into it what no writer would."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from healthsim_lake import EntityType, FieldSpec, Lake
from healthsim_lake.catalog import checkpoint
from healthsim_lake.library import bodies
from healthsim_lake.scenarios.writing import manifests

WIDE = {f"thing{number}s": [{"id": "1", "note": "x"}] for number in range(4)}
"""Tables enough for a manifest that stands in a document of its own."""
SPEC = {"id": "p", "name": "p", "demographics": {"count": 3}}
VISIT = {"event_id": "v", "name": "Visit", "event_type": "encounter", "delay": {"days": 1}}
JOURNEY = {"journey_id": "j", "name": "j", "events": [VISIT]}
LATER = 30
"""A version of the lake that vacuum left, and that is not the newest."""
OWLS = EntityType(
    name="owls",
    singular="owl",
    key="id",
    fields=(FieldSpec(id=1, name="id", type="text"),),
)
COLOURED = OWLS.model_copy(
    update={"fields": (*OWLS.fields, FieldSpec(id=2, name="colour", type="text"))}
)


def build(folder: Path) -> str:
    """Make a lake with every kind of document, and a log with every kind of change.

    Limits are lowered, so that what stands beside the log in a large lake does so in this one: to
    attack every value of it takes minutes and not hours.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifests, "INLINE_BYTES", 700)
        patch.setattr(bodies, "INLINE_BYTES", 500)
        with Lake(folder) as lake:
            _fill(lake)
            patch.setattr(checkpoint, "LEAST_BYTES", 1)
            lake.scenarios.describe("small", "described")
            former, _newest = checkpoint.keys(lake._log.storage)
            lake._log.storage.delete(former)
            return lake.url


def _fill(lake: Lake) -> None:
    people = {"patients": [{"id": "p1", "gender": "F", "birth_date": "1980-01-02"}]}
    kept = lake.scenarios.save("small", people, tags=["a"], idempotency_key="k")
    lake.scenarios.save("large", WIDE)
    lake.scenarios.clone("small", "twin")
    lake.scenarios.rename("twin", "copy")
    lake.scenarios.add("copy", {"patients": [{"id": "p2"}]})
    lake.tags.add("copy", "b")
    lake.tags.remove("copy", "a")
    lake.scenarios.save("gone", people)
    lake.scenarios.delete("gone")
    lake.scenarios.restore("gone")
    lake.scenarios.delete("gone")
    lake.scenarios.save("purged", people)
    lake.maintenance.purge("purged")
    lake.entities.declare(OWLS)
    lake.scenarios.save("owls", {"owls": [{"id": "1", "colour": "brown"}]})
    lake.entities.upgrade("owls", COLOURED)
    lake.profiles.save("inline", SPEC, tags=["a"])
    lake.profiles.update("inline", {**SPEC, "demographics": {"count": 4}})
    lake.profiles.save("long", {**SPEC, "notes": "n" * 600})
    lake.profiles.save("other", SPEC)
    lake.profiles.rename("other", "gone")
    lake.profiles.delete("gone")
    lake.profiles.restore("gone")
    lake.profiles.delete("gone", drop_executions=True)
    lake.journeys.save("way", JOURNEY)
    lake.journeys.executions.record("way", entity_id="1")
    lake.profiles.executions.record("inline", cohort_id=kept.id)
    lake.profiles.executions.fold()
    lake.profiles.executions.record_many([{"profile_id": "inline"}, {"profile_id": "long"}])
    lake.profiles.executions.record("long")
    lake.scenarios.save("copy", people, overwrite=True)
    lake.maintenance.vacuum(keep_versions=1)
    lake.scenarios.add("small", {"patients": [{"id": "p3"}]})


def read_everything(url: str) -> Iterator[object]:
    """Yield one call after the other that reads something; the caller sees what each raises."""
    with Lake(url) as lake:
        yield lambda: lake.version
        yield lambda: lake.scenarios.list(limit=None)
        for name in ("small", "large", "copy", "owls"):
            yield lambda name=name: dict(lake.scenarios.load(name).items())
            yield lambda name=name: lake.scenarios.summary(name).to_dict()
            yield lambda name=name: lake.scenarios.history(name)
        yield lambda: lake.query("SELECT * FROM patients, profile_executions").results
        yield lambda: lake.scan("patients").collect()
        yield lambda: lake.files("patients")
        yield lake.profiles.list
        for name in ("inline", "long"):
            yield lambda name=name: lake.profiles.load(name)
            yield lambda name=name: lake.profiles.executions.of(name)
        yield lambda: lake.journeys.load("way")
        yield lambda: lake.journeys.executions.of("way")
        yield lambda: lake.at(version=LATER).scenarios.load("small")["patients"]
        yield lambda: str(lake.maintenance.verify())


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value inside a JSON value that is no object or list."""
    items: Iterable[tuple[Any, Any]]
    match value:
        case dict():
            items = value.items()
        case list():
            items = enumerate(value)
        case _:
            yield path
            return
    for key, item in items:
        yield from leaves(item, (*path, key))


def with_value(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a copy of a JSON value with another value in one place."""
    copied = json.loads(json.dumps(value))
    at = copied
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = new
    return copied


def documents(root: Path) -> list[Path]:
    """Return every document of a lake's catalog."""
    return sorted((root / "catalog").rglob("*.json"))


def listing(root: Path) -> list[str]:
    """Return the paths of everything in a folder."""
    return sorted(
        f"{parent}/{name}" for parent, folders, names in os.walk(root) for name in folders + names
    )


class Forger:
    """Writes into a lake what nobody committed, and makes everything that is checked by digest fit.

    Whoever may write into a lake's folder can do as much. A document that only was altered is told
    by its digest, and what it says is never looked at.

    Args:
        root: The lake.
    """

    def __init__(self, root: Path) -> None:
        self.documents = {path: path.read_bytes() for path in sorted(documents(root), key=_order)}
        digests = {path: _digest(data) for path, data in self.documents.items()}
        self._named = {
            path: {one: digest for one, digest in digests.items() if digest in data}
            for path, data in self.documents.items()
        }
        self._forged: set[Path] = set()

    def forge(self, target: Path, value: Any) -> None:
        """Write a document, and its new digest into the commits that name it, and so on."""
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        if target.parent.name == "checkpoint":
            self._forge_checkpoint(target, data)
            return
        digests: dict[Path, bytes] = {}
        for path, original in self.documents.items():
            new = data if path == target else original
            for one, digest in self._named[path].items():
                if one in digests:
                    new = new.replace(digest, digests[one])
            if new != original and path.parent.name != "checkpoint":
                self._write(path, new)
                digests[path] = _digest(new)

    def undo(self) -> None:
        """Make everything as it was."""
        for path in self._forged:
            if path in self.documents:
                path.write_bytes(self.documents[path])
            else:
                path.unlink()
        self._forged.clear()

    def _forge_checkpoint(self, target: Path, data: bytes) -> None:
        """Checkpoints have their digest in their name; no commit knows of them."""
        version, _, _ = target.name.partition("-")
        self._write(target.with_name(f"{version}-{_digest(data)[:8].decode()}.json"), data)
        target.unlink()
        self._forged.add(target)

    def _write(self, path: Path, data: bytes) -> None:
        if path.exists():
            path.chmod(0o644)
        path.write_bytes(data)
        self._forged.add(path)


def _order(path: Path) -> tuple[bool, str]:
    """Commits come last, because they name documents of other kinds and the commit before."""
    return path.parent.name == "log", str(path)


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()
