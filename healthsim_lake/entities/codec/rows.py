"""Encoding of rows that come as dicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import pyarrow as pa

from healthsim_lake.entities.codec.arrays import listed
from healthsim_lake.entities.codec.arraytext import array_texts
from healthsim_lake.entities.codec.assemble import Assembly, Texts, assemble
from healthsim_lake.entities.codec.check import RefusedValueError, checked_key
from healthsim_lake.entities.codec.chunk import Chunk, to_chunk
from healthsim_lake.entities.codec.columns import Column
from healthsim_lake.entities.codec.fill import Filler
from healthsim_lake.entities.codec.jsontext import dumps_many
from healthsim_lake.entities.codec.packed import Packed
from healthsim_lake.entities.codec.plan import Plan, layout_of
from healthsim_lake.entities.codec.shapes import MAX_SHAPES
from healthsim_lake.entities.codec.sparse import SparseRow, assemble_sparse, sparse_rows, value_at
from healthsim_lake.entities.codec.transpose import Group, Row, group_rows
from healthsim_lake.entities.codec.values import encode_values
from healthsim_lake.entities.types import EXTRA, ROW_SHAPE, EntityType


def encode_rows(
    entity_type: EntityType,
    rows: Sequence[Mapping[str, Any]],
    *,
    defaults: Mapping[str, Any],
    table: str,
    offset: int = 0,
) -> Chunk:
    """Turn rows into the columns of one data file, without loss.

    Args:
        entity_type: The table's type.
        rows: Dicts; other mappings and pydantic models are converted. Values are what `normalise`
            takes.
        defaults: Values, of the column's Python type, for columns that a row does not feed. They
            are for queries only: decoding never returns them.
        table: What the caller called the table; for errors.
        offset: Position of the first row in the caller's input; for errors.

    Raises:
        InvalidEntityError: A row cannot be kept exactly.
    """
    try:
        return _Rows(entity_type, rows).encode(defaults)
    except RefusedValueError as refused:
        raise refused.named(table, offset) from None


class _Rows:
    """One chunk of rows on its way."""

    def __init__(self, entity_type: EntityType, rows: Sequence[Any]) -> None:
        layout = layout_of(entity_type)
        grouped = group_rows(rows, layout)
        self._type, self._rows, self._groups = entity_type, grouped.rows, grouped.groups
        self._sparse: list[SparseRow] = sparse_rows(grouped.rows, grouped.left, layout)
        same_keys = len(grouped.groups) == 1 and not grouped.left
        self._alone: Group | None = grouped.groups[0] if same_keys else None

    def encode(self, defaults: Mapping[str, Any]) -> Chunk:
        count = len(self._rows)
        filler = Filler(self._type, defaults, count)
        columns: dict[str, Column] = {}
        arrays: dict[str, pa.Array | pa.Scalar] = {}
        for spec in self._type.columns:
            values = self._values(spec.name)
            if values is None:
                arrays[spec.name] = filler.unfed(spec, self._keys_at)
                continue
            try:
                column = columns[spec.name] = encode_values(spec.kind, values)
            except RefusedValueError as refused:
                raise self._located(refused, spec.name) from None
            filler.complete(spec, column, self._unfed(spec.name), self._keys_at)
            arrays[spec.name] = column.array
        assembly = Assembly(count)
        groups = [(group.plan, group.rows) for group in self._groups]
        most = MAX_SHAPES - bool(self._sparse)
        assemble(assembly, groups, columns, self._texts_at, most=most)
        assembly.fill_loose(self._texts_at)
        if self._sparse:
            assemble_sparse(assembly, self._sparse, columns, arrays)
        arrays[EXTRA], arrays[ROW_SHAPE] = assembly.columns()
        return to_chunk(self._type, arrays, tuple(assembly.shapes), count)

    def _values(self, name: str) -> Sequence[Any] | Packed | None:
        """Return what feeds a column, None where a row does not; None when no row does."""
        if self._alone is not None:
            path = self._alone.plan.feeds.get(name)
            return None if path is None else self._alone.leaves[path]
        fed: list[tuple[Group, Any]] = []
        for group in self._groups:
            path = group.plan.feeds.get(name)
            if path is not None:
                fed.append((group, group.leaves[path]))
        sparse = [row for row in self._sparse if name in row.plan.feeds]
        if not fed and not sparse:
            return None
        values: list[Any] = [None] * len(self._rows)
        for group, own in fed:
            for row, value in zip(group.rows, own, strict=True):
                values[row] = value
        for rare in sparse:
            values[rare.position] = value_at(rare.values, rare.plan.feeds[name])
        return values

    def _unfed(self, name: str) -> Sequence[int]:
        if self._alone is not None:
            return ()
        dense = [group.rows for group in self._groups if name not in group.plan.feeds]
        sparse = [row.position for row in self._sparse if name not in row.plan.feeds]
        return [*chain.from_iterable(dense), *sparse]

    def _plan_at(self, position: int) -> Plan:
        for group in self._groups:
            if position in group.rows:
                return group.plan
        return next(row.plan for row in self._sparse if row.position == position)

    def _located(self, refused: RefusedValueError, name: str) -> RefusedValueError:
        if refused.row is None:
            return refused
        return refused.below(*self._plan_at(refused.row).feeds[name])

    def _keys_at(self, key: str) -> list[Any]:
        return [row.get(key) for row in self._rows]

    def _texts_at(self, key: str, rows: Sequence[int]) -> Texts:
        values = self._slice(key, rows)
        texts = array_texts(values) if isinstance(values, pa.Array) else None
        if texts is not None:
            return texts
        try:
            return dumps_many(listed(values) if isinstance(values, pa.Array) else values)
        except RefusedValueError as refused:
            if refused.row is not None:
                refused.row = rows[refused.row]
            raise refused.below(key) from None

    def _slice(self, key: str, rows: Sequence[int]) -> Sequence[Any] | pa.Array:
        if isinstance(rows, range) and self._alone is not None:
            values = self._alone.leaves[key,]
            if isinstance(values, Packed):
                values = values.array()
            return values[rows.start : rows.stop]
        return [_get(self._rows[row], key) for row in rows]


def _get(row: Row, key: str) -> Any:
    if key in row:
        return row[key]
    return {checked_key(own): value for own, value in row.items()}[key]
