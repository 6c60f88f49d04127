"""The commit log of one lake, as one process sees it."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from dataclasses import replace
from datetime import datetime
from typing import ClassVar
from weakref import WeakValueDictionary

from healthsim_lake import _json
from healthsim_lake._clock import new_uuid, to_utc
from healthsim_lake.catalog import beside, chain, checkpoint
from healthsim_lake.catalog.actions import RowsAction
from healthsim_lake.catalog.commit import Commit, LakeFile, digest
from healthsim_lake.catalog.records import Manifest, ManifestRef, Statistics
from healthsim_lake.catalog.retention_fold import applied
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.catalog.uncollected import uncollected
from healthsim_lake.errors import (
    DamagedCommitError,
    KeyExistsError,
    KeyMissingError,
    LakeNotFoundError,
    LakeReplacedError,
    StorageError,
    VersionNotFoundError,
)
from healthsim_lake.storage import Storage, layout

_EMPTY = Snapshot(version=0, digest="")
_RECENT = 32
"""Commits that are kept as they were read."""


class WriterLock:
    """The queue in which the writers of one process wait for one lake."""

    _locks: ClassVar[WeakValueDictionary[str, WriterLock]] = WeakValueDictionary()

    def __init__(self) -> None:
        self.lock = threading.RLock()

    @classmethod
    def of(cls, url: str) -> WriterLock:
        """Return the lock that all users of `url` in this process share."""
        found = cls._locks.get(url)
        if found is None:
            found = cls._locks.setdefault(url, cls())
        return found


class CommitLog:
    """Reads the log and keeps what it read; see `transaction` for writing.

    Threads may share one. After a fork, what was read is dropped.

    Attributes:
        storage: Where the lake is.
        writers: The queue of this process's writers.
        epoch: Counts how often what was read turned out to be of another history.
    """

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.writers = WriterLock.of(storage.url)
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._opened: chain.Opened | None = None
        self._recent: deque[Commit] = deque(maxlen=_RECENT)
        self.epoch = 0

    def recent(self, version: int) -> Commit:
        """Return one commit; one of the last that were read is not read again.

        Raises:
            DamagedCommitError: It is missing or cannot be read.
        """
        known = next((one for one in reversed(self._recent) if one.version == version), None)
        return self.read(version) if known is None else known

    def refresh(self) -> Snapshot:
        """Return the newest snapshot, after one probe for a newer commit.

        Raises:
            DamagedCommitError: The log is torn, altered or has a gap.
            NewerFormatError: A newer release wrote what this one cannot follow.
            NotALakeError: The place is in use for something else.
        """
        with self._lock:
            if self._process != os.getpid():
                self._process, self._opened = os.getpid(), None
            if self._opened is None:
                self._opened = chain.open_head(self.storage)
            else:
                self._catch_up(self._opened)
            return _EMPTY if self._opened is None else self._opened.snapshot

    def _catch_up(self, opened: chain.Opened) -> None:
        try:
            new = list(chain.commits_after(self.storage, opened.snapshot))
        except chain.BrokenChainError:
            # What is kept here may be of a lake that was replaced: read it all anew, once.
            self.drop()
            self._opened = chain.open_head(self.storage)
            return
        if new:
            self._extend(opened, new)

    def _extend(self, opened: chain.Opened, new: list[tuple[Commit, str, int]]) -> None:
        self._recent.extend(commit for commit, _, _ in new)
        self._opened = chain.Opened(
            lake=opened.lake,
            snapshot=opened.snapshot.advance((commit, own) for commit, own, _ in new),
            log_bytes=opened.log_bytes + sum(size for _, _, size in new),
            checkpoint_bytes=opened.checkpoint_bytes,
        )

    def drop(self) -> None:
        """Forget what was read: the log was mended, or is another one."""
        with self._lock:
            self._opened = None
            self._recent.clear()
            self.epoch += 1

    def latest(self) -> Snapshot:
        """Return the newest snapshot that was read, without looking for a newer commit.

        For the later steps of an operation that began with a `refresh`.
        """
        opened = self._opened
        if opened is None or self._process != os.getpid():
            return self.refresh()
        return opened.snapshot

    @property
    def lake_id(self) -> str:
        """UUID of the lake.

        Raises:
            LakeNotFoundError: There is none yet.
        """
        self.latest()
        return self._require().lake.lake_id

    def create_lake(self) -> bool:
        """Make the lake if there is none; return whether this call made it."""
        self.latest()
        if self._opened is not None:
            return False
        document = LakeFile(lake_id=new_uuid())
        try:
            self.storage.create(layout.LAKE, document.model_dump_json().encode())
        except KeyExistsError:
            return False
        finally:
            self.refresh()
        return True

    def at(self, *, version: int | None = None, timestamp: datetime | None = None) -> Snapshot:
        """Return the snapshot of a version of the lake, or the newest one not after a time.

        Raises:
            VersionNotFoundError: There is no such version, nothing was committed by then, or
                `vacuum` has forgotten it.
        """
        head = self.refresh()
        if version is None and timestamp is None:
            return head
        if timestamp is not None:
            version = self.version_at(timestamp)
        if version is None or not 0 <= version <= head.version:
            raise VersionNotFoundError(
                f"the lake has no version {version}; it has 0 to {head.version}"
            )
        if version == head.version:
            return head
        if version < head.state.retention.before:
            raise VersionNotFoundError(f"version {version} of the lake {head.forgotten()}")
        past = self._rebuild(version)
        return replace(past, state=applied(past.state, head.state))

    def _rebuild(self, version: int) -> Snapshot:
        with uncollected():
            start = checkpoint.newest(self.storage, self._require().lake.lake_id, until=version)
            if start is None:
                found = chain.read_lake_file(self.storage)
                base = Snapshot(version=0, digest="" if found is None else found[1])
            else:
                base = start.snapshot
            commits = (self.read(number) for number in range(base.version + 1, version + 1))
            return base.advance((commit, "") for commit in commits)

    def version_at(self, moment: datetime) -> int:
        """Return the last version not after `moment`; naive times mean UTC.

        Raises:
            VersionNotFoundError: Nothing was committed by then.
        """
        # Times never go backwards.
        low, high, moment = 0, self.refresh().version, to_utc(moment)
        while low < high:
            middle = (low + high + 1) // 2
            if self.read(middle).timestamp <= moment:
                low = middle
            else:
                high = middle - 1
        if low == 0:
            raise VersionNotFoundError(f"nothing was committed to the lake by {moment}")
        return low

    def read(self, version: int) -> Commit:
        """Return one commit.

        Raises:
            DamagedCommitError: It is missing or cannot be read.
        """
        found = chain.read_commit(self.storage, version)
        if found is None:
            raise DamagedCommitError(f"commit {version} is missing from the log")
        return found[0]

    def manifest(self, state: ScenarioState, version: int | None = None) -> Manifest:
        """Return the manifest of a scenario's newest state, or of one of its versions.

        Raises:
            VersionNotFoundError: The scenario never had that version.
            DamagedCommitError: The manifest is missing or altered.
        """
        manifest: Manifest | ManifestRef = state.manifest
        if version is not None and version != state.record.version:
            manifest = self._rows_in(state, version).manifest
        if isinstance(manifest, Manifest):
            return manifest
        try:
            data = self.storage.read(layout.manifest(state.record.id, manifest.txn_id))
        except KeyMissingError:
            self.refuse_forgotten(state, version)
            raise DamagedCommitError(
                f"the manifest {manifest.txn_id} of scenario {state.record.id} is missing"
            ) from None
        what = f"the manifest {manifest.txn_id}"
        return beside.parsed_manifest(data, manifest.sha256, what)

    def refuse_forgotten(self, state: ScenarioState, version: int | None = None) -> None:
        """Return unless a version of a scenario was forgotten, or purged, since it was read.

        Raises:
            VersionNotFoundError: It was forgotten; says by what.
            PurgedError: The scenario was purged.
            LakeReplacedError: The lake is not the one that was read.
        """
        head = self.refresh()
        self.verify_identity()
        head.refuse_purged(state.record.id)
        wanted = state.record.version if version is None else version
        now = head.scenarios.get(state.record.id)
        if now is None or wanted < now.versions[0].version:
            raise VersionNotFoundError(
                f"Version {wanted} of scenario '{state.record.name}' {head.forgotten()}"
            )

    def _no_version(self, state: ScenarioState, version: int) -> VersionNotFoundError:
        name, first = state.record.name, state.versions[0].version
        if 1 <= version < first:
            return VersionNotFoundError(
                f"Version {version} of scenario '{name}' {self.refresh().forgotten()}"
            )
        return VersionNotFoundError(
            f"Scenario '{name}' has no version {version}; it has {first} to {state.record.version}"
        )

    def statistics(self, state: ScenarioState, version: int | None = None) -> Statistics | None:
        """Return what was computed of a scenario's rows when they were written.

        They are no part of the snapshot: this reads a commit and a document.

        Returns:
            None where nothing was kept, or what was kept is damaged: everything in them can be
            computed anew from the rows.

        Raises:
            VersionNotFoundError: The scenario never had that version.
        """
        kept = self._rows_in(state, version).statistics
        if kept is None:
            return None
        try:
            data = self.storage.read(layout.statistics(state.record.id, kept.name))
        except KeyMissingError:
            return None
        if digest(data) != kept.sha256:
            return None
        try:
            return Statistics.model_validate(_json.loads(data))
        except (ValueError, RecursionError):
            return None

    def _rows_in(self, state: ScenarioState, version: int | None) -> RowsAction:
        """Return the action that gave a version of a scenario its rows."""
        wanted = state.record.version if version is None else version
        chosen = next((one for one in reversed(state.versions) if one.version == wanted), None)
        if chosen is None:
            raise self._no_version(state, wanted)
        for action in self.read(chosen.manifest_commit).actions:
            if isinstance(action, RowsAction) and action.scenario_id == state.record.id:
                return action
        raise DamagedCommitError(
            f"commit {chosen.manifest_commit} holds no manifest of scenario {state.record.id}"
        )

    def verify_identity(self) -> None:
        """Check that the head is still the commit that was read.

        Raises:
            LakeReplacedError: It is absent or another one: the lake was replaced or restored from
                a backup. What was read is dropped; nothing was written.
        """
        with self._lock:
            snapshot = self._require().snapshot
            key = layout.commit(snapshot.version) if snapshot.version else layout.LAKE
            try:
                same = digest(self.storage.read(key)) == snapshot.digest
            except KeyMissingError:
                same = False
            if not same:
                self.drop()
                raise LakeReplacedError(
                    f"{self.storage.url} was replaced or restored from a backup while it was in "
                    "use; nothing was written. Check it, then try again"
                )

    def accept(self, commit: Commit, data: bytes) -> Snapshot:
        """Take a commit that was just made into the snapshot, and checkpoint if it is time."""
        with self._lock:
            opened = self._require()
            if opened.snapshot.version == commit.version - 1:
                self._extend(opened, [(commit, digest(data), len(data))])
            else:
                self.refresh()
            opened = self._require()
            due = checkpoint.is_due(
                log_bytes=opened.log_bytes, checkpoint_bytes=opened.checkpoint_bytes
            )
            if due:
                self._checkpoint(opened)
            return opened.snapshot

    def checkpoint_anew(self, version: int) -> None:
        """Drop all checkpoints of versions below `version`, and write one of the head.

        Raises:
            StorageError: One could not be deleted.
        """
        with self._lock:
            self.refresh()
            self._checkpoint(self._require())
            checkpoint.drop_before(self.storage, version)

    def _checkpoint(self, opened: chain.Opened) -> None:
        """Write a checkpoint, best effort: it only saves time, and the commit already stands."""
        with contextlib.suppress(StorageError):
            size = checkpoint.write(self.storage, opened.lake.lake_id, opened.snapshot)
            self._opened = chain.Opened(
                lake=opened.lake, snapshot=opened.snapshot, log_bytes=0, checkpoint_bytes=size
            )

    def require(self) -> None:
        """Return if there is a lake.

        Raises:
            LakeNotFoundError: There is none yet.
        """
        self.refresh()
        self._require()

    def require_lake_file(self) -> None:
        """Return if there is a lake, however damaged its log may be.

        Raises:
            LakeNotFoundError: There is none yet.
        """
        if chain.read_lake_file(self.storage) is None:
            raise self._no_lake()

    def _no_lake(self) -> LakeNotFoundError:
        return LakeNotFoundError(f"there is no lake at {self.storage.url} yet")

    def _require(self) -> chain.Opened:
        if self._opened is None:
            raise self._no_lake()
        return self._opened
