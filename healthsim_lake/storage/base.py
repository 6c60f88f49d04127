"""The seam between the lake and the places where its bytes lie."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

SMALL_BYTES = 8 * 2**20
"""Up to this size a whole value in one request comes sooner than the parts that are wanted.

Those are at least two requests, of which the second waits for the first: the end of a file says
where its columns are. Stores answer after 20 to 100 ms, and then send some 100 MB a second.
"""
BYTES_UNDER_WAY = 128 * 2**20
"""So much of files is on its way to a store at a time; it is in memory until it is there.

With more, both ends take new memory all the time instead of using theirs again.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored object.

    Attributes:
        key: Its key, relative to the lake's root.
        size: Bytes.
        modified: Seconds since 1970 by the store's clock.
        sealed: Whether nobody touched the file since a store that notices such things `put` it.
    """

    key: str
    size: int
    modified: float
    sealed: bool = False


class Storage(ABC):
    """Bytes under keys.

    Keys are relative POSIX paths made by `layout`. Values are written once and never changed.
    Every implementation passes the one contract test in ``tests/storage``.

    Attributes:
        url: Where the store is, for messages and for locks shared within a process.
        stages: Whether data files wait in ``staging/`` until they are true. Stores without a
            rename that is atomic write them to their final, unique name instead.
    """

    url: str
    stages: bool

    @abstractmethod
    def read(self, key: str) -> bytes:
        """Return the value under `key`.

        Raises:
            KeyMissingError: There is none.
        """

    def read_range(self, key: str, start: int, end: int) -> bytes:
        """Return the bytes of the value under `key` from `start` to before `end`.

        Raises:
            KeyMissingError: There is no value.
        """
        return self.read(key)[start:end]

    @abstractmethod
    def create(self, key: str, data: bytes) -> None:
        """Store `data` under `key` if the key is free: one of many callers wins, durably.

        Nobody ever sees a part of it.

        Raises:
            KeyExistsError: The key is taken.
            StorageError: Anything else; the value may or may not have been stored.
        """

    @abstractmethod
    def put(self, key: str, data: bytes | memoryview, *, durable: bool = True) -> None:
        """Store a file under a key that nobody else uses.

        The content is durable on return; its name is after `sync`.

        Args:
            key: Where to.
            data: The content.
            durable: False for what may be lost, or torn, if the machine stops now.
        """

    @abstractmethod
    def sync(self, folder: str) -> None:
        """Make the names of files put into `folder` durable."""

    @abstractmethod
    def stat(self, key: str) -> Entry | None:
        """Return what is known of `key` without reading it, or None if it is not there."""

    @abstractmethod
    def names(self) -> Sequence[str]:
        """Return the names that stand directly under the root, sorted; none where there is none."""

    @abstractmethod
    def list(self, folder: str) -> Iterator[Entry]:
        """Yield all objects below `folder`, at any depth, sorted by key."""

    @abstractmethod
    def move(self, source: str, target: str) -> bool:
        """Move a file to a key that nothing else ever has; return False if it is not there.

        Safe to repeat, and for many processes to do at once.
        """

    @abstractmethod
    def copy(self, source: str, target: str) -> None:
        """Give the bytes of `source` a second name, without reading them here where possible.

        Raises:
            KeyMissingError: There is no `source`.
        """

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove `key`; no error if it is already gone."""

    def expect(self, key: str, sha256: str) -> None:  # noqa: B027  # disks are checked by their times
        """Be told what `key` has to hold, so that engines are not given anything else."""

    def fetch(self, key: str) -> bool:
        """Have `filesystem` keep a small value ready, for an engine that is about to read it.

        Returns:
            Whether the key is there.

        Raises:
            DataFileAlteredError: It does not hold what was expected.
        """
        return self.stat(key) is not None

    def prune(self, folder: str) -> None:  # noqa: B027  # most stores have no folders
        """Remove `folder`, and folders below it, if they hold nothing, where a store has folders.

        It stays removed, and so does what was deleted from it.
        """

    @abstractmethod
    def location(self, key: str) -> str:
        """Return the path or URL by which other programs open `key`."""

    @property
    def filesystem(self) -> Any | None:
        """The fsspec filesystem that opens `location`, or None where plain paths do."""
        return None
