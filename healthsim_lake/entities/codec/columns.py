"""One column of a chunk: its typed values, its forms, and the rows whose value it cannot hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from healthsim_lake.entities.codec.arrays import build, kernel_text, listed
from healthsim_lake.entities.codec.best import best
from healthsim_lake.entities.codec.forms import fit, guess
from healthsim_lake.entities.codec.sources import Source
from healthsim_lake.entities.fields import Kind

_SAMPLE = 64
_MAX_FORMS = 4
"""Forms tried per column of a chunk: each can double the number of shapes."""
_FEW = 8
_SHARE = 50
"""A further form must serve at least `_FEW` rows and one row in `_SHARE`."""

_FIXED = {
    ("text", "int"): "int",
    ("bool", "bool"): "bool",
    ("int", "int"): "int",
    ("int", "float"): "float",
    ("float", "int"): "whole",
    ("float", "float"): "float",
    ("float", "number"): "number",
    ("decimal", "int"): "whole",
    ("decimal", "float"): "float",
    ("decimal", "number"): "number",
    ("date", "date"): "date",
}
_WHEN_EMPTY = {"decimal": "float", "timestamp": "date"}


@dataclass(slots=True)
class Column:
    """One encoded column.

    Attributes:
        array: The typed values; the best value where the exact one does not fit.
        forms: Forms in use, at least one; None means that the exact values are in ``extra``.
        which: For each row the position of its form in `forms`; None when there is one form.
        misses: Rows whose exact value has to be in ``extra`` although their form says otherwise.
    """

    array: pa.Array
    forms: list[str | None]
    which: list[int] | None = None
    misses: list[int] = field(default_factory=list)

    def give_up(self, rows: Sequence[int]) -> None:
        """Leave the exact values of `rows` to ``extra``."""
        if not rows:
            return
        if self.forms != [None] and not _worth_it(len(rows), len(self.array)):
            self.misses = sorted({*self.misses, *rows})
            return
        if None not in self.forms:
            self.forms.append(None)
        place = self.forms.index(None)
        if len(self.forms) > 1:
            which = self.which or [0] * len(self.array)
            for row in rows:
                which[row] = place
            self.which = which


def solve(
    kind: Kind,
    sources: Sequence[Source],
    present: pa.Array | None,
    values_at: Callable[[Sequence[int]], Sequence[Any]],
    count: int,
) -> Column:
    """Encode one column from its values, sorted by their JSON types.

    Args:
        kind: The column's kind.
        sources: The values by JSON type, the most frequent first.
        present: Which rows have a value; None when the first source tells.
        values_at: Gives the JSON values of rows.
        count: Number of rows.
    """
    column = _with_forms(kind, sources, count)
    left = _left(column.array, present, sources)
    rows = listed(pc.indices_nonzero(left)) if left is not None else []
    if rows:
        column.array = _patched(kind, column.array, left, values_at(rows))
        if not column.forms:
            column.forms = [None]
        column.give_up(rows)
    return column if column.forms else empty_column(kind, count)


def empty_column(kind: Kind, count: int) -> Column:
    """Return a column of nulls; any form says what they mean."""
    return Column(pa.nulls(count, kind.arrow), [_WHEN_EMPTY.get(kind.name, kind.name)])


def _left(typed: pa.Array, present: pa.Array | None, sources: Sequence[Source]) -> pa.Array | None:
    """Return which rows have a value but no typed one, or None when there are no such rows."""
    if not typed.null_count:
        return None
    if present is None:
        if typed.null_count == sources[0].array.null_count:
            return None
        present = sources[0].array.is_valid()
    left = pc.and_(present, typed.is_null())
    return left if pc.any(left).as_py() else None


def _with_forms(kind: Kind, sources: Sequence[Source], count: int) -> Column:
    column: Column | None = None
    which: pa.Array | None = None
    for form, typed in (found for source in sources for found in _attempts(kind, source)):
        solved = count - typed.null_count
        if column is None:
            if solved:
                column = Column(typed, [form])
        elif _worth_it(solved, count):
            which = pa.nulls(count, pa.int32()) if which is None else which
            which = pc.if_else(typed.is_valid(), pa.scalar(len(column.forms), pa.int32()), which)
            column.array = pc.coalesce(kernel_text(column.array), kernel_text(typed))
            column.forms.append(form)
    if column is None:
        return Column(pa.nulls(count, kind.arrow), [])
    if which is not None:
        column.which = listed(which.fill_null(0))
    return column


def _worth_it(rows: int, count: int) -> bool:
    return rows >= max(_FEW, count // _SHARE)


def _attempts(kind: Kind, source: Source) -> Iterator[tuple[str, pa.Array]]:
    """Yield forms with the typed values that they give exactly; no row twice."""
    if source.array is None:
        return
    if source.name == "text":
        yield from _text_attempts(kind, source.array)
        return
    form = source.form or _FIXED.get((kind.name, source.name))
    if form is not None:
        exact = source.array.type == kind.arrow and source.name in {"date", "moment", "decimal"}
        yield form, source.array if exact else fit(kind, form, source.array)


def _text_attempts(kind: Kind, texts: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    if kind.name == "text":
        yield "text", texts
        return
    left = kernel_text(texts)
    form = guess(kind, _sample(left, 1))
    if form is not None:
        typed = fit(kind, form, left)
        if typed.null_count == left.null_count:
            yield form, typed
            return
    tried: set[str | None] = {None}
    while len(tried) <= _MAX_FORMS:
        form = guess(kind, _sample(left, _SAMPLE))
        if form is None or form in tried:
            return
        tried.add(form)
        typed = fit(kind, form, left)
        yield form, typed
        if typed.null_count == left.null_count:
            return
        left = pc.if_else(typed.is_valid(), pa.scalar(None, left.type), left)


def _sample(texts: pa.Array, most: int) -> list[str]:
    near = texts[: 4 * most].drop_null()
    return (near if len(near) else texts.drop_null())[:most].to_pylist()  # type: ignore[no-any-return]


def _patched(kind: Kind, array: pa.Array, mask: pa.Array, values: Sequence[Any]) -> pa.Array:
    """Put the best values where `mask` says."""
    bests = build([best(kind, value) for value in values], kind.arrow)
    array = kernel_text(array)
    return pc.replace_with_mask(array, mask.fill_null(False), kernel_text(bests).cast(array.type))
