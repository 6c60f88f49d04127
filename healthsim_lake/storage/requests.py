"""What is asked of a filesystem of fsspec, one method for each kind of request."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from fsspec import AbstractFileSystem

from healthsim_lake.storage import layout

CONDITIONAL = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"})
"""Protocols whose filesystems can ask a store to write a key only if it is free."""


class Requests:
    """Requests for what lies below a prefix, as every filesystem understands them.

    Filesystems look before they leap; those who know a store override what it does in fewer. Errors
    are the client's own.

    Args:
        filesystem: Any fsspec filesystem.
        prefix: Path in it.
    """

    def __init__(self, filesystem: AbstractFileSystem, prefix: str) -> None:
        self._opened, self._process = filesystem, os.getpid()
        self._prefix = prefix.rstrip("/")
        self._conditional = not CONDITIONAL.isdisjoint(_protocols(filesystem))

    @property
    def _client(self) -> Any:
        """The filesystem; after a fork another one, because connections cannot be shared."""
        if self._process != os.getpid():
            former = self._opened
            self._opened = type(former)(*former.storage_args, **former.storage_options)
            self._process = os.getpid()
        return self._opened

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
