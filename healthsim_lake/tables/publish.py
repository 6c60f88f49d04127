"""Making folders agree with the log: new files into ``data/``, superseded ones into ``history/``.

Any writer may finish what another one began: every step is safe to repeat and to race, because a
file's name becomes live at most once and is retired at most once.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable

from healthsim_lake.catalog.commit import Commit
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.records import FileGroup
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.errors import StorageError
from healthsim_lake.storage import layout
from healthsim_lake.tables.places import in_parallel


class UnpublishedWarning(UserWarning):
    """A commit is true, but its files are not in their folders yet; the next writer mends that."""


class Publisher:
    """Keeps the folders of one lake in step with its log."""

    def __init__(self, log: CommitLog) -> None:
        self._log, self._storage = log, log.storage
        self._lock = threading.Lock()
        self._lake_id, self._known = "", 0

    def tidy(self, snapshot: Snapshot) -> int:
        """Complete what crashed writers left, up to `snapshot`; return the version now reached.

        Raises:
            StorageError: A file could not be moved.
        """
        with self._lock:
            known = max(snapshot.tidied, self._known_of(self._log.lake_id))
            pending = [self._log.read(v) for v in range(known + 1, snapshot.version + 1)]
            self._settle(pending)
            self._known = max(known, snapshot.version)
            return snapshot.version

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
            if self._known_of(self._log.lake_id) == commit.version - 1:
                self._known = commit.version

    def _known_of(self, lake_id: str) -> int:
        """Return how far this process got in the lake that is there now."""
        if self._lake_id != lake_id:
            self._lake_id, self._known = lake_id, 0
        return self._known

    def _settle(self, commits: Iterable[Commit]) -> None:
        """Bring the files of `commits`, given in order, to where the last of them wants them."""
        live: dict[tuple[str, str, str], None] = {}
        past: dict[tuple[str, str, str], None] = {}
        for commit in commits:
            live.update(dict.fromkeys(_files(commit.publishes)))
            for file in _files(commit.retires):
                live.pop(file, None)
                past[file] = None
        if self._storage.stages:
            for table, scenario_id, name in live:
                self._storage.move(layout.staged(name), layout.live(table, scenario_id, name))
        in_parallel(self._storage, lambda file: self._retire(*file), list(past))

    def _retire(self, table: str, scenario_id: str, name: str) -> None:
        """Move a file to history from wherever it is; another process may be moving it too."""
        target = layout.retired(table, scenario_id, name)
        if not self._storage.stages:
            # In a copy of a lake that other tools made files may wait in staging all the same.
            if not self._storage.move(layout.live(table, scenario_id, name), target):
                self._storage.move(layout.staged(name), target)
            return
        while not self._storage.move(layout.live(table, scenario_id, name), target):
            if self._storage.move(layout.staged(name), target):
                return
            if self._storage.stat(layout.live(table, scenario_id, name)) is None:
                return


def _files(groups: Iterable[FileGroup]) -> Iterable[tuple[str, str, str]]:
    return ((group.table, group.scenario_id, name) for group in groups for name in group.names)
