"""Data files on their way to the store: how much at a time, and what is known of each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from healthsim_lake.catalog.records import DataFile
from healthsim_lake.storage import BYTES_UNDER_WAY

Data = bytes | memoryview
"""What a file holds."""


class Line:
    """The line to a store: files go over it at the same time, up to some bytes together."""

    def __init__(self) -> None:
        self._bytes = 0
        self._changed = threading.Condition()

    def enter(self, size: int) -> None:
        """Wait until there is room; what is larger than all of it goes alone."""
        with self._changed:
            self._changed.wait_for(lambda: not self._bytes or self._has_room(size))
            self._bytes += size

    def _has_room(self, size: int) -> bool:
        return self._bytes + size <= BYTES_UNDER_WAY

    def leave(self, size: int) -> None:
        """Give the room back."""
        with self._changed:
            self._bytes -= size
            self._changed.notify_all()


class PendingFile:
    """A data file on its way: rows first, then bytes, which are gone when they are written.

    Attributes:
        written: Done when the file can be read.

    Args:
        encode: Makes the file from its rows.
    """

    written: Future[DataFile]

    def __init__(self, encode: Callable[[], tuple[DataFile, Data]]) -> None:
        self._encode = encode
        self._lock = threading.Lock()
        self._file: DataFile | None = None
        self._data: Data = b""

    def description(self) -> DataFile:
        """Return what a commit says of it; whoever asks first encodes it.

        The file may not be there yet: `FileWriter.sync` waits for it.
        """
        with self._lock:
            if self._file is None:
                self._file, self._data = self._encode()
                del self._encode  # it holds the rows
            return self._file

    def take(self) -> Data:
        """Return its bytes to the one who writes them; they are kept no longer."""
        self.description()
        data, self._data = self._data, b""
        return data

    def result(self) -> DataFile:
        """Wait until it can be read, and return what a commit says of it."""
        return self.written.result()
