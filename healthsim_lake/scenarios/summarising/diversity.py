"""Choosing rows that show how much the rows of a table differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

Row = Mapping[str, Any]
R = TypeVar("R", bound=Row)


def most_different(rows: Sequence[R], count: int) -> list[R]:
    """Return `count` of `rows`, in their order, each as different from the others as can be."""
    chosen = list(range(min(1, count, len(rows))))
    while len(chosen) < min(count, len(rows)):
        rest = [at for at in range(len(rows)) if at not in chosen]
        chosen.append(max(rest, key=lambda at: _distance(rows, at, chosen)))
    return [rows[at] for at in sorted(chosen)]


def _distance(rows: Sequence[Row], at: int, chosen: Sequence[int]) -> int:
    """Return in how many keys a row differs from the one of `chosen` that it is most like."""
    return min(_differences(rows[at], rows[other]) for other in chosen)


def _differences(one: Row, other: Row) -> int:
    missing = object()
    keys = {**one, **other}
    return sum(one.get(key, missing) != other.get(key, missing) for key in keys)
