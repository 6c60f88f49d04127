"""Commands that keep a lake small and tidy: what is old, or small, or not wanted any more."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

import typer

from healthsim_lake._shown import shown
from healthsim_lake.cli.consent import YesOption, agreed
from healthsim_lake.cli.options import (
    DebugOption,
    JsonOption,
    LakeOption,
    OptionalRefArgument,
    open_lake,
)
from healthsim_lake.cli.output import note, print_json, print_line
from healthsim_lake.cli.progress import steps

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _parse_age(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,6})([mhdw])", text.strip())
    if match is None:
        raise typer.BadParameter(
            f"{shown(text)} is not an age; write a number and a unit, like 30m, 12h, 7d or 4w"
        )
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def vacuum(
    context: typer.Context,
    *,
    keep_versions: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Keep at least so many of the lake's newest versions."
        ),
    ] = None,
    older_than: Annotated[
        timedelta | None,
        typer.Option(
            metavar="AGE",
            parser=_parse_age,
            help="Keep what was true within this time, like 30m, 12h, 7d or 4w; by default 7d.",
        ),
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Do it; else only say what would be deleted.")
    ] = False,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Forget old versions, and delete the files that only they need.

    Says what would be deleted, and deletes nothing unless --apply is given. Versions that are kept
    read the same afterwards. What is forgotten cannot be loaded or restored any more.

    JSON: {dry_run, before (versions of the lake below this one are forgotten), commit, count,
    bytes, files (how many of each kind)}.

    Example: `healthsim-lake vacuum --older-than 4w --apply`
    """
    with open_lake(context, at, debug=debug) as lake, steps() as tell:
        report = lake.maintenance.vacuum(
            keep_versions=keep_versions,
            older_than=older_than,
            dry_run=not apply,
            on_progress=tell,
        )
    if as_json:
        print_json(report.to_dict())
        return
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in report.files.items())
    size = f"{report.count:,} files ({report.bytes:,} bytes{': ' + kinds if kinds else ''})"
    if report.before:
        print_line(f"Versions of the lake from {report.before} on are kept")
    print_line(f"Deleted {size}" if apply else f"Would delete {size}")
    if not apply:
        note("nothing was changed; --apply does it")


def compact(
    context: typer.Context,
    ref: OptionalRefArgument = None,
    *,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Join the small files of a scenario, or of all, into few; no row changes.

    JSON: {scenario: files fewer} for those that had small files.

    Example: `healthsim-lake compact my-cohort`
    """
    with open_lake(context, at, debug=debug) as lake, steps() as tell:
        saved = lake.maintenance.compact(ref, on_progress=tell)
    if as_json:
        print_json(saved)
        return
    for name, fewer in saved.items():
        print_line(f"{name}: {fewer:,} files fewer")
    if not saved:
        print_line("There are no small files to join")


def tidy(
    context: typer.Context,
    *,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Move files to where the log wants them, after a crash between commit and publishing.

    JSON: {tidied}: the version of the lake up to which folders and log agree.

    Example: `healthsim-lake tidy`
    """
    with open_lake(context, at, debug=debug) as lake:
        version = lake.maintenance.tidy()
    if as_json:
        print_json({"tidied": version})
    else:
        print_line(f"Folders and log agree up to version {version}")


def purge(
    context: typer.Context,
    ref: Annotated[
        str,
        typer.Argument(
            metavar="REF", help="Name or id of a scenario, also a deleted one.", show_default=False
        ),
    ],
    *,
    yes: YesOption = False,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Remove a scenario for good, with the bytes of all its versions.

    Asks first. Where nobody can be asked, --yes has to be given. Nothing brings it back; scenarios
    that were cloned from it keep their rows, and are named.

    JSON: {scenario_id, name, commit, files, bytes, clones: [{id, name}]}.

    Example: `healthsim-lake purge my-cohort --yes`
    """
    with open_lake(context, at, debug=debug) as lake:
        if not yes and not agreed(context, f"Remove {ref} and all its versions for good?"):
            note("nothing was removed")
            raise typer.Exit(1)
        report = lake.maintenance.purge(ref)
    if as_json:
        print_json(report.to_dict())
        return
    print_line(f"Purged {report.record.name}: {report.files:,} files, {report.bytes:,} bytes")
    for clone in report.clones:
        note(f"{clone.name} ({clone.id}) was made from it, and still has rows", style="yellow")


def upgrade(
    context: typer.Context,
    table: Annotated[
        str, typer.Argument(metavar="TYPE", help="An entity type.", show_default=False)
    ],
    *,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Give a table the columns that this release has for it, in all scenarios; no row changes.

    JSON: {table, columns}.

    Example: `healthsim-lake upgrade patients`
    """
    with open_lake(context, at, debug=debug) as lake:
        entity_type = lake.entities.upgrade(table)
    columns = [one.name for one in entity_type.columns]
    if as_json:
        print_json({"table": entity_type.name, "columns": columns})
    else:
        print_line(f"{entity_type.name} has {len(columns)} columns")
