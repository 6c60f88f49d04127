"""Commands that make scenarios out of scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from healthsim_lake.cli.options import (
    DebugOption,
    DescriptionOption,
    JsonOption,
    LakeOption,
    RefArgument,
    TagOption,
    TimeOption,
    TypesOption,
    VersionOption,
    open_lake,
)
from healthsim_lake.cli.output import print_heading, print_json, print_line, print_table
from healthsim_lake.cli.tables import Column


class Strategy(StrEnum):
    """How rows of several sources that have one key are settled."""

    skip = "skip"
    overwrite = "overwrite"
    rename = "rename"
    keep = "keep"


def clone(
    context: typer.Context,
    ref: RefArgument,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="Of the clone; else REF-copy, or REF-copy-2 …",
            show_default=False,
        ),
    ] = None,
    *,
    new_ids: Annotated[
        bool,
        typer.Option("--new-ids", help="Give every row new identifiers; references follow."),
    ] = False,
    types: TypesOption = None,
    version: VersionOption = None,
    as_of: TimeOption = None,
    description: DescriptionOption = None,
    tag: TagOption = None,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Make a scenario with the rows of another one, which can then go its own way.

    It costs the same however large the source is, except with --new-ids.

    JSON: {source_scenario_id, source_scenario_name, new_scenario_id, new_scenario_name,
    entities_cloned, total_entities}.

    Example: `healthsim-lake clone my-cohort my-variant`
    """
    with open_lake(context, at, debug=debug) as lake:
        made = lake.scenarios.clone(
            ref,
            name,
            description=description,
            tags=tag,
            types=types,
            version=version,
            as_of=as_of,
            new_ids=new_ids,
        )
    if as_json:
        print_json(made.to_dict())
        return
    print_line(f"Cloned {made.source_scenario_name} to {made.new_scenario_name}")
    _print_rows(made.entities_cloned)


def merge(
    context: typer.Context,
    sources: Annotated[
        list[str],
        typer.Argument(metavar="REF...", help="Names or ids, two or more.", show_default=False),
    ],
    *,
    name: Annotated[
        str, typer.Option(metavar="NAME", help="Of the new scenario.", show_default=False)
    ],
    strategy: Annotated[
        Strategy | None,
        typer.Option(
            help="Of rows with one key: skip keeps the first, overwrite the last, rename both, the "
            "later under new identifiers, keep all as they are. Else skip, and keep for clones.",
            show_default=False,
        ),
    ] = None,
    description: DescriptionOption = None,
    tag: TagOption = None,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Make a scenario with the rows of several others; references keep leading somewhere.

    JSON: {source_scenario_ids, source_scenario_names, target_scenario_id, target_scenario_name,
    entities_merged, total_entities, conflicts_resolved, conflicts_by_type}.

    Example: `healthsim-lake merge my-cohort my-variant --name both`
    """
    with open_lake(context, at, debug=debug) as lake:
        made = lake.scenarios.merge(
            sources,
            name,
            conflict_strategy=None if strategy is None else strategy.value,
            description=description,
            tags=tag,
        )
    if as_json:
        print_json(made.to_dict())
        return
    print_line(f"Merged {', '.join(made.source_scenario_names)} into {made.target_scenario_name}")
    print_line(f"Conflicts: {made.conflicts_resolved:,}")
    _print_rows(made.entities_merged, made.conflicts_by_type)


def _print_rows(rows: Mapping[str, int], conflicts: Mapping[str, int] | None = None) -> None:
    print_heading("Entities")
    columns = [Column("type"), Column("rows", right=True)]
    cells: list[list[str]] = [[key, f"{count:,}"] for key, count in rows.items()]
    if conflicts:
        columns.append(Column("conflicts", right=True))
        cells = [[*row, f"{conflicts.get(row[0], 0):,}"] for row in cells]
    print_table(columns, cells)
