"""Shapes, ``row_shape`` and ``extra`` of a chunk, once its columns are encoded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from healthsim_lake.entities.codec.arrays import build, listed
from healthsim_lake.entities.codec.arraytext import array_objects
from healthsim_lake.entities.codec.columns import Column
from healthsim_lake.entities.codec.jsontext import member_texts, objects
from healthsim_lake.entities.codec.plan import Plan
from healthsim_lake.entities.codec.shapes import MAX_SHAPES, Entry, Shape

Texts: TypeAlias = Sequence[str] | pa.Array
"""Texts by row; an array where it could be made without Python objects."""
TextsAt: TypeAlias = Callable[[str, Sequence[int]], Texts]
"""Gives the JSON texts of one top-level key for some rows."""
Variant = tuple[int, ...]
_BLOCK = 16_384
"""Rows whose ``extra`` is made at a time; bounds the memory for texts."""


class Assembly:
    """The shapes and the ``extra`` of a chunk, row by row.

    Attributes:
        shapes: The shapes so far.
        shape_of: Position of each row's shape.
        extra: JSON text of each row's ``extra``, or None.
    """

    def __init__(self, count: int) -> None:
        self.shapes: list[Shape] = []
        self.shape_of = [0] * count
        self.extra: list[str | None] = [None] * count
        self._whole: pa.Array | None = None
        """The `extra` of all rows while it was made in one go: then the list is not filled."""
        self._loose: dict[int, set[str]] = {}

    def loosen(self, row: int, key: str) -> None:
        """Have the whole value of a top-level key of one row in ``extra``."""
        self._loose.setdefault(row, set()).add(key)

    def add_shape(self, shape: Shape, rows: Iterable[int]) -> None:
        """Give `rows` a shape."""
        place = len(self.shapes)
        self.shapes.append(shape)
        if place:
            for row in rows:
                self.shape_of[row] = place

    def fill_extra(self, rows: Sequence[int], entries: Sequence[Entry], texts_at: TextsAt) -> None:
        """Write the ``extra`` of rows that share a shape."""
        keys = list(dict.fromkeys(entry.path[0] for entry in entries if entry.column is None))
        if not keys or not rows:
            return
        blocks = [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]
        if rows == range(len(self.extra)):
            parts = [_objects_at(keys, block, texts_at) for block in blocks]
            self._whole = pa.concat_arrays(list(map(_array, parts)))
            return
        for block in blocks:
            for row, text in zip(block, _listed(_objects_at(keys, block, texts_at)), strict=True):
                self.extra[row] = text

    def fill_loose(self, texts_at: TextsAt) -> None:
        """Add the keys that single rows have in ``extra``; after all shapes are filled."""
        by_key: dict[str, list[int]] = {}
        if self._loose and self._whole is not None:
            self.extra, self._whole = listed(self._whole), None
        for row, keys in self._loose.items():
            for key in keys:
                by_key.setdefault(key, []).append(row)
        for key, rows in by_key.items():
            for row, text in zip(rows, _listed(texts_at(key, rows)), strict=True):
                self.extra[row] = member_texts(self.extra[row], key, text)

    def columns(self) -> tuple[pa.Array | pa.Scalar, pa.Array | pa.Scalar]:
        """Return ``extra`` and ``row_shape``; scalars when all their cells are the same."""
        extra = self._whole
        if extra is None and any(self.extra):
            extra = build(self.extra, pa.string())
        if extra is None or extra.null_count == len(extra):
            extra = pa.scalar(None, pa.string())
        many = len(self.shapes) > 1
        shapes = pa.array(self.shape_of, pa.int32()) if many else pa.scalar(0, pa.int32())
        return extra, shapes


def _objects_at(keys: Sequence[str], rows: Sequence[int], texts_at: TextsAt) -> Texts:
    """Return JSON objects of those keys that are not null in all rows; nulls if there are none."""
    members = {key: texts_at(key, rows) for key in keys}
    members = {key: texts for key, texts in members.items() if not _all_null(texts)}
    if not members:
        return pa.nulls(len(rows), pa.large_string())
    arrays = {key: texts for key, texts in members.items() if isinstance(texts, pa.Array)}
    if len(arrays) == len(members):
        return array_objects(arrays)
    return objects(list(members), list(map(_listed, members.values())))


def _all_null(texts: Texts) -> bool:
    if isinstance(texts, pa.Array):
        return pc.all(pc.equal(texts, "null")).as_py()  # type: ignore[no-any-return]
    return texts.count("null") == len(texts)


def _array(texts: Texts) -> pa.Array:
    return texts if isinstance(texts, pa.Array) else pa.array(texts, pa.large_string())


def _listed(texts: Texts) -> Sequence[str]:
    return listed(texts) if isinstance(texts, pa.Array) else texts


def assemble(
    assembly: Assembly,
    groups: Sequence[tuple[Plan, Sequence[int]]],
    columns: Mapping[str, Column],
    texts_at: TextsAt,
    *,
    most: int = MAX_SHAPES,
) -> None:
    """Give all rows of all groups a shape, and write their ``extra``.

    Args:
        assembly: Receives the result.
        groups: Plans with the rows that follow them.
        columns: The encoded columns.
        texts_at: Where the texts for ``extra`` come from.
        most: How many shapes there may be.
    """
    for plan, rows in groups:
        _loosen_misses(assembly, plan, rows, columns, alone=len(groups) == 1)
    parts = _parts(groups, columns)
    spare = most - len(groups)
    wanted = sorted(
        (len(rows) for found in parts for rows in list(found.values())[1:]), reverse=True
    )
    least = wanted[spare] if spare < len(wanted) else 0
    for (plan, _), found in zip(groups, parts, strict=True):
        (base, rows), *others = found.items()
        kept = [(base, rows)]
        for variant, own in others:
            if len(own) > least:
                kept.append((variant, own))
            else:
                _demote(assembly, plan, columns, own, (base, variant))
                kept[0] = (base, [*kept[0][1], *own])
        for variant, own in kept:
            entries = _entries(plan, columns, variant)
            assembly.add_shape(Shape(entries), own)
            assembly.fill_extra(own, entries, texts_at)


def _parts(
    groups: Sequence[tuple[Plan, Sequence[int]]], columns: Mapping[str, Column]
) -> list[dict[Variant, Sequence[int]]]:
    """Split each group by the forms of its cells; the most frequent first."""
    result: list[dict[Variant, Sequence[int]]] = []
    for plan, rows in groups:
        whiches = [columns[name].which for name in _varying(plan, columns)]
        if not whiches:
            result.append({(): rows})
            continue
        found: dict[Variant, list[int]] = {}
        for row in rows:
            found.setdefault(tuple(which[row] for which in whiches if which), []).append(row)
        result.append(dict(sorted(found.items(), key=lambda item: len(item[1]), reverse=True)))
    return result


def _varying(plan: Plan, columns: Mapping[str, Column]) -> list[str]:
    return [name for _, name in plan.entries if name is not None and columns[name].which]


def _entries(plan: Plan, columns: Mapping[str, Column], variant: Variant) -> tuple[Entry, ...]:
    chosen = dict(zip(_varying(plan, columns), variant, strict=True))
    entries = []
    for path, name in plan.entries:
        form = None if name is None else columns[name].forms[chosen.get(name, 0)]
        entries.append(Entry(path, name if form is not None else None, form))
    return tuple(entries)


def _loosen_misses(
    assembly: Assembly,
    plan: Plan,
    rows: Sequence[int],
    columns: Mapping[str, Column],
    *,
    alone: bool,
) -> None:
    own: Any = None
    for name, root in plan.roots.items():
        misses = columns[name].misses
        if misses and own is None:
            own = rows if alone else set(rows)
        for row in misses:
            if alone or row in own:
                assembly.loosen(row, root)


def _demote(
    assembly: Assembly,
    plan: Plan,
    columns: Mapping[str, Column],
    rows: Sequence[int],
    variants: tuple[Variant, Variant],
) -> None:
    """Let rows share the shape of another variant; cells of other forms go to ``extra``."""
    names = _varying(plan, columns)
    for name, ours, theirs in zip(names, *variants, strict=True):
        if ours != theirs:
            for row in rows:
                assembly.loosen(row, plan.roots[name])
