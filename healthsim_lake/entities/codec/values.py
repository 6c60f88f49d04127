"""Encoding of one column from a list of Python values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from healthsim_lake.entities.codec.arrays import build, kernel_text, listed
from healthsim_lake.entities.codec.best import best, is_json_container
from healthsim_lake.entities.codec.check import plain
from healthsim_lake.entities.codec.columns import Column, empty_column, solve
from healthsim_lake.entities.codec.jsontext import plain_many
from healthsim_lake.entities.codec.packed import Packed
from healthsim_lake.entities.codec.sources import packed_source, sort_values
from healthsim_lake.entities.fields import Kind


def encode_values(kind: Kind, values: Sequence[Any] | Packed) -> Column:
    """Encode one column.

    Args:
        kind: The column's kind.
        values: One per row, None where a row has none.

    Raises:
        RefusedValueError: A value cannot be kept; carries its position.
    """
    if isinstance(values, Packed):
        if values.of is None:
            return empty_column(kind, len(values))
        source = None if kind.name == "json" else packed_source(values)
        if source is not None:
            return solve(kind, [source], None, _picker(source.array), len(values))
        values = values.listed()
    if kind.name == "json":
        return _encode_json(kind, plain_many(values))
    sources, values, present = sort_values(kind, values)
    return solve(
        kind, sources, present, lambda rows: [plain(values[row]) for row in rows], len(values)
    )


def _picker(array: pa.Array) -> Callable[[Sequence[int]], Sequence[Any]]:
    def pick(rows: Sequence[int]) -> Sequence[Any]:
        return listed(kernel_text(array).take(pa.array(rows, pa.int64())))

    return pick


def _encode_json(kind: Kind, values: Sequence[Any]) -> Column:
    """Encode a column of JSON texts; a text that is JSON itself stays as it is."""
    raw = [isinstance(value, str) and is_json_container(value) for value in values]
    column = Column(build([best(kind, value) for value in values], pa.string()), ["json"])
    if any(raw) and sum(raw) == len(values) - column.array.null_count:
        column.forms = ["text"]
    elif any(raw):
        column.forms = ["json", "text"]
        column.which = list(map(int, raw))
    return column
