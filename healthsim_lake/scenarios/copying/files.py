"""Data files under new names: their bytes shared where nothing changes, else written anew."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from healthsim_lake.catalog.records import DataFile, EntitySet
from healthsim_lake.entities.codec import Chunk
from healthsim_lake.entities.types import EntityType
from healthsim_lake.errors import KeyMissingError
from healthsim_lake.storage import Storage
from healthsim_lake.tables.places import FileRef, in_parallel, locate, missing, refs
from healthsim_lake.tables.underway import PendingFile
from healthsim_lake.tables.writer import FileWriter

_LOOKS = 3
"""A file moves at most twice, from staging to data to history, so the third look finds it."""

Change = Callable[[FileRef], Chunk | None]
"""Gives what becomes of a file; None if it can stay as it is."""


def copied(storage: Storage, ref: FileRef, writer: FileWriter) -> DataFile:
    """Give the bytes of a file a new name, wherever it stands; it may be moving meanwhile.

    Raises:
        DataFileMissingError: It is nowhere.
    """
    if not storage.stages:  # looking first would cost as much as trying
        for key in ref.possible_keys(stages=False):
            with contextlib.suppress(KeyMissingError):
                return writer.copy(key, ref.table, ref.file)
        raise missing(ref)
    for _ in range(_LOOKS):
        try:
            return writer.copy(locate(storage, ref), ref.table, ref.file)
        except KeyMissingError:
            continue
    raise missing(ref)


def linked(storage: Storage, one: EntitySet, scenario_id: str, writer: FileWriter) -> EntitySet:
    """Return an entity set whose files share the bytes of those of `one`."""
    found = in_parallel(storage, lambda ref: copied(storage, ref, writer), refs(one, scenario_id))
    return one.model_copy(update={"files": tuple(found)})


def rewritten(
    storage: Storage,
    one: EntitySet,
    scenario_id: str,
    writer: FileWriter,
    *,
    entity_type: EntityType,
    change: Change,
) -> EntitySet:
    """Return an entity set with what becomes of each file of `one`; files without rows go.

    The next file is read and changed while the last ones are written.
    """
    files: list[DataFile | PendingFile] = []
    for ref in refs(one, scenario_id):
        chunk = change(ref)
        if chunk is None:
            files.append(copied(storage, ref, writer))
        elif chunk.rows:
            files.append(writer.submit(chunk, entity_type))
    done = tuple(file if isinstance(file, DataFile) else file.result() for file in files)
    return one.model_copy(update={"files": done})
