"""Local disks: durable, exclusive creates by hard link."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from healthsim_lake.errors import (
    KeyExistsError,
    KeyMissingError,
    ReadOnlyError,
    StorageError,
    StorageFullError,
)
from healthsim_lake.storage import layout
from healthsim_lake.storage.base import Entry, Storage
from healthsim_lake.storage.refusals import NO_SPACE, NOT_ALLOWED

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
_DATA_MODE = 0o444
_RECORD_MODE = 0o666
_SECOND = 1_000_000_000

T = TypeVar("T")


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

    def read(self, key: str) -> bytes:
        """Return the value under `key`."""
        with _mapped_errors(key, "read"), open(self._path(key), "rb", opener=_open_file) as file:
            return file.read()

    def create(self, key: str, data: bytes) -> None:
        """Write a temporary file, make it durable, and link it to its name; a link is atomic."""
        path = self._path(key)
        aside = self._path(f"{layout.STAGING}/{secrets.token_hex(12)}.tmp")
        with _mapped_errors(key, "write"):
            if os.path.lexists(path):  # a race that is lost already is not worth an fsync
                raise FileExistsError
            _write(aside, data, mode=_RECORD_MODE)
            try:
                self._link_new(aside, path, data)
            finally:
                os.unlink(aside)
            folder = os.path.dirname(path)
            _sync_folder(folder)
            if key.startswith(layout.SCENARIOS):  # statistics may have made it, without waiting
                _sync_folder(os.path.dirname(folder))

    def _link_new(self, aside: str, path: str, data: bytes) -> None:
        try:
            _in_new_folders(path, lambda: os.link(aside, path))
        except OSError as error:
            if error.errno not in _NO_LINKS or os.path.exists(path):
                raise
            # Without hard links an exclusive create is the best there is: readers treat a head
            # that does not parse as being written for a while (see `catalog.log`).
            _write(path, data, mode=_RECORD_MODE)

    def put(self, key: str, data: bytes | memoryview, *, durable: bool = True) -> None:
        """Write a data file, read-only: a hard-linked version must survive careless editors.

        Its time of modification is cut to the second. Whoever edits or replaces the file leaves
        another one, and a link or a copy of it keeps it.
        """
        with _mapped_errors(key, "write"):
            _write(self._path(key), data, mode=_DATA_MODE, durable=durable, sealed=True)

    def sync(self, folder: str) -> None:
        """Make the names in `folder` durable."""
        with _mapped_errors(folder, "write"):
            _sync_folder(self._path(folder))

    def stat(self, key: str) -> Entry | None:
        """Return size and time of `key`, or None."""
        path = self._path(key)
        try:
            with _mapped_errors(key, "read"):
                own = found = os.lstat(path)
                if stat.S_ISLNK(own.st_mode):
                    found = os.stat(path)
        except KeyMissingError:
            return None
        sealed = found is own and own.st_mtime_ns % _SECOND == 0
        return Entry(key, found.st_size, max(own.st_mtime, found.st_mtime), sealed)

    def names(self) -> list[str]:
        """Return what the lake's folder holds."""
        with _mapped_errors(self.url, "read"):
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
        for parent, folders, names in os.walk(start):
            folders.sort()
            for name in sorted(names):
                path = Path(parent, name)
                try:
                    found = path.lstat()
                except FileNotFoundError:
                    continue  # it moved on meanwhile
                yield Entry(path.relative_to(self.root).as_posix(), found.st_size, found.st_mtime)

    def move(self, source: str, target: str) -> bool:
        """Rename; whoever comes second finds the source gone."""
        old, new = self._path(source), self._path(target)
        with _mapped_errors(source, "move"):
            while True:
                try:
                    os.rename(old, new)
                except FileNotFoundError:
                    if not os.path.exists(old):
                        return False
                    os.makedirs(os.path.dirname(new), exist_ok=True)  # `prune` may take it away
                else:
                    return True

    def copy(self, source: str, target: str) -> None:
        """Hard-link, or copy where the disk has no links."""
        old, new = self._path(source), self._path(target)
        with _mapped_errors(source, "copy"):
            os.makedirs(os.path.dirname(new), exist_ok=True)
            try:
                os.link(old, new)
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                shutil.copy2(old, new)
                with open(new, "rb") as copied:
                    os.fsync(copied.fileno())

    def delete(self, key: str) -> None:
        """Unlink `key` if it is there."""
        with _mapped_errors(key, "delete"), contextlib.suppress(FileNotFoundError):
            os.unlink(self._path(key))

    def prune(self, folder: str) -> None:
        """Remove empty folders; `move` and `create` make them again where needed."""
        for parent, _, _ in os.walk(self._path(folder), topdown=False):
            if Path(parent).parent != self.root:
                with contextlib.suppress(OSError):  # it holds something
                    os.rmdir(parent)
                    _sync_folder(os.path.dirname(parent))

    def location(self, key: str) -> str:
        """Return the absolute path of `key`."""
        return self._path(key)

    def _path(self, key: str) -> str:
        # Text, not a Path: an operation makes a dozen of them
        return self._prefix + layout.check_key(key)


def _write(
    path: str,
    data: bytes | memoryview,
    *,
    mode: int,
    durable: bool = True,
    sealed: bool = False,
) -> None:
    """Write a new file and make its content durable; a failed one is removed again."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = _in_new_folders(path, lambda: os.open(path, flags, mode), durable=durable)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        if sealed:
            seconds = int(time.time())
            os.utime(path, (seconds, seconds))
        if durable:
            os.fsync(descriptor)
    except BaseException:
        os.unlink(path)
        raise
    finally:
        os.close(descriptor)


def _in_new_folders(path: str, make: Callable[[], T], *, durable: bool = True) -> T:
    """Make `path` by calling `make`; folders that are not there are made, and made durable.

    The name of a new folder stands in the folder above it: unless that is made durable, too,
    everything below it is gone after a power failure.
    """
    try:
        return make()
    except FileNotFoundError:
        missing = [os.path.dirname(path)]
        while not os.path.exists(above := os.path.dirname(missing[-1])):
            missing.append(above)
        os.makedirs(missing[0], exist_ok=True)
        made = make()
        for folder in missing if durable else ():
            _sync_folder(os.path.dirname(folder))
        return made


def _open_file(path: str, flags: int) -> int:
    """Open a file, and nothing that would keep its reader waiting or never end."""
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISREG(kind):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    raise OSError(errno.EINVAL, "it is no regular file")


def _sync_folder(folder: str) -> None:
    if os.name == "nt":  # Windows has no handle for a folder; names are durable with the file
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _mapped_errors(key: str, verb: str) -> Iterator[None]:
    """Turn errors of the operating system into the package's own."""
    try:
        yield
    except FileExistsError as error:
        raise KeyExistsError(errno.EEXIST, f"{key} already exists") from error
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise KeyMissingError(errno.ENOENT, f"{key} is not in the store") from error
    except OSError as error:
        if error.errno in NOT_ALLOWED:
            raise ReadOnlyError(
                error.errno,
                f"cannot {verb} {key}: {error.strerror}; check the folder's permissions",
            ) from error
        if error.errno in NO_SPACE:
            raise StorageFullError(
                error.errno, f"cannot {verb} {key}: the disk is full ({error.strerror})"
            ) from error
        raise StorageError(error.errno, f"cannot {verb} {key}: {error.strerror}") from error
