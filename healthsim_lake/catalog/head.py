"""The head of a lake's log, as one process sees it.

What was read is kept, and extended with what is new; whether it is still true is asked of the
storage. Commits are made by `transaction`; what the log says of the past is read by `log`.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from typing import ClassVar
from weakref import WeakValueDictionary

from healthsim_lake._clock import new_uuid
from healthsim_lake._forks import renewed_in_children
from healthsim_lake.catalog import chain, checkpoint
from healthsim_lake.catalog.commit import Commit, LakeFile, digest
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.errors import (
    DamagedCommitError,
    KeyExistsError,
    KeyMissingError,
    LakeNotFoundError,
    LakeReplacedError,
    StorageError,
)
from healthsim_lake.storage import Storage, layout

_EMPTY = Snapshot(version=0, digest="")
_RECENT = 32
"""Commits that are kept as they were read."""


class WriterLock:
    """The queue in which the writers of one process wait for one lake.

    Attributes:
        lock: Held by the one whose turn it is.
        turns: How many had theirs.
    """

    _locks: ClassVar[WeakValueDictionary[str, WriterLock]] = WeakValueDictionary()

    def __init__(self) -> None:
        self.turns = 0
        self._renew()
        renewed_in_children(self, WriterLock._renew)

    def _renew(self) -> None:
        self.lock = threading.RLock()

    @classmethod
    def of(cls, url: str) -> WriterLock:
        """Return the lock that all users of `url` in this process share."""
        found = cls._locks.get(url)
        if found is None:
            found = cls._locks.setdefault(url, cls())
        return found


class LogHead:
    """Reads the log up to its head, and keeps what it read.

    Threads may share one. After a fork, what was read is dropped.

    Attributes:
        storage: Where the lake is.
        writers: The queue of this process's writers.
        epoch: Counts how often what was read turned out to be of another history.
    """

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.writers = WriterLock.of(storage.url)
        self._renew()
        renewed_in_children(self, LogHead._renew)
        self._process = os.getpid()
        self._opened: chain.Opened | None = None
        self._recent: deque[Commit] = deque(maxlen=_RECENT)
        self.epoch = 0

    def _renew(self) -> None:
        self._lock = threading.RLock()

    def recent(self, version: int) -> Commit:
        """Return one commit; one of the last that were read is not read again.

        Raises:
            DamagedCommitError: It is missing or cannot be read.
        """
        known = next((one for one in reversed(self._recent) if one.version == version), None)
        return self.read(version) if known is None else known

    def read(self, version: int) -> Commit:
        """Return one commit.

        Raises:
            DamagedCommitError: It is missing or cannot be read.
        """
        found = chain.read_commit(self.storage, version)
        if found is None:
            raise DamagedCommitError(f"commit {version} is missing from the log")
        return found[0]

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
