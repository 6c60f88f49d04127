"""What many commands take: where the lake is, which scenario, and how to answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

import healthsim_lake as hl
from healthsim_lake._shown import shown
from healthsim_lake.errors import LakeError

if TYPE_CHECKING:
    from healthsim_lake import Lake


@dataclass(slots=True)
class Settings:
    """What holds for the whole program, wherever on the command line it was said.

    Attributes:
        lake: Path or URL of the lake; None for the default one.
        debug: Whether errors come with a traceback.
    """

    lake: str | None = None
    debug: bool = False


def settings_of(context: typer.Context) -> Settings:
    """Return the settings of the program that `context` belongs to."""
    return context.ensure_object(Settings)


def open_lake(context: typer.Context, at: str | None, *, debug: bool) -> Lake:
    """Open the lake that is meant; what stands after the command wins over what stands before.

    Args:
        context: Of the command.
        at: ``--lake`` as it stands after the command.
        debug: ``--debug`` as it stands after the command.
    """
    settings = settings_of(context)
    settings.lake = at or settings.lake
    settings.debug = debug or settings.debug
    return hl.Lake(settings.lake)


def complete_scenario(context: typer.Context, incomplete: str) -> list[str]:
    """Return the names of scenarios that begin with what was typed, for the Tab key."""
    at = context.params.get("at") or context.find_root().params.get("at")
    try:
        with hl.Lake(at) as lake:
            names = [record.name for record in lake.scenarios.list(limit=None)]
    except LakeError:
        return []  # no place to say anything: somebody pressed the Tab key in the middle of a line
    return [name for name in names if name.startswith(incomplete)]


def _parse_time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{shown(text)} is not a time; write it like 2026-11-21T09:30 (UTC) "
            "or 2026-11-21T09:30+01:00"
        ) from error


LakeOption = Annotated[
    str | None,
    typer.Option(
        "--lake",
        metavar="URL",
        help="Folder or URL of the lake; else HEALTHSIM_LAKE, else ~/.healthsim/lake.",
        rich_help_panel="Everywhere",
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print JSON and nothing else.", rich_help_panel="Everywhere"),
]
DebugOption = Annotated[
    bool,
    typer.Option("--debug", help="Show a traceback with an error.", rich_help_panel="Everywhere"),
]
RefArgument = Annotated[
    str,
    typer.Argument(
        metavar="REF",
        help="Name or id of a scenario.",
        autocompletion=complete_scenario,
        show_default=False,
    ),
]
OptionalRefArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[REF]",
        help="Name or id of a scenario.",
        autocompletion=complete_scenario,
        show_default=False,
    ),
]
ScenarioOption = Annotated[
    list[str] | None,
    typer.Option(
        "--scenario",
        metavar="REF",
        help="Only this scenario, by name or id; may be repeated.",
        autocompletion=complete_scenario,
    ),
]
TypesOption = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="TYPE", help="Only this entity type; may be repeated."),
]
VersionOption = Annotated[
    int | None,
    typer.Option(
        "--version",
        min=1,
        metavar="N",
        help="One of its versions (see history); else the newest.",
    ),
]
OtherNameOption = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help="Another name, e.g. because its own was taken."),
]
FileNameOption = Annotated[
    str | None,
    typer.Option(
        "--name", metavar="NAME", help="Name of the scenario; else as in the file, or as the file."
    ),
]
TagOption = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="TAG", help="A label to find it by; may be repeated."),
]
OverwriteOption = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Replace a scenario of that name; what it was stays loadable as an earlier version.",
    ),
]
DescriptionOption = Annotated[
    str | None, typer.Option("--description", metavar="TEXT", help="Free text.")
]
TimeOption = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        metavar="TIME",
        parser=_parse_time,
        help="What was true at this time (ISO 8601; UTC unless it says otherwise).",
    ),
]
