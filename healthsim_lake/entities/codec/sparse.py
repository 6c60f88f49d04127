"""Rows whose keys are too rare for a shape of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from healthsim_lake.entities.codec.arrays import listed
from healthsim_lake.entities.codec.assemble import Assembly
from healthsim_lake.entities.codec.check import RefusedValueError, checked_key, plain
from healthsim_lake.entities.codec.columns import Column
from healthsim_lake.entities.codec.jsontext import dumps
from healthsim_lake.entities.codec.plan import Layout, Path, Plan
from healthsim_lake.entities.codec.shapes import Entry, Shape
from healthsim_lake.entities.codec.transpose import Row, known_node


@dataclass(frozen=True, slots=True)
class SparseRow:
    """A row that shares the sparse shape.

    Attributes:
        position: Position of the row in the chunk.
        values: The row.
        plan: What becomes of those of its keys that feed columns.
    """

    position: int
    values: Row
    plan: Plan


@dataclass(frozen=True, slots=True)
class _Cells:
    """A column as the sparse rows see it."""

    path: Path
    form: str
    exact: frozenset[int]
    filled: frozenset[int]


def sparse_rows(rows: Sequence[Row], positions: Iterable[int], layout: Layout) -> list[SparseRow]:
    """Return the rows at `positions` with their plans."""
    result = []
    for position in positions:
        row = _plain_top(rows[position], layout, position)
        result.append(SparseRow(position, row, layout.plan(known_node(row, layout))))
    return result


def _plain_top(row: Row, layout: Layout, position: int) -> Row:
    """Return the row with plain keys, and plain values where columns look into them."""
    try:
        result = {checked_key(key): value for key, value in row.items()}
        for key in layout.tree.keys() & result.keys():
            try:
                result[key] = plain(result[key])
            except RefusedValueError as refused:
                raise refused.below(key) from None
    except RefusedValueError as refused:
        refused.row = position
        raise
    return result


def value_at(values: Any, path: Path) -> Any:
    """Return the value at a path of keys."""
    for key in path:
        values = values[key]
    return values


def assemble_sparse(
    assembly: Assembly,
    rows: Sequence[SparseRow],
    columns: Mapping[str, Column],
    arrays: Mapping[str, pa.Array | pa.Scalar],
) -> None:
    """Give the rows their common shape, and write their ``extra``.

    A null cell means that the key is absent, so only columns qualify whose cell is empty in every
    row without the key.

    Args:
        assembly: Receives the result.
        rows: The rows.
        columns: The encoded columns.
        arrays: The final arrays, defaults and new keys filled in.
    """
    cells = _cells(rows, columns, arrays)
    entries = tuple(Entry(cell.path, name, cell.form) for name, cell in cells.items())
    assembly.add_shape(Shape(entries, sparse=True), (row.position for row in rows))
    for row in rows:
        rest = _rest(row, cells)
        if rest:
            assembly.extra[row.position] = dumps(rest)


def _rest(row: SparseRow, cells: Mapping[str, _Cells]) -> dict[str, Any]:
    """Return the keys of a row that its cells do not give back."""
    lost = {
        path[0]
        for path, name in row.plan.entries
        if name is None
        or name not in cells
        or cells[name].path != path
        or row.position not in cells[name].exact
    }
    own = {name for _, name in row.plan.entries}
    lost |= {
        cell.path[0]
        for name, cell in cells.items()
        if name not in own and row.position in cell.filled
    }
    covered = {path[0] for path, _ in row.plan.entries} - lost
    rest = {}
    for key, value in row.values.items():
        if key not in covered:
            try:
                rest[key] = plain(value)
            except RefusedValueError as refused:
                refused.row = row.position
                raise refused.below(key) from None
    return rest


def _cells(
    rows: Sequence[SparseRow],
    columns: Mapping[str, Column],
    arrays: Mapping[str, pa.Array | pa.Scalar],
) -> dict[str, _Cells]:
    paths: dict[str, Counter[Path]] = {}
    for row in rows:
        for path, name in row.plan.entries:
            if name is not None:
                paths.setdefault(name, Counter())[path] += 1
    cells = {}
    for name, found in paths.items():
        cell = _cell(rows, columns[name], arrays[name], found.most_common(1)[0][0])
        if cell is not None:
            cells[name] = cell
    return cells


def _cell(rows: Sequence[SparseRow], column: Column, array: pa.Array, path: Path) -> _Cells | None:
    valid = listed(array.is_valid())
    filled = frozenset(row.position for row in rows if valid[row.position])
    if any(path[0] not in row.values for row in rows if row.position in filled):
        return None
    which = column.which
    places = Counter(which[place] for place in filled) if which else Counter({0: 1})
    chosen = max(
        (n for n, form in enumerate(column.forms) if form is not None),
        key=places.__getitem__,
        default=None,
    )
    form = None if chosen is None else column.forms[chosen]
    if form is None:
        return None
    misses = set(column.misses)
    exact = frozenset(
        place
        for place in filled
        if place not in misses and (which is None or which[place] == chosen)
    )
    return _Cells(path, form, exact, filled)
