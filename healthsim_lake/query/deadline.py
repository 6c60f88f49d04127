"""An end for statements that would not end."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

import duckdb

_REPEAT_SECONDS = 0.05


class Deadline:
    """Interrupts what runs on a connection once its time is over, and keeps interrupting.

    Once is not enough: an interrupt that arrives between two steps of a statement is forgotten.

    Args:
        connection: Its statements are interrupted.
        seconds: Time allowed, from entering the context.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self._done = threading.Event()
        self._passed = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="query-deadline")

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return self._passed.is_set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        wait = self._seconds
        while not self._done.wait(wait):
            self._passed.set()
            self._connection.interrupt()
            wait = _REPEAT_SECONDS
