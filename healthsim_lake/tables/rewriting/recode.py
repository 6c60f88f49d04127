"""A data file written again with other columns, or other rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_lake.entities.codec import Chunk, Shape, decode, encode_rows
from healthsim_lake.entities.types import PROVENANCE, ROW_SHAPE, EntityType
from healthsim_lake.tables import parquet


def recoded(data: bytes, target: EntityType, *, where: str) -> Chunk:
    """Return the rows of a file, given as its bytes, as a chunk with the columns of `target`.

    No row changes: files give back their rows exactly, whatever their columns are. What was filled
    in when the rows were first written (provenance, ids of rows without one) is carried over.
    """
    table, shapes = parquet.read_table(data, where=where)
    kept = target.key is not None and target.key in table.column_names
    keys = table[target.key] if kept else None
    return reencoded(decode(table, shapes), target, former=table, keys=keys)


def reencoded(
    rows: Sequence[Mapping[str, Any]],
    target: EntityType,
    *,
    former: pa.Table,
    keys: pa.ChunkedArray | None,
) -> Chunk:
    """Return rows as a chunk with the columns of `target`.

    Args:
        rows: The rows.
        target: The table's type.
        former: The columns that the rows had; its provenance is carried over where the rows do
            not feed it.
        keys: What the key column holds, as far as the rows do not say; null where they do.
    """
    chunk = encode_rows(target, rows, defaults={}, table=target.name)
    data = chunk.data.to_arrow() if isinstance(chunk.data, pl.DataFrame) else chunk.data
    data = data.cast(target.arrow_schema)
    carried = {spec.name: former[spec.name] for spec in PROVENANCE}
    if target.key is not None and keys is not None:
        kind = target.arrow_schema.field(target.key).type
        if _as_text(keys.type) == kind:
            carried[target.key] = pc.coalesce(keys.cast(kind), data[target.key])
    for name, column in carried.items():
        at = data.schema.get_field_index(name)
        field = target.arrow_schema.field(at)
        if _as_text(column.type) == field.type:
            fed = _is_fed(chunk.shapes, data[ROW_SHAPE], name)
            cells = pc.if_else(fed, data[name], column.cast(field.type))
            data = data.set_column(at, field, cells)
    return Chunk(data=data, shapes=chunk.shapes, rows=chunk.rows)


def _is_fed(shapes: Sequence[Shape], row_shape: pa.ChunkedArray, column: str) -> pa.ChunkedArray:
    """Return for each row whether its shape says that `column` holds a value of it, or none.

    There, a null cell may mean that the row has no such key, and any other that it has.
    """
    own = [
        at for at, shape in enumerate(shapes) if any(one.column == column for one in shape.entries)
    ]
    return pc.is_in(row_shape, value_set=pa.array(own, row_shape.type))


def _as_text(kind: pa.DataType) -> pa.DataType:
    """Return `kind`, with the text types that Polars prefers as the one of data files."""
    textual = pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    return pa.string() if textual else kind
