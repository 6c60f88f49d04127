"""Tables as the engine sees them: a name, columns, and the files or the Arrow table behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

SCENARIO_ID = "scenario_id"

_PLAIN_TYPES = {
    pa.string(): "VARCHAR",
    pa.large_string(): "VARCHAR",
    pa.string_view(): "VARCHAR",
    pa.bool_(): "BOOLEAN",
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.uint8(): "UTINYINT",
    pa.uint16(): "USMALLINT",
    pa.uint32(): "UINTEGER",
    pa.uint64(): "UBIGINT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.date32(): "DATE",
    pa.binary(): "BLOB",
    pa.large_binary(): "BLOB",
    pa.binary_view(): "BLOB",
    pa.null(): "NULL",
    pa.month_day_nano_interval(): "INTERVAL",
}


@dataclass(frozen=True, slots=True)
class FileSource:
    """One data file.

    Attributes:
        path: As the engine opens it: absolute, or a URL of a registered file system.
        scenario_id: Whose rows it holds.
    """

    path: str
    scenario_id: str


@dataclass(frozen=True, slots=True)
class View:
    """One table of a question.

    Attributes:
        name: Name in SQL.
        schema: The columns of the files that are shown, in order; ``scenario_id`` is added last.
        files: The files, of any number of scenarios; none means an empty table with all columns.
        table: Rows in memory in place of files; shown as they are.
    """

    name: str
    schema: pa.Schema
    files: tuple[FileSource, ...] = ()
    table: pa.Table | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns that a question can use."""
        if self.table is not None:
            return tuple(self.table.schema.names)
        return (*self.schema.names, SCENARIO_ID)


def quoted(name: str) -> str:
    """Return `name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return `text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def literals(texts: Iterable[str]) -> str:
    """Return an SQL list of strings."""
    return "[" + ", ".join(map(literal, texts)) + "]"


def sql_type(kind: pa.DataType) -> str:
    """Return the SQL name of an Arrow type."""
    if kind in _PLAIN_TYPES:
        return _PLAIN_TYPES[kind]
    for is_it, name in _COMPOSED_TYPES:
        if is_it(kind):
            return name(kind)
    return str(kind).upper()


def _timestamp(kind: pa.TimestampType) -> str:
    zone = " WITH TIME ZONE" if kind.tz else ""
    return f"TIMESTAMP{zone}" if kind.unit == "us" else f"TIMESTAMP_{kind.unit.upper()}{zone}"


def _struct(kind: pa.StructType) -> str:
    fields = ", ".join(f"{quoted(item.name)} {sql_type(item.type)}" for item in kind)
    return f"STRUCT({fields})"


_COMPOSED_TYPES: tuple[tuple[Callable[[pa.DataType], bool], Callable[[Any], str]], ...] = (
    (pa.types.is_decimal, lambda kind: f"DECIMAL({kind.precision},{kind.scale})"),
    (pa.types.is_timestamp, _timestamp),
    (pa.types.is_time, lambda _: "TIME"),
    (pa.types.is_dictionary, lambda kind: sql_type(kind.value_type)),
    (pa.types.is_map, lambda kind: f"MAP({sql_type(kind.key_type)}, {sql_type(kind.item_type)})"),
    (pa.types.is_struct, _struct),
    (pa.types.is_fixed_size_list, lambda kind: f"{sql_type(kind.value_type)}[{kind.list_size}]"),
    (pa.types.is_list, lambda kind: f"{sql_type(kind.value_type)}[]"),
    (pa.types.is_large_list, lambda kind: f"{sql_type(kind.value_type)}[]"),
)


def definition(view: View) -> str:
    """Return the statement that makes a view of files.

    Columns are named one by one, so that a file that lacks one is found at once and one that has
    more shows no more. One scenario's id is a constant. Those of many come from a join with the
    file names: with 1,000 files of 1,000 rows each, a question about one scenario took 35-60 ms
    (the engine prunes files by the join) and grouping all rows by scenario 130-260 ms; looking
    names up in a MAP took 190-330 and 380-1,500 ms, a UNION ALL of the files 1,400. The join is
    an outer one, because a row without a scenario can be seen and one that is missing cannot.
    """
    return f"CREATE OR REPLACE VIEW {quoted(view.name)} AS {_selection(view)}"


def _selection(view: View) -> str:
    columns = ", ".join(map(quoted, view.schema.names))
    scenario = quoted(SCENARIO_ID)
    sources = view.files
    if not sources:
        empty = ", ".join(
            f"CAST(NULL AS {sql_type(item.type)}) AS {quoted(item.name)}" for item in view.schema
        )
        return f"SELECT {empty}, CAST(NULL AS VARCHAR) AS {scenario} WHERE false"
    ids = {source.scenario_id for source in sources}
    paths = literals(dict.fromkeys(source.path for source in sources))
    if len(ids) == 1:
        files = f"read_parquet({paths}, hive_partitioning = false)"
        return f"SELECT {columns}, {literal(ids.pop())} AS {scenario} FROM {files}"
    # A file that several scenarios share (clones) is read once and joined to each of them. The
    # helping column has a name that no table's column can have.
    files = f"read_parquet({paths}, hive_partitioning = false, filename = '#file')"
    names = literals(source.path for source in sources)
    owners = literals(source.scenario_id for source in sources)
    owned = f'(SELECT unnest({names}) AS "#file", unnest({owners}) AS {scenario})'
    return f'SELECT {columns}, {scenario} FROM {files} LEFT JOIN {owned} USING ("#file")'
