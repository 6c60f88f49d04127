"""Files that hold the rows of one table: NDJSON, CSV, Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from healthsim_lake import _json
from healthsim_lake._shown import shown
from healthsim_lake._unpacking import Unpacking, check_unpacked
from healthsim_lake.entities.fields import Kind
from healthsim_lake.entities.types import EXTRA, SCENARIO_ID
from healthsim_lake.errors import FormatError
from healthsim_lake.scenarios.exchange.formats import Format

ROWS_PER_BATCH = 20_000
ROWS_AS_DICTS = 5_000
_BLOCK = 4 * 1024 * 1024
"""Bytes of CSV taken at a time; no row may be longer."""
_LONGEST_LINE = 256 * 1024 * 1024


def rows(path: Path, form: Format, *, columns: object = None) -> Iterable[Any]:
    """Return the rows of a file as an iterable of dicts or of Arrow tables, read while iterated.

    Args:
        path: The file.
        form: Its format.
        columns: Kinds of column by name, in a file of ours; else None.

    Raises:
        FormatError: It is not what it claims to be; raised while iterating, says where.
    """
    if form.name == "ndjson":
        return _lines(path)
    kinds = {}
    if isinstance(columns, Mapping):
        kinds = {str(name): Kind.parse(str(kind)) for name, kind in columns.items()}
    tables = _parquet(path) if form.name == "parquet" else _csv(path, ours=bool(kinds))
    if not kinds:
        return tables
    return _ours(tables, kinds)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    number = 0
    with _stream(path) as stream:
        for number, line in enumerate(_split(stream, path), 1):
            if not line.strip():
                continue
            row = _json.loads_foreign(line, where=f"{path}, line {number}")
            if not isinstance(row, dict):
                raise FormatError(f"{path}, line {number}: a row must be an object")
            yield row


def _split(stream: IO[bytes], path: Path) -> Iterator[bytes]:
    rest = b""
    while True:
        try:
            data = stream.read(_BLOCK // 4)
        except OSError as error:
            raise FormatError(f"{path}: cannot be read ({error})") from error
        if not data:
            break
        *whole, rest = (rest + data).split(b"\n")
        yield from whole
        if len(rest) > _LONGEST_LINE:
            raise FormatError(f"{path}: one line of more than {_LONGEST_LINE:,} bytes")
    if rest:
        yield rest


def _stream(path: Path) -> IO[bytes]:
    return Unpacking(_native(path), path.stat().st_size, str(path))  # type: ignore[return-value]  # read from like a file


def _native(path: Path) -> pa.NativeFile:
    """Open a file for Arrow's reader of CSV, which reads ahead in a thread of its own.

    Were it to read from Python, and were given up because of an error, that thread would still ask
    for the interpreter when the program ends, and abort it.
    """
    return pa.input_stream(str(path), compression="detect")


def _csv(path: Path, *, ours: bool) -> Iterator[pa.Table]:
    """Yield a CSV file as text; an empty cell is null, ``""`` an empty text."""
    read = pa_csv.ReadOptions(block_size=_BLOCK, use_threads=False)
    parse = pa_csv.ParseOptions(newlines_in_values=True)
    try:
        with _native(path) as stream:
            names = pa_csv.open_csv(stream, read, parse).schema.names
        _check_names(names, path)
        if not ours:
            _check_separator(names, path)
        convert = pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        packed, unpacked = path.stat().st_size, 0
        with _native(path) as stream:
            for batch in pa_csv.open_csv(stream, read, parse, convert):
                unpacked += _characters(batch)
                check_unpacked(unpacked, packed, str(path))
                yield pa.Table.from_batches([batch])
    except (pa.ArrowException, OSError) as error:
        raise FormatError(f"{path}: not a CSV file that can be read: {error}") from error


def _characters(batch: pa.RecordBatch) -> int:
    """Return how many bytes of CSV a batch was, about: a cell's offset takes 4, its comma 1."""
    size: int = batch.nbytes - 3 * batch.num_rows * batch.num_columns
    return size


def _check_names(names: list[str], path: Path) -> None:
    twin = next((name for name in names if names.count(name) > 1), None)
    if twin is not None:
        raise FormatError(f"{path}: two columns are called {shown(twin)}")


def _check_separator(names: list[str], path: Path) -> None:
    other = next((one for one in ";\t|" if one in names[0]), None)
    if len(names) == 1 and other is not None:
        raise FormatError(
            f"{path}: its cells seem to be separated by {shown(other)}; expected commas, because "
            f"its only column would be called {shown(names[0])}"
        )


def _parquet(path: Path) -> Iterator[pa.Table]:
    try:
        with pq.ParquetFile(path) as file:
            _check_names(file.schema_arrow.names, path)
            for batch in file.iter_batches(batch_size=ROWS_PER_BATCH):
                yield pa.Table.from_batches([batch])
    except (pa.ArrowException, OSError) as error:
        raise FormatError(f"{path}: not a Parquet file that can be read: {error}") from error


def _ours(tables: Iterable[pa.Table], kinds: Mapping[str, Kind]) -> Iterator[Any]:
    """Yield rows of a table that a lake exported, with the types that its columns have there.

    What stood in ``extra`` and in nested columns becomes keys and values again. A table cannot
    tell a null from a key that was not there: columns without any value are left out.
    """
    for whole in tables:
        table = whole.drop_columns([SCENARIO_ID] if SCENARIO_ID in whole.column_names else [])
        used = [name for name in table.column_names if table[name].null_count < len(table)]
        table = _typed(table.select(used), kinds)
        for batch in table.to_batches(max_chunksize=ROWS_AS_DICTS):
            yield from _as_rows(batch, kinds)


def _typed(table: pa.Table, kinds: Mapping[str, Kind]) -> pa.Table:
    for at, name in enumerate(table.column_names):
        kind = kinds.get(name)
        column = table[name]
        if kind is None or kind.name not in _CAST or not pa.types.is_string(column.type):
            continue
        try:
            table = table.set_column(at, name, column.cast(kind.arrow))
        except pa.ArrowInvalid:
            continue  # somebody edited the file; the cells stay text, which loses nothing
    return table


_CAST = {"int", "float", "bool", "decimal"}


def _as_rows(batch: pa.RecordBatch, kinds: Mapping[str, Kind]) -> Iterator[dict[str, Any]]:
    nested = [
        name
        for name in batch.schema.names
        if name != EXTRA and name in kinds and kinds[name].name == "json"
    ]
    for row in batch.to_pylist():
        extra = row.pop(EXTRA, None)
        for name in nested:
            row[name] = _value(row[name])
        if extra is not None:
            row.update(_members(extra))
        yield row


def _value(text: Any) -> Any:
    try:
        return _json.loads(text) if isinstance(text, str) else text
    except json.JSONDecodeError:
        return text


def _members(text: Any) -> dict[str, Any]:
    value = _value(text)
    return value if isinstance(value, dict) else {EXTRA: text}
