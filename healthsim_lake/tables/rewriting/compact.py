"""Files of one table made into fewer, without decoding a typed column."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from healthsim_lake.entities.codec import Chunk, Shape
from healthsim_lake.entities.types import ROW_SHAPE, EntityType
from healthsim_lake.storage import Storage
from healthsim_lake.tables import parquet, places
from healthsim_lake.tables.places import FileRef


def concatenate(storage: Storage, files: Sequence[FileRef], entity_type: EntityType) -> Chunk:
    """Return the rows of `files`, in order, as one chunk: shape lists joined, indexes shifted."""
    shapes: list[Shape] = []
    tables = []
    for ref in files:
        table, own = parquet.read_table(places.read_checked(storage, ref), where=str(ref))
        tables.append(_reindexed(table, own, shapes).cast(entity_type.arrow_schema))
    table = pa.concat_tables(tables).combine_chunks()
    return Chunk(data=table, shapes=tuple(shapes), rows=len(table))


def _reindexed(table: pa.Table, own: Sequence[Shape], shapes: list[Shape]) -> pa.Table:
    """Point ``row_shape`` at the joint list, adding the shapes that it lacks."""
    places_of = []
    for shape in own:
        if shape not in shapes:
            shapes.append(shape)
        places_of.append(shapes.index(shape))
    at = table.schema.get_field_index(ROW_SHAPE)
    indexes = pc.take(pa.array(places_of, pa.int32()), table[ROW_SHAPE])
    return table.set_column(at, table.schema.field(at), indexes)


def without_keys(
    storage: Storage, ref: FileRef, entity_type: EntityType, keys: Collection[Any]
) -> Chunk | None:
    """Return the rows of a file whose key is not among `keys`; None if all of them stay."""
    table, shapes = parquet.read_table(places.read_checked(storage, ref), where=str(ref))
    column = table[entity_type.key]
    wanted = pa.array(list(keys), column.type)
    leaves = pc.is_in(column, value_set=wanted.drop_null())
    if not pc.any(leaves).as_py():
        return None
    kept = table.filter(pc.invert(leaves)).cast(entity_type.arrow_schema)
    return Chunk(data=kept.combine_chunks(), shapes=shapes, rows=len(kept))
