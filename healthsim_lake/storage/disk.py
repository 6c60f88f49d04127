"""What is done to files and folders of a disk, so that it lasts; errors by the package's names."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from healthsim_lake.errors import (
    KeyExistsError,
    KeyMissingError,
    ReadOnlyError,
    StorageError,
    StorageFullError,
)
from healthsim_lake.storage.refusals import NO_SPACE, NOT_ALLOWED

_CHUNK = 1 << 20
_TRIES = 20

T = TypeVar("T")


def write_new(
    path: str,
    data: bytes | memoryview,
    *,
    mode: int,
    durable: bool = True,
    sealed: bool = False,
) -> None:
    """Write a new file and make its content durable; a failed one is removed again."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = in_new_folders(path, lambda: os.open(path, flags, mode), durable=durable)
    try:
        write_all(descriptor, data)
        if sealed:
            seconds = int(time.time())
            os.utime(descriptor if os.utime in os.supports_fd else path, (seconds, seconds))
        if durable:
            os.fsync(descriptor)
    except BaseException:
        os.unlink(path)
        raise
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of `data`; the system may take less at a time."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def read_all(descriptor: int) -> bytes:
    """Return what an open file holds."""
    data = os.read(descriptor, os.fstat(descriptor).st_size + 1)
    more = os.read(descriptor, _CHUNK) if data else b""
    if not more:  # as nearly always: the system may give less at a time
        return data
    parts = [data]
    while more:
        parts.append(more)
        more = os.read(descriptor, _CHUNK)
    return b"".join(parts)


def in_new_folders(path: str, make: Callable[[], T], *, durable: bool = True) -> T:
    """Make `path` by calling `make`; folders that are not there are made, and made durable.

    They are made again where another process tidies them away, for they are empty; but not for
    ever: a link may lead nowhere.
    """
    for _ in range(_TRIES):
        try:
            return make()
        except FileNotFoundError:
            _make_folder(os.path.dirname(path), durable=durable)
    return make()


def _make_folder(folder: str, *, durable: bool) -> None:
    """Make a folder and those above it, which may be gone again when this returns.

    The name of a new folder stands in the folder above it: unless that is made durable, too,
    everything below it is gone after a power failure.
    """
    missing = [folder]
    while not os.path.exists(above := os.path.dirname(missing[-1])):
        missing.append(above)
    with suppress(FileNotFoundError):  # whoever needs it asks again
        os.makedirs(folder, exist_ok=True)
        for new in missing if durable else ():
            sync_folder(os.path.dirname(new))


def open_regular(path: str, flags: int) -> int:
    """Open a file, and nothing that would keep its reader waiting or never end."""
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISREG(kind):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    raise OSError(errno.EINVAL, "it is no regular file")


def sync_folder(folder: str) -> None:
    """Make the names in a folder durable."""
    if os.name == "nt":  # Windows has no handle for a folder; names are durable with the file
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def mapped_errors(key: str, verb: str) -> Iterator[None]:
    """Turn errors of the operating system into the package's own."""
    try:
        yield
    except FileExistsError as error:
        raise KeyExistsError(errno.EEXIST, f"{key} already exists") from error
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        known = verb == "read" and isinstance(error, FileNotFoundError)
        told = f"{key} is not in the store" if known else f"cannot {verb} {key}: {error.strerror}"
        raise KeyMissingError(errno.ENOENT, told) from error
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
