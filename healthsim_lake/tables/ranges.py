"""Some columns of a file in a store that answers requests for ranges."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate

import pyarrow as pa
import pyarrow.parquet as pq

from healthsim_lake.errors import KeyMissingError
from healthsim_lake.storage import Storage
from healthsim_lake.tables import parquet, places
from healthsim_lake.tables.places import FileRef

_HOLE_BYTES = 256 * 2**10
"""Bytes that nobody asked for, but that cost less than another request."""
_PIECE_BYTES = 8 * 2**20
"""A longer range is fetched in pieces at once."""
_FOOTER_BYTES = 64 * 2**10
_WORKERS = 8

Range = tuple[int, int]


def read_columns(
    storage: Storage, ref: FileRef, columns: Sequence[str], *, rows: int | None = None
) -> pa.Table:
    """Return columns of a file, of which nothing else is fetched.

    Args:
        storage: Where it is.
        ref: The file.
        columns: Their names; those that the file does not have are left out.
        rows: Return at least the first so many rows, not necessarily more.

    Raises:
        DataFileMissingError: It is nowhere.
        DataFileAlteredError: It has another size than was committed, or is not a data file.
    """
    key = places.locate(storage, ref)
    source = _Fetched(lambda start, end: storage.read_range(key, start, end), ref.file.bytes)
    try:
        file, _ = parquet.open_file(source, where=str(ref))
        there = [name for name in columns if name in file.schema_arrow.names]
        groups = _first_groups(file.metadata, rows)
        source.fetch(_chunks(file.metadata, groups, frozenset(there)))
        return file.read_row_groups(groups, columns=there).replace_schema_metadata(None)
    except KeyMissingError as error:
        raise places.missing(ref) from error


def _first_groups(metadata: pq.FileMetaData, rows: int | None) -> list[int]:
    """Return the row groups that hold the first rows."""
    ends = list(
        accumulate(metadata.row_group(at).num_rows for at in range(metadata.num_row_groups))
    )
    count = len(ends) if rows is None else bisect_right(ends, max(rows - 1, 0)) + 1
    return list(range(min(count, len(ends))))


def _chunks(metadata: pq.FileMetaData, groups: Iterable[int], names: frozenset[str]) -> list[Range]:
    """Return where the columns of row groups stand in their file."""
    found = []
    for group in map(metadata.row_group, groups):
        for chunk in map(group.column, range(group.num_columns)):
            if chunk.path_in_schema in names:
                start = chunk.dictionary_page_offset or chunk.data_page_offset
                found.append((start, start + chunk.total_compressed_size))
    return found


class _Fetched(io.RawIOBase):
    """A file of which pieces are here; others are fetched when they are read.

    Args:
        get: Returns the bytes between two places.
        size: Of the file.
    """

    def __init__(self, get: Callable[[int, int], bytes], size: int) -> None:
        super().__init__()
        self._get, self._size, self._at = get, size, 0
        self._starts: list[int] = []
        self._pieces: list[bytes] = []
        self.fetch([(max(0, size - _FOOTER_BYTES), size)])

    def fetch(self, wanted: Iterable[Range]) -> None:
        """Fetch ranges, several at once."""
        pieces = [piece for whole in _joined(wanted) for piece in _cut(whole)]
        if len(pieces) < 2:  # noqa: PLR2004  # one does not wait for others
            found = [self._get(*piece) for piece in pieces]
        else:
            with ThreadPoolExecutor(min(_WORKERS, len(pieces))) as pool:
                found = list(pool.map(lambda piece: self._get(*piece), pieces))
        for (start, _), data in zip(pieces, found, strict=True):
            at = bisect_right(self._starts, start)
            self._starts.insert(at, start)
            self._pieces.insert(at, data)

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def seekable(self) -> bool:
        """Return that it is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to another place."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        end = self._size if size < 0 else min(self._size, self._at + size)
        start, self._at = self._at, max(end, self._at)
        parts = []
        while start < end:
            at = bisect_right(self._starts, start) - 1
            part = b"" if at < 0 else self._pieces[at][start - self._starts[at] :][: end - start]
            part = part or self._get(start, end)
            if not part:
                break  # it became shorter; whoever parses what is there will say so
            parts.append(part)
            start += len(part)
        return b"".join(parts)


def _joined(ranges: Iterable[Range]) -> list[Range]:
    """Return ranges with those joined that stand close together."""
    found: list[Range] = []
    for start, end in sorted(ranges):
        if found and start - found[-1][1] <= _HOLE_BYTES:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def _cut(whole: Range) -> list[Range]:
    start, end = whole
    return [(at, min(at + _PIECE_BYTES, end)) for at in range(start, end, _PIECE_BYTES)]
