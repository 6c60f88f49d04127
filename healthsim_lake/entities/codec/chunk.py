"""What encoding gives: the columns of one data file, and the shapes that its rows point to."""

from __future__ import annotations

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
    entity_type: EntityType, arrays: dict[str, pa.Array], shapes: tuple[Shape, ...], rows: int
) -> Chunk:
    """Put arrays together as the file's columns, in the engine that writes them fastest."""
    schema = entity_type.arrow_schema
    if rows < SMALL_ROWS:
        fitting = [_as_type(arrays[field.name], field.type) for field in schema]
        return Chunk(pa.Table.from_arrays(fitting, schema=schema), shapes, rows)
    series = [_series(field.name, arrays[field.name]) for field in schema]
    return Chunk(pl.DataFrame(series), shapes, rows)


def _as_type(array: pa.Array, kind: pa.DataType) -> pa.Array:
    return array if array.type == kind else array.cast(kind)


def _series(name: str, array: pa.Array) -> pl.Series:
    return pl.Series(name, array)
