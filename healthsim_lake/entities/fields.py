"""Kinds of column: the closed set of types that a table may have, and their names in documents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from healthsim_lake._shown import shown

KindName = Literal["text", "bool", "int", "float", "decimal", "date", "timestamp", "json"]

_PLAIN: dict[str, pa.DataType] = {
    "text": pa.string(),
    "bool": pa.bool_(),
    "int": pa.int64(),
    "float": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "json": pa.string(),
}
_DECIMAL = re.compile(r"decimal\((\d{1,2}),(\d{1,2})\)")
MAX_PRECISION = 38


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of column.

    The set is small on purpose: every reader of Parquet knows these, and Spark refuses more
    (unsigned and 8-bit integers, nanoseconds, times of day). Nested values are JSON text.

    Attributes:
        name: The family, e.g. ``decimal``.
        precision: Digits in all, for decimals; else 0.
        scale: Digits behind the point, for decimals; else 0.
    """

    name: KindName
    precision: int = 0
    scale: int = 0

    @classmethod
    def parse(cls, text: str) -> Kind:
        """Return the kind that a document calls `text`, e.g. ``date`` or ``decimal(12,2)``.

        Raises:
            ValueError: No such kind.
        """
        if text in _PLAIN:
            return cls(text)  # type: ignore[arg-type]  # membership was just checked
        match = _DECIMAL.fullmatch(text)
        if match:
            precision, scale = int(match[1]), int(match[2])
            if scale <= precision and 1 <= precision <= MAX_PRECISION:
                return cls("decimal", precision, scale)
        raise ValueError(
            f"{shown(text)} is not a column type; known are {', '.join(_PLAIN)} and decimal(p,s) "
            f"with s <= p <= {MAX_PRECISION}"
        )

    def __str__(self) -> str:
        if self.name == "decimal":
            return f"decimal({self.precision},{self.scale})"
        return self.name

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type of the column; timestamps are microseconds in UTC, without a zone."""
        if self.name == "decimal":
            return pa.decimal128(self.precision, self.scale)
        return _PLAIN[self.name]
