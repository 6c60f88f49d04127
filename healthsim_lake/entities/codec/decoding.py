"""From the columns of a data file back to rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from healthsim_lake.entities.codec.chunk import SMALL_ROWS
from healthsim_lake.entities.codec.forms import show
from healthsim_lake.entities.codec.jsontext import loads_many
from healthsim_lake.entities.codec.shapes import Entry, Shape
from healthsim_lake.entities.types import EXTRA, ROW_SHAPE

_BLOCK = 2_000
"""Rows built at a time: their values are still in the processor's cache when they become dicts."""
_NEWEST = pl.CompatLevel.newest()

Cells = pl.Series | list[Any] | None
"""The JSON values of one entry; None when all are null."""


def decode(data: pl.DataFrame | pa.Table, shapes: Sequence[Shape]) -> list[dict[str, Any]]:
    """Return the rows of a data file exactly as they were given.

    Args:
        data: The file's columns; row order is kept.
        shapes: The file's shapes.
    """
    if not len(data):
        return []
    places = _array(data, ROW_SHAPE)
    used = pc.unique(places).to_pylist()
    if len(used) == 1:
        return _rows(data, shapes[used[0]])
    result: list[dict[str, Any]] = [{}] * len(data)
    for place in used:
        positions = pc.indices_nonzero(pc.equal(places, place))
        part = (
            data[pl.Series(positions)] if isinstance(data, pl.DataFrame) else data.take(positions)
        )
        for position, row in zip(positions.to_pylist(), _rows(part, shapes[place]), strict=True):
            result[position] = row
    return result


def _array(data: pl.DataFrame | pa.Table, name: str) -> pa.Array:
    if isinstance(data, pl.DataFrame):
        return data[name].to_arrow(compat_level=_NEWEST)
    return data.column(name).combine_chunks()


def _rows(data: pl.DataFrame | pa.Table, shape: Shape) -> list[dict[str, Any]]:
    """Return rows that all have one shape."""
    cells = [(entry, _cells(data, entry)) for entry in shape.entries]
    extra = _array(data, EXTRA)
    extras = None if extra.null_count == len(extra) else _sliceable(extra)
    result: list[dict[str, Any]] = []
    for start in range(0, len(data), _BLOCK):
        count = min(_BLOCK, len(data) - start)
        block = [(entry.path, _slice(values, start, count)) for entry, values in cells]
        rows = _sparse(block, count) if shape.sparse else _dense(block, count)
        if extras is not None:
            _update(rows, list(_slice(extras, start, count)))
        result += rows
    return result


def _cells(data: pl.DataFrame | pa.Table, entry: Entry) -> Cells:
    if entry.column is None or entry.form is None:
        return None
    return _sliceable(show(entry.form, _array(data, entry.column)))


def _sliceable(values: pa.Array | list[Any]) -> Cells:
    if isinstance(values, list):
        return values
    return pl.Series(values) if len(values) >= SMALL_ROWS else values.to_pylist()


def _slice(cells: Cells, start: int, count: int) -> Iterable[Any]:
    if cells is None:
        return repeat(None, count)
    part = cells[start : start + count]
    return part.to_list() if isinstance(part, pl.Series) else part


def _update(rows: list[dict[str, Any]], texts: list[str | None]) -> None:
    if None in texts:
        rows = [row for row, text in zip(rows, texts, strict=True) if text is not None]
    for row, values in zip(rows, loads_many(list(filter(None, texts))), strict=True):
        row.update(values)


def _dense(
    cells: Sequence[tuple[tuple[str, ...], Iterable[Any]]], count: int
) -> list[dict[str, Any]]:
    """Build rows whose keys are all there; members of nested objects stand side by side."""
    keys: list[str] = []
    columns: list[Iterable[Any]] = []
    nested: list[tuple[tuple[str, ...], Iterable[Any]]] = []
    for place, (path, values) in enumerate(cells):
        if len(path) == 1:
            keys.append(path[0])
            columns.append(values)
            continue
        nested.append((path[1:], values))
        if place + 1 == len(cells) or cells[place + 1][0][0] != path[0]:
            keys.append(path[0])
            columns.append(_dense(nested, count))
            nested = []
    if not keys:
        return [{} for _ in range(count)]
    return _builder(len(keys))(zip(*columns, strict=True), *keys)


@lru_cache(maxsize=1_024)
def _builder(count: int) -> Callable[..., list[dict[str, Any]]]:
    """Return a function that builds dicts of `count` keys, given an iterator of values, and keys.

    A dict display is a third faster than ``dict(zip(...))``. Its text depends on `count` alone.
    """
    names = ",".join(f"k{n}" for n in range(count))
    values = ",".join(f"v{n}" for n in range(count))
    items = ",".join(f"k{n}:v{n}" for n in range(count))
    text = f"lambda rows,{names}:[{{{items}}} for {values}, in rows]"
    return eval(text, {"__builtins__": {}})  # type: ignore[no-any-return]  # noqa: S307 - see above


def _sparse(
    cells: Iterable[tuple[tuple[str, ...], Iterable[Any]]], count: int
) -> list[dict[str, Any]]:
    """Build rows whose null cells mean that there is no such key."""
    rows: list[dict[str, Any]] = [{} for _ in range(count)]
    for path, values in cells:
        *above, last = path
        for row, value in zip(rows, values, strict=True):
            if value is not None:
                inner = row
                for key in above:
                    inner = inner.setdefault(key, {})
                inner[last] = value
    return rows
