"""Data files on their way out of the lake: rows block by block, columns into files of others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import polars as pl
from polars.io.plugins import register_io_source

from healthsim_lake.entities.codec import Shape, decode
from healthsim_lake.entities.types import EXTRA, ROW_SHAPE, SCENARIO_ID, EntityType
from healthsim_lake.errors import StorageError
from healthsim_lake.storage import Storage
from healthsim_lake.tables import parquet, places
from healthsim_lake.tables.places import FileRef

ROWS_PER_BLOCK = 10_000
"""Rows held as dicts at a time: a data file of wide rows would take half a gigabyte."""

Told = Callable[[int], None]
"""Called with the number of rows of the entity set that are out."""


class Agreement:
    """What some columns hold in every row of all frames that were seen.

    Args:
        columns: Their names; text columns.
    """

    def __init__(self, columns: Iterable[str]) -> None:
        self._columns = tuple(columns)
        self._common: dict[str, str] | None = None

    def see(self, frame: pl.DataFrame) -> None:
        """Take the rows of one more file into account."""
        own = {}
        for name in self._columns:
            values = frame[name].unique()
            if len(values) == 1 and values[0] is not None:
                own[name] = values[0]
        known = own if self._common is None else self._common
        self._common = {name: text for name, text in known.items() if own.get(name) == text}

    @property
    def common(self) -> dict[str, str]:
        """The values that all rows share, by column; none before the first row."""
        return dict(self._common or {})


def row_blocks(
    storage: Storage, files: Iterable[FileRef], agreement: Agreement
) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows exactly as they were saved, a block at a time; one file is held at a time.

    Args:
        storage: Where the files are.
        files: In row order.
        agreement: Sees the columns on the way.
    """
    for ref in files:
        frame, shapes = _read(storage, ref)
        agreement.see(frame)
        for start in range(0, len(frame), ROWS_PER_BLOCK):
            yield decode(frame[start : start + ROWS_PER_BLOCK], shapes)


def export_columns(entity_type: EntityType, *, without: Iterable[str] = ()) -> list[str]:
    """Return the columns of an exported table: its own, provenance, scenario, ``extra`` last."""
    names = [*(spec.name for spec in entity_type.columns), SCENARIO_ID, EXTRA]
    left_out = set(without)
    return [name for name in names if name not in left_out]


class TableFrames:
    """The columns of one entity set, as they are shown to others; one file is held at a time.

    Args:
        storage: Where the files are.
        entity_type: Gives the columns of a table without files.
        scenario_id: Whose rows they are.
        files: In row order.
        columns: Those to show, in order.
        agreement: Sees the columns on the way.
        on_rows: Told how far it got.
    """

    def __init__(
        self,
        storage: Storage,
        entity_type: EntityType,
        scenario_id: str,
        files: Sequence[FileRef],
        *,
        columns: Sequence[str],
        agreement: Agreement,
        on_rows: Told,
    ) -> None:
        self._storage, self._files, self._scenario_id = storage, files, scenario_id
        self._columns, self._agreement, self._on_rows = list(columns), agreement, on_rows
        self._schema = _schema(entity_type, self._columns)

    def __iter__(self) -> Iterator[pl.DataFrame]:
        done = 0
        for ref in self._files:
            frame, _ = _read(self._storage, ref)
            self._agreement.see(frame)
            done += len(frame)
            # An older version of a scenario may lack columns that the table got since.
            absent = [
                pl.lit(None, kind).alias(name)
                for name, kind in self._schema.items()
                if name not in frame.columns
            ]
            whole = frame.with_columns(*absent).with_columns(
                pl.lit(self._scenario_id).alias(SCENARIO_ID)
            )
            yield whole.select(self._columns)
            self._on_rows(done)

    def write_parquet(self, path: Path) -> None:
        """Write one Parquet file, compressed like the lake's own.

        Raises:
            StorageError: It cannot be written.
        """

        def batches(*_: Any) -> Iterator[pl.DataFrame]:
            yield from self

        try:
            register_io_source(batches, schema=self._schema).sink_parquet(
                path,
                compression=parquet.COMPRESSION,
                compression_level=parquet.COMPRESSION_LEVEL,
                row_group_size=parquet.ROW_GROUP_ROWS,
            )
        except pl.exceptions.ComputeError as error:
            raise StorageError(f"cannot write {path.name}: {error}") from error

    def write_csv(self, stream: IO[bytes]) -> None:
        """Write CSV with a header; a null is an empty cell, an empty text is ``""``."""
        self._schema.to_frame().write_csv(stream)
        for frame in self:
            frame.write_csv(stream, include_header=False)


def _schema(entity_type: EntityType, columns: Sequence[str]) -> pl.Schema:
    declared = entity_type.arrow_schema
    empty = pl.from_arrow(declared.remove(declared.get_field_index(ROW_SHAPE)).empty_table())
    if not isinstance(empty, pl.DataFrame):
        raise TypeError("a table became something else than a frame")
    known = {**empty.schema, SCENARIO_ID: pl.String()}
    return pl.Schema({name: known[name] for name in columns})


def _read(storage: Storage, ref: FileRef) -> tuple[pl.DataFrame, tuple[Shape, ...]]:
    return parquet.read_frame(places.read_checked(storage, ref), where=str(ref))
