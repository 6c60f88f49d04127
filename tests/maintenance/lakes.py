"""Lakes to look after, and what they read."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from healthsim_lake import Lake
from healthsim_lake.errors import NotFoundError
from healthsim_lake.storage import layout


def people(*ids: str) -> dict[str, list[dict[str, Any]]]:
    return {"patients": [{"id": one, "pets": ["cat"]} for one in ids]}


def readings(lake: Lake) -> dict[int, dict[str, Any]]:
    """Return what every version of the lake that may be read reads, by scenario and version."""
    found = {}
    for version in range(lake.version + 1):
        try:
            past = lake.at(version=version)
        except NotFoundError:
            continue
        found[version] = {
            f"{record.name}, {one.version}": past.scenarios.load(
                record.id, version=one.version
            ).entities
            for record in past.scenarios.list(limit=None)
            for one in past.scenarios.history(record.id)
        }
    return found


def heads(lake: Lake) -> dict[int, dict[str, Any]]:
    """Return what each version of the lake showed when it was the newest one."""
    found = {}
    for version in range(lake.version + 1):
        try:
            past = lake.at(version=version).scenarios
        except NotFoundError:
            continue
        found[version] = {one.name: past.load(one.id).entities for one in past.list(limit=None)}
    return found


def manifests(lake: Lake) -> list[str]:
    """Return the keys of manifests that stand beside the log."""
    return [key for key in keys(lake, "catalog/scenarios") if "statistics" not in key]


def keys(lake: Lake, room: str) -> list[str]:
    return [entry.key for entry in lake._log.storage.list(room)]


def age(lake: Lake, key: str, seconds: float) -> None:
    """Make a file of a local lake look as if it had been written some time ago."""
    then = time.time() - seconds
    os.utime(Path(lake.url) / key, (then, then))


def old_txn(seconds: float) -> str:
    return f"{int(time.time() - seconds):08x}{'ab' * 8}"


def abandon(lake: Lake, *, seconds: float = 7200.0) -> str:
    """Leave a file as a writer would have that died so long ago, and return its key."""
    key = layout.staged(f"{old_txn(seconds)}-1")
    lake._log.storage.put(key, b"half")
    age(lake, key, seconds)
    return key
