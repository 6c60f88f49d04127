"""Where an export's CSV files lie: a folder, its `csv` folder, or a zip."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from healthsim_lake._unpacking import check_unpacked
from healthsim_lake.errors import FormatError

SUFFIX = ".csv"
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class CsvFile:
    """One CSV file of an export.

    Attributes:
        name: Base name as spelled, e.g. ``Patients.csv``; never used as a path.
        size: Bytes, uncompressed, as the folder or the zip says.
        opener: Opens the file's bytes.
    """

    name: str
    size: int
    opener: Callable[[], IO[bytes]]

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the file's bytes for reading from the start.

        Raises:
            FormatError: The file cannot be opened, or turns out to be damaged while it is read.
        """
        try:
            with self.opener() as stream:
                yield stream
        except OSError as error:
            raise FormatError(f"{self.name}: cannot be read: {error.strerror or error}") from error
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise FormatError(f"{self.name}: damaged inside the zip: {error}") from error


def find_files(path: Path) -> list[CsvFile]:
    """Return the CSV files of the export at `path`, sorted by name.

    Args:
        path: A folder that holds ``*.csv``, a folder whose ``csv`` folder does, or a zip that
            holds them in any folder.

    Raises:
        FormatError: There is nothing at `path`, no CSV file in it, or two files of one name.
    """
    if path.is_dir():
        files = _in_folder(path) or _in_folder(path / "csv")
    elif path.is_file():
        files = _in_zip(path)
    else:
        raise FormatError(f"{path} does not exist; give the folder or the zip of a Synthea export")
    if not files:
        raise FormatError(
            f"{path} holds no {SUFFIX} file; give the folder (or a zip of it) that Synthea wrote "
            "its CSV files to, usually output/csv"
        )
    _check_names(path, files)
    return sorted(files, key=lambda file: file.name)


def _in_folder(folder: Path) -> list[CsvFile]:
    if not folder.is_dir():
        return []
    try:
        found = [path for path in folder.iterdir() if _is_csv(path.name) and path.is_file()]
        return [CsvFile(p.name, p.stat().st_size, partial(_open_path, p)) for p in found]
    except OSError as error:
        raise FormatError(f"{folder}: cannot be listed: {error.strerror or error}") from error


def _open_path(path: Path) -> IO[bytes]:
    return path.open("rb")


def _in_zip(path: Path) -> list[CsvFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise FormatError(
            f"{path} is neither a folder nor a zip; give the folder that holds the CSV files"
        ) from error
    except OSError as error:
        raise FormatError(f"{path}: cannot be opened: {error.strerror or error}") from error
    files = []
    for member in members:
        # Only the last part of a member's path is used, as a label: nothing is ever extracted.
        place = PurePosixPath(member.filename.replace("\\", "/"))
        if member.is_dir() or not _is_csv(place.name) or "__MACOSX" in place.parts:
            continue
        if member.flag_bits & _ENCRYPTED:
            raise FormatError(f"{path}: {place.name} is encrypted; unpack the zip first")
        opener = partial(_open_member, path, member)
        files.append(CsvFile(place.name, member.file_size, opener))
    # No member yields more than it declares; members that overlap declare the same bytes twice.
    check_unpacked(sum(file.size for file in files), path.stat().st_size, str(path))
    return files


def _open_member(path: Path, member: zipfile.ZipInfo) -> IO[bytes]:
    with zipfile.ZipFile(path) as archive:
        # The member keeps the archive's file open until it is closed itself.
        return archive.open(member)


def _is_csv(name: str) -> bool:
    return name.lower().endswith(SUFFIX) and not name.startswith(".")


def _check_names(path: Path, files: list[CsvFile]) -> None:
    seen: dict[str, str] = {}
    for file in files:
        twin = seen.setdefault(file.name.lower(), file.name)
        if twin is not file.name:
            raise FormatError(
                f"{path} holds two files of one name, {twin} and {file.name}; "
                "give one export at a time"
            )
