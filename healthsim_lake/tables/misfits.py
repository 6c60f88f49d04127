"""Values that their columns cannot hold: they sit in ``extra``, and are found there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from healthsim_lake.entities.codec import Shape
from healthsim_lake.entities.codec.jsontext import loads_many
from healthsim_lake.entities.codec.plan import Layout, Node, layout_of, node_of
from healthsim_lake.entities.fitting import Misfit, misfit
from healthsim_lake.entities.types import EXTRA, ROW_SHAPE, EntityType
from healthsim_lake.tables.bundle import Bundle
from healthsim_lake.tables.keys import contains_key

Path = tuple[str, ...]
Misfits = dict[tuple[str, Misfit], list[int]]
"""Positions of rows, ascending, by column and what is wrong."""


def find_misfits(bundle: Bundle, entity_type: EntityType) -> Misfits:
    """Return the rows with a value that does not fit its column.

    Not everything in ``extra`` is a misfit: keys that no column knows are there, too, and values
    of rows whose shape was too rare. Values are judged by themselves; a column whose best place is
    taken apart from others is fed by that place alone, as it was when the row was saved.
    """
    layout = layout_of(entity_type)
    found: Misfits = defaultdict(list)
    hits = bundle.frame.select(contains_key(pl.col(EXTRA), layout.known)).to_series().arg_true()
    if not len(hits):
        return found
    feeding = _Feeding(layout)
    kinds = {spec.name: spec.kind for spec in entity_type.fields}
    for position, row, held in _rows(bundle.at(hits), hits):
        for column, path in feeding.of(row, held):
            kind = kinds.get(column)
            wrong = None if kind is None else misfit(kind, value_at(held, path))
            if wrong is not None:
                found[column, wrong].append(position)
    return found


def value_at(row: Any, path: Path) -> Any:
    """Return the value at a path of keys; null where there is none."""
    for key in path:
        row = row.get(key) if isinstance(row, dict) else None
    return row


def _rows(
    bundle: Bundle, positions: pl.Series
) -> Iterator[tuple[int, Shape | dict[str, Any], dict[str, Any]]]:
    """Yield a row's position, its shape (or itself, where the shape does not tell) and extra."""
    extras = loads_many(bundle.frame[EXTRA].to_list())
    shapes = bundle.frame[ROW_SHAPE].to_list()
    is_sparse = bundle.frame[ROW_SHAPE].is_in(
        [n for n, one in enumerate(bundle.shapes) if one.sparse]
    )
    whole = bundle.at(is_sparse.arg_true()).rows() if is_sparse.any() else iter(())
    for position, shape, extra in zip(positions, shapes, extras, strict=True):
        known = bundle.shapes[shape]
        yield position, next(whole) if known.sparse else known, extra


class _Feeding:
    """Which columns the values in ``extra`` feed; worked out once for rows with the same keys."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._skeletons: dict[int, dict[str, Any]] = {}
        self._known: dict[tuple[int, Node], list[tuple[str, Path]]] = {}

    def of(
        self, row: Shape | Mapping[str, Any], extra: Mapping[str, Any]
    ) -> list[tuple[str, Path]]:
        """Return columns with the places that feed them, as far as these are in ``extra``.

        Args:
            row: The row, or its shape.
            extra: What ``extra`` holds of it.
        """
        if not isinstance(row, Shape):
            return self._inside(row, extra)
        node = node_of(extra, self._layout.tree)
        found = self._known.get((id(row), node))
        if found is None:
            found = self._inside({**_skeleton(row), **extra}, extra)
            self._known[id(row), node] = found
        return found

    def _inside(self, row: Mapping[str, Any], extra: Mapping[str, Any]) -> list[tuple[str, Path]]:
        plan = self._layout.plan(node_of(row, self._layout.tree))
        return [(column, path) for column, path in plan.feeds.items() if path[0] in extra]


def _skeleton(shape: Shape) -> dict[str, Any]:
    """Return a row of that shape without its values."""
    row: dict[str, Any] = {}
    for entry in shape.entries:
        *above, last = entry.path
        inner = row
        for key in above:
            inner = inner.setdefault(key, {})
        inner[last] = None
    return row
