"""Deleting all that a lake holds of a scenario that was purged."""

from __future__ import annotations

from collections.abc import Iterator

from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.storage import Storage, layout


def erase(storage: Storage, snapshot: Snapshot, scenario_id: str) -> tuple[int, int]:
    """Delete all files and documents of a scenario; return how many they were, and their bytes."""
    files = size = 0
    for folder in _folders(snapshot, scenario_id):
        for entry in list(storage.list(folder)):
            storage.delete(entry.key)
            files, size = files + 1, size + entry.size
        storage.prune(folder)  # the names are gone for good, even if the power fails
    return files, size


def _folders(snapshot: Snapshot, scenario_id: str) -> Iterator[str]:
    for table in snapshot.tables:
        for room in (layout.DATA, layout.HISTORY):
            yield layout.folder(room, table, scenario_id)
    yield layout.manifests(scenario_id)
