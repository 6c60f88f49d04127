"""What checking a table found: complete counts, and some of the rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from healthsim_lake.tables.inspecting.checks import Rule

_PROBLEMS = pl.Schema(
    {
        "table": pl.String,
        "row": pl.Int64,
        "key": pl.String,
        "column": pl.String,
        "rule": pl.String,
        "value": pl.String,
        "expected": pl.String,
    }
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One value that breaks a rule.

    Attributes:
        table: Entity key of the row.
        row: Position of the row among those of its type as they load, counted from 0.
        key: Key of the row, or None if it has none.
        column: Column that breaks the rule.
        rule: The rule, see `Comparisons.validate`.
        value: The row's value as JSON text, shortened; None where there is none.
        expected: What would be right.
    """

    table: str
    row: int
    key: str | None
    column: str
    rule: Rule
    value: str | None
    expected: str

    def to_dict(self) -> dict[str, Any]:
        """Return the problem as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """All rows of a table that break one rule in one column.

    Attributes:
        table: Entity key.
        column: The column.
        rule: The rule.
        count: Number of rows that break it.
        expected: What would be right.
        problems: The first of them.
    """

    table: str
    column: str
    rule: Rule
    count: int
    expected: str
    problems: tuple[Problem, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON values."""
        return {
            "table": self.table,
            "column": self.column,
            "rule": self.rule,
            "count": self.count,
            "expected": self.expected,
            "problems": [one.to_dict() for one in self.problems],
        }


@dataclass(frozen=True, slots=True)
class Unjudged:
    """References of one column that were not judged.

    Attributes:
        table: Entity key.
        column: The column.
        target: ``table.column`` that it points to.
        count: Number of values.
        reason: Why not.
    """

    table: str
    column: str
    target: str
    count: int
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def problems_frame(problems: Iterable[Problem]) -> pl.DataFrame:
    """Return problems as a Polars frame, one in a row."""
    return pl.DataFrame([one.to_dict() for one in problems], schema=_PROBLEMS, orient="row")
