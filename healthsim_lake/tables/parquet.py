"""Chunks of rows to Parquet bytes and back: the one place that knows how files are written."""

from __future__ import annotations

import base64
import io
from datetime import date, datetime
from typing import Any, Literal

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from healthsim_lake.entities.codec import Chunk, Shape, shapes_from_json, shapes_to_json
from healthsim_lake.entities.types import EntityType
from healthsim_lake.errors import DataFileAlteredError

ROW_GROUP_ROWS = 131_072
COMPRESSION: Literal["zstd"] = "zstd"
COMPRESSION_LEVEL = 1
"""Higher levels take a third longer and make columns of codes and ids no smaller."""
_ARROW_KEY = "ARROW:schema"
SHAPES_KEY = "healthsim.shapes"
"""Key of the file's footer under which the shapes of its rows stand."""
DICTIONARY_ROWS = 500
"""Below so many rows a dictionary costs more time and bytes than it saves."""
LONGEST_BOUND = 200
"""A bound longer than this many characters is left out of the manifest."""


def to_bytes(chunk: Chunk, entity_type: EntityType) -> bytes | memoryview:
    """Return `chunk` as one Parquet file with field ids, statistics and its shapes.

    Polars writes large chunks, all columns at once in parallel; Arrow writes small ones, for which
    Polars' fixed cost of a query would be several times the work. Both write the same types.
    """
    shapes = shapes_to_json(chunk.shapes)
    if isinstance(chunk.data, pa.Table):
        return _arrow_bytes(chunk.data, shapes, entity_type.arrow_schema)
    sink = io.BytesIO()
    chunk.data.write_parquet(
        sink,
        compression=COMPRESSION,
        compression_level=COMPRESSION_LEVEL,
        statistics=True,
        row_group_size=ROW_GROUP_ROWS,
        metadata={SHAPES_KEY: shapes.decode(), _ARROW_KEY: _told(entity_type.arrow_schema)},
        # As views, texts are written from where they are; any other type copies them first
        arrow_schema=_textual(entity_type.arrow_schema, pa.string_view()),
    )
    return sink.getvalue()


def _arrow_bytes(table: pa.Table, shapes: bytes, schema: pa.Schema) -> memoryview:
    table = pa.Table.from_arrays(table.columns, schema=schema)
    sink = pa.BufferOutputStream()
    # A compressor costs as much as a small column, and makes one without values larger
    filled = {
        name
        for name, column in zip(schema.names, table.columns, strict=True)
        if column.null_count < table.num_rows
    }
    with pq.ParquetWriter(
        sink,
        schema,
        compression={name: COMPRESSION if name in filled else "none" for name in schema.names},
        compression_level=dict.fromkeys(filled, COMPRESSION_LEVEL),
        use_dictionary=table.num_rows >= DICTIONARY_ROWS,
        store_schema=False,
        store_decimal_as_integer=True,
        write_page_index=table.num_rows > ROW_GROUP_ROWS,
    ) as writer:
        writer.write_table(table, row_group_size=ROW_GROUP_ROWS)
        writer.add_key_value_metadata({SHAPES_KEY: shapes.decode()})
    return memoryview(sink.getvalue())


def _told(schema: pa.Schema) -> str:
    """Return what the file tells Arrow of its types: no views, which older readers do not know."""
    told = _textual(schema, pa.large_string()).serialize().to_pybytes()
    return base64.b64encode(told).decode()


def _textual(schema: pa.Schema, text: pa.DataType) -> pa.Schema:
    """Return `schema` with another type of text; in Parquet they are all the same one."""
    return pa.schema(
        field.with_type(text) if field.type == pa.string() else field for field in schema
    )


def read_frame(data: bytes, *, where: str) -> tuple[pl.DataFrame, tuple[Shape, ...]]:
    """Return the columns of a file and the shapes of its rows.

    Raises:
        DataFileAlteredError: The bytes are not a data file.
    """
    try:
        frame = pl.read_parquet(io.BytesIO(data), hive_partitioning=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _not_parquet(where) from error
    return frame, _shapes(data, where)


def read_table(
    data: bytes, *, where: str, columns: list[str] | None = None
) -> tuple[pa.Table, tuple[Shape, ...]]:
    """Return the columns of a file as an Arrow table, and the shapes of its rows.

    Raises:
        DataFileAlteredError: The bytes are not a data file.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        table = file.read(columns=columns, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise _not_parquet(where) from error
    footer = file.metadata.metadata or {}
    return table.replace_schema_metadata(None), _parse_shapes(footer, where)


def _shapes(data: bytes, where: str) -> tuple[Shape, ...]:
    footer = pq.read_metadata(pa.BufferReader(data)).metadata or {}
    return _parse_shapes(footer, where)


def _parse_shapes(footer: dict[bytes, bytes], where: str) -> tuple[Shape, ...]:
    try:
        return shapes_from_json(footer[SHAPES_KEY.encode()])
    except KeyError:
        raise _not_parquet(where) from None


def _not_parquet(where: str) -> DataFileAlteredError:
    return DataFileAlteredError(f"{where} is not a data file of a lake (damaged or replaced)")


def bounds(chunk: Chunk, entity_type: EntityType) -> dict[str, tuple[str, str]]:
    """Return least and greatest value, as text, of the key, date and timestamp columns."""
    names = [
        spec.name
        for spec in entity_type.fields
        if spec.name == entity_type.key or spec.kind.name in ("date", "timestamp")
    ]
    if isinstance(chunk.data, pa.Table):
        pairs = {name: _arrow_pair(chunk.data[name]) for name in names}
    else:
        pairs = _frame_pairs(chunk.data, names)
    texts = {
        name: (_text(low), _text(high)) for name, (low, high) in pairs.items() if low is not None
    }
    return {name: pair for name, pair in texts.items() if max(map(len, pair)) <= LONGEST_BOUND}


def _arrow_pair(column: pa.ChunkedArray) -> tuple[object, object]:
    if column.null_count == len(column):
        return None, None
    found = pc.min_max(column)
    return found["min"].as_py(), found["max"].as_py()


def _frame_pairs(frame: pl.DataFrame, names: list[str]) -> dict[str, tuple[object, object]]:
    low = frame.select(pl.col(names).min()).row(0)
    high = frame.select(pl.col(names).max()).row(0)
    return {name: (low[at], high[at]) for at, name in enumerate(names)}


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def open_file(source: Any, *, where: str) -> tuple[pq.ParquetFile, tuple[Shape, ...]]:
    """Return a file that is read in parts, and the shapes of its rows.

    Args:
        source: A path, or an open binary file.
        where: What to call it in errors.

    Raises:
        DataFileAlteredError: It is not a data file.
    """
    try:
        file = pq.ParquetFile(source, memory_map=isinstance(source, str))
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise _not_parquet(where) from error
    return file, _parse_shapes(file.metadata.metadata or {}, where)
