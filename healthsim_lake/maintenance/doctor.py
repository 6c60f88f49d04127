"""What a lake is made of, and what its store can do."""

from __future__ import annotations

import contextlib
import platform
import secrets
import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from healthsim_lake._clock import iso
from healthsim_lake._version import __version__
from healthsim_lake.catalog import checkpoint
from healthsim_lake.catalog.commit import FORMAT
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.errors import IntegrityError, KeyExistsError, KeyMissingError, StorageError
from healthsim_lake.maintenance.inventory import listed, sorted_out, store_clock
from healthsim_lake.maintenance.progress import Progress
from healthsim_lake.maintenance.references import collect
from healthsim_lake.storage import Entry, Storage, layout
from healthsim_lake.tables.committer import Committer

LIBRARIES = ("duckdb", "fsspec", "polars", "pyarrow", "pydantic")
WORRYING_SKEW = 60.0
"""Seconds by which clocks may differ before `doctor` says something."""


@dataclass(frozen=True, slots=True)
class Health:
    """What `doctor` found.

    Attributes:
        url: Where the lake is.
        lake_id: Its UUID.
        format: Version of the on-disk format.
        version: Its newest commit; `changed_at` is when that was made.
        changed_at: ISO 8601, or None before the first commit.
        software: Releases of this package, Python and the libraries it stands on.
        capabilities: What the store can do: ``conditional_create``, ``hard_links``, ``stages``;
            None where that was not tried, because the lake was opened for reading only.
        clock_skew_seconds: The store's clock minus this machine's.
        log: Commits and their bytes, bytes since the last checkpoint, and ``kept_from``: the
            first version of the lake that may be read.
        checkpoints: Version, bytes, and whether it can be used, oldest first.
        tables: Rows, files and bytes at the head, by table.
        scenarios: The same by scenario, with name and id, the largest first; ``history_bytes``
            are those of earlier versions.
        stored: Objects and bytes by what they are there for, see `inventory.Role`.
        advice: Sentences about what is worth doing.
    """

    url: str
    lake_id: str
    format: int
    version: int
    changed_at: str | None
    software: dict[str, str]
    capabilities: dict[str, bool | None]
    clock_skew_seconds: float
    log: dict[str, int]
    checkpoints: list[dict[str, Any]]
    tables: dict[str, dict[str, int]]
    scenarios: list[dict[str, Any]]
    stored: dict[str, dict[str, int]]
    advice: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return asdict(self)


def examine(committer: Committer, tell: Progress) -> Health:
    """Look at everything but the bytes of data files; `verify` reads those.

    Raises:
        LakeNotFoundError: There is no lake.
    """
    log, storage = committer.log, committer.log.storage
    lake_id, may_write = log.lake_id, not committer.read_only
    capabilities = _capabilities(storage, may_write=may_write)
    skew = store_clock(storage, may_write=may_write) - time.time()
    entries = listed(storage, tell)
    snapshot = log.refresh()
    needed = collect(log, snapshot, tell)
    stored: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for item in sorted_out(storage, entries, needed, head=snapshot):
        stored[item.role.value].update(objects=1, bytes=item.entry.size)
    tables, scenarios = _sizes(committer, snapshot)
    past = Counter[str]()
    for ref in needed.past.values():
        past[ref.scenario_id] += ref.file.bytes
    for one in scenarios:
        one["history_bytes"] = past[one["id"]]
    marks = _checkpoints(storage, lake_id, entries)
    health = Health(
        url=storage.url,
        lake_id=lake_id,
        format=FORMAT,
        version=snapshot.version,
        changed_at=None if snapshot.timestamp is None else iso(snapshot.timestamp),
        software=_software(),
        capabilities=capabilities,
        clock_skew_seconds=round(skew, 3),
        log=_log_sizes(entries, marks, snapshot),
        checkpoints=marks,
        tables=tables,
        scenarios=scenarios,
        stored={role: dict(counts) for role, counts in sorted(stored.items())},
    )
    health.advice.extend(_advice(health, unreadable=len(needed.unreadable)))
    return health


def _capabilities(storage: Storage, *, may_write: bool) -> dict[str, bool | None]:
    found: dict[str, bool | None] = {
        "conditional_create": None,
        "hard_links": None,
        "stages": storage.stages,
    }
    if may_write:
        found["conditional_create"] = _refuses_a_second_create(storage)
        found["hard_links"] = _shares_bytes(storage)
    return found


