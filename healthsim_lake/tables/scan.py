"""A table of the lake as a Polars LazyFrame that finds its files when it is collected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl
from polars.io.plugins import register_io_source

from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.entities.types import ROW_SHAPE, SCENARIO_ID, EntityType
from healthsim_lake.storage import Storage
from healthsim_lake.tables import places
from healthsim_lake.tables.places import FileRef
from healthsim_lake.tables.predicates import matching
from healthsim_lake.tables.selection import files_of

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

    def collect(self, group: Sequence[FileRef], rows: int | None) -> pl.DataFrame:
        """Return the wanted part of a group of files, the first `rows` of it.

        Raises:
            DataFileMissingError: A file is nowhere.
            DataFileAlteredError: A file has another size than was committed.
        """
        if self.storage.filesystem is not None:
            contents = places.in_parallel(
                self.storage, lambda ref: places.read_checked(self.storage, ref), group
            )
            return self._collect(group, contents, rows)
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

    def _paths(self, group: Sequence[FileRef]) -> list[str]:
        return [self.storage.location(key) for key in places.locate_all(self.storage, group)]

    def _collect(
        self, group: Sequence[FileRef], sources: Sequence[str | bytes], rows: int | None
    ) -> pl.DataFrame:
        lazy = _rows_of([ref.scenario_id for ref in group], sources).select(self.columns)
        if self.predicate is not None:
            lazy = lazy.filter(self.predicate)
        if self.with_columns is not None:
            lazy = lazy.select(self.with_columns)
        return (lazy if rows is None else lazy.head(rows)).collect()


def _rows_of(ids: Sequence[str], sources: Sequence[str | bytes]) -> pl.LazyFrame:
    """Return the rows of files with the ids of their scenarios.

    Many files are one scan that looks its ids up by path: a frame for each took seven times as
    long with 300 of them. Neither what is in memory, nor a file that scenarios share, has a path
    to tell the scenario by.
    """
    if len(set(ids)) == 1:
        return _scan(sources).with_columns(pl.lit(ids[0]).alias(SCENARIO_ID))
    distinct = len(set(sources)) == len(sources)
    if distinct and all(isinstance(source, str) for source in sources):
        owner = pl.col(_PATH).replace_strict(sources, ids, return_dtype=pl.String)
        return _scan(sources, include_file_paths=_PATH).with_columns(owner.alias(SCENARIO_ID))
    pairs = zip(ids, sources, strict=True)
    return pl.concat(_rows_of([one], [source]) for one, source in pairs)


def _scan(sources: Sequence[str | bytes], *, include_file_paths: str | None = None) -> pl.LazyFrame:
    return pl.scan_parquet(
        list(sources),  # type: ignore[arg-type]  # all of them are paths, or none is
        glob=False,
        hive_partitioning=False,
        include_file_paths=include_file_paths,
    )
