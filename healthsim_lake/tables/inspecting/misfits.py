"""Values that their columns cannot hold: they sit in ``extra``, and are found there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from healthsim_lake.entities.codec import Shape
from healthsim_lake.entities.codec.jsontext import loads_many
from healthsim_lake.entities.codec.plan import Layout, Node, Tree, layout_of, node_of
from healthsim_lake.entities.fitting import Misfit, misfit
from healthsim_lake.entities.types import EXTRA, ROW_SHAPE, EntityType
from healthsim_lake.tables.comparing.bundle import Bundle
from healthsim_lake.tables.comparing.keys import contains_key

Path = tuple[str, ...]
Misfits = dict[tuple[str, Misfit], list[int]]
"""Positions of rows, ascending, by column and what is wrong."""


def find_misfits(bundle: Bundle, entity_type: EntityType) -> Misfits:
    """Return the rows with a value that does not fit its column.

    Not everything in ``extra`` is a misfit: keys that no column knows are there, too, and values
    of rows whose shape was too rare. So values are judged by themselves, each for the columns that
    it feeds. What one column holds may feed others as well, whole or by its members.
    """
    layout = layout_of(entity_type)
    found: Misfits = defaultdict(list)
    opened = {at: keys for at, one in enumerate(bundle.shapes) if (keys := _opened(one, layout))}
    is_hit = contains_key(pl.col(EXTRA), layout.known) | pl.col(ROW_SHAPE).is_in(list(opened))
    hits = bundle.frame.select(is_hit).to_series().arg_true()
    if not len(hits):
        return found
    feeding = _Feeding(layout)
    kinds = {spec.name: spec.kind for spec in entity_type.fields}
    for position, (row, held) in zip(hits, _rows(bundle.at(hits), opened), strict=True):
        for column, path in feeding.of(row, held):
            kind = kinds.get(column)
            wrong = None if kind is None else misfit(kind, value_at(held, path))
            if wrong is not None:
                found[column, wrong].append(position)
    return found


def _opened(shape: Shape, layout: Layout) -> set[str]:
    """Return the top-level keys whose values columns hold that others are fed from, too."""
    opened = {
        entry.path[0]
        for entry in shape.entries
        if entry.form == "json" and _inside(layout.tree, entry.path) is not None
    }
    holders = {entry.path: entry.column for entry in shape.entries if entry.column is not None}
    feeds = layout.plan(node_of(_skeleton(shape), layout.tree)).feeds
    return opened | {
        path[0] for column, path in feeds.items() if holders.get(path, column) != column
    }


def _inside(tree: Tree | None, path: Path) -> Tree | None:
    for key in path:
        tree = None if tree is None else tree.get(key)
    return tree


def value_at(row: Any, path: Path) -> Any:
    """Return the value at a path of keys; null where there is none."""
    for key in path:
        row = row.get(key) if isinstance(row, dict) else None
    return row


def _rows(
    bundle: Bundle, opened: Mapping[int, set[str]]
) -> Iterator[tuple[Shape | dict[str, Any], dict[str, Any]]]:
    """Yield each row's shape, or the row itself where that does not tell, and its loose values."""
    texts = bundle.frame[EXTRA].fill_null("{}")
    shapes = bundle.frame[ROW_SHAPE]
    needed = {at for at, shape in enumerate(bundle.shapes) if shape.sparse or at in opened}
    is_whole = shapes.is_in(list(needed))
    whole = bundle.at(is_whole.arg_true()).rows()
    for shape, extra in zip(shapes, loads_many(texts.to_list()), strict=True):
        if shape not in needed:
            yield bundle.shapes[shape], extra
            continue
        row = next(whole)
        loose = extra.keys() | opened.get(shape, set())
        yield row, {key: row[key] for key in loose if key in row}


class _Feeding:
    """Which columns the values in ``extra`` feed; worked out once for rows with the same keys."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._known: dict[tuple[int, Node], list[tuple[str, Path]]] = {}

    def of(
        self, row: Shape | Mapping[str, Any], extra: Mapping[str, Any]
    ) -> list[tuple[str, Path]]:
        """Return columns with the places that feed them, as far as these are in `extra`.

        Args:
            row: The row, or its shape.
            extra: What ``extra``, and columns that share, hold of it.
        """
        # Keys that no column knows may be different in every row, and do not matter here.
        loose = {key: value for key, value in extra.items() if key in self._layout.known}
        if not isinstance(row, Shape):
            return self._feeds(row, loose)
        known = id(row), node_of(loose, self._layout.tree)
        if known not in self._known:
            self._known[known] = self._feeds({**_skeleton(row), **loose}, loose)
        return self._known[known]

    def _feeds(self, row: Mapping[str, Any], extra: Mapping[str, Any]) -> list[tuple[str, Path]]:
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
