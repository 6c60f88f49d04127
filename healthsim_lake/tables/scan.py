"""A table of the lake as a Polars LazyFrame that finds its files when it is collected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import polars as pl
from polars.io.plugins import register_io_source

from healthsim_lake.entities.types import ROW_SHAPE, SCENARIO_ID, EntityType
from healthsim_lake.storage import Storage
from healthsim_lake.tables import places
from healthsim_lake.tables.places import FileRef

FindFiles = Callable[[], Sequence[FileRef]]


def scan(storage: Storage, entity_type: EntityType, find_files: FindFiles) -> pl.LazyFrame:
    """Return a LazyFrame over the files that `find_files` names at the time of collecting.

    A file moves while a scenario changes, so a frame that kept paths would fail later.

    Args:
        storage: Where the files are.
        entity_type: Gives the columns; ``scenario_id`` comes last.
        find_files: Called once for each collection.
    """
    schema = entity_type.arrow_schema
    empty = pl.from_arrow(schema.remove(schema.get_field_index(ROW_SHAPE)).empty_table())
    if not isinstance(empty, pl.DataFrame):
        raise TypeError("a table became something else than a frame")
    columns = {**empty.schema, SCENARIO_ID: pl.String()}

    def batches(
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        _batch_size: int | None,
    ) -> Iterator[pl.DataFrame]:
        left = n_rows
        for ref in find_files():
            if left is not None and left <= 0:
                return
            lazy = _file(storage, ref).select(list(columns))
            if predicate is not None:
                lazy = lazy.filter(predicate)
            if with_columns is not None:
                lazy = lazy.select(with_columns)
            frame = (lazy if left is None else lazy.head(left)).collect()
            left = None if left is None else left - len(frame)
            yield frame

    return register_io_source(batches, schema=pl.Schema(columns))


def _file(storage: Storage, ref: FileRef) -> pl.LazyFrame:
    if storage.filesystem is None:
        lazy = pl.scan_parquet(
            storage.location(places.locate(storage, ref)), hive_partitioning=False
        )
    else:
        lazy = pl.scan_parquet(places.read(storage, ref), hive_partitioning=False)
    return lazy.with_columns(pl.lit(ref.scenario_id).alias(SCENARIO_ID))
