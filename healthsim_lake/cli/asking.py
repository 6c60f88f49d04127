"""Commands that read rows: by SQL, or all of them; and what the tables hold."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from healthsim_lake import _json
from healthsim_lake._shown import shown
from healthsim_lake.cli import documents
from healthsim_lake.cli.answers import Form, chosen_form, print_answer, write_answer
from healthsim_lake.cli.options import (
    DebugOption,
    JsonOption,
    LakeOption,
    RefArgument,
    ScenarioOption,
    TimeOption,
    TypesOption,
    VersionOption,
    open_lake,
)
from healthsim_lake.cli.output import note, print_json, print_line, print_table
from healthsim_lake.cli.tables import Column
from healthsim_lake.errors import FormatError

_STDIN = "-"


def query(
    context: typer.Context,
    sql: Annotated[
        str,
        typer.Argument(
            metavar="SQL", help="One SELECT; - reads it from standard input.", show_default=False
        ),
    ],
    *,
    scenario: ScenarioOption = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            metavar="NAME=TEXT",
            help="Value for $NAME in the SQL, as text; NAME:=JSON gives a number, true, null … "
            "May be repeated.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Rows of a page, 20 by default and at most 1,000."),
    ] = None,
    offset: Annotated[
        int, typer.Option(min=0, help="First row to show; say ORDER BY, as each call asks anew.")
    ] = 0,
    timeout: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Stop the question after so long.")
    ] = 30.0,
    max_rows: Annotated[
        int, typer.Option(min=1, help="More rows than this in all are an error.")
    ] = 1_000_000,
    memory_mb: Annotated[
        int, typer.Option(min=1, help="Megabytes that the engine and the answer may take.")
    ] = 1024,
    form: Annotated[
        Form | None,
        typer.Option(
            "--format", help="table and json show a page; csv and parquet write all rows."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", dir_okay=False, help="Write to this file instead."
        ),
    ] = None,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Ask one SQL question over all scenarios, or those given.

    Every entity type is a table; `scenarios`, `scenario_tags` and `scenario_entities` tell of the
    scenarios. The command `entities` tells what the tables hold.

    JSON: {results, columns, total_count, page, page_size, has_more, query_executed}; with --output
    and another --format {path, bytes, row_count}.

    Example: `healthsim-lake query 'SELECT gender, count(*) FROM patients GROUP BY ALL'`
    """
    form = chosen_form(form, output, as_json=as_json)
    if limit is not None and form in (Form.CSV, Form.PARQUET):
        raise typer.BadParameter(f"--format {form} writes all rows; write LIMIT into the SQL")
    text = sys.stdin.read() if sql == _STDIN else sql
    with open_lake(context, at, debug=debug) as lake:
        result = lake.query(
            text,
            scenarios=scenario or None,
            params=_parameters(param) or None,
            limit=limit or 20,
            offset=offset,
            timeout=timeout,
            max_rows=max_rows,
            memory_mb=memory_mb,
        )
    if output is None:
        print_answer(result, form)
    else:
        write_answer(result, form, output, as_json=as_json)


def _parameters(given: Iterable[str] | None) -> dict[str, Any]:
    return dict(map(_parameter, given or ()))


def _parameter(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.rstrip(":"):
        raise typer.BadParameter(f"--param wants NAME=TEXT or NAME:=JSON, not {shown(text)}")
    if not name.endswith(":"):
        return name, value
    try:
        return name[:-1], _json.loads_foreign(value, where=f"--param {name}=")
    except FormatError as error:
        raise typer.BadParameter(str(error)) from error


def load(
    context: typer.Context,
    ref: RefArgument,
    *,
    types: TypesOption = None,
    version: VersionOption = None,
    as_of: TimeOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", dir_okay=False, help="Write to this file instead."
        ),
    ] = None,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Write a scenario with its rows as JSON, one row a line, exactly as they were saved.

    `save` reads what this writes. Without --output the JSON goes to standard output, with or
    without --json.

    JSON: {schema_version, writer, scenario_id, name, scenario_name, description, created_at,
    updated_at, version, tags, metadata, entities}; with --output {path, bytes, entity_count}.

    Example: `healthsim-lake load my-cohort --type patients --output patients.json`
    """
    moment: datetime | None = as_of
    with open_lake(context, at, debug=debug) as lake:
        scenario = lake.scenarios.load(ref, types=types or None, version=version, as_of=moment)
    if output is None:
        sys.stdout.writelines(documents.lines(scenario))
        return
    written = documents.write(scenario, output)
    rows = sum(scenario.record.entity_counts[key] for key in scenario)
    if as_json:
        print_json({"path": str(output), "bytes": written, "entity_count": rows})
    else:
        print_line(f"Wrote {rows:,} rows ({written:,} bytes) to {output}")


def entities(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help="A table, in any spelling; none lists all.", show_default=False
        ),
    ] = None,
    *,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List the entity types, or tell what the table of one holds.

    JSON: a table is {name, singular, key, product, aliases, description, origin, columns}.

    Example: `healthsim-lake entities patients`
    """
    with open_lake(context, at, debug=debug) as lake:
        names = lake.entities.names() if name is None else (name,)
        described = [lake.entities.describe(one) for one in names]
    if as_json:
        print_json(described if name is None else described[0])
    elif name is None:
        _print_types(described)
    else:
        _print_columns(described[0])


def _print_types(described: list[dict[str, Any]]) -> None:
    columns = tuple(map(Column, ("table", "product", "description")))
    print_table(columns, [[d["name"], d["product"], d["description"]] for d in described])


def _print_columns(described: dict[str, Any]) -> None:
    note(f"{described['name']}: {described['description']}")
    columns = tuple(map(Column, ("column", "type", "description")))
    rows = [[one["name"], one["type"], one["description"]] for one in described["columns"]]
    print_table(columns, rows)


def files(
    context: typer.Context,
    table: Annotated[str, typer.Argument(metavar="TABLE", help="An entity type, in any spelling.")],
    *,
    scenario: ScenarioOption = None,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Print the paths of a table's Parquet files, one a line, for other programs.

    They hold until one of the scenarios changes.

    JSON: [path, ...].

    Example: `healthsim-lake files patients --scenario my-cohort`
    """
    with open_lake(context, at, debug=debug) as lake:
        found = lake.files(table, scenarios=scenario or None)
    if as_json:
        print_json(found)
        return
    for path in found:
        print_line(path)
