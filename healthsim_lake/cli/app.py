"""The program's commands, put together."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from healthsim_lake import __version__
from healthsim_lake.cli import (
    asking,
    checking,
    comparing,
    copying,
    demo,
    exchanging,
    importing,
    insight,
    library,
    maintaining,
    migrating,
    scenarios,
    syncing,
    tagging,
)
from healthsim_lake.cli.options import DebugOption, LakeOption, settings_of
from healthsim_lake.cli.output import print_line
from healthsim_lake.cli.program import PROGRAM, Program

app = typer.Typer(
    name=PROGRAM,
    cls=Program,
    no_args_is_help=False,
    invoke_without_command=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
imports = typer.Typer(help="Import what other programs wrote.", rich_markup_mode="markdown")
tags = typer.Typer(help="Add, remove and list the tags of scenarios.", rich_markup_mode="markdown")

_START, _IN, _READ, _CHANGE = "Start", "Put data in", "Find and read", "Change"
_LIBRARY, _CARRY = "Profiles and journeys", "Carry to other places"
_MAINTAIN = "Look after"

app.command("demo", rich_help_panel=_START)(demo.demo)
app.command("init", rich_help_panel=_START)(scenarios.init)
app.add_typer(imports, name="import", rich_help_panel=_IN)
imports.command("synthea")(importing.import_synthea)
for one in exchanging.FORMATS:
    imports.command(one)(exchanging.importer(one))
app.command("save", rich_help_panel=_IN)(importing.save)
app.command("migrate", rich_help_panel=_IN)(migrating.migrate)
app.command("list", rich_help_panel=_READ)(scenarios.list_scenarios)
app.command("show", rich_help_panel=_READ)(scenarios.show)
app.command("query", rich_help_panel=_READ)(asking.query)
app.command("files", rich_help_panel=_READ)(asking.files)
app.command("load", rich_help_panel=_READ)(asking.load)
app.command("summary", rich_help_panel=_READ)(insight.summary)
app.command("sample", rich_help_panel=_READ)(insight.sample)
app.command("stats", rich_help_panel=_READ)(insight.stats)
app.command("export", rich_help_panel=_READ)(exchanging.export)
app.command("history", rich_help_panel=_READ)(scenarios.history)
app.command("diff", rich_help_panel=_READ)(comparing.diff)
app.command("validate", rich_help_panel=_READ)(comparing.validate)
app.command("entities", rich_help_panel=_READ)(asking.entities)
app.command("clone", rich_help_panel=_CHANGE)(copying.clone)
app.command("merge", rich_help_panel=_CHANGE)(copying.merge)
app.command("rename", rich_help_panel=_CHANGE)(scenarios.rename)
app.add_typer(tags, name="tag", rich_help_panel=_CHANGE)
tags.command("add")(tagging.add)
tags.command("remove")(tagging.remove)
tags.command("list")(tagging.list_tags)
app.command("delete", rich_help_panel=_CHANGE)(scenarios.delete)
app.command("restore", rich_help_panel=_CHANGE)(scenarios.restore)
app.command("push", rich_help_panel=_CARRY)(syncing.push)
app.command("pull", rich_help_panel=_CARRY)(syncing.pull)
app.command("sync-status", rich_help_panel=_CARRY)(syncing.sync_status)
app.add_typer(library.group("profile"), name="profile", rich_help_panel=_LIBRARY)
app.add_typer(library.group("journey"), name="journey", rich_help_panel=_LIBRARY)
app.command("doctor", rich_help_panel=_MAINTAIN)(checking.doctor)
app.command("verify", rich_help_panel=_MAINTAIN)(checking.verify)
app.command("repair", rich_help_panel=_MAINTAIN)(checking.repair)
app.command("tidy", rich_help_panel=_MAINTAIN)(maintaining.tidy)
app.command("vacuum", rich_help_panel=_MAINTAIN)(maintaining.vacuum)
app.command("compact", rich_help_panel=_MAINTAIN)(maintaining.compact)
app.command("upgrade", rich_help_panel=_MAINTAIN)(maintaining.upgrade)
app.command("purge", rich_help_panel=_MAINTAIN)(maintaining.purge)


@app.callback()
def program(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    at: LakeOption = None,
    debug: DebugOption = False,
) -> None:
    """Keep synthetic healthcare scenarios in a lake of Parquet files, and ask them by SQL.

    Exit codes: 0 done, 1 an error, 2 wrong usage, 3 a conflict with what is there, 4 not found,
    130 interrupted.

    Example: `healthsim-lake demo`
    """
    settings = settings_of(context)
    settings.lake, settings.debug = at, debug
    if version:
        print_line(f"{PROGRAM} {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help(), nl=False)
        raise typer.Exit


def main() -> None:
    """Run the program with the arguments of this process, and exit."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows no Greek shows \u03b1 rather than a traceback.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    app()
