"""What encoding gives: the columns of one data file, and the shapes that its rows point to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from healthsim_lake.entities.codec.shapes import Shape
from healthsim_lake.entities.types import EntityType

SMALL_ROWS = 2_000
"""Below this many rows Arrow is faster than Polars, whose every step costs some 50 µs."""


@dataclass(frozen=True)
class Chunk:
    """One data file before it is written.

    Attributes:
        data: Exactly the columns of the entity type's ``arrow_schema``, in order; a Polars frame
            from `SMALL_ROWS` rows on, else an Arrow table.
        shapes: What ``row_shape`` points to; belongs into the file's footer.
        rows: Number of rows.
    """

    data: pl.DataFrame | pa.Table
    shapes: tuple[Shape, ...]
    rows: int


def to_chunk(
    entity_type: EntityType,
    columns: Mapping[str, pa.Array | pa.Scalar],
    shapes: tuple[Shape, ...],
    rows: int,
) -> Chunk:
    """Put columns together as those of a file, in the engine that writes them fastest.

    Args:
        entity_type: Says which columns there are.
        columns: Arrays, and scalars for columns whose cells are all the same.
        shapes: The rows' shapes.
        rows: Number of rows.
    """
    schema = entity_type.arrow_schema
    if rows < SMALL_ROWS:
        arrays = [_array(columns[field.name], field.type, rows) for field in schema]
        return Chunk(pa.Table.from_arrays(arrays, schema=schema), shapes, rows)
    series = [_series(field.name, columns[field.name], rows) for field in schema]
    return Chunk(pl.DataFrame(series), shapes, rows)


def _array(column: pa.Array | pa.Scalar, kind: pa.DataType, rows: int) -> pa.Array:
    if isinstance(column, pa.Scalar):
        return pa.repeat(column, rows) if column.is_valid else pa.nulls(rows, kind)
    return column if column.type == kind else column.cast(kind)


def _series(name: str, column: pa.Array | pa.Scalar, rows: int) -> pl.Series:
    if isinstance(column, pa.Scalar):
        return pl.Series(name, pa.repeat(column, 1)).new_from_index(0, rows)
    return pl.Series(name, column)
