"""An end for statements that would not end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import duckdb

T = TypeVar("T")

_REPEAT_SECONDS = 0.05
_SLICE_SECONDS = 0.1


class Deadline:
    """Lets a job on a connection run until its time is over, or its caller gives up.

    The job runs in a thread of its own, because the engine does not look for Ctrl-C while it
    works; the waiting caller does. It is interrupted again and again: an interrupt that arrives
    between two steps of a statement is forgotten.

    Args:
        connection: What runs on it is interrupted.
        seconds: Time allowed to a job.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self._passed = threading.Event()

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return self._passed.is_set()

    def run(self, job: Callable[[], T]) -> T:
        """Return what `job` returns, or raise what it raises, once it has really ended."""
        outcome: Future[T] = Future()
        done = threading.Event()
        thread = threading.Thread(
            target=_fulfil, args=(job, outcome, done), daemon=True, name="query"
        )
        thread.start()
        try:
            self._wait(done)
        finally:
            while not done.is_set():
                self._connection.interrupt()
                done.wait(_REPEAT_SECONDS)
            thread.join()
        return outcome.result()

    def _wait(self, done: threading.Event) -> None:
        # In slices, because a signal that another thread receives does not end a wait.
        end = time.monotonic() + self._seconds
        while (left := end - time.monotonic()) > 0:
            if done.wait(min(left, _SLICE_SECONDS)):
                return
        self._passed.set()


def _fulfil(job: Callable[[], T], outcome: Future[T], done: threading.Event) -> None:
    try:
        outcome.set_result(job())
    except BaseException as error:  # noqa: BLE001  # it is raised again where the job was asked for
        outcome.set_exception(error)
    finally:
        done.set()
