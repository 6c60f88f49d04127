"""Values of one type, packed into columns a few thousand at a time.

Touching a hundred thousand Python objects three times (gather, convert, let go) costs more in
cache misses than in work; done in blocks, the second and third time find them in the cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from healthsim_lake.entities.codec.arrays import within_int64

_DTYPES: dict[type, type[pl.DataType]] = {
    str: pl.String,
    int: pl.Int64,
    float: pl.Float64,
    bool: pl.Boolean,
}
_NEWEST = pl.CompatLevel.newest()


class Packed:
    """A growing column of values that are null or of one JSON type.

    Attributes:
        of: The type; None as long as all values are null.
    """

    def __init__(self) -> None:
        self.of: type | None = None
        self._parts: list[pl.Series] = []
        self._nulls = 0

    def __len__(self) -> int:
        return self._nulls + sum(map(len, self._parts))

    def extend(self, values: Sequence[Any]) -> bool:
        """Append values; returns False, and changes nothing, when they are not all of the type."""
        of = self.of or next((type(value) for value in values if value is not None), None)
        if of is None:
            self._nulls += len(values)
            return True
        dtype = _DTYPES.get(of)
        # the builder refuses what is no text by itself, but takes True for 1, and 1 for 1.0
        if dtype is None or (of is not str and not set(map(type, values)) <= {of, type(None)}):
            return False
        if of is int and not within_int64(values):
            return False
        try:
            part = pl.Series(values, dtype=dtype, strict=True)
        except (TypeError, UnicodeEncodeError):
            return False
        if self.of is None and self._nulls:
            self._parts.append(pl.Series([None], dtype=dtype).new_from_index(0, self._nulls))
        self.of, self._nulls = of, 0
        self._parts.append(part)
        return True

    def array(self) -> pa.Array:
        """Return the column; one of Arrow's type for nulls alone when all values are null."""
        if self.of is None:
            return pa.nulls(self._nulls)
        if len(self._parts) > 1:
            self._parts = [pl.concat(self._parts, rechunk=True)]
        return self._parts[0].to_arrow(compat_level=_NEWEST)

    def listed(self) -> list[Any]:
        """Return the values."""
        if self.of is None:
            return [None] * self._nulls
        return [value for part in self._parts for value in part.to_list()]
