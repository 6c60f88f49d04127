"""A page of an answer, and the whole answer behind it."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Self, TextIO

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from healthsim_lake import _json
from healthsim_lake._json import AsJson
from healthsim_lake._shown import shown
from healthsim_lake.errors import QueryError
from healthsim_lake.query.plain import duration, plain_values
from healthsim_lake.query.views import sql_type

MAX_PAGE_SIZE = 1_000
_CSV_ROWS = 10_000


def check_page(*, limit: int, offset: int) -> None:
    """Refuse a page that cannot be, before anything is run for it.

    Raises:
        QueryError: `limit` is not 1 to `MAX_PAGE_SIZE`, or `offset` is negative.
    """
    for name, number in (("limit", limit), ("offset", offset)):
        if not isinstance(number, int) or isinstance(number, bool):
            raise QueryError(f"{name} has to be a whole number, not {shown(number)}")
    if not 1 <= limit <= MAX_PAGE_SIZE:
        raise QueryError(f"a page has 1 to {MAX_PAGE_SIZE:,} rows, not {limit:,}")
    if offset < 0:
        raise QueryError(f"offset counts rows from 0, not {offset:,}")


@dataclass(frozen=True, slots=True)
class QueryResult(AsJson):
    """One page of an answer; pages of one answer are cut from one run, so they are stable.

    Attributes:
        results: The page's rows as dicts of plain JSON values, see `plain`.
        columns: ``{"name", "type"}`` of each column, with SQL types. A name that repeats gets a
            suffix (``id``, ``id_1``), here and everywhere else in the result.
        total_count: Rows of the whole answer.
        page: Number of the page, from 0: offset // page_size.
        page_size: Rows asked for.
        has_more: Whether rows follow.
        offset: Rows before the page.
        query_executed: The SQL as it was run.
        kept: Whether the answer is kept, so that all its pages come from one run. One that is too
            large is run again for each page, which therefore has to be ordered.
    """

    results: list[dict[str, Any]]
    columns: list[dict[str, str]]
    total_count: int
    page: int
    page_size: int
    has_more: bool
    offset: int
    query_executed: str
    kept: bool
    _table: pa.Table = field(repr=False, compare=False)

    @classmethod
    def of(
        cls, table: pa.Table, *, sql: str, limit: int = 20, offset: int = 0, kept: bool = True
    ) -> Self:
        """Cut a page out of an answer.

        Args:
            table: The whole answer.
            sql: What was asked.
            limit: Rows of the page, 1 to `MAX_PAGE_SIZE`.
            offset: Rows before the page.
            kept: See the attribute.

        Raises:
            QueryError: `limit` or `offset` is out of range (see `check_page`), or the page lies
                beyond the end; the first page of an empty answer is empty.
        """
        check_page(limit=limit, offset=offset)
        if offset and offset >= table.num_rows:
            raise QueryError(
                f"the answer has {table.num_rows:,} rows, so there is no page from row {offset:,} "
                "on (rows count from 0)"
            )
        named = table.rename_columns(_distinct(table.column_names))
        return cls(
            results=_rows(named, offset, limit),
            columns=[{"name": item.name, "type": sql_type(item.type)} for item in named.schema],
            total_count=named.num_rows,
            page=offset // limit,
            page_size=limit,
            has_more=offset + limit < named.num_rows,
            offset=offset,
            query_executed=sql,
            kept=kept,
            _table=named,
        )

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
        frame = pl.from_arrow(_without_intervals(self._table))
        return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()

    def write_parquet(self, sink: BinaryIO) -> int:
        """Write the whole answer, from `offset` on, as Parquet; return its rows.

        Intervals, which many readers of Parquet lack, become text.
        """
        table = _without_intervals(self._table.slice(self.offset))
        pq.write_table(table, sink, compression="zstd")
        return int(table.num_rows)

    def write_csv(self, sink: TextIO) -> int:
        """Write the whole answer, from `offset` on, as CSV with a header; return its rows.

        Values are written as in `results`; nested ones as JSON, a missing one as nothing.
        """
        table = self._table.slice(self.offset)
        writer = csv.writer(sink, lineterminator="\n")
        writer.writerow(table.column_names)
        for offset in range(0, table.num_rows, _CSV_ROWS):
            columns = _columns(table, offset, _CSV_ROWS)
            writer.writerows(zip(*(map(_csv_cell, column) for column in columns), strict=True))
        return int(table.num_rows)


def _distinct(names: list[str]) -> list[str]:
    given = set(names)
    used: set[str] = set()
    result = []
    for name in names:
        candidate, number = name, 0
        while candidate in used or (number and candidate in given):
            number += 1
            candidate = f"{name}_{number}"
        used.add(candidate)
        result.append(candidate)
    return result


def _rows(table: pa.Table, offset: int, limit: int) -> list[dict[str, Any]]:
    columns = _columns(table, offset, limit)
    return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]


def _columns(table: pa.Table, offset: int, limit: int) -> list[list[Any]]:
    return [plain_values(column, offset=offset, limit=limit) for column in table.columns]


def _csv_cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        return _json.dumps_text(value)
    return value


def _without_intervals(table: pa.Table) -> pa.Table:
    for at, item in enumerate(table.schema):
        if pa.types.is_interval(item.type):
            texts = [None if v is None else duration(v) for v in table.column(at).to_pylist()]
            table = table.set_column(at, item.name, pa.array(texts, pa.string()))
    return table
