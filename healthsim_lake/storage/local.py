"""Local disks: durable, exclusive creates by hard link."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from healthsim_lake.errors import KeyMissingError
from healthsim_lake.storage import layout
from healthsim_lake.storage.base import Entry, Storage
from healthsim_lake.storage.disk import (
    in_new_folders,
    mapped_errors,
    open_regular,
    read_all,
    sync_folder,
    write_all,
    write_new,
)

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
_UNNAMED = getattr(os, "O_TMPFILE", 0)
_NOT_UNNAMED = {errno.ENOENT, errno.EISDIR, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP}
_DATA_MODE = 0o444
_RECORD_MODE = 0o666
_SECOND = 1_000_000_000


class LocalStorage(Storage):
    """A folder on a local disk.

    Attributes:
        root: The lake's folder; made when first written to.
    """

    stages = True

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = str(root)
        self._prefix = os.path.join(root, "")
        self._unnamed = bool(_UNNAMED)

    def read(self, key: str) -> bytes:
        """Return the value under `key`."""
        with mapped_errors(key, "read"):
            descriptor = open_regular(self._path(key), os.O_RDONLY | getattr(os, "O_BINARY", 0))
            try:
                return read_all(descriptor)
            finally:
                os.close(descriptor)

    def create(self, key: str, data: bytes) -> None:
        """Write a file, make it durable, and only then link it to its name; a link is atomic."""
        path = self._path(key)
        with mapped_errors(key, "write"):
            if os.path.lexists(path):  # a race that is lost already is not worth an fsync
                raise FileExistsError
            if not self._create_unnamed(path, data):
                self._create_aside(path, data)
            folder = os.path.dirname(path)
            sync_folder(folder)
            if key.startswith(layout.SCENARIOS):  # statistics may have made these, without waiting
                sync_folder(own := os.path.dirname(folder))
                sync_folder(os.path.dirname(own))

    def _create_unnamed(self, path: str, data: bytes) -> bool:
        """Write a file that gets its name last, and is gone if that is not reached.

        Returns:
            False if nothing was done: the folder is not there yet, or the disk knows no such files.
        """
        if not self._unnamed:
            return False
        try:
            descriptor = os.open(os.path.dirname(path), os.O_WRONLY | _UNNAMED, _RECORD_MODE)
        except OSError as error:
            if error.errno not in _NOT_UNNAMED:
                raise
            self._unnamed = error.errno == errno.ENOENT
            return False
        try:
            write_all(descriptor, data)
            os.fsync(descriptor)
            # With a folder's descriptor, which the absolute path does not need, links are followed
            os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor)
        except OSError as error:
            if error.errno not in {*_NO_LINKS, errno.ENOENT}:
                raise
            self._unnamed = False
            return False
        finally:
            os.close(descriptor)
        return True

    def _create_aside(self, path: str, data: bytes) -> None:
        aside = self._path(f"{layout.STAGING}/{secrets.token_hex(12)}.tmp")
        write_new(aside, data, mode=_RECORD_MODE)
        try:
            self._link_new(aside, path, data)
        finally:
            os.unlink(aside)

    def _link_new(self, aside: str, path: str, data: bytes) -> None:
        try:
            in_new_folders(path, lambda: os.link(aside, path))
        except OSError as error:
            if error.errno not in _NO_LINKS or os.path.exists(path):
                raise
            # Without hard links an exclusive create is the best there is: readers treat a head
            # that does not parse as being written for a while (see `catalog.chain`).
            write_new(path, data, mode=_RECORD_MODE)

    def put(self, key: str, data: bytes | memoryview, *, durable: bool = True) -> None:
        """Write a data file, read-only: a hard-linked version must survive careless editors.

        Its time of modification is cut to the second. Whoever edits or replaces the file leaves
        another one, and a link or a copy of it keeps it.
        """
        with mapped_errors(key, "write"):
            write_new(self._path(key), data, mode=_DATA_MODE, durable=durable, sealed=True)

    def sync(self, folder: str) -> None:
        """Make the names in `folder` durable."""
        with mapped_errors(folder, "write"):
            sync_folder(self._path(folder))

    def stat(self, key: str) -> Entry | None:
        """Return size and time of `key`, or None."""
        path = self._path(key)
        try:
            with mapped_errors(key, "read"):
                own = found = os.lstat(path)
                if stat.S_ISLNK(own.st_mode):
                    found = os.stat(path)
        except KeyMissingError:
            return None
        sealed = found is own and own.st_mtime_ns % _SECOND == 0
        return Entry(key, found.st_size, max(own.st_mtime, found.st_mtime), sealed)

    def names(self) -> list[str]:
        """Return what the lake's folder holds."""
        with mapped_errors(self.url, "read"):
            try:
                return sorted(entry.name for entry in os.scandir(self.root))
            except FileNotFoundError:
                return []

    def list(self, folder: str) -> Iterator[Entry]:
        """Yield all files below `folder`, sorted by key; symbolic links are not followed.

        Files of other programs are among them (file managers leave some everywhere), under keys
        that no other method takes.
        """
        start = self._path(folder)
        with mapped_errors(folder, "list"):
            for parent, folders, names in os.walk(start, onerror=_unless_gone):
                folders.sort()
                for name in sorted(names):
                    path = Path(parent, name)
                    try:
                        found = path.lstat()
                    except FileNotFoundError:
                        continue  # it moved on meanwhile
                    key = path.relative_to(self.root).as_posix()
                    yield Entry(key, found.st_size, found.st_mtime)

    def move(self, source: str, target: str) -> bool:
        """Rename; whoever comes second finds the source gone."""
        old, new = self._path(source), self._path(target)

        def rename() -> bool:
            try:
                os.rename(old, new)
            except FileNotFoundError:
                if os.path.exists(old):
                    raise  # it is the folder that is not there
                return False
            return True

        with mapped_errors(source, "move"):
            return in_new_folders(new, rename, durable=False)

    def copy(self, source: str, target: str) -> None:
        """Hard-link, or copy where the disk has no links."""
        old, new = self._path(source), self._path(target)
        with mapped_errors(source, "copy"):
            try:
                in_new_folders(new, lambda: os.link(old, new), durable=False)
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                shutil.copy2(old, new)
                with open(new, "rb") as copied:
                    os.fsync(copied.fileno())

    def delete(self, key: str) -> None:
        """Unlink `key` if it is there."""
        with mapped_errors(key, "delete"), contextlib.suppress(FileNotFoundError):
            os.unlink(self._path(key))

    def prune(self, folder: str) -> None:
        """Remove empty folders; `move` and `create` make them again where needed."""
        for parent, _, _ in os.walk(self._path(folder), topdown=False):
            if Path(parent).parent != self.root:
                with contextlib.suppress(OSError):  # it holds something
                    os.rmdir(parent)
                    sync_folder(os.path.dirname(parent))

    def location(self, key: str) -> str:
        """Return the absolute path of `key`."""
        return self._path(key)

    def _path(self, key: str) -> str:
        # Text, not a Path: an operation makes a dozen of them
        return self._prefix + layout.check_key(key)


def _unless_gone(error: OSError) -> None:
    """Raise what keeps a folder from being listed, other than that there is none."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error
