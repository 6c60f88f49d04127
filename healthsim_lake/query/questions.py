"""SQL over the tables of a lake: from scenarios to views, from views to an answer."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.entities.registry import Registry
from healthsim_lake.errors import (
    DataFileAlteredError,
    DataFileMissingError,
    QueryError,
    StorageError,
)
from healthsim_lake.query.catalog_tables import CatalogTable, scenario_tables
from healthsim_lake.query.engine import Limits
from healthsim_lake.query.engines import Engines
from healthsim_lake.query.guard import Question, examine
from healthsim_lake.query.kept import KeptAnswers, fingerprint
from healthsim_lake.query.params import Values, checked
from healthsim_lake.query.result import QueryResult, check_page
from healthsim_lake.query.sources import Sources
from healthsim_lake.tables.selection import choose

_MAX_SOURCES = 16
_FILE_TROUBLE = (DataFileMissingError, DataFileAlteredError, StorageError)


class Questions:
    """Answers SQL about one lake; threads may share one.

    What costs time is kept, within bounds: the places of files, open engines, and whole answers,
    from which the pages of one question are cut. None of it outlives what it was made from: it
    belongs to scenarios in one state, and a commit that changes them makes another state.

    Args:
        log: The lake's log.
        view: Returns the snapshot to ask.
        registry: Returns the entity types of a snapshot; each is a table, with rows or without.
        catalog: Tables of the catalog, beside those that tell of scenarios.
    """

    def __init__(
        self,
        log: CommitLog,
        view: Callable[[], Snapshot],
        registry: Callable[[Snapshot], Registry],
        catalog: Iterable[CatalogTable] = (),
    ) -> None:
        self._log, self._view, self._registry = log, view, registry
        self._catalog = {table.name: table for table in (*scenario_tables(log), *catalog)}
        self._engines = Engines()
        # The engine complains about connections that nobody closed, and not every lake is closed.
        weakref.finalize(self, self._engines.close)
        self._kept = KeptAnswers()
        self._sources: OrderedDict[Hashable, Sources] = OrderedDict()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of engines and answers; the next question begins anew."""
        self._engines.close()
        self._kept.clear()
        with self._lock:
            self._sources.clear()

    def ask(
        self,
        sql: str,
        *,
        scenario: str | None = None,
        scenarios: Iterable[str] | None = None,
        params: Sequence[Any] | Mapping[str, Any] | None = None,
        limit: int = 20,
        offset: int = 0,
        limits: Limits | None = None,
    ) -> QueryResult:
        """Run one SELECT over the chosen scenarios, or all of them; see `Lake.query`."""
        check_page(limit=limit, offset=offset)
        values, limits = checked(params), limits or Limits()
        if isinstance(scenarios, Iterator):
            scenarios = list(scenarios)
        snapshot = self._view()
        while True:
            sources = self._sources_of(snapshot, scenario, scenarios)
            try:
                return self._page(
                    sql, snapshot, sources, values, limits=limits, limit=limit, offset=offset
                )
            except DataFileMissingError:
                # Replaced or purged since, and deleted: what is true now is all that there is.
                newest = self._view()
                if newest.version == snapshot.version:
                    raise
                snapshot = newest

    def _page(
        self,
        sql: str,
        snapshot: Snapshot,
        sources: Sources,
        values: Values,
        *,
        limits: Limits,
        limit: int,
        offset: int,
    ) -> QueryResult:
        question = examine(sql, tables=sources.names)
        state = snapshot.digest if sources.reads_catalog(question.reads) else None
        key = (sources, state, sql, fingerprint(values), limits)
        # The first page of what clocks, chance or the next execution decide is asked anew, those
        # after it belong to it.
        anew = offset == 0 and (question.volatile or sources.reads_growing(question.reads))
        answer = None if anew else self._kept.get(key)
        kept = answer is not None
        if answer is None:
            answer = self._run(question, values, limits, sources, snapshot)
            kept = self._kept.put(key, answer)
        if offset and not (kept or question.ordered):
            raise QueryError(_too_large(answer))
        return QueryResult.of(answer, sql=sql, limit=limit, offset=offset, kept=kept)

    def _sources_of(
        self, snapshot: Snapshot, scenario: str | None, scenarios: Iterable[str] | None
    ) -> Sources:
        chosen = choose(snapshot, scenario, scenarios)
        registry = self._registry(snapshot)
        whole = scenario is None and scenarios is None
        key = None if whole else tuple(state.record.id for state in chosen)
        with self._lock:
            found = self._sources.pop(key, None)
            if found is not None and not found.are_of(registry, chosen, whole=whole):
                self._forget(found)
                found = None
            if found is None:
                found = Sources(self._log, registry, self._catalog, chosen, whole=whole)
            self._sources[key] = found
            while len(self._sources) > _MAX_SOURCES:
                self._forget(self._sources.popitem(last=False)[1])
            return found

    def _forget(self, sources: Sources) -> None:
        self._engines.forget(sources)
        self._kept.forget(sources)

    def _run(
        self,
        question: Question,
        values: Values,
        limits: Limits,
        sources: Sources,
        snapshot: Snapshot,
    ) -> pa.Table:
        try:
            return self._answer(question, values, limits, sources, snapshot)
        except _FILE_TROUBLE:
            # A file moved after it was looked up; where it is now is found by looking again.
            sources.look_again()
            return self._answer(question, values, limits, sources, snapshot)

    def _answer(
        self,
        question: Question,
        values: Values,
        limits: Limits,
        sources: Sources,
        snapshot: Snapshot,
    ) -> pa.Table:
        views = sources.views(sorted(question.reads), snapshot)
        with self._engines.borrow(sources, self._log.storage.filesystem) as engine:
            return engine.answer(question, values, limits=limits, views=views)


def _too_large(answer: pa.Table) -> str:
    return (
        f"this answer of {len(answer):,} rows is too large to be kept between its pages; add ORDER "
        "BY over columns that tell rows apart, or take it whole with to_arrow() or to_polars()"
    )
