"""A data file written again with other columns."""

from __future__ import annotations

import polars as pl

from healthsim_lake.entities.codec import Chunk, decode, encode_rows
from healthsim_lake.entities.types import PROVENANCE, EntityType
from healthsim_lake.storage import Storage
from healthsim_lake.tables import parquet


def recoded(storage: Storage, key: str, target: EntityType) -> Chunk:
    """Return the rows of the file under `key` as a chunk with the columns of `target`.

    No row changes: files give back their rows exactly, whatever their columns are. What was filled
    in when the rows were first written (provenance, ids of rows without one) is carried over.
    """
    table, shapes = parquet.read_table(storage.read(key), where=key)
    chunk = encode_rows(target, decode(table, shapes), defaults={}, table=target.name)
    data = chunk.data.to_arrow() if isinstance(chunk.data, pl.DataFrame) else chunk.data
    carried = [spec.name for spec in PROVENANCE]
    if target.key is not None and target.key in table.column_names:
        carried.append(target.key)
    for name in carried:
        at = data.schema.get_field_index(name)
        if table.schema.field(name).type == target.arrow_schema.field(name).type:
            data = data.set_column(at, target.arrow_schema.field(at), table[name])
    return Chunk(data=data.cast(target.arrow_schema), shapes=chunk.shapes, rows=chunk.rows)
