"""Checkpoints: the whole state at a version, so that opening does not read every commit."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field

from healthsim_lake.catalog.commit import FORMAT, READER_FEATURES, digest, newer_format
from healthsim_lake.catalog.documents import Collection, DocumentState
from healthsim_lake.catalog.ledgers import LedgerState
from healthsim_lake.catalog.records import (
    DIGEST_PATTERN,
    UUID_PATTERN,
    Record,
    ScenarioRecord,
    Timestamp,
)
from healthsim_lake.catalog.retention import Purged, Retention
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import IdempotentResult, Lines, ScenarioState, State, TableState
from healthsim_lake.errors import KeyExistsError, KeyMissingError, NewerFormatError
from healthsim_lake.storage import Storage, layout

SHARE = 0.125
"""A checkpoint is due when the log since the last one has reached this share of its size."""
LEAST_BYTES = 64 * 1024
"""A shorter log than this is not worth a checkpoint."""
KEPT = 2

_KEPT_AS_HELD = (
    "tables", "documents", "ledgers", "results", "reader_features", "writer_features",
    "retention", "purged",
)  # fmt: skip


class Checkpoint(Record):
    """The first line of a checkpoint; each further one holds a scenario's `ScenarioDetails`.

    Attributes:
        format: Major version of the format.
        lake_id: The lake it belongs to.
        version: The commit it stands at.
        commit_digest: SHA-256 of that commit; a checkpoint counts only if it agrees with the log.
        timestamp: Of that commit.
        tidied: See `Snapshot.tidied`.
        scenarios: All scenarios, tombstones included, in the order in which they were made; the
            lines that follow are in the same order.
        commits: Of each scenario, the commit that made its newest version.
    """

    format: int = Field(default=FORMAT, ge=1)
    kind: Literal["checkpoint"] = "checkpoint"
    lake_id: str = Field(pattern=UUID_PATTERN)
    version: int = Field(ge=1)
    commit_digest: str = Field(pattern=DIGEST_PATTERN)
    timestamp: Timestamp
    tidied: int = Field(ge=0)
    scenarios: tuple[ScenarioRecord, ...]
    commits: tuple[int, ...]
    tables: dict[str, TableState]
    documents: dict[str, DocumentState]
    ledgers: dict[Collection, LedgerState]
    results: dict[str, IdempotentResult]
    reader_features: tuple[str, ...]
    writer_features: tuple[str, ...]
    retention: Retention
    purged: dict[str, Purged]

    @classmethod
    def of(cls, lake_id: str, snapshot: Snapshot) -> Self:
        """Return the first line of a checkpoint of `snapshot`.

        Raises:
            ValueError: It has no commits.
        """
        if snapshot.timestamp is None:
            raise ValueError("a lake without commits needs no checkpoint")
        state = snapshot.state
        return cls(
            lake_id=lake_id,
            version=snapshot.version,
            commit_digest=snapshot.digest,
            timestamp=snapshot.timestamp,
            tidied=snapshot.tidied,
            scenarios=tuple(one.record for one in state.scenarios.values()),
            commits=tuple(one.commit for one in state.scenarios.values()),
            **{name: getattr(state, name) for name in _KEPT_AS_HELD},
        )

    def snapshot(self, details: Lines) -> Snapshot:
        """Return what it stands for.

        Args:
            details: The further lines.

        Raises:
            ValueError: They are too few or too many.
        """
        each = zip(self.scenarios, self.commits, range(len(details)), strict=True)
        state = State(
            scenarios={one.id: ScenarioState(one, (details, at), made) for one, made, at in each},
            names={one.name: one.id for one in self.scenarios if not one.deleted},
            **{name: getattr(self, name) for name in _KEPT_AS_HELD},
        )
        return Snapshot(
            version=self.version,
            digest=self.commit_digest,
            timestamp=self.timestamp,
            tidied=self.tidied,
            state=state,
        )


@dataclass(frozen=True, slots=True)
class Start:
    """A usable checkpoint: its snapshot, and its size in bytes."""

    snapshot: Snapshot
    size: int


def newest(
    storage: Storage, lake_id: str, *, listed: list[str], until: int | None = None
) -> Start | None:
    """Return the newest checkpoint that agrees with the log, at most at version `until`.

    Args:
        storage: Where the lake is.
        lake_id: Of the lake.
        listed: What `keys` returned.
        until: A version.
    """
    for key in reversed(listed):
        parts = layout.checkpoint_parts(key)
        if parts is None or (until is not None and parts[0] > until):
            continue
        start = usable(storage, key, lake_id)
        if start is not None:
            return start
    return None


def usable(storage: Storage, key: str, lake_id: str) -> Start | None:
    """Read one checkpoint; None if it is torn, or of another history than the log's."""
    try:
        data = storage.read(key)
        end = data.find(b"\n")
        found = Checkpoint.model_validate_json(data if end < 0 else data[:end])
        snapshot = found.snapshot(Lines(data))
        commit = storage.read(layout.commit(found.version))
    except (KeyMissingError, ValueError):  # pydantic's errors are values', too
        return None
    if layout.checkpoint(found.version, digest(data)) != key:
        return None
    if found.lake_id != lake_id or found.commit_digest != digest(commit):
        return None
    if found.format > FORMAT:
        raise newer_format(found.format)
    unknown = set(found.reader_features) - READER_FEATURES
    if unknown:
        raise NewerFormatError(
            f"the lake needs {', '.join(sorted(unknown))}; install a newer healthsim-lake"
        )
    return Start(snapshot=snapshot, size=len(data))


def is_due(*, log_bytes: int, checkpoint_bytes: int) -> bool:
    """Return whether the log since the last checkpoint has grown enough for another one."""
    return log_bytes >= max(LEAST_BYTES, SHARE * checkpoint_bytes)


def write(storage: Storage, lake_id: str, snapshot: Snapshot) -> int:
    """Write a checkpoint of `snapshot`, drop old ones, and return its size in bytes."""
    lines = (one.text() for one in snapshot.scenarios.values())
    data = b"\n".join([Checkpoint.of(lake_id, snapshot).model_dump_json().encode(), *lines])
    with contextlib.suppress(KeyExistsError):  # another writer made the very same one
        storage.create(layout.checkpoint(snapshot.version, digest(data)), data)
    for key in keys(storage)[:-KEPT]:
        storage.delete(key)
    return len(data)


def keys(storage: Storage) -> list[str]:
    """Return the keys of all checkpoints, oldest first; not those of other programs' files."""
    found = (entry.key for entry in storage.list(layout.CHECKPOINTS))
    return [key for key in found if layout.checkpoint_parts(key) is not None]


def drop_before(storage: Storage, version: int) -> None:
    """Delete all checkpoints of versions below `version`."""
    parts = ((key, layout.checkpoint_parts(key)) for key in keys(storage))
    old = [key for key, one in parts if one is not None and one[0] < version]
    for key in old:
        storage.delete(key)
    if old:
        storage.sync(layout.CHECKPOINTS)
