"""Rows by the keys they have, turned into lists of values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Any

from pydantic import BaseModel

from healthsim_lake.entities.codec.check import RefusedValueError, checked_key, plain
from healthsim_lake.entities.codec.chunk import SMALL_ROWS
from healthsim_lake.entities.codec.jsontext import plain_many
from healthsim_lake.entities.codec.packed import Packed
from healthsim_lake.entities.codec.plan import Layout, Node, Path, Plan, Tree, node_of
from healthsim_lake.entities.codec.shapes import MAX_SHAPES

_BLOCK = 300
"""Rows transposed at a time: their dicts stay in the processor's cache (7 times faster)."""
_PACK = 8 * _BLOCK
"""Rows packed at a time: enough to outweigh the cost of a call to Polars."""
_SCALARS = {dict, list, str, int, float, bool, type(None)}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that have the same keys.

    Attributes:
        plan: What becomes of the keys.
        rows: Positions of the rows, ascending.
        leaves: The values at each path that the plan needs, one per row.
    """

    plan: Plan
    rows: Sequence[int]
    leaves: Mapping[Path, Sequence[Any] | Packed]


@dataclass(frozen=True, slots=True)
class Grouped:
    """Rows sorted into groups.

    Attributes:
        rows: All rows, as dicts.
        groups: Rows with the same keys, most rows first.
        left: Positions of the rows whose keys are too rare for a group.
    """

    rows: Sequence[Row]
    groups: list[Group]
    left: list[int]


def group_rows(given: Sequence[Any], layout: Layout) -> Grouped:
    """Sort rows into at most `MAX_SHAPES` groups with the same keys.

    Args:
        given: Dicts, other mappings, or pydantic models.
        layout: Says which nested objects matter.

    Raises:
        RefusedValueError: A row is something else, or a key is not text.
    """
    whole = _packed(given, layout) if len(given) >= SMALL_ROWS else _transposed(given)
    if whole is not None:
        rows, groups = given, _split(whole, range(len(given)), layout)
        found = 1
    else:
        rows = _dict_rows(given)
        by_keys = _by_keys(rows)
        found = len(by_keys)
        groups = [
            group
            for positions in _common(by_keys, of=found)
            for group in _split(_columns(rows, positions), positions, layout)
        ]
    groups = _common(groups, of=max(found, len(groups)), key=lambda group: len(group.rows))
    if sum(len(group.rows) for group in groups) == len(rows):
        return Grouped(rows, groups, [])
    placed = set(chain.from_iterable(group.rows for group in groups))
    return Grouped(rows, groups, [row for row in range(len(rows)) if row not in placed])


def known_node(row: Mapping[Any, Any], layout: Layout) -> Node:
    """Return the keys of one row that feed columns."""
    return node_of({key: row[key] for key in row if key in layout.known}, layout.tree)


def _dict_rows(rows: Sequence[Any]) -> Sequence[Row]:
    """Return the rows as dicts; other mappings and pydantic models are converted.

    Raises:
        RefusedValueError: A row is something else.
    """
    if set(map(type, rows)) <= {dict}:
        return rows
    result = []
    for position, row in enumerate(rows):
        try:
            result.append(_dict_row(row))
        except RefusedValueError as refused:
            refused.row = position
            raise
    return result


def _dict_row(row: Any) -> Row:
    if type(row) is dict:
        return row
    if isinstance(row, BaseModel):
        return plain(row)  # type: ignore[no-any-return]
    if isinstance(row, Mapping):
        return dict(row)
    raise RefusedValueError(f"an entity is a mapping of keys to values, not {type(row).__name__}")


def _common(items: list[Any], *, of: int, key: Callable[[Any], int] = len) -> list[Any]:
    """Return the largest items; one less where what is left of so many needs a shape, too."""
    kept = MAX_SHAPES if of <= MAX_SHAPES else MAX_SHAPES - 1
    return sorted(items, key=key, reverse=True)[:kept]


def _by_keys(rows: Sequence[Row]) -> list[list[int]]:
    found: dict[tuple[str, ...], list[int]] = {}
    for position, keys in enumerate(map(tuple, rows)):
        found.setdefault(keys, []).append(position)
    for keys, positions in found.items():
        _plain_keys(keys, positions[0])
    return list(found.values())


def _plain_keys(keys: Sequence[Any], position: int) -> list[str]:
    try:
        return list(map(checked_key, keys))
    except RefusedValueError as refused:
        refused.row = position
        raise


def _columns(rows: Sequence[Row], positions: Sequence[int]) -> dict[str, Any]:
    columns = _transposed([rows[position] for position in positions])
    if columns is None:
        raise AssertionError("rows grouped by their keys have the same keys")
    return columns


def _packed(rows: Sequence[Any], layout: Layout) -> dict[str, Any] | None:
    """Return what `_transposed` does, with values of one type packed along the way."""
    keys = _first_keys(rows)
    if not layout.tree.keys().isdisjoint(keys):
        return _transposed(rows)
    columns: list[Any] = [Packed() for _ in keys]
    for block in _blocks(rows, keys, _PACK):
        if block is None:
            return None
        for at, column in enumerate(columns):
            values = block[at :: len(keys)]
            if column.extend(values) is False:
                columns[at] = [*column.listed(), *values]
    return dict(zip(_plain_keys(keys, 0), columns, strict=True))


def _transposed(rows: Sequence[Any]) -> dict[str, Any] | None:
    """Return the values of each key, or None unless all rows are dicts with the same keys in order.

    Refusals carry a position in `rows`.
    """
    keys = _first_keys(rows)
    columns: list[list[Any]] = [[] for _ in keys]
    extends = [column.extend for column in columns]
    for block in _blocks(rows, keys, _BLOCK):
        if block is None:
            return None
        for at, extend in enumerate(extends):
            extend(block[at :: len(keys)])
    return dict(zip(_plain_keys(keys, 0), columns, strict=True))


def _first_keys(rows: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(rows[0]) if rows and type(rows[0]) is dict else ()


def _blocks(rows: Sequence[Any], keys: tuple[Any, ...], size: int) -> Iterator[list[Any] | None]:
    """Yield the values of `size` rows at a time, row by row; None at the first with other keys.

    Keys strung together can only be the same when they are the same row by row: no dict has a key
    twice.
    """
    wanted = list(keys) * size
    for start in range(0, len(rows), size):
        block = rows[start : start + size]
        try:
            given = list(chain.from_iterable(block))
            same = given == wanted[: len(block) * len(keys)]
            yield list(chain.from_iterable(map(dict.values, block))) if same else None
        except TypeError:  # a row is no dict
            yield None


def _split(columns: dict[str, Any], positions: Sequence[int], layout: Layout) -> list[Group]:
    """Split rows with the same top-level keys by the keys of their nested objects."""
    branches = {key: layout.tree[key] for key in columns if key in layout.tree}
    for key in branches:
        if not set(map(type, columns[key])) <= _SCALARS:
            columns[key] = _plain_column(columns[key], key, positions)
    nested = {
        key: [_below(value, tree) for value in columns[key]] for key, tree in branches.items()
    }
    found: dict[tuple[Node | None, ...], list[int]] = {}
    for local, nodes in enumerate(zip(*nested.values(), strict=True)):
        found.setdefault(nodes, []).append(local)
    if len(found) <= 1:
        nodes = next(iter(found), ())
        return [_group(columns, positions, dict(zip(nested, nodes, strict=True)), layout)]
    return [
        _group(
            {key: [values[at] for at in local] for key, values in columns.items()},
            [positions[at] for at in local],
            dict(zip(nested, nodes, strict=True)),
            layout,
        )
        for nodes, local in found.items()
    ]


def _plain_column(values: list[Any], key: str, positions: Sequence[int]) -> list[Any]:
    try:
        return plain_many(values)
    except RefusedValueError as refused:
        if refused.row is not None:
            refused.row = positions[refused.row]
        raise refused.below(key) from None


def _below(value: Any, tree: Tree) -> Node | None:
    if type(value) is not dict:
        return None
    return node_of(value, tree) if tree else tuple((key, None) for key in value)


def _group(
    columns: Mapping[str, Sequence[Any] | Packed],
    positions: Sequence[int],
    nested: Mapping[str, Node | None],
    layout: Layout,
) -> Group:
    plan = layout.plan(tuple((key, nested.get(key)) for key in columns))
    leaves: dict[Path, Any] = {(key,): values for key, values in columns.items()}
    for path in plan.feeds.values():
        for depth in range(1, len(path)):
            if path[: depth + 1] not in leaves:
                above = leaves[path[:depth]]
                leaves[path[: depth + 1]] = list(map(itemgetter(path[depth]), above))
    return Group(plan, positions, leaves)