def _refuses_a_second_create(storage: Storage) -> bool:
    key = layout.temporary(f"probe-{secrets.token_hex(8)}")
    try:
        storage.create(key, b"first")
        try:
            storage.create(key, b"second")
        except KeyExistsError:
            return storage.read(key) == b"first"
        return False
    finally:
        _remove(storage, key)


def _shares_bytes(storage: Storage) -> bool:
    """Return whether a copy is a second name for the same bytes; only disks have such names."""
    if storage.filesystem is not None:
        return False
    one, other = (layout.temporary(f"probe-{secrets.token_hex(8)}") for _ in range(2))
    try:
        storage.put(one, b"bytes")
        storage.copy(one, other)
        return Path(storage.location(one)).samefile(storage.location(other))
    finally:
        _remove(storage, one)
        _remove(storage, other)


def _remove(storage: Storage, key: str) -> None:
    with contextlib.suppress(StorageError):  # it is a temporary value, and vacuum removes it
        storage.delete(key)


def _software() -> dict[str, str]:
    found = {"healthsim-lake": __version__, "python": platform.python_version()}
    return found | {name: metadata.version(name) for name in LIBRARIES}


def _sizes(
    committer: Committer, snapshot: Snapshot
) -> tuple[dict[str, dict[str, int]], list[dict[str, Any]]]:
    """Return rows, files and bytes at the head, by table and by scenario."""
    tables: dict[str, Counter[str]] = {name: Counter() for name in sorted(snapshot.tables)}
    scenarios: list[dict[str, Any]] = []
    for state in snapshot.scenarios.values():
        size = Counter(rows=0, files=0, bytes=0)
        with contextlib.suppress(IntegrityError):  # counted as unreadable by the references
            for one in () if state.record.deleted else committer.log.manifest(state).sets:
                own = Counter(
                    rows=one.rows, files=len(one.files), bytes=sum(f.bytes for f in one.files)
                )
                size.update(own)
                tables.setdefault(one.table, Counter()).update(own)
        record = state.record
        scenarios.append(
            {
                "id": record.id,
                "name": record.name,
                "deleted": record.deleted,
                "versions": len(state.versions),
                **size,
            }
        )
    scenarios.sort(key=lambda one: -one["bytes"])
    shown = {name: {k: one[k] for k in ("rows", "files", "bytes")} for name, one in tables.items()}
    return shown, scenarios


def _checkpoints(storage: Storage, lake_id: str, entries: list[Entry]) -> list[dict[str, Any]]:
    marks = []
    for entry in entries:
        parts = layout.checkpoint_parts(entry.key)
        if parts is None:
            continue
        try:
            usable = checkpoint.usable(storage, entry.key, lake_id) is not None
        except KeyMissingError:
            continue  # a writer replaced it meanwhile
        marks.append({"version": parts[0], "bytes": entry.size, "usable": usable})
    return marks


def _log_sizes(
    entries: list[Entry], marks: list[dict[str, Any]], snapshot: Snapshot
) -> dict[str, int]:
    mark = max((one["version"] for one in marks if one["usable"]), default=0)
    commits = [
        (version, entry.size)
        for entry in entries
        if (version := layout.commit_version(entry.key)) is not None
    ]
    return {
        "commits": len(commits),
        "bytes": sum(size for _, size in commits),
        "bytes_since_checkpoint": sum(size for version, size in commits if version > mark),
        "tidied": snapshot.tidied,
        "kept_from": snapshot.state.retention.before,
    }


def _advice(health: Health, *, unreadable: int) -> list[str]:
    found = []
    if health.capabilities["conditional_create"] is False:
        found.append("This store lets two writers both win: see to it that only one ever writes.")
    if abs(health.clock_skew_seconds) > WORRYING_SKEW:
        found.append("The store's clock and this machine's differ by more than a minute.")
    if unreadable:
        found.append(f"{unreadable} versions cannot be read: `healthsim-lake verify` says why.")
    if {"misplaced", "stray", "purged"} & set(health.stored):
        found.append("Folders and log do not agree: `healthsim-lake repair` mends that.")
    if {"superseded", "waiting", "temporary"} & set(health.stored):
        found.append("There are leftovers: `healthsim-lake vacuum` shows what can go.")
    if any(not one["usable"] for one in health.checkpoints):
        found.append("A checkpoint cannot be used: `healthsim-lake repair` removes it.")
    small = [n for n, one in health.tables.items() if one["files"] > 8 * len(health.scenarios) > 0]
    if small:
        found.append(
            f"Many small files in {', '.join(small)}: `healthsim-lake compact` joins them."
        )
    return found
