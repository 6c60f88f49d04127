"""Commands that compare scenarios with each other, and with what their types say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from healthsim_lake import _json
from healthsim_lake._shown import shown
from healthsim_lake.cli.options import (
    DebugOption,
    JsonOption,
    LakeOption,
    RefArgument,
    TypesOption,
    VersionOption,
    complete_scenario,
    open_lake,
)
from healthsim_lake.cli.output import note, print_heading, print_json, print_line, print_table
from healthsim_lake.cli.program import FAILED
from healthsim_lake.cli.tables import Column

if TYPE_CHECKING:
    from healthsim_lake.scenarios.comparing.difference import Difference, TableDifference
    from healthsim_lake.scenarios.comparing.report import ValidationReport

_COUNTS = ("added", "removed", "changed", "unchanged")
_TYPES = (
    Column("type"),
    *(Column(name, right=True) for name in _COUNTS),
    Column("changed columns"),
)
_ROWS = tuple(map(Column, ("change", "key", "column", "before", "after")))
_FINDINGS = (
    Column("type"),
    Column("column"),
    Column("rule"),
    Column("rows", right=True),
    Column("expected"),
    Column("first row", right=True),
    Column("its value"),
)
_RANGE = re.compile(r"(\d*)\.\.(\d*)")

FirstArgument = Annotated[
    str,
    typer.Argument(
        metavar="A",
        help="Name or id of a scenario.",
        autocompletion=complete_scenario,
        show_default=False,
    ),
]
SecondArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[B]",
        help="Another one; without it, two versions of A are compared.",
        autocompletion=complete_scenario,
        show_default=False,
    ),
]


def diff(
    context: typer.Context,
    first: FirstArgument,
    second: SecondArgument = None,
    *,
    versions: Annotated[
        str | None,
        typer.Option(
            "--versions",
            metavar="N..M",
            help="Versions of A, or of A and B; 1.. and ..3 work, too.",
        ),
    ] = None,
    version_a: Annotated[
        int | None, typer.Option("--from", min=1, metavar="N", help="Version of A.")
    ] = None,
    version_b: Annotated[
        int | None, typer.Option("--to", min=1, metavar="N", help="Version of B, or of A.")
    ] = None,
    types: TypesOption = None,
    rows: Annotated[
        str | None,
        typer.Option("--rows", metavar="TYPE", help="Show the rows of this entity type, too."),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, help="With --rows: at most so many rows of each kind.")
    ] = 20,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Tell what differs between two scenarios, or two versions of one.

    With one scenario and no versions: the newest version, and the one before. Rows are matched by
    the key of their type; their order does not matter.

    JSON: {before, after, is_empty, counts, types}; each type has added, removed, changed and
    unchanged, and columns with the number of changed rows. With --rows also `rows`: {type, added,
    removed, changed}, where a changed row has key, columns, before and after.

    Example: `healthsim-lake diff my-cohort --versions 1..3 --rows patients`
    """
    if versions is not None:
        if version_a is not None or version_b is not None:
            raise typer.BadParameter(
                "--versions says the same as --from and --to; give one of them"
            )
        version_a, version_b = _range(versions)
    with open_lake(context, at, debug=debug) as lake:
        found = lake.scenarios.diff(
            first, second, version_a=version_a, version_b=version_b, types=types or None
        )
        table = None if rows is None else found[rows]
        if as_json:
            shown = {} if table is None else {"rows": _rows_json(table, limit)}
            print_json({**found.to_dict(), **shown})
            return
        _print_counts(found)
        if table is not None:
            _print_rows(table, limit)


def _range(text: str) -> tuple[int | None, int | None]:
    match = _RANGE.fullmatch(text)
    if match is None or text == "..":
        raise typer.BadParameter(f"--versions wants two versions, like 1..3, not {shown(text)}")
    first, last = (int(number) if number else None for number in match.groups())
    return first, last


def _print_counts(found: Difference) -> None:
    before, after = found.before, found.after
    print_heading(f"{before.name} version {before.version} -> {after.name} version {after.version}")
    lines = [
        [key, *(f"{n:,}" for n in one.counts.values()), _columns(one)] for key, one in found.items()
    ]
    print_table(_TYPES, lines)
    if found.is_empty:
        note("both have the same rows")


def _columns(table: TableDifference) -> str:
    if table.only_in is not None:
        return f"(only {table.only_in})"
    return ", ".join(f"{name} ({rows:,})" for name, rows in table.columns.items())


def _rows_json(table: TableDifference, limit: int) -> dict[str, Any]:
    return {
        "type": table.key,
        "added": list(islice(table.added, limit)),
        "removed": list(islice(table.removed, limit)),
        "changed": [one.to_dict() for one in islice(table.changed, limit)],
    }


def _print_rows(table: TableDifference, limit: int) -> None:
    print_heading(f"Rows of {table.key}")
    print_table(_ROWS, list(_row_lines(table, limit)))
    if max(len(table.added), len(table.removed), len(table.changed)) > limit:
        note(f"at most {limit} rows of each kind are shown; --limit shows more")


def _row_lines(table: TableDifference, limit: int) -> Iterator[Sequence[Any]]:
    for one in islice(table.changed, limit):
        for column in one.columns:
            yield "changed", one.key, column, _value(one.before, column), _value(one.after, column)
    for row in islice(table.removed, limit):
        yield "removed", "", "", row, ""
    for row in islice(table.added, limit):
        yield "added", "", "", "", row


def _value(row: dict[str, Any], column: str) -> str:
    return _json.dumps_text(row[column]) if column in row else ""


def validate(
    context: typer.Context,
    ref: RefArgument,
    *,
    version: VersionOption = None,
    types: TypesOption = None,
    limit: Annotated[
        int, typer.Option(min=0, help="With --json: rows to show for each finding.")
    ] = 10,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if there are problems.")
    ] = False,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check the rows of a scenario against what its entity types say.

    Finds required fields that are missing, values of the wrong type or that had to be rounded,
    values outside of the allowed set, references to rows that are not there, and repeated keys.
    Rows are counted from 0, in the order in which they load. Problems are no error: the exit code
    is 0 unless --strict is given.

    JSON: {scenario_id, name, version, ok, error_count, errors_by_rule, rows, findings, unjudged};
    a finding is {table, column, rule, count, expected, problems}.

    Example: `healthsim-lake validate my-cohort --type patients`
    """
    with open_lake(context, at, debug=debug) as lake:
        report = lake.scenarios.validate(
            ref, version=version, types=types or None, limit_per_rule=limit if as_json else 1
        )
    if as_json:
        print_json(report.to_dict())
    else:
        _print_report(report)
    if strict and not report.ok:
        raise typer.Exit(FAILED)


def _print_report(report: ValidationReport) -> None:
    rows = f"{sum(report.rows.values()):,} rows of {report.record.name}"
    if report.ok:
        print_line(f"No problems in {rows}")
    else:
        lines = [
            [one.table, one.column, one.rule, f"{one.count:,}", one.expected, *_first(one.problems)]
            for one in report.findings
        ]
        print_table(_FINDINGS, lines)
        note(f"{report.error_count:,} problems in {rows}; --json shows more rows of each")
    for left in report.unjudged:
        where = f"{left.table}.{left.column} -> {left.target}"
        note(f"not judged: {where}: {left.count:,} values, {left.reason}")


def _first(problems: Sequence[Any]) -> tuple[Any, Any]:
    return (problems[0].row, problems[0].value) if problems else ("", "")
