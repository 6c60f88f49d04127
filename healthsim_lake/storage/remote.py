"""Every other filesystem that fsspec knows: memory, object stores, archives of colleagues."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from fsspec import AbstractFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from healthsim_lake._clock import to_utc
from healthsim_lake.errors import (
    AccessError,
    KeyExistsError,
    KeyMissingError,
    ReadOnlyError,
    StorageError,
    UnsafeStoreError,
)
from healthsim_lake.storage import layout
from healthsim_lake.storage.base import Entry, Storage
from healthsim_lake.storage.reading import EngineFiles
from healthsim_lake.storage.refusals import NOT_NOW, explained, mapped_errors, refusal_code

CONDITIONAL = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"})
"""Protocols whose filesystems can ask a store to write a key only if it is free."""

_ATTEMPTS = 4


class FsspecStorage(Storage):
    """A prefix in any fsspec filesystem.

    Creates are conditional where the store can do that, which it has to show before the first one.
    ``memory://`` belongs to this process; a lock is enough for it. Everywhere else creates are
    refused unless the caller promises to be the only writer.

    Args:
        filesystem: Any fsspec filesystem.
        prefix: Path in it.
        single_writer: The caller's promise.
    """

    stages = False
    _lock = threading.RLock()
    _proven: ClassVar[WeakKeyDictionary[AbstractFileSystem, set[str]]] = WeakKeyDictionary()

    def __init__(
        self, filesystem: AbstractFileSystem, prefix: str, *, single_writer: bool = False
    ) -> None:
        self._opened, self._process = filesystem, os.getpid()
        self._prefix = prefix.rstrip("/")
        self._single_writer = single_writer or isinstance(filesystem, MemoryFileSystem)
        self._conditional = not CONDITIONAL.isdisjoint(_protocols(filesystem))
        self.url = str(filesystem.unstrip_protocol(prefix))
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

    @property
    def _client(self) -> Any:
        """The filesystem; after a fork another one, because connections cannot be shared."""
        if self._process != os.getpid():
            former = self._opened
            self._opened = type(former)(*former.storage_args, **former.storage_options)
            self._process = os.getpid()
        return self._opened

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
        """Store `data` where nothing is yet.

        Clients repeat requests whose answer was lost, and then find their own first attempt: so
        whoever reads back what he wrote has won.
        """
        path = self._path(key)
        if self._single_writer:
            self._create_alone(path, key, data)
            return
        self._prove()
        for attempt in range(_ATTEMPTS):
            try:
                self._put_new(path, data)
            except Exception as error:  # clients have no common base for what may go wrong
                trouble = explained(error, self.url, key, "write")
                if isinstance(trouble, AccessError | ReadOnlyError):
                    raise trouble from error
                if refusal_code(error) in NOT_NOW and attempt < _ATTEMPTS - 1:
                    time.sleep(0.05 * 2**attempt)
                    continue
                if self._holds(key, data):
                    return
                raise trouble from error
            else:
                return

    def _holds(self, key: str, data: bytes) -> bool:
        """Return whether `data` is what stands under `key`; False also if nobody can tell."""
        try:
            return self.read(key) == data
        except StorageError:
            return False

    def _create_alone(self, path: str, key: str, data: bytes) -> None:
        with self._lock:
            self._client.invalidate_cache()
            with mapped_errors(self.url, key, "read"):
                taken = self._client.exists(path)
            if taken:
                raise KeyExistsError(None, f"{key} already exists")
            self._write(key, data)

    def _prove(self) -> None:
        """Create one key twice; the second has to fail. Asked once for each store and process.

        Raises:
            UnsafeStoreError: It did not, or the filesystem has no such request.
        """
        client = self._client
        bucket = self._prefix.partition("/")[0]
        with self._lock:
            proven = self._proven.setdefault(client, set())
            if bucket in proven:
                return
            refusal = UnsafeStoreError(
                None,
                f"{self.url}: the store does not keep two writers from both winning (it ignores "
                "conditional creates); if nobody else writes, open the lake with "
                "single_writer=True",
            )
            if not self._conditional:
                raise refusal
            key = f"{layout.STAGING}/{secrets.token_hex(12)}.tmp"
            path = self._path(key)
            with mapped_errors(self.url, key, "write"):
                self._put_new(path, b"first")
            try:
                if self._is_overwritten(path, key):
                    raise refusal
            finally:
                self.delete(key)
            proven.add(bucket)

    def _is_overwritten(self, path: str, key: str) -> bool:
        try:
            self._put_new(path, b"second")
        except Exception as error:  # see `create`
            trouble = explained(error, self.url, key, "write")
            if isinstance(trouble, KeyExistsError):
                return False
            raise trouble from error
        return True

    def put(self, key: str, data: bytes | memoryview, *, durable: bool = True) -> None:  # noqa: ARG002  # a store knows no other way
        """Store a file under a key of its own."""
        self._write(key, bytes(data))

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

    # What follows is what a store may know how to do in fewer requests.

    def _get(self, path: str) -> bytes:
        found: bytes = self._client.cat_file(path)
        return found

    def _get_range(self, path: str, start: int, end: int) -> bytes:
        found: bytes = self._client.cat_file(path, start=start, end=end)
        return found

    def _put(self, path: str, data: bytes) -> None:
        self._make_folder_of(path)
        self._client.pipe_file(path, data)

    def _put_new(self, path: str, data: bytes) -> None:
        self._client.pipe_file(path, data, mode="create")

    def _head(self, path: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._client.info(path, refresh=True)
        return found

    def _first_names(self) -> Iterator[str]:
        found = self._client.ls(self._prefix, detail=False, refresh=True)
        return (str(path).rstrip("/").rsplit("/", 1)[-1] for path in found)

    def _find(self, path: str) -> Mapping[str, Mapping[str, Any]]:
        self._client.invalidate_cache()
        found = self._client.find(path, detail=True)
        return {path: info for path, info in found.items() if info["type"] == "file"}

    def _copy(self, old: str, new: str) -> None:
        self._make_folder_of(new)
        self._client.cp_file(old, new)

    def _remove(self, path: str) -> None:
        self._client.rm_file(path)

    def _make_folder_of(self, path: str) -> None:
        if not self._conditional:  # object stores have no folders
            filesystem = self._client
            filesystem.makedirs(filesystem._parent(path), exist_ok=True)  # noqa: SLF001  # fsspec has no public name for it

    def _parts(self, path: str) -> tuple[str, str]:
        bucket, _, key = path.partition("/")
        return bucket, key

    def _path(self, key: str) -> str:
        return f"{self._prefix}/{layout.check_key(key)}"


def _protocols(filesystem: AbstractFileSystem) -> set[str]:
    names = filesystem.protocol
    return {names} if isinstance(names, str) else set(names)


def _entry(key: str, info: Mapping[str, Any]) -> Entry:
    times = (info.get(name) for name in ("LastModified", "last_modified", "mtime", "created"))
    modified = next(filter(None, times), 0.0)
    if isinstance(modified, datetime):
        modified = to_utc(modified).timestamp()
    return Entry(key, int(info["size"]), float(modified))
