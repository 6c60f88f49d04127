"""Encoding of rows that come as columns: Arrow tables, and what turns into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from healthsim_lake.entities.codec.arraytext import array_texts
from healthsim_lake.entities.codec.assemble import Assembly, Texts, assemble
from healthsim_lake.entities.codec.check import RefusedValueError, checked_key
from healthsim_lake.entities.codec.chunk import Chunk, to_chunk
from healthsim_lake.entities.codec.columns import Column
from healthsim_lake.entities.codec.fill import Filler
from healthsim_lake.entities.codec.foreign import decoded, encode_array, plain_values
from healthsim_lake.entities.codec.jsontext import dumps_many
from healthsim_lake.entities.codec.plan import Node, Path, Tree, layout_of
from healthsim_lake.entities.types import EXTRA, ROW_SHAPE, EntityType


def encode_frame(
    entity_type: EntityType,
    frame: pa.Table,
    *,
    defaults: Mapping[str, Any],
    table: str,
    offset: int = 0,
) -> Chunk:
    """Turn an Arrow table into the columns of one data file, without loss.

    A row of the frame means a dict with every column as key: null is None; a date is ISO text; a
    timestamp ISO text with a ``T``, six digits of fraction unless they are zero, and the offset
    where the column has a zone; a decimal its text with all digits of its scale; a time of day ISO
    text; a duration an ISO duration in seconds; a struct an object, a list a list, a map a list of
    pairs. Binary columns are refused.

    Args:
        entity_type: The table's type.
        frame: The rows.
        defaults: Values, of the column's Python type, for columns that the frame does not feed.
        table: What the caller called the table; for errors.
        offset: Position of the first row in the caller's input; for errors.

    Raises:
        InvalidEntityError: A row cannot be kept exactly.
    """
    try:
        return _encode(entity_type, frame, defaults)
    except RefusedValueError as refused:
        raise refused.named(table, offset) from None


def _encode(entity_type: EntityType, frame: pa.Table, defaults: Mapping[str, Any]) -> Chunk:
    count = frame.num_rows
    given = {checked_key(field.name): field.type for field in frame.schema}
    if len(given) < frame.num_columns:
        raise RefusedValueError("two columns have one name; give each its own")
    layout = layout_of(entity_type)
    plan = layout.plan(_node(given, layout.tree), apart=False)
    leaves = _Leaves(frame)
    filler = Filler(entity_type, defaults, count)
    columns: dict[str, Column] = {}
    arrays: dict[str, pa.Array | pa.Scalar] = {}
    for spec in entity_type.columns:
        path = plan.feeds.get(spec.name)
        if path is None:
            arrays[spec.name] = filler.unfed(spec, leaves.values)
            continue
        try:
            column = columns[spec.name] = encode_array(spec.kind, leaves.array(path))
        except RefusedValueError as refused:
            raise refused.below(*path) from None
        filler.complete(spec, column, (), leaves.values)
        arrays[spec.name] = column.array
    assembly = Assembly(count)
    assemble(assembly, [(plan, range(count))], columns, leaves.texts)
    assembly.fill_loose(leaves.texts)
    arrays[EXTRA], arrays[ROW_SHAPE] = assembly.columns()
    return to_chunk(entity_type, arrays, tuple(assembly.shapes), count)


class _Leaves:
    """The columns of a frame, each put together once."""

    def __init__(self, frame: pa.Table) -> None:
        self._frame = frame
        self._arrays: dict[Path, pa.Array] = {}

    def array(self, path: Path) -> pa.Array:
        """Return the column at a path, looking into structs."""
        if path not in self._arrays:
            if len(path) > 1:
                found = pc.struct_field(self.array(path[:-1]), path[-1])
            else:
                found = _joined(self._frame.column(path[0]))
            self._arrays[path] = found
        return self._arrays[path]

    def values(self, key: str) -> Sequence[Any]:
        """Return the JSON values of a column, Nones when there is no such column."""
        if key not in self._frame.column_names:
            return [None] * self._frame.num_rows
        return plain_values(self.array((key,)))

    def texts(self, key: str, rows: Sequence[int]) -> Texts:
        """Return the JSON texts of a column in some rows."""
        array = self.array((key,))
        part = (
            array[rows.start : rows.stop] if isinstance(rows, range) else array.take(pa.array(rows))
        )
        texts = array_texts(part)
        if texts is not None:
            return texts
        try:
            return dumps_many(plain_values(part))
        except RefusedValueError as refused:
            if refused.row is not None:
                refused.row = rows[refused.row]
            raise refused.below(key) from None


def _joined(column: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_string(column.type):
        column = column.cast(pa.large_string())  # chunks together may exceed the 2 GB of a string
    return decoded(column.combine_chunks())


def _node(given: Mapping[str, pa.DataType], tree: Tree) -> Node:
    return tuple(
        (
            key,
            _node({f.name: f.type for f in kind}, tree[key])
            if key in tree and pa.types.is_struct(kind)
            else None,
        )
        for key, kind in given.items()
    )
