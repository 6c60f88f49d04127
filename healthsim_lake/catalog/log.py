"""The commit log of one lake, as one process sees it."""

from __future__ import annotations

import contextlib
import os
import threading
from datetime import datetime
from typing import ClassVar
from weakref import WeakValueDictionary

from healthsim_lake import _json
from healthsim_lake._clock import new_uuid, to_utc
from healthsim_lake.catalog import chain, checkpoint
from healthsim_lake.catalog.actions import RowsAction
from healthsim_lake.catalog.commit import Commit, LakeFile, digest
from healthsim_lake.catalog.records import Manifest, ManifestRef, Statistics
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
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
    """

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.writers = WriterLock.of(storage.url)
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._opened: chain.Opened | None = None

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
            self._opened = chain.open_head(self.storage)
            return
        if new:
            self._extend(opened, new)

    def _extend(self, opened: chain.Opened, new: list[tuple[Commit, str, int]]) -> None:
        self._opened = chain.Opened(
            lake=opened.lake,
            snapshot=opened.snapshot.advance((commit, own) for commit, own, _ in new),
            log_bytes=opened.log_bytes + sum(size for _, _, size in new),
            checkpoint_bytes=opened.checkpoint_bytes,
        )

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
            VersionNotFoundError: There is no such version, or nothing was committed by then.
        """
        head = self.refresh()
        if version is None and timestamp is None:
            return head
        if timestamp is not None:
            version = self._version_at(head, to_utc(timestamp))
        if version is None or not 0 <= version <= head.version:
            raise VersionNotFoundError(
                f"the lake has no version {version}; it has 0 to {head.version}"
            )
        return head if version == head.version else self._rebuild(version)

    def _rebuild(self, version: int) -> Snapshot:
        start = checkpoint.newest(self.storage, self._require().lake.lake_id, until=version)
        if start is None:
            found = chain.read_lake_file(self.storage)
            base = Snapshot(version=0, digest="" if found is None else found[1])
        else:
            base = start.snapshot
        commits = (self.read(number) for number in range(base.version + 1, version + 1))
        return base.advance((commit, "") for commit in commits)

    def _version_at(self, head: Snapshot, moment: datetime) -> int:
        """Find the last commit not after `moment` by bisection: times never go backwards."""
        low, high = 0, head.version
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
        return self._read_manifest(state.record.id, manifest)

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
        return Statistics.model_validate(_json.loads(data))

    def _rows_in(self, state: ScenarioState, version: int | None) -> RowsAction:
        """Return the action that gave a version of a scenario its rows."""
        wanted = state.record.version if version is None else version
        chosen = next((one for one in reversed(state.versions) if one.version == wanted), None)
        if chosen is None:
            raise VersionNotFoundError(
                f"Scenario '{state.record.name}' has no version {version}; "
                f"it has 1 to {state.record.version}"
            )
        for action in self.read(chosen.manifest_commit).actions:
            if isinstance(action, RowsAction) and action.scenario_id == state.record.id:
                return action
        raise DamagedCommitError(
            f"commit {chosen.manifest_commit} holds no manifest of scenario {state.record.id}"
        )

    def _read_manifest(self, scenario_id: str, ref: ManifestRef) -> Manifest:
        key = layout.manifest(scenario_id, ref.txn_id)
        try:
            data = self.storage.read(key)
        except KeyMissingError as error:
            raise DamagedCommitError(f"the manifest {key} is missing") from error
        if digest(data) != ref.sha256:
            raise DamagedCommitError(f"the manifest {key} was altered")
        return Manifest.model_validate_json(data)

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
                self._opened = None
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

    def _checkpoint(self, opened: chain.Opened) -> None:
        """Write a checkpoint, best effort: it only saves time, and the commit already stands."""
        with contextlib.suppress(StorageError):
            size = checkpoint.write(self.storage, opened.lake.lake_id, opened.snapshot)
            self._opened = chain.Opened(
                lake=opened.lake, snapshot=opened.snapshot, log_bytes=0, checkpoint_bytes=size
            )

    def _require(self) -> chain.Opened:
        if self._opened is None:
            raise LakeNotFoundError(f"there is no lake at {self.storage.url} yet")
        return self._opened
