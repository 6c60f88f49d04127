"""Files of callers, outside any lake: written aside, then put in their place whole."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from healthsim_lake.errors import LakeError, ReadOnlyError, StorageError, StorageFullError
from healthsim_lake.storage.refusals import NO_SPACE, NOT_ALLOWED

_LONGEST = 150


@contextlib.contextmanager
def written_file(target: Path) -> Iterator[Path]:
    """Give the path of a file to write, and put it in the place of `target` when it is whole.

    What is no regular file, such as a pipe, is written to as it is.

    Raises:
        StorageError: It cannot be written; nothing was changed.
    """
    with named_errors(target):
        if target.exists() and not target.is_file():
            yield target
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = beside(target)
        try:
            yield aside
            make_durable(aside)
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)


def beside(target: Path) -> Path:
    """Return a name next to `target` that nobody else uses."""
    return target.with_name(f".{target.name[:_LONGEST]}.{secrets.token_hex(4)}.part")


def make_durable(path: Path) -> None:
    """Make a file's content durable: a name that is moved into place must not outlive it."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


@contextlib.contextmanager
def named_errors(target: Path) -> Iterator[None]:
    """Say of an error of the operating system what it means and what to do."""
    try:
        yield
    except LakeError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in NO_SPACE:
            raise StorageFullError(error.errno, f"no space left to write {target}") from error
        if error.errno in NOT_ALLOWED:
            raise ReadOnlyError(
                error.errno, f"cannot write {target}: {reason}; choose another folder"
            ) from error
        raise StorageError(error.errno, f"cannot write {target}: {reason}") from error
