"""Statistics and samples of a scenario: gathered while it is written, kept, and carried over.

Whatever is missing can be computed from the data files, with the same result. Only where a column
of codes has more values than are counted may the counts differ, and they say so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.records import (
    EntitySet,
    KnownRows,
    Statistics,
    StatisticsRef,
)
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.entities.codec import Chunk, normalise
from healthsim_lake.entities.figures import figures_of
from healthsim_lake.entities.types import EntityType
from healthsim_lake.scenarios.summarising.shorten import shortened
from healthsim_lake.scenarios.writing.sources import Batch
from healthsim_lake.storage import Storage
from healthsim_lake.tables.measuring.files import measured_file
from healthsim_lake.tables.measuring.picking import reservoir, rows_at, rows_of_chunk
from healthsim_lake.tables.measuring.statistics import TableStatistics, dated, from_document, merged
from healthsim_lake.tables.places import refs
from healthsim_lake.tables.writer import FileWriter

CANDIDATES = 5
"""Rows of each table that are kept; summaries choose among them."""
LONGEST_ROW = 1_000
"""Characters of JSON of a row that is kept; longer ones are shortened."""

Row = dict[str, Any]
Picked = tuple[str, list[tuple[int, Row]]]
"""Rows of a table with their positions in it."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a transaction does to tables that are there.

    Attributes:
        added: By table, the files whose rows come behind those that were there.
        moved: Tables of which rows are gone, or stand elsewhere.
        recoded: Tables whose rows are the same in other columns.
    """

    added: Mapping[str, EntitySet] = field(default_factory=dict)
    moved: Collection[str] = ()
    recoded: Collection[str] = ()


class Gathering:
    """Statistics of one scenario, while a transaction gives it rows.

    Args:
        storage: Where its files are.
        scenario_id: Whose rows they are.
        former: What is known of the rows that the scenario has; None if nothing is.
        before: Rows by table that stand in front of those that are written.
    """

    def __init__(
        self,
        storage: Storage,
        scenario_id: str,
        *,
        former: Statistics | None = None,
        before: Mapping[str, int] | None = None,
    ) -> None:
        self._storage, self._scenario_id = storage, scenario_id
        self.seed = scenario_id if former is None else former.seed
        self._former: Mapping[str, KnownRows] = {} if former is None else former.tables
        self._before: Mapping[str, int] = before or {}
        self._seen: dict[str, dict[int, Row]] = {}

    def rebase(self, former: Statistics | None) -> None:
        """Take other rows as those that the scenario has: it changed meanwhile."""
        self._former = {} if former is None else former.tables
        seed = self._scenario_id if former is None else former.seed
        if seed != self.seed:
            self.seed, self._seen = seed, {}

    def pick(self, table: str, batch: Batch, chunk: Chunk, *, offset: int) -> Picked:
        """Return what may become samples of rows that are about to be written; see `keep`.

        The caller may change his rows afterwards.

        Args:
            table: Where to.
            batch: The rows as they were given.
            chunk: The same rows, encoded.
            offset: Rows of the table that this transaction wrote before.
        """
        start = self._before.get(table, 0) + offset
        chosen = positions(self.seed, table, start + chunk.rows)
        own = [position - start for position in chosen if position >= start]
        if not own:
            rows = []
        elif isinstance(batch, pa.Table):
            rows = rows_of_chunk(chunk, own)
        else:
            rows = [normalise(batch[at], table=table) for at in own]
        return table, [(start + at, row) for at, row in zip(own, rows, strict=True)]

    def keep(self, picked: Picked) -> None:
        """Keep the rows that were picked, no longer than samples are."""
        table, rows = picked
        seen = self._seen.setdefault(table, {})
        seen.update((at, shortened(row, LONGEST_ROW)) for at, row in rows)

    def conclude(
        self,
        sets: Iterable[EntitySet],
        type_of: Callable[[str], EntityType],
        *,
        writer: FileWriter,
        changes: Changes | None = None,
    ) -> StatisticsRef | None:
        """Keep what is known of all rows of the scenario, and return what a commit says of it.

        None if there are no rows. For the arguments see `entries`; `writer` knows its own files.
        """
        tables = self.entries(sets, type_of, written=writer.statistics, changes=changes)
        if not tables:
            return None
        # Not checked: what is odd here is computed anew when it is read, and no reason to fail.
        known = Statistics.model_construct(seed=self.seed, tables=tables)
        return writer.keep_statistics(known, self._scenario_id)

    def entries(
        self,
        sets: Iterable[EntitySet],
        type_of: Callable[[str], EntityType],
        *,
        written: Mapping[str, TableStatistics],
        changes: Changes | None = None,
    ) -> dict[str, KnownRows]:
        """Return what is known of each table that has rows.

        Args:
            sets: The tables as they will be.
            type_of: Gives a table's type.
            written: Statistics of files that were just written, by name; others are read.
            changes: What happens to the tables that were there; None if all rows are new.
        """
        done = changes or Changes()
        found = {}
        for one in sets:
            known = self._former.get(one.table)
            same = one.table not in done.added and one.table not in done.recoded
            if known is not None and same:
                found[one.table] = known
            elif one.files:
                found[one.table] = self._entry(one, type_of(one.table), done, written=written)
        return found

    def _entry(
        self,
        one: EntitySet,
        entity_type: EntityType,
        done: Changes,
        *,
        written: Mapping[str, TableStatistics],
    ) -> KnownRows:
        former, added = self._former.get(one.table), done.added.get(one.table)
        moved = one.table in done.moved
        if former is None or added is None or moved:
            files, known = one, []
        else:
            files, known = added, [from_document(former)]
        figures = figures_of(entity_type)
        parts = [
            dated(
                written.get(ref.file.name) or measured_file(self._storage, ref, entity_type),
                figures,
                ref.file.bounds,
            )
            for ref in refs(files, self._scenario_id)
        ]
        statistics = merged([*known, *parts], guessed=figures.guessed)
        return statistics.document(self._samples(one, added, moved=moved))

    def _samples(
        self, one: EntitySet, added: EntitySet | None, *, moved: bool
    ) -> list[tuple[int, Row]]:
        known: dict[int, Row] = {}
        if not moved:
            former = self._former.get(one.table)
            known.update(() if former is None else former["samples"])
            if one.rows - (added or one).rows == self._before.get(one.table, 0):
                known.update(self._seen.get(one.table, {}))
        wanted = positions(self.seed, one.table, one.rows)
        missing = [position for position in wanted if position not in known]
        if missing:
            found = rows_at(self._storage, refs(one, self._scenario_id), missing)
            known.update((at, shortened(row, LONGEST_ROW)) for at, row in found.items())
        return [(position, known[position]) for position in wanted]


def positions(seed: str, table: str, rows: int, *, count: int = CANDIDATES) -> tuple[int, ...]:
    """Return the positions of `count` rows from all over a table; the same for the same seed."""
    return reservoir(f"{seed}/{table}", rows, count)


def carried(
    log: CommitLog,
    source: ScenarioState,
    *,
    writer: FileWriter,
    scenario_id: str,
    version: int | None = None,
    tables: Iterable[str] | None = None,
) -> StatisticsRef | None:
    """Keep the statistics of rows that become those of another state, or scenario, unchanged.

    Args:
        log: The lake's log.
        source: Whose rows they are.
        writer: Of the transaction that carries them over.
        scenario_id: Whose rows they will be.
        version: The state that they are taken from; None for the newest.
        tables: Take only these tables; None for all.

    Returns:
        What a commit says of them. None if nothing is known of the rows; it is computed when it
        is asked for.
    """
    known = log.statistics(source, version)
    if known is None:
        return None
    wanted = known.tables if tables is None else set(tables)
    part = {table: entry for table, entry in known.tables.items() if table in wanted}
    return writer.keep_statistics(Statistics(seed=known.seed, tables=part), scenario_id)
