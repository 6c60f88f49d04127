"""A small lake with something of everything, and a way to write into it what no writer would."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from healthsim_lake import Lake

LARGE = {f"thing{number}s": [{"id": "1", "note": "x"}] for number in range(80)}
"""More tables than a manifest inside a commit may name."""


def build(folder: Path) -> str:
    """Make a lake with a document of each kind: manifests, statistics, bodies, segments, files."""
    with Lake(folder) as lake:
        people = {"patients": [{"id": "p1", "gender": "F", "birth_date": "1980-01-02"}]}
        kept = lake.scenarios.save("small", people, tags=["a"], idempotency_key="k")
        lake.scenarios.save("large", LARGE)
        lake.scenarios.clone("small", "copy")
        spec = {"id": "p", "name": "p", "demographics": {"count": 3}}
        lake.profiles.save("inline", spec)
        lake.profiles.save("long", {**spec, "notes": "n" * 20_000})
        lake.profiles.executions.record("inline", cohort_id=kept.id)
        lake.profiles.executions.record_many([{"profile_id": "inline"}, {"profile_id": "long"}])
        lake.profiles.executions.record("long")
        return lake.url


def read_everything(url: str) -> Iterator[object]:
    """Yield one call after the other that reads something; the caller sees what each raises."""
    with Lake(url) as lake:
        yield lambda: lake.version
        yield lambda: lake.scenarios.list(limit=None)
        for name in ("small", "large", "copy"):
            yield lambda name=name: dict(lake.scenarios.load(name).items())
            yield lambda name=name: lake.scenarios.summary(name).to_dict()
            yield lambda name=name: lake.scenarios.history(name)
        yield lambda: lake.query("SELECT * FROM patients").results
        yield lambda: lake.query("SELECT * FROM profile_executions").results
        yield lambda: lake.scan("patients").collect()
        yield lambda: lake.files("patients")
        yield lake.profiles.list
        for name in ("inline", "long"):
            yield lambda name=name: lake.profiles.load(name)
            yield lambda name=name: lake.profiles.executions.of(name)
        yield lambda: lake.at(version=1).scenarios.load("small")["patients"]


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


def rewrite(path: Path, value: Any) -> None:
    """Write JSON into a file of the catalog."""
    path.chmod(0o644)
    path.write_text(json.dumps(value))


def rechain(url: str, start: int) -> None:
    """Make each commit from `start` on name the digest of the one before, as a forger would."""
    for version in range(start, 10_000):
        path, before = (
            Path(url, f"catalog/log/{number:020d}.json") for number in (version, version - 1)
        )
        if not path.exists():
            return
        document = json.loads(path.read_bytes())
        document["previous"] = hashlib.sha256(before.read_bytes()).hexdigest()
        rewrite(path, document)
