"""What goes into cells that no row feeds: defaults, and keys for rows that have none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from healthsim_lake._clock import new_uuids
from healthsim_lake._json import integer_text
from healthsim_lake.entities.codec.arrays import build, kernel_text, listed
from healthsim_lake.entities.codec.columns import Column
from healthsim_lake.entities.types import EntityType, FieldSpec

ValuesOf = Callable[[str], Sequence[Any]]
"""Gives the values of a top-level key, one per row, None where a row lacks it."""


class Filler:
    """Fills the cells of one chunk that its rows leave empty."""

    def __init__(self, entity_type: EntityType, defaults: Mapping[str, Any], count: int) -> None:
        self._key = entity_type.key
        self._candidates = [
            name for name in ("id", f"{entity_type.singular}_id") if name != entity_type.key
        ]
        self._defaults = defaults
        self._count = count

    def unfed(self, spec: FieldSpec, values_of: ValuesOf) -> pa.Array | pa.Scalar:
        """Return a column that no row feeds; a scalar when all its cells are the same."""
        if self._makes_keys(spec):
            return build(self._keys(values_of, range(self._count)), pa.string())
        default = self._defaults.get(spec.name)
        return pa.scalar(default, spec.kind.arrow)

    def complete(
        self, spec: FieldSpec, column: Column, unfed: Sequence[int], values_of: ValuesOf
    ) -> None:
        """Fill the empty cells of a column that some rows feed."""
        if self._makes_keys(spec):
            if column.array.null_count:
                rows = listed(pc.indices_nonzero(column.array.is_null()))
                column.give_up(rows)
                _put(column, rows, self._keys(values_of, rows))
        elif unfed and self._defaults.get(spec.name) is not None:
            _put(column, unfed, [self._defaults[spec.name]] * len(unfed))

    def _makes_keys(self, spec: FieldSpec) -> bool:
        return spec.name == self._key and spec.kind.name == "text"

    def _keys(self, values_of: ValuesOf, rows: Sequence[int]) -> list[str]:
        for name in self._candidates:
            values = values_of(name)
            if all(type(value) in (str, int) for value in values):
                return [
                    value if isinstance(value, str) else integer_text(value)
                    for value in (values[row] for row in rows)
                ]
        return new_uuids(len(rows))


def _put(column: Column, rows: Sequence[int], values: Sequence[Any]) -> None:
    """Put values into cells; `rows` need not be in order."""
    array = column.array
    array = kernel_text(array) if pa.types.is_string_view(array.type) else array
    ordered = sorted(zip(rows, values, strict=True))
    mask = [False] * len(array)
    for row in rows:
        mask[row] = True
    filling = pa.array([value for _, value in ordered], array.type)
    column.array = pc.replace_with_mask(array, pa.array(mask), filling)
