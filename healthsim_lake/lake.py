"""`Lake`: opens a root, wires the rooms, and hands out their namespaces."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from healthsim_lake import library, maintenance, query, tables
from healthsim_lake.carrying import Carrying
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.errors import ReadOnlyError
from healthsim_lake.scenarios.entity_types import EntityTypes
from healthsim_lake.scenarios.namespace import Scenarios
from healthsim_lake.scenarios.tags import Tags
from healthsim_lake.storage import open_storage
from healthsim_lake.tables.committer import Committer

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from healthsim_lake.library import Journeys, LibraryTable, Profiles
    from healthsim_lake.maintenance import Maintenance
    from healthsim_lake.query import CatalogTable, QueryResult, Questions
    from healthsim_lake.query.catalog_tables import Chosen

ENVIRONMENT = "HEALTHSIM_LAKE"


def default_url() -> str:
    """Return where the default lake is: ``HEALTHSIM_LAKE`` if set, else ``~/.healthsim/lake``."""
    return os.environ.get(ENVIRONMENT) or str(Path.home() / ".healthsim" / "lake")


class Lake(Carrying):
    """A lake: scenarios as Parquet under one root, versioned by a commit log.

    Opening reads nothing; the root is made by the first write, or by `create`. Threads may share a
    lake, and many processes may write to one at the same time. A context manager.

    Args:
        url: A folder, or any URL that fsspec knows; None for `default_url`.
        storage_options: Passed to the filesystem, e.g. credentials.
        read_only: Refuse every change.
        single_writer: Promise that nobody else writes, so that stores without conditional creates
            can be used.

    Attributes:
        url: Where the lake is.
        scenarios: Save, find, load and change scenarios.
        tags: Labels to find scenarios by.
        entities: Entity types, and what their tables hold.
    """

    def __init__(
        self,
        url: str | os.PathLike[str] | None = None,
        *,
        storage_options: Mapping[str, Any] | None = None,
        read_only: bool = False,
        single_writer: bool = False,
    ) -> None:
        storage = open_storage(
            default_url() if url is None else url, storage_options, single_writer=single_writer
        )
        self._wire(CommitLog(storage), pinned=None, read_only=read_only)

    def _wire(self, log: CommitLog, *, pinned: Snapshot | None, read_only: bool) -> None:
        self._log, self.url, self._pinned = log, log.storage.url, pinned
        publisher = None if read_only else tables.Publisher(log)
        self._committer = Committer(log, publisher, self._snapshot)
        self.entities = EntityTypes(self._committer)
        self.scenarios = Scenarios(self._committer, self.entities)
        self.tags = Tags(self._committer)
        self._asking: Questions | None = None

    @property
    def _questions(self) -> Questions:
        # Made when first used: it needs the SQL engine, which nothing else waits for.
        if self._asking is None:
            self._asking = query.Questions(
                self._log, self._snapshot, self.entities.registry, self._library_tables()
            )
        return self._asking

    def _library_tables(self) -> Iterator[CatalogTable]:
        for table in library.catalog_tables(self._committer):

            def rows(snapshot: Snapshot, chosen: Chosen, table: LibraryTable = table) -> pa.Table:
                ids = None if chosen is None else [state.record.id for state in chosen]
                return table.rows(snapshot, ids)

            yield query.CatalogTable(table.name, table.schema, rows, grows=True)

    @cached_property
    def profiles(self) -> Profiles:
        """What to generate: versioned specifications, and what came of them."""
        return library.Profiles(self._committer)

    @cached_property
    def journeys(self) -> Journeys:
        """How things unfold over time: versioned specifications, and who went through them."""
        return library.Journeys(self._committer)

    @cached_property
    def maintenance(self) -> Maintenance:
        """Vacuum, compact, verify, tidy, repair, doctor, purge."""
        return maintenance.Maintenance(self._committer, self.entities)

    def _snapshot(self) -> Snapshot:
        return self._log.refresh() if self._pinned is None else self._pinned

    def _elsewhere(
        self,
        url: str | os.PathLike[str],
        storage_options: Mapping[str, Any] | None,
        *,
        single_writer: bool = False,
    ) -> Lake:
        return Lake(url, storage_options=storage_options, single_writer=single_writer)

    def __repr__(self) -> str:
        past = "" if self._pinned is None else f" at version {self.version}"
        return f"<Lake {self.url}{past}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what the lake holds open; safe to call again, and to use the lake after."""
        if self._asking is not None:
            self._asking.close()

    def create(self) -> bool:
        """Make the lake if it is not there yet; return whether this call made it.

        Raises:
            NotALakeError: The place holds something else.
            ReadOnlyError: The lake was opened for reading only.
        """
        if self._committer.read_only:
            raise ReadOnlyError("this lake was opened for reading only")
        return self._log.create_lake()

    @property
    def id(self) -> str:
        """The lake's UUID.

        Raises:
            LakeNotFoundError: Nothing was written there yet.
        """
        return self._log.lake_id

    @property
    def version(self) -> int:
        """Number of the newest commit; 0 before the first."""
        return self._snapshot().version

    def at(self, *, version: int | None = None, timestamp: datetime | None = None) -> Lake:
        """Return the lake as it was: a read-only lake pinned at a commit.

        Args:
            version: A commit's number.
            timestamp: The last commit not after this time; naive times mean UTC.

        Raises:
            VersionNotFoundError: There is no such version, or nothing was committed by then.
        """
        snapshot = self._log.at(version=version, timestamp=timestamp)
        past = Lake.__new__(Lake)
        past._wire(self._log, pinned=snapshot, read_only=True)  # noqa: SLF001  # of its own class
        return past

    def query(
        self,
        sql: str,
        *,
        scenario: str | None = None,
        scenarios: Iterable[str] | None = None,
        params: Sequence[Any] | Mapping[str, Any] | None = None,
        limit: int = 20,
        offset: int = 0,
        timeout: float = 30.0,
        max_rows: int = 1_000_000,
        memory_mb: int = 1024,
    ) -> QueryResult:
        """Ask one SQL question; it can read the chosen scenarios' tables and nothing else.

        Args:
            sql: One SELECT in DuckDB's dialect. Every entity type is a table, whether it has rows
                or not, with ``scenario_id`` as its last column. ``scenarios``, ``scenario_tags``
                and ``scenario_entities`` tell of the scenarios that are asked; ``profiles``,
                ``journeys``, ``profile_executions`` and ``journey_executions`` of the library.
            scenario: Ask one scenario, by name or id.
            scenarios: Ask these; by default all of them.
            params: Values for ``?`` (a sequence) or ``$name`` (a mapping).
            limit: Rows in ``.results``, 1 to 1,000; a LIMIT in the SQL bounds the whole answer.
            offset: First row of ``.results``. The answer is kept between its pages, until a commit
                changes what was asked.
            timeout: Seconds after which the question is stopped.
            max_rows: More rows than this are an error.
            memory_mb: Megabytes (10^6 bytes) that the engine, and the answer, may take.

        Raises:
            QueryRefusedError: The statement asks for more than a question may.
            QueryLimitError: It ran into a limit.
            QueryError: It is wrong, or the page lies beyond the end; the message says what would be
                right.
            ScenarioNotFoundError: A scenario is not there.
        """
        return self._questions.ask(
            sql,
            scenario=scenario,
            scenarios=scenarios,
            params=params,
            limit=limit,
            offset=offset,
            limits=query.Limits(seconds=timeout, rows=max_rows, memory_mb=memory_mb),
        )

    def scan(
        self,
        table: str,
        *,
        scenario: str | None = None,
        scenarios: Iterable[str] | None = None,
    ) -> pl.LazyFrame:
        """Return a table as a Polars LazyFrame; it finds its files whenever it is collected.

        Args:
            table: Entity type, in any spelling.
            scenario: One scenario, by name or id.
            scenarios: These; by default all of them.

        Raises:
            EntityTypeNotFoundError: There is no such table.
            ScenarioNotFoundError: A scenario is not there.
        """
        snapshot = self._snapshot()
        entity_type = self.entities.registry(snapshot).get(table)
        names = scenarios if isinstance(scenarios, str | None) else list(scenarios)
        tables.choose(snapshot, scenario, names)  # unknown scenarios are refused at once

        return tables.scan(
            self._log, entity_type, lambda: tables.choose(self._snapshot(), scenario, names)
        )

    def files(
        self,
        table: str,
        *,
        scenario: str | None = None,
        scenarios: Iterable[str] | None = None,
    ) -> list[str]:
        """Return the paths of a table's files, for other engines.

        The paths hold until one of the scenarios changes: its files then move to ``history/``.

        Args:
            table: Entity type, in any spelling.
            scenario: One scenario, by name or id.
            scenarios: These; by default all of them.

        Raises:
            EntityTypeNotFoundError: There is no such table.
            ScenarioNotFoundError: A scenario is not there.
        """
        storage, snapshot = self._log.storage, self._snapshot()
        chosen = tables.choose(snapshot, scenario, scenarios)
        name = self.entities.registry(snapshot).get(table).name
        found = tables.files_of(self._log, chosen, name)
        return [storage.location(key) for key in tables.locate_all(storage, found)]
