"""The keys that rows were saved with, found without decoding the rows where cells tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from json.encoder import encode_basestring_ascii
from typing import Any

import polars as pl

from healthsim_lake import _json
from healthsim_lake.entities.codec import Shape
from healthsim_lake.entities.types import EXTRA, ROW_SHAPE, EntityType
from healthsim_lake.tables.comparing.bundle import Bundle

_TOLD_BY_CELL = {
    "text": {"text", "int"},
    "int": {"int", "text"},
    "date": {"date"},
}
"""Forms, by kind, in which the text of a cell is the text of the key."""


def key_places(entity_type: EntityType) -> tuple[tuple[str, ...], ...]:
    """Return the places in a row where its key may stand, best first; none without a key column."""
    if entity_type.key is None:
        return ()
    own = entity_type.by_name[entity_type.key].places
    return tuple(dict.fromkeys((*own, ("id",), (f"{entity_type.singular}_id",))))


def key_of(row: Mapping[str, Any], places: Iterable[tuple[str, ...]]) -> str | None:
    """Return the key of a row as text, or None if it has none.

    That is the first of the places that holds a text, number or bool.
    """
    for place in places:
        value: Any = row
        for step in place:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str):
            return value
        if isinstance(value, bool | int | float):
            return _json.canonical(value)
    return None


def row_keys(bundle: Bundle, entity_type: EntityType) -> pl.Series:
    """Return the key of each row as text; null where a row has none.

    The cells of the key column alone do not tell: a row without a key has a random one there, so
    that it can be pointed at. It is the shapes that know what a row was given.
    """
    places = key_places(entity_type)
    if not places:
        return pl.repeat(None, len(bundle), dtype=pl.String, eager=True)
    frame = bundle.frame
    used = frame[ROW_SHAPE].unique().to_list()
    tests = {at: _test(bundle.shapes[at], places, entity_type) for at in used}
    if len(used) == 1:
        key, is_loose = tests[used[0]]
    else:
        key = _by_shape({at: key for at, (key, _) in tests.items()}, pl.lit(None, pl.String))
        is_loose = _by_shape({at: loose for at, (_, loose) in tests.items()}, pl.lit(value=False))
    in_extra = contains_key(pl.col(EXTRA), {place[0] for place in places})
    found = frame.select(key.alias("key"), (is_loose | in_extra).alias("loose"))
    if found["loose"].any():
        positions = found["loose"].arg_true()
        keys = [key_of(row, places) for row in bundle.at(positions).rows()]
        return found["key"].scatter(positions, keys)
    return found["key"]


def contains_key(extra: pl.Expr, keys: Iterable[str]) -> pl.Expr:
    """Return whether the text of ``extra`` may hold one of `keys`; where it may not, it does not.

    A key inside of a nested object counts, too.
    """
    texts = [encode_basestring_ascii(key) + ":" for key in sorted(keys)]
    return extra.str.contains_any(texts).fill_null(value=False)


def _by_shape(tests: Mapping[int, pl.Expr], otherwise: pl.Expr) -> pl.Expr:
    chosen = otherwise
    for at, expression in tests.items():
        chosen = pl.when(pl.col(ROW_SHAPE) == at).then(expression).otherwise(chosen)
    return chosen


def _test(
    shape: Shape, places: Sequence[tuple[str, ...]], entity_type: EntityType
) -> tuple[pl.Expr, pl.Expr]:
    """Return the key of the rows of a shape, and for which of them the row has to be looked at."""
    by_path = {entry.path: entry for entry in shape.entries}
    keys: list[pl.Expr] = [pl.lit(None, pl.String)]
    loose: list[pl.Expr] = [pl.lit(value=False)]
    for place in places:
        entry = by_path.get(place)
        if entry is None or entry.column is None:
            continue  # absent, null, or in extra
        spec = entity_type.by_name.get(entry.column)
        if spec is not None and entry.form in _TOLD_BY_CELL.get(spec.kind.name, ()):
            keys.insert(-1, pl.col(entry.column).cast(pl.String))
        else:
            loose.append(pl.col(entry.column).is_not_null())
    return pl.coalesce(keys), pl.any_horizontal(loose)
