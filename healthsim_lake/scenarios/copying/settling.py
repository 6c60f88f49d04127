"""Conflicts between the sources of a merge, settled table by table before a file is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from healthsim_lake.catalog.records import EntitySet
from healthsim_lake.entities.identity import Identifiers
from healthsim_lake.entities.types import EntityType
from healthsim_lake.scenarios.copying.originals import Original
from healthsim_lake.scenarios.copying.renumbering import held_ids
from healthsim_lake.storage import Storage
from healthsim_lake.tables.places import FileRef, refs
from healthsim_lake.tables.rewriting.conflicts import held_before, read_keys, resolve, rows_with
from healthsim_lake.tables.rewriting.fresh_ids import Substitution, fresh_beside
from healthsim_lake.tables.rewriting.substitute import Rule

if TYPE_CHECKING:
    import polars as pl

SourceTable = tuple[int, str]
"""Position of a source, and a table of it."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What becomes of the files of all sources; those that nothing speaks of stay as they are.

    Attributes:
        leaving: Positions of the rows that leave, by file name.
        rules: What becomes of identifiers.
        conflicts: Rows that leave or get new identifiers, by source and table.
    """

    leaving: dict[SourceTable, dict[str, pl.Series]] = field(default_factory=dict)
    rules: dict[SourceTable, list[Rule]] = field(default_factory=dict)
    conflicts: dict[int, dict[str, int]] = field(default_factory=dict)


def settle(
    storage: Storage,
    sources: Sequence[Original],
    strategy: str,
    *,
    types: Mapping[str, EntityType],
    identifiers: Identifiers,
    seed: str,
) -> Settlement:
    """Settle the conflicts between `sources`.

    Memory: the identifiers of one table at a time, and what becomes of those in conflict.

    Args:
        storage: Where the files are.
        sources: The sources, in order.
        strategy: A checked one.
        types: Types of all tables.
        identifiers: Says what identifies and what points.
        seed: Decides new identifiers.
    """
    settling = _Settling(storage, sources, types=types, identifiers=identifiers, seed=seed)
    for table in () if strategy == "keep" else settling.shared_tables():
        if strategy == "rename":
            settling.rename(table)
        else:
            settling.drop(table, last_wins=strategy == "overwrite")
    return settling.settlement()


class _Settling:
    def __init__(
        self,
        storage: Storage,
        sources: Sequence[Original],
        *,
        types: Mapping[str, EntityType],
        identifiers: Identifiers,
        seed: str,
    ) -> None:
        self._storage, self._types, self._identifiers = storage, types, identifiers
        self._seed = seed
        self._files: dict[str, dict[int, list[FileRef]]] = {}
        for at, source in enumerate(sources):
            for one in filter(_has_files, source.sets):
                self._files.setdefault(one.table, {})[at] = refs(one, source.id)
        self._own: dict[SourceTable, Substitution] = {}
        self._follow: dict[tuple[int, str, str | None], Substitution] = {}
        self._result = Settlement()

    def shared_tables(self) -> list[str]:
        """Return the tables with a key of which several sources have rows."""
        return [
            table
            for table, by_source in self._files.items()
            if self._types[table].key is not None and len(by_source) > 1
        ]

    def drop(self, table: str, *, last_wins: bool) -> None:
        """Let one row of each key stay."""
        files = self._files_of(table)
        found = resolve(self._keys(table, files), last_wins=last_wins)
        for number, positions in found.leaving.items():
            at, ref = files[number]
            self._result.leaving.setdefault((at, table), {})[ref.file.name] = positions
        names = self._names(table)
        for (at, position), way in found.redirected.items():
            self._follow[at, table, None if position is None else names[position]] = way
        for at, rows in found.conflicts.items():
            self._result.conflicts.setdefault(at, {})[table] = rows

    def rename(self, table: str) -> None:
        """Give new identifiers to rows of later sources where earlier ones have theirs."""
        by_source = self._files[table]
        held = [
            held_ids(self._storage, files, self._types[table], identifiers=self._identifiers)
            for files in by_source.values()
        ]
        rows = None
        for at, ids in zip(by_source, held_before(held), strict=True):
            if ids.is_empty():
                continue
            rows = self._keys(table, self._files_of(table)) if rows is None else rows
            way = fresh_beside(f"{self._seed}/{at}", ids, held)
            self._own[at, table] = self._follow[at, table, None] = way
            self._result.conflicts.setdefault(at, {})[table] = rows_with(rows, at, ids)

    def settlement(self) -> Settlement:
        """Return what was found, with the rules that follow from it."""
        for table, by_source in self._files.items():
            for at in by_source:
                rules = self._rules(at, table)
                if rules:
                    self._result.rules[at, table] = rules
        return self._result

    def _rules(self, at: int, table: str) -> list[Rule]:
        rules = []
        for column in self._identifiers.of(self._types[table]):
            own = self._own.get((at, table)) if column.own else None
            exact, any_column = (
                self._follow.get((at, column.target or "", by))
                for by in (column.target_column or "", None)
            )
            ways = tuple(way for way in (own, exact, any_column) if way is not None)
            if ways:
                rules.append(Rule(column, ways))
        return rules

    def _files_of(self, table: str) -> list[tuple[int, FileRef]]:
        return [(at, ref) for at, files in self._files[table].items() for ref in files]

    def _keys(self, table: str, files: Sequence[tuple[int, FileRef]]) -> pl.DataFrame:
        return read_keys(self._storage, files, self._names(table))

    def _names(self, table: str) -> list[str]:
        """Return the identifying columns of a table, the key first."""
        own = [one.name for one in self._identifiers.of(self._types[table]) if one.own]
        return list(dict.fromkeys([self._types[table].key or "", *own]))


def _has_files(one: EntitySet) -> bool:
    return bool(one.files)
