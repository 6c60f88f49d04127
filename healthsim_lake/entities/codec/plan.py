"""Plans: which keys of a row feed which columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from healthsim_lake.entities.types import EntityType

Path = tuple[str, ...]
Tree = dict[str, "Tree"]
"""Keys that may hold a nested object whose members feed columns."""
Node = tuple[tuple[str, "Node | None"], ...]
"""The keys of an object in order; with each the keys of the object below it, where they matter."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of the keys of all rows that have the same ones.

    Attributes:
        entries: The row's keys in order, with the column that holds the value, or None.
        feeds: Where each column that is not empty takes its value from; more columns than in
            `entries`, because a value that stays in ``extra`` still feeds a column for queries.
        roots: Top-level key whose value each column of `entries` holds, or holds a part of.
    """

    entries: tuple[tuple[Path, str | None], ...]
    feeds: Mapping[str, Path]
    roots: Mapping[str, str]


class Layout:
    """The places of an entity type, looked up by path."""

    def __init__(self, entity_type: EntityType) -> None:
        self._ranks: dict[Path, list[tuple[int, str]]] = {}
        self._json: set[str] = set()
        self.tree: Tree = {}
        for spec in entity_type.columns:
            if spec.kind.name == "json":
                self._json.add(spec.name)
            for rank, place in enumerate(spec.places):
                self._ranks.setdefault(place, []).append((rank, spec.name))
                self._grow(place[:-1])
        self.known = frozenset(place[0] for place in self._ranks)
        self._plans: dict[tuple[Node, bool], Plan] = {}

    def _grow(self, parents: Path) -> None:
        branch = self.tree
        for key in parents:
            branch = branch.setdefault(key, {})

    def plan(self, node: Node, *, apart: bool = True) -> Plan:
        """Return the plan for rows with these keys.

        Args:
            node: Keys of the row.
            apart: Whether nested objects may be taken apart; if not they stay whole in ``extra``.
        """
        found = self._plans.get((node, apart))
        if found is None:
            found = self._make(node, apart=apart)
            if len(self._plans) < _MAX_PLANS:
                self._plans[node, apart] = found
        return found

    def _make(self, node: Node, *, apart: bool) -> Plan:
        winners = self._winners(node)
        owners: dict[Path, tuple[int, str]] = {}
        for column, (rank, path) in winners.items():
            owners[path] = min(owners.get(path, (rank, column)), (rank, column))
        entries = tuple(_entries(node, (), owners, apart=apart))
        roots = {column: path[0] for path, column in entries if column is not None}
        return Plan(entries, {column: path for column, (_, path) in winners.items()}, roots)

    def _winners(self, node: Node) -> dict[str, tuple[int, Path]]:
        winners: dict[str, tuple[int, Path]] = {}
        for path, is_object in _walk(node, ()):
            for rank, column in self._ranks.get(path, ()):
                if is_object and column not in self._json:
                    continue
                if column not in winners or rank < winners[column][0]:
                    winners[column] = (rank, path)
        return winners


_MAX_PLANS = 10_000


def layout_of(entity_type: EntityType) -> Layout:
    """Return the layout of an entity type, made once."""
    known = _layouts.get(id(entity_type))
    if known is None:
        if len(_layouts) >= _MAX_LAYOUTS:
            _layouts.clear()
        known = _layouts[id(entity_type)] = entity_type, Layout(entity_type)
    return known[1]


_layouts: dict[int, tuple[EntityType, Layout]] = {}
"""Layouts by the id of their type, which is kept with them so that no other object gets that id.

To hash and compare all fields of a type takes as long as to encode several columns.
"""
_MAX_LAYOUTS = 256


def node_of(row: Mapping[str, Any], tree: Tree) -> Node:
    """Return the keys of a row, and those of nested objects that `tree` asks about."""
    return tuple(
        (key, node_of(value, tree[key]) if key in tree and type(value) is dict else None)
        for key, value in row.items()
    )


def _walk(node: Node, above: Path) -> Iterable[tuple[Path, bool]]:
    for key, below in node:
        path = (*above, key)
        yield path, below is not None
        if below is not None:
            yield from _walk(below, path)


def _entries(
    node: Node, above: Path, owners: Mapping[Path, tuple[int, str]], *, apart: bool
) -> Iterable[tuple[Path, str | None]]:
    for key, below in node:
        path = (*above, key)
        if below is not None and apart and _comes_apart(below, path, owners):
            yield from _entries(below, path, owners, apart=apart)
        else:
            owner = owners.get(path)
            yield path, owner[1] if owner else None


def _comes_apart(node: Node, path: Path, owners: Mapping[Path, tuple[int, str]]) -> bool:
    if not node or path in owners:
        return False
    return all(
        (*path, key) in owners if below is None else _comes_apart(below, (*path, key), owners)
        for key, below in node
    )
