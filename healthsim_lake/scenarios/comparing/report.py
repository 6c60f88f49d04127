"""What validation found: counts by rule, rows to look at, as text, JSON and Polars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from healthsim_lake import _json
from healthsim_lake.catalog.records import ScenarioRecord
from healthsim_lake.tables.inspecting.checks import RULES
from healthsim_lake.tables.inspecting.findings import Finding, Problem, Unjudged, problems_frame

if TYPE_CHECKING:
    import polars as pl

_SHOWN = 3
"""Problems of a finding that its text names."""


@dataclass(frozen=True)
class ValidationReport:
    """The problems of one scenario, or that there are none.

    Attributes:
        record: The scenario's record, of the version that was checked.
        rows: Number of rows that were checked, by entity key.
        findings: One for each rule that a column of a table breaks, with complete counts.
        unjudged: References that could not be judged, or point to nothing on purpose.
    """

    record: ScenarioRecord
    rows: Mapping[str, int]
    findings: tuple[Finding, ...]
    unjudged: tuple[Unjudged, ...]

    @property
    def ok(self) -> bool:
        """Whether no rule is broken."""
        return not self.findings

    @property
    def error_count(self) -> int:
        """Number of broken rules, counted once for each row and column."""
        return sum(one.count for one in self.findings)

    @property
    def errors_by_rule(self) -> dict[str, int]:
        """Number of errors for each rule that is broken."""
        counts = {
            rule: sum(one.count for one in self.findings if one.rule == rule) for rule in RULES
        }
        return {rule: count for rule, count in counts.items() if count}

    @property
    def errors_by_table(self) -> dict[str, int]:
        """Number of errors for each entity key that has some."""
        counts = {
            key: sum(one.count for one in self.findings if one.table == key) for key in self.rows
        }
        return {key: count for key, count in counts.items() if count}

    def problems(self) -> Iterator[Problem]:
        """Yield the rows that are shown, of all findings."""
        for finding in self.findings:
            yield from finding.problems

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "scenario_id": self.record.id,
            "name": self.record.name,
            "version": self.record.version,
            "ok": self.ok,
            "error_count": self.error_count,
            "errors_by_rule": self.errors_by_rule,
            "rows": dict(self.rows),
            "findings": [one.to_dict() for one in self.findings],
            "unjudged": [one.to_dict() for one in self.unjudged],
        }

    def to_json(self) -> str:
        """Return the report as JSON text."""
        return _json.dumps_text(self.to_dict())

    def to_polars(self) -> pl.DataFrame:
        """Return the problems that are shown, one in a row of a Polars frame."""
        return problems_frame(self.problems())

    def __repr__(self) -> str:
        found = ", ".join(f"{rule}: {count:,}" for rule, count in self.errors_by_rule.items())
        name = f"{self.record.name!r} version {self.record.version}"
        return f"<ValidationReport {name} ({found or 'ok'})>"

    def __str__(self) -> str:
        rows = sum(self.rows.values())
        head = f"{self.record.name!r} version {self.record.version}: {rows:,} rows checked, "
        lines = [head + (f"{self.error_count:,} problems" if self.findings else "no problems")]
        for one in self.findings:
            lines.append(
                f"{one.table}.{one.column}: {one.rule}, {one.count:,} rows; expected {one.expected}"
            )
            lines += [
                f"  row {shown.row}{_key(shown)}: {shown.value or 'nothing'}"
                for shown in one.problems[:_SHOWN]
            ]
        for left in self.unjudged:
            target = f"{left.table}.{left.column} -> {left.target}"
            lines.append(f"not judged: {target}: {left.count:,} values, {left.reason}")
        return "\n".join(lines)


def _key(problem: Problem) -> str:
    return "" if problem.key is None else f" ({problem.key})"
