"""What a caller may hand over as entities, made into batches of rows or columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol, TypeAlias, runtime_checkable

import pyarrow as pa

from healthsim_lake._shown import shown
from healthsim_lake.errors import InputError, InvalidEntityError

ROWS_PER_CHUNK = 50_000
"""Of a list; one chunk is encoded while the last one is written."""
STREAMED_ROWS_PER_CHUNK = 30_000
"""Rows of an iterator exist because of us: fewer are made at a time than a list has already."""
ARROW_ROWS_PER_CHUNK = 250_000

Batch: TypeAlias = Sequence[Any] | pa.Table
"""Rows (mappings or models) or columns; at most one chunk of them."""


@runtime_checkable
class Export(Protocol):
    """Rows that come with what is known of them, e.g. `healthsim_lake.formats.synthea.read`."""

    @property
    def tables(self) -> Sequence[str]:
        """Entity keys that will appear, in order, those without rows included."""
        ...

    @property
    def provenance(self) -> Mapping[str, str]:
        """Values of the provenance columns of all rows."""
        ...

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What is kept with the scenario; complete when the batches are exhausted."""
        ...

    def batches(self) -> Iterator[tuple[str, pa.Table]]:
        """Yield entity keys with columns of rows."""
        ...


Entities = Mapping[str, Any] | Export


def keys_of(entities: Entities) -> list[str]:
    """Return the entity keys in order.

    Raises:
        InputError: `entities` is no mapping of entity type to rows.
    """
    if isinstance(entities, Export):
        return list(entities.tables)
    if not isinstance(entities, Mapping):
        raise InputError(
            "entities must be a mapping of entity type to rows, such as {'patients': [...]}, "
            f"not {type(entities).__name__}"
        )
    for key in entities:
        if not isinstance(key, str):
            raise InputError(f"entity type {shown(key)} must be text, not {type(key).__name__}")
    return list(entities)


def batches(entities: Entities) -> Iterator[tuple[str, Batch]]:
    """Yield entity keys with chunks of their rows, never holding more than one chunk of a stream.

    Raises:
        InvalidEntityError: What stands under a key is no collection of rows.
    """
    if isinstance(entities, Export):
        yield from _rechunk(entities.batches())
        return
    for key, source in entities.items():
        for batch in _chunks(key, source):
            yield key, batch
            del batch  # or it would be held while the next one is made


def _chunks(key: str, source: Any) -> Iterator[Batch]:
    if hasattr(source, "__arrow_c_stream__"):
        reader = pa.RecordBatchReader.from_stream(source)
        tables = (pa.Table.from_batches([batch], reader.schema) for batch in reader)
        for _, table in _rechunk((key, one) for one in tables):
            yield table
    elif isinstance(source, pa.RecordBatch):
        yield pa.Table.from_batches([source])
    elif isinstance(source, Sequence) and not isinstance(source, str | bytes | bytearray):
        for start, end in _even(len(source)):
            yield source[start:end]
    elif isinstance(source, Iterable) and not isinstance(source, str | bytes | Mapping):
        yield from _streamed(key, source)
    else:
        hint = "; call .collect() first" if hasattr(source, "collect") else ""
        raise InvalidEntityError(
            f"expected rows (a list or iterator of mappings, a frame or Arrow data), "
            f"got {type(source).__name__}{hint}",
            table=key,
        )


def _even(rows: int) -> Iterator[tuple[int, int]]:
    """Yield where chunks of a list of `rows` begin and end, all of about the same length."""
    chunks = -(-rows // ROWS_PER_CHUNK)
    for number in range(chunks):
        yield number * rows // chunks, (number + 1) * rows // chunks


def _streamed(key: str, source: Iterable[Any]) -> Iterator[Batch]:
    """Cut an iterator into chunks; one of Arrow batches is taken as columns."""
    rest = iter(source)
    first = next(rest, None)
    if first is None:
        return
    if isinstance(first, pa.RecordBatch | pa.Table):
        yield from _tables(key, first, rest)
        return
    chunk = [first, *islice(rest, STREAMED_ROWS_PER_CHUNK - 1)]
    while chunk:
        yield chunk
        del chunk  # or it would be held while the next one is made
        chunk = list(islice(rest, STREAMED_ROWS_PER_CHUNK))


def _tables(key: str, first: Any, rest: Iterator[Any]) -> Iterator[pa.Table]:
    def whole() -> Iterator[tuple[str, pa.Table]]:
        yield key, _as_table(key, first)
        for one in rest:
            yield key, _as_table(key, one)

    for _, table in _rechunk(whole()):
        yield table


def _as_table(key: str, one: Any) -> pa.Table:
    if isinstance(one, pa.RecordBatch):
        return pa.Table.from_batches([one])
    if isinstance(one, pa.Table):
        return one
    raise InvalidEntityError(
        f"expected only Arrow batches from an iterator that began with one, "
        f"got {type(one).__name__}",
        table=key,
    )


def _rechunk(pairs: Iterable[tuple[str, pa.Table]]) -> Iterator[tuple[str, pa.Table]]:
    """Join small tables of a key, and cut large ones, into chunks of the right size.

    Keys may alternate. At most two chunks' worth of rows wait at any time.
    """
    waiting: dict[str, list[pa.Table]] = {}
    rows: dict[str, int] = {}
    schemas: dict[str, pa.Schema] = {}
    for key, table in pairs:
        if key in waiting:
            joint = _joint(schemas[key], table.schema)
            if joint is None:
                rows.pop(key)
                yield key, _joined(waiting.pop(key))
            schemas[key] = joint or table.schema
        else:
            schemas[key] = table.schema
        for start in range(0, len(table), ARROW_ROWS_PER_CHUNK):
            piece = table.slice(start, ARROW_ROWS_PER_CHUNK)
            if rows.get(key, 0) + len(piece) > ARROW_ROWS_PER_CHUNK:
                rows.pop(key)
                yield key, _joined(waiting.pop(key))
            waiting.setdefault(key, []).append(piece)
            rows[key] = rows.get(key, 0) + len(piece)
        if sum(rows.values()) > 2 * ARROW_ROWS_PER_CHUNK:
            largest = max(rows, key=rows.__getitem__)
            rows.pop(largest)
            yield largest, _joined(waiting.pop(largest))
    for key, held in waiting.items():
        yield key, _joined(held)


def _joint(one: pa.Schema, other: pa.Schema) -> pa.Schema | None:
    """Return a schema for rows of both; None if rows of one are not what rows of the other are.

    A row has the keys of its table, and no others: only columns without any value may differ.
    """
    if one.names != other.names or len(set(one.names)) < len(one):
        return None
    fields = []
    for mine, theirs in zip(one, other, strict=True):
        if pa.types.is_null(mine.type):
            fields.append(theirs)
        elif pa.types.is_null(theirs.type) or theirs.type == mine.type:
            fields.append(mine)
        else:
            return None
    return pa.schema(fields)


def _joined(tables: list[pa.Table]) -> pa.Table:
    return tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="default")


Progress = Callable[[str, int], None]
"""Called with an entity key and the number of its rows taken so far."""
