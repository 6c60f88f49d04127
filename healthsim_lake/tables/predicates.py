"""What a predicate says of one column alone, before any row is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl


def matching(values: Sequence[str], column: str, predicate: pl.Expr | None) -> set[str]:
    """Return those of `values` that `column` may have in a row that fulfils `predicate`.

    Of conditions joined by AND, those that are about nothing but `column` decide; where that
    cannot be told, all values are returned, and the rows are filtered later as always.
    """
    found = pl.DataFrame({column: list(dict.fromkeys(values))}, schema={column: pl.String})
    for condition in _conjuncts(predicate):
        if set(condition.meta.root_names()) == {column}:
            try:
                found = found.filter(condition)
            except pl.exceptions.PolarsError:
                continue  # it will say so again where there are rows
    return set(found[column])


def _conjuncts(predicate: pl.Expr | None) -> Iterator[pl.Expr]:
    left = [] if predicate is None else [predicate]
    while left:
        one = left.pop()
        parts = one.meta.pop()
        # A node's inputs tell nothing of the node: AND it is if AND makes the same of them.
        if len(parts) == 2 and any(  # noqa: PLR2004  # AND has two sides
            (a & b).meta.eq(one) for a, b in (parts, reversed(parts))
        ):
            left.extend(parts)
        else:
            yield one
