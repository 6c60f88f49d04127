"""A page of an answer, and the whole answer behind it."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_lake.errors import QueryError
from healthsim_lake.query.views import sql_type

MAX_PAGE_SIZE = 1_000
_FLOAT_DIGITS = 15
"""Decimal digits that a double always keeps."""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """One page of an answer; pages of one answer come from one run and are stable.

    Attributes:
        results: The page's rows as dicts of plain JSON values. Dates, times and timestamps are
            ISO 8601 text (with Z where the column has a zone), bytes hex digits, NaN and
            infinities their names as text. Whole decimals (sums of integers) are integers; the
            others are numbers where all values of the column keep every digit as such (up to 15
            digits), else the whole column is exact text.
        columns: ``{"name", "type"}`` of each column, with SQL types. A name that repeats gets a
            suffix (``id``, ``id_1``), here and everywhere else in the result.
        total_count: Rows of the whole answer.
        page: Number of the page, from 0: offset // page_size.
        page_size: Rows asked for.
        has_more: Whether rows follow.
        query_executed: The SQL as it was run.
    """

    results: list[dict[str, Any]]
    columns: list[dict[str, str]]
    total_count: int
    page: int
    page_size: int
    has_more: bool
    query_executed: str
    _offset: int = field(repr=False)
    _table: pa.Table = field(repr=False, compare=False)

    @classmethod
    def of(cls, table: pa.Table, *, sql: str, limit: int = 20, offset: int = 0) -> Self:
        """Cut a page out of an answer.

        Args:
            table: The whole answer.
            sql: What was asked.
            limit: Rows of the page, 1 to `MAX_PAGE_SIZE`.
            offset: Rows before the page.

        Raises:
            QueryError: `limit` or `offset` is out of range.
        """
        if not 1 <= limit <= MAX_PAGE_SIZE:
            raise QueryError(f"a page has 1 to {MAX_PAGE_SIZE:,} rows, not {limit:,}")
        if offset < 0:
            raise QueryError(f"offset counts rows from 0, not {offset:,}")
        named = table.rename_columns(_distinct(table.column_names))
        return cls(
            results=_rows(named, offset, limit),
            columns=[{"name": item.name, "type": sql_type(item.type)} for item in named.schema],
            total_count=named.num_rows,
            page=offset // limit,
            page_size=limit,
            has_more=offset + limit < named.num_rows,
            query_executed=sql,
            _offset=offset,
            _table=named,
        )

    @property
    def offset(self) -> int:
        """Rows before the page."""
        return self._offset

    def to_dict(self) -> dict[str, Any]:
        """Return the page as one JSON object."""
        return {
            "results": self.results,
            "columns": self.columns,
            "total_count": self.total_count,
            "page": self.page,
            "page_size": self.page_size,
            "has_more": self.has_more,
            "query_executed": self.query_executed,
        }

    def to_arrow(self) -> pa.Table:
        """Return the whole answer."""
        return self._table

    def to_polars(self) -> pl.DataFrame:
        """Return the whole answer as a Polars frame; intervals, which it lacks, as text."""
        table = self._table
        for at, item in enumerate(table.schema):
            if pa.types.is_interval(item.type):
                texts = [None if v is None else _duration(v) for v in table.column(at).to_pylist()]
                table = table.set_column(at, item.name, pa.array(texts, pa.string()))
        frame = pl.from_arrow(table)
        return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()


def _distinct(names: list[str]) -> list[str]:
    taken = {*names}
    seen: set[str] = set()
    result = []
    for name in names:
        candidate, number = name, 0
        while candidate in seen or (number and candidate in taken):
            number += 1
            candidate = f"{name}_{number}"
        seen.add(candidate)
        result.append(candidate)
    return result


def _rows(table: pa.Table, offset: int, limit: int) -> list[dict[str, Any]]:
    names = table.column_names
    columns = [_values(column, offset, limit) for column in table.columns]
    if not columns:
        return []
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _values(column: pa.ChunkedArray, offset: int, limit: int) -> list[Any]:
    page = column.slice(offset, limit)
    as_text = pa.types.is_decimal(column.type) and not _fits_float(column)
    try:
        values = page.to_pylist()
    except (ValueError, OverflowError):
        # Moments that Python's datetime cannot hold: years beyond 9999, nanoseconds.
        return list(page.cast(pa.string()).to_pylist())
    return [_plain(value, decimals_as_text=as_text) for value in values]


def _fits_float(column: pa.ChunkedArray) -> bool:
    kind = column.type
    if kind.scale == 0 or kind.precision <= _FLOAT_DIGITS:
        return True
    extremes = pc.min_max(column).as_py()
    largest = max((abs(value) for value in extremes.values() if value is not None), default=0)
    return bool(largest < Decimal(10) ** (_FLOAT_DIGITS - kind.scale))


def _plain(value: Any, *, decimals_as_text: bool) -> Any:
    """Return a value as JSON has it."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else _float_name(value)
        case Decimal():
            return _number(value, as_text=decimals_as_text)
        case dt.datetime():
            text = value.isoformat()
            return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
        case dt.date() | dt.time():
            return value.isoformat()
        case bytes():
            return value.hex()
        case pa.MonthDayNano():
            return _duration(value)
        case dict():
            return {
                str(key): _plain(item, decimals_as_text=decimals_as_text)
                for key, item in value.items()
            }
        case list() | tuple() if type(value) in (list, tuple):
            return [_plain(item, decimals_as_text=decimals_as_text) for item in value]
    return str(value)


def _duration(value: pa.MonthDayNano) -> str:
    """Return an interval as an ISO 8601 duration, e.g. ``P1M3DT0.5S``."""
    seconds = Decimal(value.nanoseconds).scaleb(-9).normalize()
    parts = [f"{value.months}M" if value.months else "", f"{value.days}D" if value.days else ""]
    time = f"T{seconds:f}S" if seconds else ""
    return f"P{''.join(parts)}{time}" if any(parts) or time else "PT0S"


def _float_name(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _number(value: Decimal, *, as_text: bool) -> int | float | str:
    if as_text:
        return format(value, "f")
    if value == value.to_integral_value() and value.as_tuple().exponent == 0:
        return int(value)
    number = float(value)
    # Inside lists and structs columns cannot be looked through, so each value answers for itself.
    return number if Decimal(repr(number)) == value else format(value, "f")
