"""The cells of several files of a table side by side, with what is needed to make rows of them."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
import pyarrow as pa

from healthsim_lake.entities.codec import SMALL_ROWS, Shape, decode
from healthsim_lake.entities.types import EXTRA, ROW_SHAPE
from healthsim_lake.storage import Storage
from healthsim_lake.tables import parquet, places
from healthsim_lake.tables.places import FileRef

_BLOCK = 20_000
"""Rows that are decoded at a time: dicts need some fifty times the memory of their cells."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Rows as cells; a position counts through all files, in row order.

    Attributes:
        frame: The columns that shapes name, ``extra`` and ``row_shape``.
        shapes: What ``row_shape`` points to.
    """

    frame: pl.DataFrame
    shapes: tuple[Shape, ...]

    def __len__(self) -> int:
        return len(self.frame)

    def at(self, positions: pl.Series) -> Bundle:
        """Return the rows at `positions`, in that order."""
        return Bundle(self.frame[positions], self.shapes)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows exactly as they were saved."""
        for start in range(0, len(self.frame), _BLOCK):
            yield from decode(self.frame[start : start + _BLOCK], self.shapes)


def read_bundle(
    storage: Storage, files: Sequence[FileRef], *, only: Collection[tuple[str, ...]] | None = None
) -> Bundle:
    """Read the rows of `files`, of which there is at least one; each is checked by its SHA-256.

    Columns that no row of a file was saved with (defaults, mostly) are not read.

    Args:
        storage: Where the files are.
        files: The files, in order.
        only: Places in a row; the rows then have nothing else, but for what is in ``extra``.

    Raises:
        DataFileMissingError: A file is nowhere.
        DataFileAlteredError: A file is not what was committed.
    """
    frames: list[pl.DataFrame] = []
    shapes: list[Shape] = []
    for ref in files:
        frame, own = _read_cells(places.read_checked(storage, ref), ref, only)
        frames.append(frame.with_columns(pl.col(ROW_SHAPE) + len(shapes)))
        shapes += own
    return Bundle(pl.concat(frames, how="diagonal"), tuple(shapes))


def _read_cells(
    data: bytes, ref: FileRef, only: Collection[tuple[str, ...]] | None
) -> tuple[pl.DataFrame, tuple[Shape, ...]]:
    """Return the columns of a file that its shapes name, ``extra`` and ``row_shape``; and these."""
    where = str(ref)
    if ref.file.rows < SMALL_ROWS:
        table, shapes = parquet.read_table(data, where=where)
        shapes = _narrowed(shapes, only)
        return as_frame(table.select(_named(shapes))), shapes
    _, shapes = parquet.read_table(data, where=where, columns=[ROW_SHAPE])
    shapes = _narrowed(shapes, only)
    frame = pl.read_parquet(io.BytesIO(data), columns=_named(shapes), hive_partitioning=False)
    return frame, shapes


def _narrowed(
    shapes: tuple[Shape, ...], only: Collection[tuple[str, ...]] | None
) -> tuple[Shape, ...]:
    if only is None:
        return shapes
    return tuple(
        replace(shape, entries=tuple(entry for entry in shape.entries if entry.path in only))
        for shape in shapes
    )


def as_frame(table: pa.Table) -> pl.DataFrame:
    """Return an Arrow table as a Polars frame."""
    frame = pl.from_arrow(table)
    if not isinstance(frame, pl.DataFrame):
        raise TypeError("a table became something else than a frame")
    return frame


def _named(shapes: Sequence[Shape]) -> list[str]:
    named = {entry.column for shape in shapes for entry in shape.entries if entry.column}
    return [*sorted(named), EXTRA, ROW_SHAPE]
