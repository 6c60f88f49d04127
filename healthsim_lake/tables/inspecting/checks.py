"""The rules of an entity type, applied to the columns of one file at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

import polars as pl

from healthsim_lake.entities.registry import Reference
from healthsim_lake.entities.types import EntityType, FieldSpec
from healthsim_lake.tables.comparing.bundle import Bundle
from healthsim_lake.tables.inspecting.misfits import Misfits, find_misfits

Rule = Literal["missing", "type", "rounded", "values", "reference", "repeated"]
RULES: tuple[Rule, ...] = ("missing", "type", "rounded", "values", "reference", "repeated")

_NIL = r"^[0-]*$"
"""Ids that point to nothing: empty, or all zeros, as the nil UUID is."""


class Broken(NamedTuple):
    """Rows of a file that break a rule in a column.

    Attributes:
        rule: The rule.
        column: The column.
        positions: Positions of the rows in the file, ascending.
        expected: What would be right.
    """

    rule: Rule
    column: str
    positions: pl.Series
    expected: str


class Checked(NamedTuple):
    """One file, ready to be checked.

    Attributes:
        bundle: Its rows; all columns of the type are there.
        keys: Key of each row.
        misfits: Values that do not fit.
        entity_type: The type.
    """

    bundle: Bundle
    keys: pl.Series
    misfits: Misfits
    entity_type: EntityType

    @classmethod
    def of(cls, bundle: Bundle, keys: pl.Series, entity_type: EntityType) -> Checked:
        """Look for misfits in a file."""
        return cls(bundle, keys, find_misfits(bundle, entity_type), entity_type)

    def broken(self) -> Iterator[Broken]:
        """Yield what breaks a rule that concerns the rows alone."""
        for spec in self.entity_type.fields:
            if spec.required:
                yield self._missing(spec)
            for wrong in ("type", "rounded"):
                rows = self.misfits.get((spec.name, wrong), ())
                yield Broken(wrong, spec.name, _positions(rows), _EXPECTED[wrong].format(spec.type))
            if spec.values:
                yield self._outside(spec)

    def dangling(self, reference: Reference, targets: pl.Series) -> tuple[Broken, int]:
        """Return the rows whose reference is not among `targets`, and how many cannot be judged.

        That is all of them if there are no targets, and those that hold a nil id.
        """
        cells = self._fitting(reference.column).cast(pl.String)
        expected = f"a value of {reference.target_table}.{reference.target_column}"
        if len(targets):
            lost = cells.is_not_null() & ~cells.is_in(targets.implode())
            is_nil = cells.str.contains(_NIL).fill_null(value=False)
            rows, unjudged = (lost & ~is_nil).arg_true(), int((lost & is_nil).sum())
        else:
            rows, unjudged = _positions(()), cells.count()
        return Broken("reference", reference.column, rows, expected), unjudged

    def given(self, column: str) -> pl.Series:
        """Return the different values that rows were given for a column, as text."""
        cells = self.keys if column == self.entity_type.key else self._cells(column)
        return cells.cast(pl.String).drop_nulls().unique()

    def _missing(self, spec: FieldSpec) -> Broken:
        cells = self.keys if spec.name == self.entity_type.key else self._cells(spec.name)
        rows = cells.is_null()
        self._except_misfits(spec.name, rows)
        return Broken("missing", spec.name, rows.arg_true(), f"a value ({spec.type})")

    def _outside(self, spec: FieldSpec) -> Broken:
        cells = self._fitting(spec.name).cast(pl.String)
        outside = cells.is_not_null() & ~cells.is_in(list(spec.values))
        expected = f"one of {', '.join(spec.values)}"
        return Broken("values", spec.name, outside.arg_true(), expected)

    def _fitting(self, column: str) -> pl.Series:
        """Return the cells of a column, null where the value has the wrong type."""
        rows = self.misfits.get((column, "type"))
        cells = self._cells(column)
        return cells.clone().scatter(_positions(rows), None) if rows else cells

    def _except_misfits(self, column: str, rows: pl.Series) -> None:
        wrong = self.misfits.get((column, "type"))
        if wrong:
            rows.scatter(_positions(wrong), False)

    def _cells(self, column: str) -> pl.Series:
        return self.bundle.frame[column]


_EXPECTED: Mapping[str, str] = {"type": "{}", "rounded": "what {} can hold"}


def _positions(rows: Iterable[int] | None) -> pl.Series:
    return pl.Series(rows, dtype=pl.get_index_type())
