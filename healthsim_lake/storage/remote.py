"""Every other filesystem that fsspec knows: memory, object stores, archives of colleagues."""

from __future__ import annotations

import contextlib
import errno
import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fsspec import AbstractFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from healthsim_lake._clock import to_utc
from healthsim_lake.errors import KeyExistsError, KeyMissingError, StorageError, UnsafeStoreError
from healthsim_lake.storage import layout
from healthsim_lake.storage.base import Entry, Storage


class FsspecStorage(Storage):
    """A prefix in any fsspec filesystem.

    Nothing is known of how two processes race there, so creates are refused unless the caller
    promises to be the only writer. ``memory://`` belongs to this process; a lock is enough for it.

    Args:
        filesystem: Any fsspec filesystem.
        prefix: Path in it.
        single_writer: The caller's promise.
    """

    stages = False
    _lock = threading.RLock()

    def __init__(
        self, filesystem: AbstractFileSystem, prefix: str, *, single_writer: bool = False
    ) -> None:
        self._filesystem = filesystem
        self._prefix = prefix.rstrip("/")
        self._may_create = single_writer or isinstance(filesystem, MemoryFileSystem)
        self.url = str(filesystem.unstrip_protocol(prefix))
        # The store in memory looks through all its files at once, and none may come meanwhile.
        memory = isinstance(filesystem, MemoryFileSystem)
        self._one_at_a_time = self._lock if memory else contextlib.nullcontext()

    @property
    def filesystem(self) -> Any:
        """The fsspec filesystem."""
        return self._filesystem

    def read(self, key: str) -> bytes:
        """Return the value under `key`."""
        try:
            with self._one_at_a_time:
                return bytes(self._filesystem.cat_file(self._path(key)))
        except (FileNotFoundError, IsADirectoryError) as error:
            raise KeyMissingError(errno.ENOENT, f"{key} is not in the store") from error

    def create(self, key: str, data: bytes) -> None:
        """Store `data` where nothing is yet."""
        path = self._path(key)
        if not self._may_create:
            raise UnsafeStoreError(
                None,
                f"{self.url}: two writers could both win there; if nobody else writes, "
                "open the lake with single_writer=True",
            )
        with self._lock:
            self._filesystem.invalidate_cache()
            if self._filesystem.exists(path):
                raise KeyExistsError(errno.EEXIST, f"{key} already exists")
            self._write(key, data)

    def put(self, key: str, data: bytes | memoryview, *, durable: bool = True) -> None:  # noqa: ARG002  # a store knows no other way
        """Store a file under a key of its own."""
        self._write(key, bytes(data))

    def sync(self, folder: str) -> None:
        """Do nothing: objects have no folders."""

    def stat(self, key: str) -> Entry | None:
        """Return size and time of `key`, or None."""
        try:
            with self._one_at_a_time:
                return _entry(key, self._filesystem.info(self._path(key), refresh=True))
        except FileNotFoundError:
            return None

    def names(self) -> list[str]:
        """Return the first segments of all keys."""
        try:
            with self._one_at_a_time:
                found = self._filesystem.ls(self._prefix, detail=False, refresh=True)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(str(path).rstrip("/").rsplit("/", 1)[-1] for path in found)

    def list(self, folder: str) -> Iterator[Entry]:
        """Yield all objects below `folder`, sorted by key."""
        with self._one_at_a_time:
            self._filesystem.invalidate_cache()
            found = self._filesystem.find(self._path(folder), detail=True)
        skip = len(self._prefix) + 1
        for path in sorted(found):
            if found[path]["type"] == "file":
                yield _entry(path[skip:], found[path])

    def move(self, source: str, target: str) -> bool:
        """Copy, see it there, then delete: there is no rename that is atomic."""
        if self.stat(source) is None:
            return False
        try:
            self.copy(source, target)
        except KeyMissingError:
            return False
        self.delete(source)
        return True

    def copy(self, source: str, target: str) -> None:
        """Copy inside the store."""
        old, new = self._path(source), self._path(target)
        try:
            with self._one_at_a_time:
                self._make_folder_of(new)
                self._filesystem.cp_file(old, new)
        except FileNotFoundError as error:
            raise KeyMissingError(errno.ENOENT, f"{source} is not in the store") from error

    def delete(self, key: str) -> None:
        """Remove `key` if it is there."""
        try:
            with self._one_at_a_time:
                self._filesystem.rm_file(self._path(key))
        except FileNotFoundError:
            return

    def location(self, key: str) -> str:
        """Return the URL of `key`, with the filesystem's protocol."""
        return str(self._filesystem.unstrip_protocol(self._path(key)))

    def _write(self, key: str, data: bytes) -> None:
        path = self._path(key)
        try:
            with self._one_at_a_time:
                self._make_folder_of(path)
                self._filesystem.pipe_file(path, data)
        except OSError as error:
            raise StorageError(error.errno, f"cannot write {key}: {error}") from error

    def _make_folder_of(self, path: str) -> None:
        self._filesystem.makedirs(self._filesystem._parent(path), exist_ok=True)  # noqa: SLF001  # fsspec has no public name for it

    def _path(self, key: str) -> str:
        return f"{self._prefix}/{layout.check_key(key)}"


def _entry(key: str, info: dict[str, Any]) -> Entry:
    modified = info.get("LastModified") or info.get("mtime") or info.get("created") or 0.0
    if isinstance(modified, datetime):
        modified = to_utc(modified).timestamp()
    return Entry(key, int(info["size"]), float(modified))
