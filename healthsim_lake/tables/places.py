"""A file lives one way: staging, data, history. Where is it now?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from healthsim_lake.catalog.records import DataFile, EntitySet
from healthsim_lake.errors import DataFileAlteredError, DataFileMissingError, KeyMissingError
from healthsim_lake.storage import SMALL_BYTES, Entry, Storage, layout

_REMEMBERED = 65_536

S = TypeVar("S")
T = TypeVar("T")

_WORKERS = 16
_FETCHED_BYTES = 64 * 2**20
"""Of more than that an engine may not want everything, and may not find it at hand any more."""
_FEW = 2
"""Fewer requests than this wait no longer one after the other."""


@dataclass(frozen=True, slots=True)
class FileRef:
    """A data file of one scenario's table."""

    table: str
    scenario_id: str
    file: DataFile

    def possible_keys(self, *, stages: bool = True) -> tuple[str, ...]:
        """Return the keys under which the file may stand.

        Data comes first because it is usual, and again after staging: a file that moved from
        staging to data between two looks would be missed otherwise.

        Args:
            stages: Whether files wait in staging there. Where they do not, they may do so all the
                same in a copy of a lake that other tools made; there it is looked for last.
        """
        live = layout.live(self.table, self.scenario_id, self.file.name)
        past = layout.retired(self.table, self.scenario_id, self.file.name)
        if not stages:
            return live, past, layout.staged(self.file.name)
        return live, layout.staged(self.file.name), live, past

    def __str__(self) -> str:
        return f"data file {self.file.name} of {self.table}, scenario {self.scenario_id}"


def refs(one: EntitySet, scenario_id: str) -> list[FileRef]:
    """Return the files of an entity set, in row order."""
    return [FileRef(one.table, scenario_id, file) for file in one.files]


def locate(storage: Storage, ref: FileRef) -> str:
    """Return the key under which a file stands now.

    Raises:
        DataFileMissingError: It is nowhere.
        DataFileAlteredError: See `is_at`.
    """
    for key in ref.possible_keys(stages=storage.stages):
        if is_at(storage, ref, key):
            return key
    raise missing(ref)


def locate_all(storage: Storage, refs: Sequence[FileRef]) -> list[str]:
    """Return the keys under which files stand now; see `locate`."""
    return in_parallel(storage, lambda ref: locate(storage, ref), refs)


def locate_to_read(storage: Storage, refs: Sequence[FileRef]) -> list[str]:
    """Return the keys under which files stand now, for an engine that is about to read them.

    From a store small ones are fetched at once, many at a time: that tells where they are, too,
    while an engine would ask for one after the other.

    Raises:
        DataFileMissingError: One is nowhere.
        DataFileAlteredError: One is not what was committed.
    """
    few = sum(ref.file.bytes for ref in refs) <= _FETCHED_BYTES
    if storage.filesystem is None or not few:
        return locate_all(storage, refs)
    return in_parallel(storage, lambda ref: _fetched(storage, ref), refs)


def _fetched(storage: Storage, ref: FileRef) -> str:
    if ref.file.bytes > SMALL_BYTES:
        return locate(storage, ref)
    for key in ref.possible_keys(stages=storage.stages):
        storage.expect(key, ref.file.sha256)
        if storage.fetch(key):
            return key
    raise missing(ref)


def in_parallel(storage: Storage, work: Callable[[S], T], items: Sequence[S]) -> list[T]:
    """Return what `work` makes of each item; several at once where that means waiting."""
    if storage.filesystem is None or len(items) < _FEW:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(_WORKERS, len(items))) as pool:
        return list(pool.map(work, items))


def is_at(storage: Storage, ref: FileRef, key: str) -> bool:
    """Return whether a file stands under `key`, for those who read only parts of it.

    Raises:
        DataFileAlteredError: It has another size than was committed, or it was touched since it
            was written and is not what was committed.
    """
    entry = storage.stat(key)
    if entry is None:
        return False
    if entry.size != ref.file.bytes:
        raise DataFileAlteredError(
            f"{ref} has {entry.size} bytes, {ref.file.bytes} were committed; "
            "restore the file from a backup"
        )
    if storage.filesystem is None and not entry.sealed:
        found = _digest(storage.location(key), entry)
        if found not in (None, ref.file.sha256):
            raise _altered(ref)
        return found is not None
    storage.expect(key, ref.file.sha256)
    return True


@lru_cache(maxsize=_REMEMBERED)
def _digest(path: str, _as_it_is: Entry) -> str | None:
    """Return the SHA-256 of a local file, or None if it moved on; once as long as it stays so."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _read(storage: Storage, ref: FileRef) -> bytes:
    for key in ref.possible_keys(stages=storage.stages):
        try:
            return storage.read(key)
        except KeyMissingError:
            continue
    raise missing(ref)


def read_checked(storage: Storage, ref: FileRef) -> bytes:
    """Return the bytes of a file, checked against the SHA-256 that was committed.

    Raises:
        DataFileMissingError: It is nowhere.
        DataFileAlteredError: It is not what was committed.
    """
    data = _read(storage, ref)
    if hashlib.sha256(data).hexdigest() != ref.file.sha256:
        raise _altered(ref)
    return data


def _altered(ref: FileRef) -> DataFileAlteredError:
    return DataFileAlteredError(
        f"{ref} differs from what was committed (SHA-256); restore it from a backup"
    )


def missing(ref: FileRef) -> DataFileMissingError:
    """Return the error for a file that is nowhere."""
    return DataFileMissingError(
        f"{ref} is missing: restore it from a backup, unless vacuum has forgotten this version "
        "since the lake was opened at it"
    )
