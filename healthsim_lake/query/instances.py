"""Instances of DuckDB, opened ahead where that saves somebody a wait.

Opening one costs 14 ms, more than most questions do.
"""

from __future__ import annotations

import atexit
import os
import threading
from concurrent.futures import Future

import duckdb

from healthsim_lake._forks import across_forks
from healthsim_lake.query.parse import LOCKED_CONFIG, prepare

_MAX_THREADS = 8
# Releases before 2.0 open in a few milliseconds, and an instance of theirs that was just made and
# closed by another thread can end a forked child with a crash.
_WORTH_IT = int(duckdb.__version__.split(".")[0]) >= 2  # noqa: PLR2004  # the release


class Spare:
    """One instance that waits to be used, unlocked and empty.

    It is there for programs that open one after the other, because they open a lake for each
    request, or ask one scenario after the other; whoever asks once pays for none.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Future[duckdb.DuckDBPyConnection] | None = None
        self._taken = 0
        atexit.register(self.close)
        across_forks(self._hold, self._lock.release)

    def take(self) -> duckdb.DuckDBPyConnection:
        """Return an instance of one's own, to be configured, locked and closed by the caller."""
        with self._lock:
            waiting, self._waiting = self._waiting, None
            self._taken += 1
        return _open() if waiting is None else waiting.result()

    def replace(self) -> None:
        """Begin to open another one, if this process seems to need many; returns at once."""
        with self._lock:
            if _WORTH_IT and self._taken > 1 and self._waiting is None:
                self._waiting = Future()
                threading.Thread(
                    target=_fulfil, args=(self._waiting,), daemon=True, name="duckdb-spare"
                ).start()

    def close(self) -> None:
        """Close the one that waits."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and waiting.exception() is None:
            waiting.result().close()

    def _hold(self) -> None:
        self._lock.acquire()
        self._close()


def _open() -> duckdb.DuckDBPyConnection:
    threads = min(max(2, os.cpu_count() or 2), _MAX_THREADS)
    connection = duckdb.connect(":memory:", config={**LOCKED_CONFIG, "threads": threads})
    prepare(connection)
    return connection


def _fulfil(future: Future[duckdb.DuckDBPyConnection]) -> None:
    try:
        future.set_result(_open())
    except BaseException as error:  # noqa: BLE001  # it is raised where the instance is taken
        future.set_exception(error)


spare = Spare()
