"""All tables of a scenario checked, file by file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import islice

import polars as pl

from healthsim_lake import _json
from healthsim_lake.catalog.records import EntitySet
from healthsim_lake.entities.codec import SMALL_ROWS, Shape, decode, encode_rows
from healthsim_lake.entities.codec.plan import layout_of, node_of
from healthsim_lake.entities.registry import Reference, Registry
from healthsim_lake.entities.types import EntityType
from healthsim_lake.storage import Storage
from healthsim_lake.tables import parquet, places
from healthsim_lake.tables.comparing.bundle import Bundle, as_frame, read_bundle
from healthsim_lake.tables.comparing.keys import key_places, row_keys
from healthsim_lake.tables.inspecting.checks import RULES, Broken, Checked, Rule
from healthsim_lake.tables.inspecting.findings import Finding, Problem, Unjudged
from healthsim_lake.tables.inspecting.misfits import value_at
from healthsim_lake.tables.places import FileRef, refs

NIL_REASON = "empty or all zeros, taken for no reference"
UNKNOWN_REASON = "the scenario gives the column that they point to no value"
LONGEST_VALUE = 80
"""A value in a report is cut to this many characters."""


class Targets:
    """Values that references may point to; tables are read for them only if that is needed.

    Args:
        storage: Where the files are.
        sets: All entity sets of the scenario by table, with their types.
        scenario_id: Whose they are.
    """

    def __init__(
        self, storage: Storage, sets: Mapping[str, tuple[EntitySet, EntityType]], scenario_id: str
    ) -> None:
        self._storage, self._sets, self._scenario_id = storage, sets, scenario_id
        self._known: dict[tuple[str, str], pl.Series] = {}

    def has(self, reference: Reference) -> bool:
        """Return whether the scenario has the table and column that a reference points to."""
        held = self._sets.get(reference.target_table)
        return held is not None and reference.target_column in held[1].by_name

    def keep(self, table: str, column: str, values: Sequence[pl.Series]) -> None:
        """Take values that were come across while the table was checked."""
        self._known[table, column] = pl.concat([_no_text(), *values]).unique()

    def of(self, table: str, column: str) -> pl.Series:
        """Return the different values of a column, as text."""
        if (table, column) not in self._known:
            one, entity_type = self._sets[table]
            files = refs(one, self._scenario_id)
            self.keep(table, column, [self._given(ref, entity_type, column) for ref in files])
        return self._known[table, column]

    def _given(self, ref: FileRef, entity_type: EntityType, column: str) -> pl.Series:
        if column == entity_type.key:
            only = key_places(entity_type)
            bundle = read_bundle(self._storage, [ref], only=only)
            return row_keys(bundle, entity_type).drop_nulls().unique()
        return _read(self._storage, ref, entity_type).given(column)


def _no_text() -> pl.Series:
    return pl.Series([], dtype=pl.String)


class Inspection:
    """Checks the tables of one scenario.

    Args:
        storage: Where the files are.
        registry: Says what refers to what.
        targets: Gives the values that references may point to.
        limit: Rows to show for each finding; None for all.
    """

    def __init__(
        self, storage: Storage, registry: Registry, targets: Targets, *, limit: int | None
    ) -> None:
        self._storage, self._registry, self._targets = storage, registry, targets
        self._limit = limit
        self.unjudged: list[Unjudged] = []

    def order(self, tables: Sequence[str]) -> list[str]:
        """Return tables so that those pointed to come first, whose values are then known."""
        graph: dict[str, set[str]] = {
            table: {
                one.target_table
                for one in self._registry.references_of(table)
                if one.target_table in tables and one.target_table != table
            }
            for table in tables
        }
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError:
            return list(tables)

    def check(self, one: EntitySet, entity_type: EntityType, scenario_id: str) -> list[Finding]:
        """Check the rows of one entity set, holding one file and the keys of all at a time."""
        tally = _Tally(one.key, entity_type, self._limit)
        references = self._references(one)
        wanted = {ref.target_column for ref in self._registry.references_to(one.table)}
        wanted &= entity_type.by_name.keys()
        given: dict[str, list[pl.Series]] = {column: [] for column in wanted}
        left = dict.fromkeys(references, 0)
        keys: list[pl.Series] = []
        for ref in refs(one, scenario_id):
            file = _read(self._storage, ref, entity_type)
            for broken in file.broken():
                tally.add(broken, file)
            for reference, values in references.items():
                dangling, unjudged = file.dangling(reference, values)
                tally.add(dangling, file)
                left[reference] += unjudged
            for column, found in given.items():
                found.append(file.given(column))
            keys.append(file.keys)
            tally.offset += len(file.bundle)
        for column, found in given.items():
            self._targets.keep(one.table, column, found)
        self._note(one.key, references, left)
        if entity_type.key is not None and keys:
            tally.add_repeated(entity_type.key, pl.concat(keys))
        return tally.findings()

    def _references(self, one: EntitySet) -> dict[Reference, pl.Series]:
        """Return what columns point to inside of this scenario, with the values they may have."""
        return {
            reference: self._targets.of(reference.target_table, reference.target_column)
            for reference in self._registry.references_of(one.table)
            if one.files and self._targets.has(reference)
        }

    def _note(
        self, key: str, references: Mapping[Reference, pl.Series], left: Mapping[Reference, int]
    ) -> None:
        for reference, count in left.items():
            if count:
                target = f"{reference.target_table}.{reference.target_column}"
                reason = NIL_REASON if len(references[reference]) else UNKNOWN_REASON
                self.unjudged.append(Unjudged(key, reference.column, target, count, reason))


def _read(storage: Storage, ref: FileRef, entity_type: EntityType) -> Checked:
    """Read a file; one from before its table got other columns gets those of now."""
    data = places.read_checked(storage, ref)
    if ref.file.rows < SMALL_ROWS:
        table, shapes = parquet.read_table(data, where=str(ref))
        frame = as_frame(table)
    else:
        frame, shapes = parquet.read_frame(data, where=str(ref))
    if frame.schema != as_frame(entity_type.arrow_schema.empty_table()).schema:
        frame, shapes = _recoded(frame, shapes, entity_type)
    bundle = Bundle(frame, shapes)
    return Checked.of(bundle, row_keys(bundle, entity_type), entity_type)


def _recoded(
    frame: pl.DataFrame, shapes: tuple[Shape, ...], entity_type: EntityType
) -> tuple[pl.DataFrame, tuple[Shape, ...]]:
    rows = decode(frame, shapes)
    chunk = encode_rows(entity_type, rows, defaults={}, table=entity_type.name)
    frame = chunk.data if isinstance(chunk.data, pl.DataFrame) else as_frame(chunk.data)
    return frame, chunk.shapes


class _Tally:
    """What was found in one table so far.

    Attributes:
        offset: Rows of the table before the file at hand.
    """

    def __init__(self, key: str, entity_type: EntityType, limit: int | None) -> None:
        self._key, self._type, self._limit = key, entity_type, limit
        self._found: dict[tuple[Rule, str], tuple[int, str, list[Problem]]] = {}
        self.offset = 0

    def add(self, broken: Broken, file: Checked) -> None:
        """Count rows that break a rule, and keep the first of them."""
        if not len(broken.positions):
            return
        known = (broken.rule, broken.column)
        count, expected, problems = self._found.get(known, (0, broken.expected, []))
        room = None if self._limit is None else max(0, self._limit - len(problems))
        problems += islice(self._problems(broken, file, room), room)
        self._found[known] = (count + len(broken.positions), expected, problems)

    def _problems(self, broken: Broken, file: Checked, most: int | None) -> Iterator[Problem]:
        positions = broken.positions[:most]
        layout = layout_of(self._type)
        for position, row in zip(positions, file.bundle.at(positions).rows(), strict=True):
            path = layout.plan(node_of(row, layout.tree)).feeds.get(broken.column)
            value = None if path is None else value_at(row, path)
            yield Problem(
                table=self._key,
                row=self.offset + position,
                key=file.keys[position],
                column=broken.column,
                rule=broken.rule,
                value=None if value is None else shortened(_json.dumps_text(value)),
                expected=broken.expected,
            )

    def add_repeated(self, column: str, keys: pl.Series) -> None:
        """Count rows whose key an earlier row has."""
        if keys.drop_nulls().n_unique() == keys.count():
            return
        rows = pl.DataFrame({"key": keys}).with_row_index("row").drop_nulls("key")
        rows = rows.with_columns(first=pl.col("row").first().over("key"))
        again = rows.filter(pl.col("row") != pl.col("first"))
        shown = again if self._limit is None else again.head(self._limit)
        problems = [
            Problem(
                table=self._key,
                row=row,
                key=key,
                column=column,
                rule="repeated",
                value=shortened(_json.dumps_text(key)),
                expected=f"a key of its own; row {first} has it",
            )
            for row, key, first in shown.select("row", "key", "first").iter_rows()
        ]
        self._found["repeated", column] = (len(again), "a key of its own", problems)

    def findings(self) -> list[Finding]:
        """Return what was found, by column in their order."""
        order = {spec.name: place for place, spec in enumerate(self._type.columns)}
        return [
            Finding(self._key, column, rule, count, expected, tuple(problems))
            for (rule, column), (count, expected, problems) in sorted(
                self._found.items(), key=lambda item: (order[item[0][1]], RULES.index(item[0][0]))
            )
        ]


def shortened(text: str) -> str:
    """Return a text cut to `LONGEST_VALUE` characters."""
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
