"""Commands for the labels of scenarios."""

from __future__ import annotations

from typing import Annotated

import typer

from healthsim_lake.cli.options import (
    DebugOption,
    JsonOption,
    LakeOption,
    OptionalRefArgument,
    RefArgument,
    open_lake,
)
from healthsim_lake.cli.output import print_json, print_line, print_table
from healthsim_lake.cli.tables import Column

_TagsArgument = Annotated[
    list[str],
    typer.Argument(metavar="TAG", help="One label or more.", show_default=False),
]


def add(
    context: typer.Context,
    ref: RefArgument,
    tags: _TagsArgument,
    *,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Add tags to a scenario, and print all it has; those it had already are no error.

    JSON: {scenario, tags}, the scenario as it was named here.

    Example: `healthsim-lake tag add my-cohort diabetes medicare`
    """
    with open_lake(context, at, debug=debug) as lake:
        kept = lake.tags.add(ref, *tags)
    _print_tags(ref, kept, as_json=as_json)


def remove(
    context: typer.Context,
    ref: RefArgument,
    tags: _TagsArgument,
    *,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Remove tags from a scenario, and print those it keeps; absent ones are no error.

    JSON: as `tag add`.

    Example: `healthsim-lake tag remove my-cohort medicare`
    """
    with open_lake(context, at, debug=debug) as lake:
        kept = lake.tags.remove(ref, *tags)
    _print_tags(ref, kept, as_json=as_json)


def list_tags(
    context: typer.Context,
    ref: OptionalRefArgument = None,
    *,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List the tags of a scenario, or all with the number of scenarios that carry them.

    JSON: as `tag add` for a scenario, else a list of {tag, count}.

    Example: `healthsim-lake tag list`
    """
    with open_lake(context, at, debug=debug) as lake:
        if ref is not None:
            _print_tags(ref, lake.tags.of(ref), as_json=as_json)
            return
        counts = lake.tags.count()
    if as_json:
        print_json([{"tag": tag, "count": count} for tag, count in counts.items()])
    else:
        columns = (Column("tag"), Column("scenarios", right=True))
        print_table(columns, [[tag, f"{count:,}"] for tag, count in counts.items()])


def _print_tags(ref: str, tags: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        print_json({"scenario": ref, "tags": list(tags)})
    else:
        print_line(", ".join(tags) or f"{ref} has no tags")
