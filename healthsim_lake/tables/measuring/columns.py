"""Counting and adding up columns, with the engine that suits their size.

Small tables are Arrow's and are counted in Python: a query engine's fixed cost would be several
times the work. Large ones are counted by Polars.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_lake.entities.codec import SMALL_ROWS

Frame: TypeAlias = pl.DataFrame | pa.Table
Amounts = tuple[int, Decimal, Decimal | None, Decimal | None]
"""How many, sum, least and greatest."""

_FIRST = 2
"""So many times as many rows as values are wanted tell ids and free text from categories."""
_NO_AMOUNTS: Amounts = (0, Decimal(0), None, None)


class Columns:
    """The columns of a file; one that it does not have counts as empty.

    Args:
        frame: The file's columns.
        wanted: Those that will be asked for.
    """

    def __init__(self, frame: Frame, wanted: Iterable[str]) -> None:
        if isinstance(frame, pa.Table) and len(frame) >= SMALL_ROWS:
            there = [name for name in wanted if name in frame.column_names]
            frame = pl.DataFrame(frame.select(there)) if there else pl.DataFrame()
        self._frame = frame
        names = frame.columns if isinstance(frame, pl.DataFrame) else frame.column_names
        self._names = frozenset(names)

    def counts(self, *names: str) -> Iterable[tuple[tuple[Any, ...], int]]:
        """Return each combination of values in these columns with its number of rows.

        Rows in which all of them are null may be left out.
        """
        full = [name for name in names if self._has_values(name)]
        if not full:
            return []
        counted = self._counted(full)
        if full == [*names]:
            return counted
        at = [full.index(name) if name in full else None for name in names]
        return [
            (tuple(None if place is None else row[place] for place in at), rows)
            for row, rows in counted
        ]

    def starts_with_more_than(self, most: int, name: str, label: Callable[[Any], str]) -> bool:
        """Return whether the first rows alone have more than `most` labels in this column.

        Whoever counts the values of a column only if they are few need not count ids and notes.
        Small tables are not looked at twice.
        """
        if not isinstance(self._frame, pl.DataFrame) or not self._has_values(name):
            return False
        first = self._frame[name].head(_FIRST * most).drop_nulls()
        return len(set(map(label, first))) > most

    def births(self, birth: str, death: str | None) -> Mapping[int, int]:
        """Return the years of birth of the living, with numbers of rows."""
        if not self._has_dates(birth):
            return {}
        dead = None if death is None or not self._has_values(death) else death
        if isinstance(self._frame, pl.DataFrame):
            born = self._frame[birth]
            if dead is not None:
                born = born.filter(self._frame[dead].is_null())
            return dict(born.dt.year().drop_nulls().value_counts().rows())
        chosen = self._frame[birth]
        if dead is not None:
            chosen = chosen.filter(pc.is_null(self._frame[dead]))
        return Counter(pc.year(chosen.drop_null()).to_pylist())

    def deaths(self, birth: str, death: str) -> Mapping[int, int]:
        """Return the ages at death, in whole years, with numbers of rows."""
        if not (self._has_dates(birth) and self._has_dates(death)):
            return {}
        if isinstance(self._frame, pl.DataFrame):
            rows = self._frame.select(birth, death).drop_nulls()
            ages = rows.select(_age(pl.col(birth), pl.col(death)).alias("age"))["age"]
            return dict(ages.value_counts().rows())
        lives = self._frame.select([birth, death]).drop_null().to_pydict()
        return Counter(
            died.year - born.year - ((died.month, died.day) < (born.month, born.day))
            for born, died in zip(lives[birth], lives[death], strict=True)
        )

    def _has_values(self, name: str) -> bool:
        if name not in self._names:
            return False
        column = self._frame[name]
        nulls: int = column.null_count() if isinstance(column, pl.Series) else column.null_count
        return nulls < len(column)

    def _has_dates(self, name: str) -> bool:
        if not self._has_values(name):
            return False
        column = self._frame[name]
        if isinstance(column, pl.Series):
            return column.dtype == pl.Date
        return bool(pa.types.is_date(column.type))

    def _counted(self, names: list[str]) -> list[tuple[tuple[Any, ...], int]]:
        if not isinstance(self._frame, pl.DataFrame):
            cells = [self._frame[name].to_pylist() for name in names]
            return list(Counter(zip(*cells, strict=True)).items())
        if len(names) == 1:
            found = self._frame[names[0]].value_counts().rows()
        else:
            found = self._frame.group_by(names).len().rows()
        return [(row[:-1], row[-1]) for row in found]

    def amounts(self, name: str, only: tuple[str, str] | None) -> Amounts:
        """Return how many numbers a column has, their exact sum, the least and the greatest.

        Args:
            name: The column.
            only: Look only at rows that have this value in this column.
        """
        if not self._has_values(name) or (only is not None and not self._has_values(only[0])):
            return _NO_AMOUNTS
        if isinstance(self._frame, pl.DataFrame):
            numbers: pl.Series | pa.ChunkedArray = self._frame[name]
            if only is not None:
                numbers = numbers.filter(self._frame[only[0]] == only[1])
            count = len(numbers) - numbers.null_count()
            ends = numbers.min(), numbers.max()
        else:
            numbers = self._frame[name]
            if only is not None:
                numbers = numbers.filter(pc.equal(self._frame[only[0]], only[1]))
            count = len(numbers) - numbers.null_count
            found = pc.min_max(numbers)
            ends = found["min"].as_py(), found["max"].as_py()
        if not count or not all(isinstance(one, Decimal | int) for one in ends):
            return _NO_AMOUNTS
        least, greatest = (Decimal(one) for one in ends if isinstance(one, Decimal | int))
        return count, _sum(numbers, least, greatest), least, greatest


def _sum(numbers: pl.Series | pa.ChunkedArray, least: Decimal, greatest: Decimal) -> Decimal:
    """Return the exact sum; engines wrap around, or give up, where it is too long for the type."""
    scale = -int(least.as_tuple().exponent)
    most = max(abs(int(least)), abs(int(greatest))) + 1
    if most * len(numbers) * 10**scale >= 2**63:
        numbers = numbers.to_arrow() if isinstance(numbers, pl.Series) else numbers
        numbers = numbers.cast(pa.decimal256(76, scale))
    total = numbers.sum() if isinstance(numbers, pl.Series) else pc.sum(numbers).as_py()
    return Decimal(total)


def _age(born: pl.Expr, died: pl.Expr) -> pl.Expr:
    month, day = died.dt.month() - born.dt.month(), died.dt.day() - born.dt.day()
    early = (month < 0) | ((month == 0) & (day < 0))
    return died.dt.year() - born.dt.year() - early.cast(pl.Int32)
