"""A file lives one way: staging, data, history. Where is it now?"""

from __future__ import annotations

from dataclasses import dataclass

from healthsim_lake.catalog.records import DataFile, EntitySet
from healthsim_lake.errors import DataFileAlteredError, DataFileMissingError, KeyMissingError
from healthsim_lake.storage import Storage, layout


@dataclass(frozen=True, slots=True)
class FileRef:
    """A data file of one scenario's table."""

    table: str
    scenario_id: str
    file: DataFile

    def possible_keys(self) -> tuple[str, ...]:
        """Return the keys under which the file may stand.

        Data comes first because it is usual, and again after staging: a file that moved from
        staging to data between two looks would be missed otherwise.
        """
        live = layout.live(self.table, self.scenario_id, self.file.name)
        past = layout.retired(self.table, self.scenario_id, self.file.name)
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
        DataFileAlteredError: It has another size than was committed.
    """
    for key in ref.possible_keys():
        entry = storage.stat(key)
        if entry is None:
            continue
        if entry.size != ref.file.bytes:
            raise DataFileAlteredError(
                f"{ref} has {entry.size} bytes, {ref.file.bytes} were committed; "
                "restore the file from a backup"
            )
        return key
    raise missing(ref)


def read(storage: Storage, ref: FileRef) -> bytes:
    """Return the bytes of a file, wherever it stands.

    Raises:
        DataFileMissingError: It is nowhere.
    """
    for key in ref.possible_keys():
        try:
            return storage.read(key)
        except KeyMissingError:
            continue
    raise missing(ref)


def missing(ref: FileRef) -> DataFileMissingError:
    """Return the error for a file that is nowhere."""
    return DataFileMissingError(
        f"{ref} is missing: restore it from a backup, unless vacuum has forgotten this version "
        "since the lake was opened at it"
    )
