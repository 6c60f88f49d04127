"""A few rows of a table, exactly as they were saved."""

from __future__ import annotations

from random import Random
from typing import Any, Literal

from healthsim_lake._shown import shown
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.records import EntitySet
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.entities.figures import figures_of
from healthsim_lake.errors import InputError
from healthsim_lake.scenarios.entity_types import EntityTypes
from healthsim_lake.scenarios.loading import choose_sets
from healthsim_lake.scenarios.summarising.diversity import most_different
from healthsim_lake.scenarios.summarising.statistics import CANDIDATES, positions
from healthsim_lake.storage import Storage
from healthsim_lake.tables.measuring.picking import columns_of, rows_at
from healthsim_lake.tables.places import FileRef, refs

Strategy = Literal["diverse", "random", "recent"]
STRATEGIES: tuple[Strategy, ...] = ("diverse", "random", "recent")


def check_request(count: int, strategy: str) -> None:
    """Refuse what is no number of rows, or no way of choosing them.

    Raises:
        InputError: Says which.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise InputError(f"count={shown(count)}: give a number of rows, 0 or more")
    if strategy not in STRATEGIES:
        raise InputError(
            f"strategy={shown(strategy)} is not known; use one of {', '.join(STRATEGIES)}"
        )


class Sampling:
    """Chooses rows of the tables of one scenario.

    Args:
        log: The lake's log.
        snapshot: Gives the columns of the tables.
        state: The scenario.
        known: Says which table a name means, and what columns it has.
    """

    def __init__(
        self, log: CommitLog, snapshot: Snapshot, state: ScenarioState, known: EntityTypes
    ) -> None:
        self._log, self._snapshot, self._state, self._known = log, snapshot, state, known

    def rows(
        self, name: str, *, count: int, strategy: Strategy, seed: int | str | None
    ) -> list[dict[str, Any]]:
        """Return up to `count` rows of the type that `name` means.

        Raises:
            EntityTypeNotFoundError: The scenario holds no such type.
            IntegrityError: A file is missing or altered.
        """
        manifest = self._log.manifest(self._state)
        (one,) = choose_sets(manifest, [name], self._known.registry(), self._state.record)
        files = refs(one, self._state.record.id)
        storage = self._log.storage
        if strategy == "recent":
            order = self._recent(one, files, count)
            found = rows_at(storage, files, order)
            return [found[position] for position in order]
        if strategy == "random":
            drawn = Random(seed).sample(range(one.rows), min(count, one.rows))  # noqa: S311  # no secret
            return list(rows_at(storage, files, drawn).values())
        chosen = positions(
            self._seed(seed), one.table, one.rows, count=max(CANDIDATES, 2 * count - 1)
        )
        return most_different(list(rows_at(storage, files, chosen).values()), count)

    def _seed(self, given: int | str | None) -> str:
        """Return what makes the samples those of the summary, unless another seed is given."""
        if given is not None:
            return str(given)
        kept = self._log.statistics(self._state)
        return self._state.record.id if kept is None else kept.seed

    def _recent(self, one: EntitySet, files: list[FileRef], count: int) -> list[int]:
        """Return the positions of the latest rows, the latest first; undated rows come last."""
        last = range(one.rows - 1, -1, -1)
        dates = figures_of(self._known.at(one.table, self._snapshot)).dates
        column = next((name for name in dates if any(name in f.file.bounds for f in files)), None)
        if column is None:
            return list(last[:count])
        dated = _latest(self._log.storage, files, column, count)
        if len(dated) < count:
            there = set(dated)
            dated += [position for position in last if position not in there]
        return dated[:count]


def _latest(storage: Storage, files: list[FileRef], column: str, count: int) -> list[int]:
    """Return the positions of the latest dates; files that end too early are not opened."""
    starts, rows = [], 0
    for ref in files:
        starts.append(rows)
        rows += ref.file.rows
    ends = [ref.file.bounds.get(column, ("", ""))[1] for ref in files]
    best: list[tuple[str, int]] = []
    for at in sorted(range(len(files)), key=lambda at: (ends[at], at), reverse=True):
        full = len(best) == count
        if not ends[at] or (full and (not best or ends[at] < best[-1][0])):
            break
        cells = columns_of(storage, files[at], [column])[column].to_pylist()
        dated = [
            (cell.isoformat(), starts[at] + row)
            for row, cell in enumerate(cells)
            if cell is not None
        ]
        best = sorted([*best, *dated], reverse=True)[:count]
    return [position for _, position in best]
