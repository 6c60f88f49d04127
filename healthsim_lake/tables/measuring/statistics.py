"""Statistics of a table that merge: those of two files together are those of their rows together.

They are computed on the columns while a file is written, kept beside the manifest, and read by
summaries. What is counted says `healthsim_lake.entities.figures`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal
from itertools import chain
from typing import Any

from healthsim_lake.catalog.records import KnownRows
from healthsim_lake.entities.figures import Figures
from healthsim_lake.tables.measuring.columns import Columns, Frame

MOST_VALUES = 1_000
"""Distinct values that are counted; of more codes the most frequent are kept, as approximate."""
MOST_GUESSED = 50
"""Distinct values beyond which a column that was guessed to be a category is none."""
LONGEST_VALUE = 100
"""Longer values are counted by their beginning."""
_EXACT = Context(prec=100)
"""More digits than a sum has, whatever the caller does with decimals in his own context."""

Code = tuple[str | None, str | None]
"""A code and what it means."""


@dataclass(slots=True)
class AmountStatistics:
    """What is known of the amounts in a column.

    Attributes:
        figure: The figure that they belong to, e.g. ``claim_amounts``.
        count: How many there are; nulls do not count.
        total: Their exact sum.
        least: The smallest; None if there are none.
        greatest: The largest.
    """

    figure: str
    count: int = 0
    total: Decimal = Decimal(0)
    least: Decimal | None = None
    greatest: Decimal | None = None

    def add(self, other: AmountStatistics) -> None:
        """Take in the amounts of more rows."""
        self.count += other.count
        self.total = _EXACT.add(self.total, other.total)
        lows = [one for one in (self.least, other.least) if one is not None]
        highs = [one for one in (self.greatest, other.greatest) if one is not None]
        self.least, self.greatest = min(lows, default=None), max(highs, default=None)


@dataclass(slots=True)
class TableStatistics:
    """What is known of the rows of one table, or of one file of it.

    Attributes:
        rows: How many there are.
        values: Column to value to rows; None for a column of too many values.
        codes: Code and meaning to rows, or None where the table has no codes.
        approximate: Whether rare codes were dropped, and counts may be too low.
        births: Year of birth to people alive; None where the table has no dates of birth.
        deaths: Age at death, in whole years, to people.
        amounts: Name of an amount to what is known of it.
        dates: Column, earliest and latest, as ISO text, of what says when a row happened; the
            columns in the order in which they are preferred.
    """

    rows: int = 0
    values: dict[str, dict[str, int] | None] = field(default_factory=dict)
    codes: dict[Code, int] | None = None
    approximate: bool = False
    births: dict[int, int] | None = None
    deaths: dict[int, int] = field(default_factory=dict)
    amounts: dict[str, AmountStatistics] = field(default_factory=dict)
    dates: list[tuple[str, str | None, str | None]] = field(default_factory=list)

    def document(self, samples: list[tuple[int, dict[str, Any]]]) -> KnownRows:
        """Return the statistics as JSON values; `from_document` reads them back.

        Args:
            samples: Positions and rows that are kept with them.
        """
        shown: KnownRows = {"rows": self.rows, "samples": samples}
        if self.values:
            shown["values"] = self.values
        if self.codes is not None:
            shown["codes"] = [(*code, rows) for code, rows in self.codes.items()]
        if self.approximate:
            shown["approximate"] = True
        if self.births is not None:
            shown["births"] = sorted(self.births.items())
            shown["deaths"] = sorted(self.deaths.items())
        if self.amounts:
            shown["amounts"] = {
                name: (
                    one.figure,
                    one.count,
                    format(one.total, "f"),
                    _text(one.least),
                    _text(one.greatest),
                )
                for name, one in self.amounts.items()
            }
        if self.dates:
            shown["dates"] = self.dates
        return shown


def from_document(document: KnownRows) -> TableStatistics:
    """Return the statistics that `TableStatistics.document` made JSON of."""
    codes, births = document.get("codes"), document.get("births")
    return TableStatistics(
        rows=document["rows"],
        values=dict(document.get("values", {})),
        codes=None if codes is None else {(code, label): rows for code, label, rows in codes},
        approximate=document.get("approximate", False),
        births=None if births is None else dict(births),
        deaths=dict(document.get("deaths", ())),
        amounts={
            name: AmountStatistics(figure, count, *map(_number, numbers))
            for name, (figure, count, *numbers) in document.get("amounts", {}).items()
        },
        dates=[(name, low, high) for name, low, high in document.get("dates", ())],
    )


def measured(frame: Frame, figures: Figures) -> TableStatistics:
    """Return the statistics of the rows of one file, but for `dates`; see `dated`.

    Args:
        frame: Its columns; those that `figures` names and that are missing count as empty.
        figures: What to count.
    """
    columns = Columns(frame, figures.columns)
    found = TableStatistics(rows=len(frame))
    most = _most(guessed=figures.guessed)
    for name in figures.values:
        free = columns.starts_with_more_than(most, name, _label)
        found.values[name] = None if free else _categories(_texts(columns, name), most)
    if figures.codes is not None:
        _count_codes(found, columns, figures.codes)
    if figures.birth is not None:
        found.births = dict(columns.births(figures.birth, figures.death))
        if figures.death is not None:
            found.deaths = dict(columns.deaths(figures.birth, figures.death))
    for amount in figures.amounts:
        numbers = columns.amounts(amount.column, amount.only)
        found.amounts[amount.name] = AmountStatistics(amount.figure, *numbers)
    return found


def dated(
    statistics: TableStatistics, figures: Figures, bounds: Mapping[str, tuple[str, str]]
) -> TableStatistics:
    """Return `statistics` with the dates that the catalog knows of the file.

    Args:
        statistics: Of the file.
        figures: What counts in its table.
        bounds: Least and greatest value of its date and timestamp columns, as text.
    """
    spans = [(name, *bounds.get(name, (None, None))) for name in figures.dates]
    return replace(statistics, dates=spans)


def merged(parts: Iterable[TableStatistics], *, guessed: bool) -> TableStatistics:
    """Return the statistics of the rows of all parts together, given in row order.

    Args:
        parts: Of one table; they are not changed.
        guessed: See `Figures.guessed`.
    """
    first, *others = [*parts] or [TableStatistics()]
    if not others:
        return first
    result = TableStatistics()
    for part in (first, *others):
        _take(result, part, guessed=guessed)
    return result


def _take(result: TableStatistics, part: TableStatistics, *, guessed: bool) -> None:
    result.rows += part.rows
    for name, counts in part.values.items():
        known = result.values.get(name, {})
        if known is None or counts is None:
            result.values[name] = None
        else:
            result.values[name] = _categories(_sum(known, counts), _most(guessed=guessed))
    if part.codes is not None:
        _keep_codes(result, _sum(result.codes or {}, part.codes))
    result.approximate |= part.approximate
    if part.births is not None:
        result.births = dict(_sum(result.births or {}, part.births))
        result.deaths = dict(_sum(result.deaths, part.deaths))
    for name, amount in part.amounts.items():
        result.amounts.setdefault(name, AmountStatistics(amount.figure)).add(amount)
    result.dates = _wider(result.dates, part.dates)


def _sum(one: Mapping[Any, int], other: Mapping[Any, int]) -> Counter[Any]:
    counts = Counter(one)
    counts.update(other)
    return counts


def _most(*, guessed: bool) -> int:
    return MOST_GUESSED if guessed else MOST_VALUES


def _texts(columns: Columns, name: str) -> Counter[str]:
    texts: Counter[str] = Counter()
    for (value,), rows in columns.counts(name):
        if value is not None:
            texts[_label(value)] += rows
    return texts


def _categories(counts: Counter[str], most: int) -> dict[str, int] | None:
    if len(counts) > most:
        return None
    return dict(sorted(counts.items(), key=_rank))


def _count_codes(found: TableStatistics, columns: Columns, names: tuple[str, str | None]) -> None:
    code, label = names
    counts: Counter[Code] = Counter()
    for (value, *meaning), rows in columns.counts(code, *([] if label is None else [label])):
        told = meaning[0] if meaning else None
        if value is not None or told is not None:
            counts[_label_or_none(value), _label_or_none(told)] += rows
    _keep_codes(found, counts)


def _keep_codes(result: TableStatistics, counts: Counter[Code]) -> None:
    ranked = sorted(counts.items(), key=_rank)
    result.approximate |= len(ranked) > MOST_VALUES
    result.codes = dict(ranked[:MOST_VALUES])


def _rank(item: tuple[Any, int]) -> tuple[int, str]:
    """Order by frequency; the text decides where that leaves it open, so that order is certain."""
    return -item[1], str(item[0])


def _wider(
    one: list[tuple[str, str | None, str | None]], other: list[tuple[str, str | None, str | None]]
) -> list[tuple[str, str | None, str | None]]:
    known = {name: (low, high) for name, low, high in one}
    for name, low, high in other:
        former = known.get(name, (None, None))
        lows = [text for text in (former[0], low) if text is not None]
        highs = [text for text in (former[1], high) if text is not None]
        known[name] = min(lows, default=None), max(highs, default=None)
    order = dict.fromkeys(name for name, *_ in chain(other, one))
    return [(name, *known[name]) for name in order]


def _label(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"


def _label_or_none(value: Any) -> str | None:
    return None if value is None else _label(value)


def _text(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")


def _number(text: str | None) -> Any:
    return None if text is None else Decimal(text)
