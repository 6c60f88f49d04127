"""What the commands for profiles and journeys share: which of them is meant, and their options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from healthsim_lake.cli.output import print_json, print_line
from healthsim_lake.errors import InputError

if TYPE_CHECKING:
    from healthsim_lake import Lake
    from healthsim_lake.library.collection import DocumentCollection

RefArgument = Annotated[str, typer.Argument(metavar="REF", help="Name or id.", show_default=False)]
FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="A .json, .yaml or .yml file.", show_default=False)
]
VersionOption = Annotated[
    int | None, typer.Option("--version", min=1, metavar="N", help="This version, not the newest.")
]
NameOption = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="Its name; else what the file says.")
]
ProductOption = Annotated[
    list[str] | None,
    typer.Option("--product", metavar="NAME", help="A product it is meant for; may be repeated."),
]
LimitOption = Annotated[int, typer.Option(min=1, help="At most so many.")]


def noun_of(context: typer.Context) -> str:
    """Return ``profile`` or ``journey``, whichever group the command belongs to."""
    group_context = context.parent
    if group_context is None or group_context.info_name is None:
        raise InputError("call it as a command of profile or of journey")
    return group_context.info_name


def collection_of(context: typer.Context, lake: Lake) -> DocumentCollection[Any, Any, Any]:
    """Return what the command works on."""
    return lake.profiles if noun_of(context) == "profile" else lake.journeys


def print_saved(context: typer.Context, record: Any, *, as_json: bool) -> None:
    """Print a document that was saved or changed."""
    if as_json:
        print_json(record.to_dict())
    else:
        print_line(f"{noun_of(context).capitalize()} {record.name} is at version {record.version}")
