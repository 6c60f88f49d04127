"""Counting and adding up columns, with the engine that suits their size.

Small tables are Arrow's and are counted in Python: a query engine's fixed cost would be several
times the work. Large ones are counted by Polars.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

Frame = pl.DataFrame | pa.Table
Amounts = tuple[int, Decimal, Decimal | None, Decimal | None]
"""How many, sum, least and greatest."""


_NO_AMOUNTS: Amounts = (0, Decimal(0), None, None)


class Columns:
    """The columns of a file; one that it does not have counts as empty."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        names = frame.columns if isinstance(frame, pl.DataFrame) else frame.column_names
        self._names = frozenset(names)

    def counts(self, *names: str) -> Iterable[tuple[tuple[Any, ...], int]]:
        """Return each combination of values in these columns with its number of rows."""
        there = [name for name in names if name in self._names]
        if not there:
            return []
        if isinstance(self._frame, pl.DataFrame):
            found = self._frame.group_by(there).len().rows()
            counted = [(row[:-1], row[-1]) for row in found]
        else:
            cells = [self._frame[name].to_pylist() for name in there]
            counted = list(Counter(zip(*cells, strict=True)).items())
        if there == [*names]:
            return counted
        at = [there.index(name) if name in there else None for name in names]
        return [
            (tuple(None if place is None else row[place] for place in at), rows)
            for row, rows in counted
        ]

    def lives(self, birth: str, death: str | None) -> Iterator[tuple[date, date | None, int]]:
        """Yield dates of birth and of death with numbers of rows.

        Of the living only the year of birth is meant: their dates are the first of January.
        """
        dead = death if death in self._names else None
        if isinstance(self._frame, pl.DataFrame):
            yield from self._many_lives(birth, dead)
            return
        if birth not in self._names:
            return
        born = self._frame[birth].to_pylist()
        died = [None] * len(born) if dead is None else self._frame[dead].to_pylist()
        for pair, rows in Counter(zip(born, died, strict=True)).items():
            if isinstance(pair[0], date):
                yield *pair, rows

    def _many_lives(
        self, birth: str, death: str | None
    ) -> Iterator[tuple[date, date | None, int]]:
        frame = self._frame
        if birth not in self._names or frame.schema[birth] != pl.Date:
            return
        living = frame
        if death is not None and frame.schema[death] == pl.Date:
            living = frame.filter(pl.col(death).is_null())
            dead = frame.filter(pl.col(death).is_not_null() & pl.col(birth).is_not_null())
            yield from dead.group_by(birth, death).len().rows()
        years = living.drop_nulls(birth).group_by(pl.col(birth).dt.truncate("1y")).len()
        for born, rows in years.rows():
            yield born, None, rows

    def amounts(self, name: str, only: tuple[str, str] | None) -> Amounts:
        """Return how many numbers a column has, their exact sum, the least and the greatest.

        Args:
            name: The column.
            only: Look only at rows that have this value in this column.
        """
        if not {name, *(only or ())[:1]} <= self._names:
            return _NO_AMOUNTS
        if isinstance(self._frame, pl.DataFrame):
            rows = self._frame if only is None else self._frame.filter(pl.col(only[0]) == only[1])
            numbers = rows[name]
            count = len(numbers) - numbers.null_count()
            found = [numbers.sum(), numbers.min(), numbers.max()]
        else:
            chosen = self._frame
            if only is not None:
                chosen = chosen.filter(pc.equal(chosen[only[0]], only[1]))
            column = chosen[name]
            count = len(column) - column.null_count
            if not count:
                return _NO_AMOUNTS
            ends = pc.min_max(column)
            found = [pc.sum(column).as_py(), ends["min"].as_py(), ends["max"].as_py()]
        if not count or not all(isinstance(one, Decimal | int) for one in found):
            return _NO_AMOUNTS
        total, least, greatest = map(Decimal, found)
        return count, total, least, greatest
