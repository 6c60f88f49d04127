"""Some rows of a table: which ones, and reading no more than those need."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from itertools import accumulate
from random import Random
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from healthsim_lake.entities.codec import Chunk, Shape, decode
from healthsim_lake.storage import Storage
from healthsim_lake.tables import parquet, places
from healthsim_lake.tables.places import FileRef


@lru_cache(maxsize=1_024)
def reservoir(seed: str, rows: int, count: int) -> tuple[int, ...]:
    """Return the positions of `count` rows of a table, each row being as likely as any other.

    The same seed gives the same positions, and a table that grows keeps its positions or takes
    new ones from what was added: position ``p`` of the first ``n`` rows that is also chosen from
    more rows never had to be looked for anew (Li's algorithm L).

    Args:
        seed: Any text.
        rows: Rows of the table.
        count: How many; fewer where there are fewer.
    """
    chosen = list(range(min(count, rows)))
    if not chosen or rows <= count:
        return tuple(chosen)
    random = Random(seed)  # noqa: S311  # spreads samples, no secret
    at, share = count - 1, 1.0
    while True:
        share *= math.exp(math.log(1.0 - random.random()) / count)
        at += int(math.log(1.0 - random.random()) / math.log1p(-share)) + 1
        if at >= rows:
            return tuple(sorted(chosen))
        chosen[random.randrange(count)] = at


def rows_of_chunk(chunk: Chunk, positions: Sequence[int]) -> list[dict[str, Any]]:
    """Return some rows of a chunk exactly as they were given."""
    return _decoded(chunk.data, chunk.shapes, positions)


def rows_at(
    storage: Storage, files: Sequence[FileRef], positions: Iterable[int]
) -> dict[int, dict[str, Any]]:
    """Return the rows at some positions of a table, exactly as they were saved.

    Of large files only the row groups that hold one of them are read, where the store can do so.

    Args:
        storage: Where the files are.
        files: All files of the table, in row order.
        positions: From 0, counted over all files; those beyond the end are left out.
    """
    ends = list(accumulate(ref.file.rows for ref in files))
    wanted: dict[int, list[int]] = {}
    for position in sorted(set(positions)):
        at = bisect_right(ends, position)
        if at < len(files):
            wanted.setdefault(at, []).append(position)
    found: dict[int, dict[str, Any]] = {}
    for at, own in wanted.items():
        start = ends[at] - files[at].file.rows
        rows = _rows_of_file(storage, files[at], [position - start for position in own])
        found.update(zip(own, rows, strict=True))
    return found


def columns_of(storage: Storage, ref: FileRef, names: Iterable[str]) -> pa.Table:
    """Return some columns of a file; those that it does not have are left out.

    Raises:
        DataFileMissingError: It is nowhere.
        DataFileAlteredError: It is not a data file.
    """
    with _opened(storage, ref) as (file, _):
        there = [name for name in names if name in file.schema_arrow.names]
        return file.read(columns=there, use_threads=False).replace_schema_metadata(None)


@contextmanager
def _opened(storage: Storage, ref: FileRef) -> Iterator[tuple[pq.ParquetFile, tuple[Shape, ...]]]:
    """Open a file wherever it stands, to read parts of it."""
    with ExitStack() as stack:
        for key in ref.possible_keys(stages=storage.stages):
            if not places.is_at(storage, ref, key):
                continue
            try:
                source: Any = storage.location(key)
                if storage.filesystem is not None:
                    source = stack.enter_context(storage.filesystem.open(source, "rb"))
                file, shapes = parquet.open_file(source, where=str(ref))
            except FileNotFoundError:
                continue
            stack.enter_context(file)
            yield file, shapes
            return
    raise places.missing(ref)


def _rows_of_file(storage: Storage, ref: FileRef, positions: Sequence[int]) -> list[dict[str, Any]]:
    with _opened(storage, ref) as (file, shapes):
        sizes = [file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)]
        ends = list(accumulate(sizes))
        groups = sorted({bisect_right(ends, position) for position in positions})
        table = file.read_row_groups(groups, use_threads=False)
    return _decoded(table, shapes, _within(groups, ends, sizes, positions))


def _within(
    groups: Sequence[int], ends: Sequence[int], sizes: Sequence[int], positions: Sequence[int]
) -> list[int]:
    """Return where rows stand once only some row groups were read, one behind the other."""
    skipped, before = {}, 0  # rows of groups that were not read, ahead of each that was
    for at in groups:
        skipped[at] = ends[at] - sizes[at] - before
        before += sizes[at]
    return [position - skipped[bisect_right(ends, position)] for position in positions]


def _decoded(
    data: pl.DataFrame | pa.Table, shapes: Sequence[Shape], positions: Sequence[int]
) -> list[dict[str, Any]]:
    if isinstance(data, pl.DataFrame):
        return decode(data[list(positions)], shapes)
    return decode(data.take(pa.array(positions, pa.int64())), shapes)
