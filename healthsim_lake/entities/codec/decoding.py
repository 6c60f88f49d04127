"""From the columns of a data file back to rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

import polars as pl
import pyarrow as pa

from healthsim_lake.entities.codec.arrays import listed
from healthsim_lake.entities.codec.forms import show
from healthsim_lake.entities.codec.jsontext import loads_many
from healthsim_lake.entities.codec.shapes import Entry, Shape
from healthsim_lake.entities.types import EXTRA, ROW_SHAPE

_NEWEST = pl.CompatLevel.newest()


def decode(data: pl.DataFrame | pa.Table, shapes: Sequence[Shape]) -> list[dict[str, Any]]:
    """Return the rows of a data file exactly as they were given.

    Args:
        data: The file's columns; row order is kept.
        shapes: The file's shapes.
    """
    if not len(data):
        return []
    places = listed(_array(data, ROW_SHAPE))
    used = set(places)
    if len(used) == 1:
        result = _rows(data, shapes[places[0]], len(places))
    else:
        result = [{}] * len(places)
        for place in used:
            rows = [row for row, own in enumerate(places) if own == place]
            part = data[rows] if isinstance(data, pl.DataFrame) else data.take(rows)
            for row, values in zip(rows, _rows(part, shapes[place], len(rows)), strict=True):
                result[row] = values
    _update(result, _array(data, EXTRA))
    return result


def _array(data: pl.DataFrame | pa.Table, name: str) -> pa.Array:
    if isinstance(data, pl.DataFrame):
        return data[name].to_arrow(compat_level=_NEWEST)
    return data.column(name).combine_chunks()


def _update(rows: list[dict[str, Any]], extra: pa.Array) -> None:
    if extra.null_count == len(extra):
        return
    texts = listed(extra)
    filled = [row for row, text in enumerate(texts) if text is not None]
    for row, values in zip(filled, loads_many([texts[row] for row in filled]), strict=True):
        rows[row].update(values)


def _rows(data: pl.DataFrame | pa.Table, shape: Shape, count: int) -> list[dict[str, Any]]:
    cells = [(entry, _cells(data, entry, count)) for entry in shape.entries]
    if shape.sparse:
        return _sparse(cells, count)
    return _dense([(entry.path, values) for entry, values in cells], count)


def _cells(data: pl.DataFrame | pa.Table, entry: Entry, count: int) -> Iterable[Any]:
    if entry.column is None or entry.form is None:
        return repeat(None, count)
    shown = show(entry.form, _array(data, entry.column))
    return shown if isinstance(shown, list) else listed(shown)


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
    return list(map(dict, map(zip, repeat(keys), zip(*columns, strict=True))))


def _sparse(cells: Iterable[tuple[Entry, Iterable[Any]]], count: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [{} for _ in range(count)]
    for entry, values in cells:
        *above, last = entry.path
        for row, value in zip(rows, values, strict=True):
            if value is not None:
                inner = row
                for key in above:
                    inner = inner.setdefault(key, {})
                inner[last] = value
    return rows
