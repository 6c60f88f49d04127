"""A table of the lake as a Polars LazyFrame that finds its files when it is collected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl
from polars.io.plugins import register_io_source

from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.entities.types import ROW_SHAPE, SCENARIO_ID, EntityType
from healthsim_lake.storage import SMALL_BYTES, Storage
from healthsim_lake.tables import places, ranges
from healthsim_lake.tables.places import FileRef
from healthsim_lake.tables.predicates import matching
from healthsim_lake.tables.selection import files_of

Source = str | bytes | pl.DataFrame
"""A path, the content of a file, or rows of it."""

ChooseScenarios = Callable[[], Sequence[ScenarioState]]

_GROUP_BYTES = 64_000_000
_ATTEMPTS = 3
_PATH = "#path"
"""A name that no table's column can have."""


def scan(log: CommitLog, entity_type: EntityType, choose: ChooseScenarios) -> pl.LazyFrame:
    """Return a LazyFrame over the rows that a table has at the time of collecting.

    A file moves while a scenario changes, so a frame that kept paths would fail later. Columns and
    predicates go down to the Parquet files; what a predicate says of ``scenario_id`` is answered
    by the catalog, so that files of other scenarios are not even looked up.

    Args:
        log: The lake's log.
        entity_type: Gives the columns; ``scenario_id`` comes last.
        choose: Returns the scenarios; called once for each collection.
    """
    schema = entity_type.arrow_schema
    empty = pl.from_arrow(schema.remove(schema.get_field_index(ROW_SHAPE)).empty_table())
    if not isinstance(empty, pl.DataFrame):
        raise TypeError("a table became something else than a frame")
    columns = {**empty.schema, SCENARIO_ID: pl.String()}

    def batches(
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        _batch_size: int | None,
    ) -> Iterator[pl.DataFrame]:
        states = choose()
        ids = matching([one.record.id for one in states], SCENARIO_ID, predicate)
        wanted = [one for one in states if one.record.id in ids]
        part = _Part(log.storage, tuple(columns), with_columns, predicate)
        left = n_rows
        for group in _groups(files_of(log, wanted, entity_type.name)):
            if left is not None and left <= 0:
                return
            frame = part.collect(group, left)
            left = None if left is None else left - len(frame)
            yield frame

    return register_io_source(batches, schema=pl.Schema(columns))


def _groups(files: Sequence[FileRef]) -> Iterator[list[FileRef]]:
    """Yield files in groups that are collected at once, of bounded size together."""
    group: list[FileRef] = []
    size = 0
    for ref in files:
        if group and size + ref.file.bytes > _GROUP_BYTES:
            yield group
            group, size = [], 0
        group.append(ref)
        size += ref.file.bytes
    if group:
        yield group


@dataclass(frozen=True, slots=True)
class _Part:
    """Which part of the rows is wanted."""

    storage: Storage
    columns: Sequence[str]
    with_columns: list[str] | None
    predicate: pl.Expr | None

    @property
    def needed(self) -> list[str]:
        """The columns that have to be read, in order."""
        if self.with_columns is None:
            return list(self.columns)
        named = {*self.with_columns}
        if self.predicate is not None:
            named.update(self.predicate.meta.root_names())
        return [name for name in self.columns if name in named]

    def collect(self, group: Sequence[FileRef], rows: int | None) -> pl.DataFrame:
        """Return the wanted part of a group of files, the first `rows` of it.

        Raises:
            DataFileMissingError: A file is nowhere.
            DataFileAlteredError: A file has another size than was committed.
        """
        if self.storage.filesystem is not None:
            sources = places.in_parallel(self.storage, lambda ref: self._fetch(ref, rows), group)
            return self._collect(group, sources, rows)
        paths = self._paths(group)
        for _ in range(_ATTEMPTS):
            try:
                return self._collect(group, paths, rows)
            except (OSError, pl.exceptions.ComputeError):
                # A file that moved between being looked up and being opened is found again.
                paths, before = self._paths(group), paths
                if paths == before:
                    raise
        return self._collect(group, paths, rows)

    def _fetch(self, ref: FileRef, rows: int | None) -> bytes | pl.DataFrame:
        """Return a whole file, or what is needed of a large one."""
        first = rows if self.predicate is None else None
        parts = first is not None or len(self.needed) < len(self.columns)
        if ref.file.bytes <= SMALL_BYTES or not parts:
            return places.read_checked(self.storage, ref)
        names = [name for name in self.needed if name != SCENARIO_ID] or [self.columns[0]]
        return pl.DataFrame(ranges.read_columns(self.storage, ref, names, rows=first))

    def _paths(self, group: Sequence[FileRef]) -> list[str]:
        return [self.storage.location(key) for key in places.locate_all(self.storage, group)]

    def _collect(
        self, group: Sequence[FileRef], sources: Sequence[Source], rows: int | None
    ) -> pl.DataFrame:
        lazy = _rows_of([ref.scenario_id for ref in group], sources, self.needed)
        if self.predicate is not None:
            lazy = lazy.filter(self.predicate)
        if self.with_columns is not None:
            lazy = lazy.select(self.with_columns)
        return (lazy if rows is None else lazy.head(rows)).collect()


def _rows_of(ids: Sequence[str], sources: Sequence[Source], columns: Sequence[str]) -> pl.LazyFrame:
    """Return columns of the rows of files with the ids of their scenarios.

    Many files are one scan that looks its ids up by path: a frame for each took seven times as
    long with 300 of them. Neither what is in memory, nor a file that scenarios share, has a path
    to tell the scenario by.
    """
    if len(set(ids)) == 1 and not any(isinstance(one, pl.DataFrame) for one in sources):
        owner = pl.lit(ids[0])
        return _scan(sources).with_columns(owner.alias(SCENARIO_ID)).select(columns)
    if all(isinstance(one, str) for one in sources) and len(set(sources)) == len(sources):
        owner = pl.col(_PATH).replace_strict(sources, ids, return_dtype=pl.String)
        rows = _scan(sources, include_file_paths=_PATH)
        return rows.with_columns(owner.alias(SCENARIO_ID)).select(columns)
    return pl.concat(
        (_scan([source]) if not isinstance(source, pl.DataFrame) else source.lazy())
        .with_columns(pl.lit(one).alias(SCENARIO_ID))
        .select(columns)
        for one, source in zip(ids, sources, strict=True)
    )


def _scan(sources: Sequence[Source], *, include_file_paths: str | None = None) -> pl.LazyFrame:
    return pl.scan_parquet(
        list(sources),  # type: ignore[arg-type]  # all of them are paths, or all are contents
        glob=False,
        hive_partitioning=False,
        include_file_paths=include_file_paths,
    )
