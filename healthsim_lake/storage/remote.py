"""Every other filesystem that fsspec knows: memory, object stores, archives of colleagues."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from fsspec import AbstractFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from healthsim_lake._clock import to_utc
from healthsim_lake.errors import KeyExistsError, KeyMissingError
from healthsim_lake.storage.base import Entry, Storage
from healthsim_lake.storage.creating import Creator
from healthsim_lake.storage.reading import EngineFiles
from healthsim_lake.storage.refusals import mapped_errors
from healthsim_lake.storage.requests import Requests


class FsspecStorage(Requests, Storage):
    """A prefix in any fsspec filesystem.

    Creates are conditional where the store can do that; see `creating`. ``memory://`` belongs to
    this process; a lock is enough for it. Everywhere else creates are refused unless the caller
    promises to be the only writer.

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
        super().__init__(filesystem, prefix)
        self._single_writer = single_writer or isinstance(filesystem, MemoryFileSystem)
        self.url = str(filesystem.unstrip_protocol(prefix))
        self._creator = Creator(
            self,
            lambda key, data: self._put_new(self._path(key), data),
            conditional=self._conditional,
        )
        # The store in memory looks through all its files at once, and none may come meanwhile.
        memory = isinstance(filesystem, MemoryFileSystem)
        self._one_at_a_time = self._lock if memory else contextlib.nullcontext()

    @cached_property
    def filesystem(self) -> Any:
        """The fsspec filesystem for engines: where reading costs requests, one that saves them."""
        if not self._conditional:
            return self._opened
        return EngineFiles(lambda: self._client, self._read_path, self._read_part, self._size_of)

    def _read_path(self, path: str) -> bytes:
        try:
            return self.read(path[len(self._prefix) + 1 :])
        except KeyMissingError as error:
            raise FileNotFoundError(path) from error

    def _read_part(self, path: str, start: int, end: int) -> bytes:
        return self.read_range(path[len(self._prefix) + 1 :], start, end)

    def _size_of(self, path: str) -> int | None:
        found = self.stat(path[len(self._prefix) + 1 :])
        return None if found is None else found.size

    def read(self, key: str) -> bytes:
        """Return the value under `key`."""
        path = self._path(key)
        with mapped_errors(self.url, key, "read"), self._one_at_a_time:
            return bytes(self._get(path))

    def read_range(self, key: str, start: int, end: int) -> bytes:
        """Return a part of the value under `key`."""
        path = self._path(key)
        with mapped_errors(self.url, key, "read"), self._one_at_a_time:
            return bytes(self._get_range(path, start, end))

    def create(self, key: str, data: bytes) -> None:
        """Store `data` where nothing is yet."""
        path = self._path(key)
        if self._single_writer:
            self._create_alone(path, key, data)
        else:
            bucket = self._prefix.partition("/")[0]
            self._creator.create(key, data, of=self._client, bucket=bucket)

    def _create_alone(self, path: str, key: str, data: bytes) -> None:
        with self._lock:
            self._client.invalidate_cache()
            with mapped_errors(self.url, key, "read"):
                taken = self._client.exists(path)
            if taken:
                raise KeyExistsError(f"{key} already exists")
            self._write(key, data)

    def put(self, key: str, data: bytes | memoryview, *, durable: bool = True) -> None:  # noqa: ARG002  # a store knows no other way
        """Store a file under a key of its own."""
        self._write(key, data if isinstance(data, bytes) else bytes(data))

    def sync(self, folder: str) -> None:
        """Do nothing: objects have no folders."""

    def stat(self, key: str) -> Entry | None:
        """Return size and time of `key`, or None."""
        path = self._path(key)
        try:
            with mapped_errors(self.url, key, "look for"), self._one_at_a_time:
                found = _entry(key, self._head(path))
        except KeyMissingError:
            return None
        if self._conditional:
            self.filesystem.knows(path, found.size)
        return found

    def expect(self, key: str, sha256: str) -> None:
        """Have `filesystem` check what it fetches."""
        if self._conditional:
            self.filesystem.expects(self._path(key), sha256)

    def fetch(self, key: str) -> bool:
        """Have `filesystem` keep a value ready."""
        if not self._conditional:
            return super().fetch(key)
        return bool(self.filesystem.fetch(self._path(key)))

    def names(self) -> list[str]:
        """Return the first segments of all keys."""
        try:
            with mapped_errors(self.url, "", "list"), self._one_at_a_time:
                return sorted(self._first_names())
        except KeyMissingError:
            return []

    def list(self, folder: str) -> Iterator[Entry]:
        """Yield all objects below `folder`, sorted by key."""
        path = self._path(folder)
        with mapped_errors(self.url, folder, "list"), self._one_at_a_time:
            found = self._find(path)
        skip = len(self._prefix) + 1
        for path in sorted(found):
            yield _entry(path[skip:], found[path])

    def move(self, source: str, target: str) -> bool:
        """Copy, then delete: there is no rename that is atomic."""
        try:
            self.copy(source, target)
        except KeyMissingError:
            return False
        self.delete(source)
        return True

    def copy(self, source: str, target: str) -> None:
        """Copy inside the store."""
        old, new = self._path(source), self._path(target)
        with mapped_errors(self.url, source, "copy"), self._one_at_a_time:
            self._copy(old, new)

    def delete(self, key: str) -> None:
        """Remove `key` if it is there."""
        path = self._path(key)
        with (
            contextlib.suppress(KeyMissingError),
            mapped_errors(self.url, key, "delete"),
            self._one_at_a_time,
        ):
            self._remove(path)

    def location(self, key: str) -> str:
        """Return the URL of `key`, with the filesystem's protocol."""
        return str(self._client.unstrip_protocol(self._path(key)))

    def _write(self, key: str, data: bytes) -> None:
        path = self._path(key)
        with mapped_errors(self.url, key, "write"), self._one_at_a_time:
            self._put(path, data)


def _entry(key: str, info: Mapping[str, Any]) -> Entry:
    times = (info.get(name) for name in ("LastModified", "last_modified", "mtime", "created"))
    modified = next(filter(None, times), 0.0)
    if isinstance(modified, datetime):
        modified = to_utc(modified).timestamp()
    return Entry(key, int(info["size"]), float(modified))
