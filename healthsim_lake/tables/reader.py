"""Data files back into rows, frames and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, islice
from typing import Any

import polars as pl
import pyarrow as pa

from healthsim_lake.catalog.records import EntitySet
from healthsim_lake.entities.codec import SMALL_ROWS, Shape, decode
from healthsim_lake.entities.types import ROW_SHAPE, SCENARIO_ID, EntityType
from healthsim_lake.storage import Storage
from healthsim_lake.tables import parquet, places
from healthsim_lake.tables.places import FileRef


class TableRows:
    """The rows of one entity set, held as the bytes of their files and decoded when asked for.

    Attributes:
        table: Name of the table.
        scenario_id: Whose rows they are.
    """

    def __init__(
        self, entity_type: EntityType, scenario_id: str, files: Sequence[tuple[FileRef, bytes]]
    ) -> None:
        self.table, self.scenario_id = entity_type.name, scenario_id
        self._type, self._files = entity_type, files

    def __len__(self) -> int:
        return sum(ref.file.rows for ref, _ in self._files)

    @cached_property
    def dicts(self) -> list[dict[str, Any]]:
        """The rows exactly as they were saved."""
        return list(chain.from_iterable(self._decoded()))

    def iter_dicts(self) -> Iterator[dict[str, Any]]:
        """Yield the rows exactly as they were saved, file by file."""
        return chain.from_iterable(self._decoded())

    def _decoded(self) -> Iterator[list[dict[str, Any]]]:
        return (decode(*_read(ref, data)) for ref, data in self._files)

    def to_arrow(self) -> pa.Table:
        """Return the typed columns, ``extra`` and ``scenario_id`` as one Arrow table."""
        schema = self._type.arrow_schema
        schema = schema.remove(schema.get_field_index(ROW_SHAPE)).remove_metadata()
        tables = [
            parquet.read_table(data, where=str(ref))[0].drop_columns([ROW_SHAPE])
            for ref, data in self._files
        ]
        if tables:
            table = pa.concat_tables([one.cast(_large_as_text(one.schema)) for one in tables])
        else:
            table = schema.empty_table()
        ids = pa.repeat(pa.scalar(self.scenario_id), len(table))
        return table.append_column(SCENARIO_ID, ids)

    def to_polars(self) -> pl.DataFrame:
        """Return the typed columns, ``extra`` and ``scenario_id`` as one Polars frame."""
        frame = pl.from_arrow(self.to_arrow())
        if not isinstance(frame, pl.DataFrame):
            raise TypeError("a table became something else than a frame")
        return frame


def _large_as_text(schema: pa.Schema) -> pa.Schema:
    return pa.schema(
        pa.field(field.name, pa.string() if pa.types.is_large_string(field.type) else field.type)
        for field in schema
    )


def _read(ref: FileRef, data: bytes) -> tuple[pl.DataFrame | pa.Table, tuple[Shape, ...]]:
    if ref.file.rows < SMALL_ROWS:
        return parquet.read_table(data, where=str(ref))
    return parquet.read_frame(data, where=str(ref))


def read_rows(
    storage: Storage, scenario_id: str, tables: Iterable[tuple[EntitySet, EntityType]]
) -> dict[str, TableRows]:
    """Read the bytes of all files of some entity sets, each checked against its SHA-256.

    Where reading means waiting, the files of all sets are read at the same time.

    Returns:
        The rows by the sets' entity keys.

    Raises:
        DataFileMissingError: A file is nowhere.
        DataFileAlteredError: A file is not what was committed.
    """
    wanted = [(one.key, of, places.refs(one, scenario_id)) for one, of in tables]
    refs = [ref for _, _, own in wanted for ref in own]
    found = places.in_parallel(storage, lambda ref: (ref, places.read_checked(storage, ref)), refs)
    read = iter(found)
    return {
        key: TableRows(of, scenario_id, list(islice(read, len(own)))) for key, of, own in wanted
    }


def keys_of(storage: Storage, files: Iterable[FileRef], key: str) -> set[Any]:
    """Return all values of the key column in `files`; nulls do not count."""
    found: set[Any] = set()
    for ref in files:
        data = places.read_checked(storage, ref)
        table, _ = parquet.read_table(data, where=str(ref), columns=[key])
        found.update(table[key].drop_null().to_pylist())
    return found
