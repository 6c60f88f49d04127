"""Data files with other identifiers: on columns where these hold the values, by rows where not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa

from healthsim_lake import _json
from healthsim_lake.entities.codec import SMALL_ROWS, Chunk, Shape, decode
from healthsim_lake.entities.identity import IdColumn, Place
from healthsim_lake.entities.types import EXTRA, ROW_SHAPE, EntityType
from healthsim_lake.storage import Storage
from healthsim_lake.tables import parquet, places
from healthsim_lake.tables.places import FileRef
from healthsim_lake.tables.rewriting.fresh_ids import Substitution
from healthsim_lake.tables.rewriting.recode import reencoded

Row = dict[str, Any]

_FORMS = {"text", "int"}
"""Forms of cells that hold an identifier as the row has it."""
_WHOLE = r"^(0|-?[1-9][0-9]*)$"
"""The text of a number, as it is written."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of the identifiers in one column.

    Attributes:
        column: The column.
        ways: Tried one after the other; the first that knows an identifier replaces it.
    """

    column: IdColumn
    ways: tuple[Substitution, ...]


def ids_of(
    storage: Storage,
    files: Iterable[FileRef],
    entity_type: EntityType,
    columns: Sequence[IdColumn],
) -> pl.Series:
    """Return the identifiers that stand in some columns of files, as text, each once.

    Text and integers identify; empty text, a number with a fraction or an object in their place
    does not.
    """
    found = [_ids_in_file(storage, ref, entity_type, columns) for ref in files]
    ids = pl.concat(found).unique() if found else pl.Series("id", dtype=pl.String)
    return ids.filter(ids != "")  # null is not true either


def _ids_in_file(
    storage: Storage, ref: FileRef, entity_type: EntityType, columns: Sequence[IdColumn]
) -> pl.Series:
    data = places.read_checked(storage, ref)
    names = [column.name for column in columns]
    table, shapes = parquet.read_table(data, where=str(ref), columns=[*names, EXTRA, ROW_SHAPE])
    frame = _frame(table)
    if not {*names} <= {*frame.columns} or not _in_columns(frame, shapes, columns, entity_type):
        return _ids_in_rows(*_read(ref, data), columns, entity_type)
    parts = [frame[name].cast(pl.String).alias("id") for name in names]
    return pl.concat(parts).unique() if parts else pl.Series("id", dtype=pl.String)


def substituted(
    storage: Storage,
    ref: FileRef,
    entity_type: EntityType,
    rules: Sequence[Rule],
    *,
    without: pl.Series | None = None,
) -> Chunk | None:
    """Return the rows of a file with other identifiers; None if it can stay as it is.

    Args:
        storage: Where it is.
        ref: The file.
        entity_type: Its type; a file with other columns comes back with those of the type.
        rules: What becomes of which column.
        without: Positions of rows to leave out.
    """
    frame, shapes = _read(ref, places.read_checked(storage, ref))
    if without is not None:
        leaves = frame.select(pl.int_range(pl.len()).is_in(without.implode())).to_series()
        frame = frame.filter(~leaves)
    columns = [rule.column for rule in rules]
    current = frame.columns == entity_type.arrow_schema.names
    if current and _in_columns(frame, shapes, columns, entity_type):
        new = _new_columns(frame, rules)
        if not new and without is None:
            return None
        if _keep_their_forms(frame, shapes, new):
            cast = [one.cast(frame[one.name].dtype) for one in new]
            return _chunk(frame.with_columns(cast), shapes, entity_type)
    rows = decode(frame, shapes)
    if not _substitute(rows, rules) and without is None and current:
        return None
    keys = _keys(frame, rows, rules, entity_type)
    return reencoded(rows, entity_type, former=frame.to_arrow(), keys=keys)


def _read(ref: FileRef, data: bytes) -> tuple[pl.DataFrame, tuple[Shape, ...]]:
    if ref.file.rows >= SMALL_ROWS:
        return parquet.read_frame(data, where=str(ref))
    table, shapes = parquet.read_table(data, where=str(ref))
    return _frame(table), shapes


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    if not isinstance(frame, pl.DataFrame):
        raise TypeError("a table became something else than a frame")
    return frame


def _chunk(frame: pl.DataFrame, shapes: tuple[Shape, ...], entity_type: EntityType) -> Chunk:
    if len(frame) >= SMALL_ROWS:
        return Chunk(frame, shapes, len(frame))
    return Chunk(frame.to_arrow().cast(entity_type.arrow_schema), shapes, len(frame))


def _in_columns(
    frame: pl.DataFrame,
    shapes: Sequence[Shape],
    columns: Sequence[IdColumn],
    entity_type: EntityType,
) -> bool:
    """Return whether all identifiers of all rows stand in their columns, and nowhere else."""
    used = [shapes[number] for number in frame[ROW_SHAPE].unique().to_list()]
    if not all(_fits(shape, columns) for shape in used):
        return False
    extra = frame[EXTRA]
    if extra.null_count() < len(extra):
        # A key of any object in there, however deep, counts: too careful rather than wrong.
        roots = {place[0] for column in columns for place in column.places}
        patterns = [_json.dumps_text(root) for root in roots]
        if patterns and extra.str.contains_any(patterns).any():
            return False
    return all(
        column.name == entity_type.key or _is_empty_without_key(frame, shapes, column.name)
        for column in columns
    )


def _fits(shape: Shape, columns: Sequence[IdColumn]) -> bool:
    for path, held_by, form in shape.entries:
        for column in columns:
            if path in column.places:
                if held_by != column.name or form not in _FORMS:
                    return False
            elif held_by is None and any(place[: len(path)] == path for place in column.places):
                return False
    return True


def _is_empty_without_key(frame: pl.DataFrame, shapes: Sequence[Shape], name: str) -> bool:
    """Return whether a column is null in all rows that do not have its key.

    Otherwise it shows, for queries, what stands elsewhere in the row.
    """
    without = [
        number
        for number, shape in enumerate(shapes)
        if all(entry.column != name for entry in shape.entries)
    ]
    if not without:
        return True
    strangers = pl.col(ROW_SHAPE).is_in(without) & pl.col(name).is_not_null()
    return not frame.select(strangers.any()).item()


def _new_columns(frame: pl.DataFrame, rules: Iterable[Rule]) -> list[pl.Series]:
    """Return the columns that change, as text."""
    changed = []
    for rule in rules:
        old = frame[rule.column.name]
        texts = old.cast(pl.String)
        new = _replaced(texts, rule.ways)
        if not new.equals(texts, null_equal=True):
            changed.append(new)
    return changed


def _keep_their_forms(
    frame: pl.DataFrame, shapes: Sequence[Shape], changed: Iterable[pl.Series]
) -> bool:
    """Return whether numbers become numbers: a reference to ``1`` may have to point to ``M1``."""
    for column in changed:
        kind = frame[column.name].dtype
        numbers = [at for at, shape in enumerate(shapes) if _is_number(shape, column.name)]
        written = frame[ROW_SHAPE].is_in(numbers) | (kind != pl.String)
        if not column.filter(written).drop_nulls().str.contains(_WHOLE).all():
            return False
        if column.cast(kind, strict=False).null_count() > column.null_count():
            return False  # longer than the column is wide
    return True


def _is_number(shape: Shape, name: str) -> bool:
    return any(held_by == name and form == "int" for _, held_by, form in shape.entries)


def _replaced(ids: pl.Series, ways: Sequence[Substitution]) -> pl.Series:
    new = ids
    for way in ways:
        new = new.zip_with((new != ids).fill_null(value=False), way(ids))
    return new


def _ids_in_rows(
    frame: pl.DataFrame,
    shapes: Sequence[Shape],
    columns: Sequence[IdColumn],
    entity_type: EntityType,
) -> pl.Series:
    rows = decode(frame, shapes)
    paths = dict.fromkeys(place for column in columns for place in column.places)
    found = [text for path in paths for _, _, text in _ids_at(rows, path)]
    made = [
        frame[column.name].filter(_lacking(rows, column)).cast(pl.String).alias("id")
        for column in columns
        if column.name == entity_type.key and column.name in frame.columns
    ]
    return pl.concat([pl.Series("id", found, dtype=pl.String), *made])


def _substitute(rows: Sequence[Row], rules: Iterable[Rule]) -> bool:
    """Replace identifiers in `rows`; return whether anything changed."""
    ways: dict[Place, tuple[Substitution, ...]] = {}
    for rule in rules:
        for place in rule.column.places:
            ways[place] = (*ways.get(place, ()), *rule.ways)
    changed = False
    for place, own in ways.items():
        found = list(_ids_at(rows, place))
        old = pl.Series("id", [text for _, _, text in found], dtype=pl.String)
        for (holder, key, text), new in zip(found, _replaced(old, own), strict=True):
            if new != text:
                changed = True
                holder[key] = new if isinstance(holder[key], str) else _number_or_text(new)
    return changed


def _number_or_text(new: str) -> int | str:
    """Return an identifier that takes the place of a number: a number, if it is one's text."""
    return _json.text_integer(new) if re.fullmatch(_WHOLE, new) else new


