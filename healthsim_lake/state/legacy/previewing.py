"""What a migration would do: each file of the predecessor read, and compared with the lake."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from healthsim_lake.catalog.names import check_name
from healthsim_lake.errors import InvalidNameError, LakeError
from healthsim_lake.lake import Lake
from healthsim_lake.scenarios import exchange
from healthsim_lake.state.functions import get_manager
from healthsim_lake.state.legacy import files
from healthsim_lake.state.manager import StateManager

NEW, DONE, TAKEN, BROKEN = "to import", "already imported", "name is taken", "unreadable"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a migration would do with one scenario.

    Attributes:
        name: Its name.
        path: Its file, or folder of files.
        entity_counts: Rows by entity key; nothing of a file that cannot be read.
        size_bytes: Of its files.
        outcome: ``to import``, ``already imported``, ``name is taken`` or ``unreadable``.
        error: What is wrong with it, or None.
    """

    name: str
    path: Path
    entity_counts: dict[str, int]
    size_bytes: int
    outcome: str
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the preview as JSON values."""
        return {
            "name": self.name,
            "path": str(self.path),
            "entity_counts": self.entity_counts,
            "size_bytes": self.size_bytes,
            "outcome": self.outcome,
            "error": self.error,
        }


def preview_migration(
    legacy_path: files.Folder = None, manager: StateManager | None = None
) -> list[Preview]:
    """Return what a migration would do; every file is read, nothing is changed."""
    lake = (manager or get_manager()).lake
    previews = [preview(lake, path) for path in files.discover_json_scenarios(legacy_path)]
    names = Counter(one.name for one in previews if one.outcome != BROKEN)
    return [_unless_twice(one, names[one.name]) for one in previews]


def preview(lake: Lake, path: Path) -> Preview:
    """Return what a migration would do with one file, or folder of files; reads all of it."""
    name, size = path.stem, 0
    try:
        size = files.size_of(path)
        incoming = exchange.read(path, lake.entities.registry())
        name = usable_name(incoming.name, path)
        counts = {key: sum(1 for _ in rows) for key, rows in incoming.entities.items()}
        outcome = NEW
        if lake.scenarios.exists(name):
            outcome = DONE if difference(lake, path, name) is None else TAKEN
    except (LakeError, OSError) as error:
        return Preview(name, path, {}, size, BROKEN, str(error))
    return Preview(name, path, counts, size, outcome)


def _unless_twice(one: Preview, count: int) -> Preview:
    """Return a preview as it is, unless other files have the same name: neither is then taken."""
    if count <= 1 or one.outcome == BROKEN:
        return one
    reason = f"{count} files are called {one.name!r} inside; give each its own name"
    return Preview(one.name, one.path, one.entity_counts, one.size_bytes, BROKEN, reason)


def difference(lake: Lake, path: Path, ref: str) -> str | None:
    """Return where a scenario and a file differ, in words; None if nowhere."""
    incoming = exchange.read(path, lake.entities.registry())
    scenario = lake.scenarios.load(ref)
    if list(scenario) != list(incoming.entities):
        return f"its entity types are {', '.join(scenario) or 'none'}"
    for key, rows in incoming.entities.items():
        pairs = zip_longest(rows, scenario.iter_rows(key))
        for position, (wanted, found) in enumerate(pairs):
            if wanted != found:
                return f"{key}[{position}] differs"
    return None


def usable_name(name: str, path: Path) -> str:
    """Return a name that can be kept; files named by an id get one that tells where from."""
    try:
        return check_name(name)
    except InvalidNameError:
        return check_name(f"scenario-{path.stem[:8]}")
