"""Python values to Arrow arrays and back, by whichever engine is faster for the length."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from healthsim_lake.entities.codec.chunk import SMALL_ROWS

INT_LIMIT = 2**63
_NEWEST = pl.CompatLevel.newest()
_DTYPES: dict[pa.DataType, pl.DataType] = {
    pa.string(): pl.String(),
    pa.large_string(): pl.String(),
    pa.int64(): pl.Int64(),
    pa.float64(): pl.Float64(),
    pa.bool_(): pl.Boolean(),
    pa.date32(): pl.Date(),
    pa.timestamp("us"): pl.Datetime("us"),
}


_TEXTS = {str, type(None)}
_TEXT_TYPES = {pa.string(), pa.large_string()}


def build(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Return an array of values whose Python types were checked before.

    Raises:
        TypeError: Texts only: a value is not text.
        UnicodeEncodeError: A text holds a lone surrogate.
    """
    dtype = _DTYPES.get(kind) if len(values) >= SMALL_ROWS else None
    if dtype is None:
        if kind in _TEXT_TYPES and not set(map(type, values)) <= _TEXTS:
            raise TypeError("not text")  # Arrow takes bytes for text
        return pa.array(values, kind)
    return pl.Series(values, dtype=dtype, strict=True).to_arrow(compat_level=_NEWEST)


def within_int64(values: Iterable[int | None]) -> bool:
    """Return whether all integers fit into 64 bits; Polars stumbles noisily beyond 128 bits."""
    present = [value for value in values if value is not None]
    return not present or (min(present) >= -INT_LIMIT and max(present) < INT_LIMIT)


def listed(array: pa.Array) -> list[Any]:
    """Return the values of an array as Python objects."""
    if len(array) < SMALL_ROWS:
        return array.to_pylist()  # type: ignore[no-any-return]
    return pl.Series(array).to_list()


def kernel_text(array: pa.Array) -> pa.Array:
    """Return a text array as the type that all Arrow kernels know and that has no 2 GB limit."""
    is_text = array.type in (pa.string(), pa.string_view())
    return array.cast(pa.large_string()) if is_text else array