def _ids_at(rows: Iterable[Row], place: Place) -> Iterator[tuple[Row, str, str]]:
    """Yield the identifiers at a place as text, with the object and the key that hold each."""
    *above, last = place
    for row in rows:
        holder: Any = row
        for key in above:
            holder = holder.get(key) if isinstance(holder, dict) else None
        value = holder.get(last) if isinstance(holder, dict) else None
        if isinstance(value, str):
            yield holder, last, value
        elif isinstance(value, int) and not isinstance(value, bool):
            yield holder, last, _json.integer_text(value)


def _keys(
    frame: pl.DataFrame, rows: Sequence[Row], rules: Iterable[Rule], entity_type: EntityType
) -> pa.ChunkedArray | None:
    """Return the keys of rows that were given one when they were first written; null elsewhere."""
    name = entity_type.key
    if name is None or name not in frame.columns:
        return None
    rule = next((one for one in rules if one.column.name == name), None)
    spec = entity_type.by_name[name]
    column = rule.column if rule else IdColumn(name, spec.places, own=True)
    made = frame[name].cast(pl.String).set(~_lacking(rows, column), None)
    new = made if rule is None else _replaced(made, rule.ways)
    return pa.chunked_array([new.cast(frame[name].dtype).to_arrow()])


def _lacking(rows: Sequence[Row], column: IdColumn) -> pl.Series:
    """Return which rows have nothing at any place of a column."""
    return pl.Series(
        [all(_value_at(row, place) is None for place in column.places) for row in rows],
        dtype=pl.Boolean,
    )


def _value_at(row: Row, place: Place) -> Any:
    value: Any = row
    for key in place:
        value = value.get(key) if isinstance(value, dict) else None
    return value
