"""Commands that tell what a scenario is like without loading it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, cast

import typer

from healthsim_lake.cli.options import (
    DebugOption,
    JsonOption,
    LakeOption,
    OptionalRefArgument,
    RefArgument,
    open_lake,
)
from healthsim_lake.cli.output import note, print_heading, print_json, print_table
from healthsim_lake.cli.tables import Column
from healthsim_lake.scenarios.summarising.summary import Summary
from healthsim_lake.scenarios.summarising.usage import Usage

_COUNTS = (Column("type"), Column("rows", right=True))
_FIGURES = (Column("figure"), Column("of"), Column("value"))
_USAGE = (
    Column("table"),
    *(Column(name, right=True) for name in ("rows", "files", "bytes", "scenarios", "versions")),
)


def summary(
    context: typer.Context,
    ref: RefArgument,
    *,
    budget: Annotated[
        int, typer.Option(min=1, help="Tokens that a language model may spend on it.")
    ] = 3_500,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Tell what a scenario is like: counts, statistics, samples; however large it is.

    JSON: {id, name, description, version, created_at, updated_at, tags, entity_counts (rows by
    type), statistics (figures by name), samples (rows by type)}.

    Example: `healthsim-lake summary my-cohort`
    """
    with open_lake(context, at, debug=debug) as lake:
        found = lake.scenarios.summary(ref, budget=budget)
    if as_json:
        print_json(found.to_dict())
    else:
        _print_summary(found)


def _print_summary(found: Summary) -> None:
    print_heading("Entities")
    print_table(_COUNTS, [[key, f"{rows:,}"] for key, rows in found.entity_counts.items()])
    figures = [line for name, figure in found.statistics.items() for line in _lines(name, figure)]
    if figures:
        print_heading("Statistics")
        print_table(_FIGURES, figures)
    for key, rows in found.samples.items():
        print_heading(f"Samples of {key}")
        print_table((Column("sample"),), [[row] for row in rows])


def _lines(name: str, figure: Any) -> Iterator[list[Any]]:
    """Yield the lines of one figure; what belongs to one entity type stands on one line."""
    if isinstance(figure, Mapping) and _is_nested(figure):
        for of, part in figure.items():
            yield [name, of, _told(part)]
    else:
        yield [name, "", _told(figure)]


def _is_nested(figure: Mapping[str, Any]) -> bool:
    return any(isinstance(part, Mapping | list) for part in figure.values())


def _told(part: Any) -> str:
    if isinstance(part, Mapping):
        return ", ".join(_told_member(key, value) for key, value in part.items())
    if isinstance(part, list):
        return ", ".join(_told_code(one) if isinstance(one, Mapping) else str(one) for one in part)
    return str(part)


def _told_member(key: str, value: Any) -> str:
    return f"{key} ({_told(value)})" if isinstance(value, Mapping | list) else f"{key} {value}"


def _told_code(one: Mapping[str, Any]) -> str:
    words = [str(one[name]) for name in ("code", "description") if name in one]
    return f"{' '.join(words)}: {one.get('count', '')}"


def sample(
    context: typer.Context,
    ref: RefArgument,
    type: Annotated[  # noqa: A002  # what a user calls it
        str,
        typer.Argument(metavar="TYPE", help="Entity type, in any spelling.", show_default=False),
    ],
    *,
    strategy: Annotated[
        str, typer.Option(metavar="NAME", help="diverse, random or recent.")
    ] = "diverse",
    count: Annotated[int, typer.Option(min=0, help="At most so many rows.")] = 3,
    seed: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The same seed draws the same rows.")
    ] = None,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show a few rows of one entity type, exactly as they were saved.

    JSON: a list of rows.

    Example: `healthsim-lake sample my-cohort patients --count 5`
    """
    with open_lake(context, at, debug=debug) as lake:
        rows = lake.scenarios.samples(
            ref, type, count=count, strategy=cast("Any", strategy), seed=seed
        )
    if as_json:
        print_json(rows)
    elif rows:
        names = list(dict.fromkeys(key for row in rows for key in row))
        print_table([Column(name) for name in names], [[row.get(n) for n in names] for row in rows])
    else:
        note(f"{ref} has no rows of {type}")


def stats(
    context: typer.Context,
    ref: OptionalRefArgument = None,
    *,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Count rows, files, bytes and versions by table: of a scenario, or of the whole lake.

    JSON: {scenarios, versions, rows, files, bytes, tables: a list of {table, scenarios,
    versions, rows, files, bytes}}.

    Example: `healthsim-lake stats`
    """
    with open_lake(context, at, debug=debug) as lake:
        found = lake.scenarios.usage(ref)
    if as_json:
        print_json(found.to_dict())
    else:
        _print_usage(found)


def _print_usage(found: Usage) -> None:
    numbers = ("rows", "files", "bytes", "scenarios", "versions")
    lines = [(one.table, one) for one in found.tables]
    shown = [
        [name, *(f"{getattr(one, number):,}" for number in numbers)]
        for name, one in (*lines, ("all", found))
    ]
    print_table(_USAGE, shown)
