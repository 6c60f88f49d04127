"""Data files under new names, their bytes shared where the disk can do that."""

from __future__ import annotations

from healthsim_lake.catalog.records import DataFile
from healthsim_lake.errors import KeyMissingError
from healthsim_lake.storage import Storage
from healthsim_lake.tables.places import FileRef, locate, missing
from healthsim_lake.tables.writer import FileWriter

_LOOKS = 3
"""A file moves at most twice, from staging to data to history, so the third look finds it."""


def copied(storage: Storage, ref: FileRef, writer: FileWriter) -> DataFile:
    """Give the bytes of a file a new name, wherever it stands; it may be moving meanwhile.

    Raises:
        DataFileMissingError: It is nowhere.
    """
    for _ in range(_LOOKS):
        try:
            return writer.copy(locate(storage, ref), ref.table, ref.file)
        except KeyMissingError:
            continue
    raise missing(ref)
