"""A view of a store for engines that read files in pieces and ask for everything twice."""

from __future__ import annotations

import hashlib
import io
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from fsspec import AbstractFileSystem
from fsspec.spec import AbstractBufferedFile

from healthsim_lake.errors import DataFileAlteredError
from healthsim_lake.storage.base import SMALL_BYTES

T = TypeVar("T")

_KEPT_BYTES = 128 * 2**20
_KEPT_FACTS = 65_536
_BLOCK_BYTES = 4 * 2**20


class EngineFiles(AbstractFileSystem):  # type: ignore[misc]  # fsspec is not typed
    """The data files of one store, read-only.

    A file never changes under its name, so its size is asked for once, and small ones are fetched
    once; larger ones are read in blocks, with what was read last at hand.

    Args:
        client: Returns the filesystem of the store.
        read: Returns the content of a path in one request.
        part: Returns the bytes of a path from one place to another, in one request.
        size: Returns the size of a path, or None if it is not there, in one request.
    """

    cachable = False

    def __init__(
        self,
        client: Callable[[], Any],
        read: Callable[[str], bytes],
        part: Callable[[str, int, int], bytes],
        size: Callable[[str], int | None],
    ) -> None:
        super().__init__(use_listings_cache=False)
        self._client, self._read, self._size = client, read, size
        self.part = part
        self._names = client().protocol
        self._lock = threading.Lock()
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._digests: OrderedDict[str, str] = OrderedDict()
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._kept_bytes = 0

    @property
    def protocol(self) -> Any:
        """Names of the store's protocol, by which engines choose among filesystems."""
        return self._names

    def knows(self, path: str, size: int) -> None:
        """Remember what somebody else found out about a path."""
        self._remember(self._sizes, path, size)

    def expects(self, path: str, sha256: str) -> None:
        """Remember what a path has to hold; a file that is fetched whole is checked."""
        self._remember(self._digests, path, sha256)

    def _remember(self, facts: OrderedDict[str, T], path: str, fact: T) -> None:
        with self._lock:
            facts[path] = fact
            facts.move_to_end(path)
            while len(facts) > _KEPT_FACTS:
                facts.popitem(last=False)

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Return size and kind of a file."""
        path = self._plain(path)
        size = self._sizes.get(path)
        if size is None:
            size = self._size(path)
            if size is None:
                raise FileNotFoundError(path)
            self.knows(path, size)
        return {"name": path, "size": size, "type": "file"}

    def exists(self, path: str, **_: Any) -> bool:
        """Return whether a file is there now, whatever was known of it."""
        return self._size(self._plain(path)) is not None

    def modified(self, path: str) -> datetime:  # noqa: ARG002  # the same for all files
        """Return a time that never changes, like the files."""
        return datetime.fromtimestamp(0, UTC)

    def glob(self, path: str, **_: Any) -> list[str]:
        """Return the one path: names of data files hold nothing that stands for others."""
        try:
            return [self.info(path)["name"]]
        except FileNotFoundError:
            return []

    def open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        """Open a file for reading.

        Raises:
            PermissionError: For any other mode.
        """
        if mode not in {"r", "rb"}:
            raise PermissionError(f"{path} is open for reading only")
        path = self._plain(path)
        size = self.info(path)["size"]
        if size <= SMALL_BYTES:
            return io.BytesIO(self._whole(path))
        return _LargeFile(
            self, path, "rb", block_size=_BLOCK_BYTES, cache_type="background", size=size
        )

    def fetch(self, path: str) -> bool:
        """Read a file that will be opened soon; return whether it is there."""
        try:
            self.knows(path, len(self._whole(path)))
        except FileNotFoundError:
            return False
        return True

    def _whole(self, path: str) -> bytes:
        with self._lock:
            found = self._kept.get(path)
            if found is not None:
                self._kept.move_to_end(path)
                return found
        data = self._read(path)
        expected = self._digests.get(path)
        if expected not in {None, hashlib.sha256(data).hexdigest()}:
            raise DataFileAlteredError(
                "a data file differs from what was committed (SHA-256); restore it from a backup"
            )
        with self._lock:
            if path not in self._kept:
                self._kept[path] = data
                self._kept_bytes += len(data)
            while self._kept_bytes > _KEPT_BYTES:
                self._kept_bytes -= len(self._kept.popitem(last=False)[1])
        return data

    def _plain(self, path: str) -> str:
        return str(self._client()._strip_protocol(path))  # noqa: SLF001  # fsspec has no public name for it


class _LargeFile(AbstractBufferedFile):  # type: ignore[misc]  # fsspec is not typed
    """A file that is read in blocks; its size is known."""

    fs: EngineFiles
    path: str

    def _fetch_range(self, start: int, end: int) -> bytes:
        return self.fs.part(self.path, start, end)
