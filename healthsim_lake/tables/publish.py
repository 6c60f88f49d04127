"""Making folders agree with the log: new files into ``data/``, superseded ones into ``history/``.

Any writer may finish what another one began: every step is safe to repeat and to race, because a
file's name becomes live at most once and is retired at most once.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections import deque
from collections.abc import Iterable
from datetime import timedelta

from healthsim_lake import _clock
from healthsim_lake._forks import renewed_in_children
from healthsim_lake.catalog.commit import Commit
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.records import FileGroup
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.errors import StorageError
from healthsim_lake.storage import layout
from healthsim_lake.tables.places import in_parallel

DURABLE_AFTER = timedelta(seconds=60)
"""After so long every disk has made a rename durable of its own; nobody waits for that."""
MOST_AGAIN = 1_000
"""The first write of a process looks at so many of the newest commits again, and at no more."""


class UnpublishedWarning(UserWarning):
    """A commit is true, but its files are not in their folders yet; the next writer mends that."""


class Publisher:
    """Keeps the folders of one lake in step with its log."""

    def __init__(self, log: CommitLog) -> None:
        self._log, self._storage = log, log.storage
        self._renew()
        renewed_in_children(self, Publisher._renew)
        self._history, self._known = ("", 0), 0
        self._seen: deque[tuple[float, int]] = deque()

    def _renew(self) -> None:
        self._lock = threading.Lock()

    def tidy(self, snapshot: Snapshot) -> int:
        """Complete what crashed writers left, up to `snapshot`.

        Returns:
            The version up to which folders and log agree for good. A disk may forget a rename
            when the power fails, and keep a commit that came after it; so what was moved just now
            is not promised yet, and whoever writes after the failure moves it again.

        Raises:
            StorageError: A file could not be moved.
            LakeReplacedError: The lake is not the one that `snapshot` is of.
        """
        with self._lock:
            known = max(snapshot.tidied, self._known_here())
            pending = [self._log.recent(v) for v in range(known + 1, snapshot.version + 1)]
            to_move = [commit for commit in pending if commit.publishes or commit.retires]
            if to_move:
                self._log.verify_identity()  # files of the same names may be live in a former state
            moved = self._settle(to_move)
            self._known = max(known, snapshot.version)
            if not self._storage.stages:
                return snapshot.version
            return max(snapshot.tidied, self._durable(pending, snapshot, moved=moved))

    def _durable(self, pending: list[Commit], snapshot: Snapshot, *, moved: bool) -> int:
        """Return the newest version whose files were in their folders long ago."""
        now, version = time.monotonic(), snapshot.version - MOST_AGAIN
        if not moved:
            old = _clock.now() - DURABLE_AFTER
            version = max(version, *(c.version for c in pending if c.timestamp <= old), 0)
        while self._seen and now - self._seen[0][0] >= DURABLE_AFTER.total_seconds():
            version = max(version, self._seen.popleft()[1])
        if not self._seen or now - self._seen[-1][0] >= 1.0:
            self._seen.append((now, snapshot.version))
        return min(version, snapshot.version)

    def publish(self, commit: Commit) -> None:
        """Move the files of a commit that was just made; a failure is a warning, not an error."""
        with self._lock:
            try:
                self._settle([commit])
            except StorageError as error:
                warnings.warn(
                    f"commit {commit.version} is kept, but its files could not be moved to their "
                    f"folders ({error}); the next write or `healthsim-lake tidy` does it",
                    UnpublishedWarning,
                    stacklevel=4,
                )
                return
            if self._known_here() == commit.version - 1:
                self._known = commit.version

    def _known_here(self) -> int:
        """Return how far this process got in the lake that is there now.

        A lake that was restored from a backup goes another way from there on.
        """
        history = self._log.lake_id, self._log.epoch
        if self._history != history:
            self._history, self._known = history, 0
            self._seen.clear()
        return self._known

    def _settle(self, commits: Iterable[Commit]) -> bool:
        """Bring the files of `commits`, given in order, to where the last of them wants them.

        Returns:
            Whether any of them was somewhere else.
        """
        moved = False
        live: dict[tuple[str, str, str], None] = {}
        past: dict[tuple[str, str, str], None] = {}
        for commit in commits:
            live.update(dict.fromkeys(_files(commit.publishes)))
            for file in _files(commit.retires):
                live.pop(file, None)
                past[file] = None
        if self._storage.stages:
            for table, scenario_id, name in live:
                place = layout.live(table, scenario_id, name)
                moved |= self._storage.move(layout.staged(name), place)
        retired = in_parallel(self._storage, lambda file: self._retire(*file), list(past))
        return moved or any(retired)

    def _retire(self, table: str, scenario_id: str, name: str) -> bool:
        """Move a file to history from wherever it is; another process may be moving it too."""
        target = layout.retired(table, scenario_id, name)
        if not self._storage.stages:
            # In a copy of a lake that other tools made files may wait in staging all the same.
            return self._storage.move(
                layout.live(table, scenario_id, name), target
            ) or self._storage.move(layout.staged(name), target)
        while not self._storage.move(layout.live(table, scenario_id, name), target):
            if self._storage.move(layout.staged(name), target):
                return True
            if self._storage.stat(layout.live(table, scenario_id, name)) is None:
                return False
        return True


def _files(groups: Iterable[FileGroup]) -> Iterable[tuple[str, str, str]]:
    return ((group.table, group.scenario_id, name) for group in groups for name in group.names)
