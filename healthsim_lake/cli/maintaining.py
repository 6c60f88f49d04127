"""Commands that look after a lake."""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from typing import Annotated, Any

import typer

from healthsim_lake._shown import shown
from healthsim_lake.cli.options import (
    DebugOption,
    JsonOption,
    LakeOption,
    OptionalRefArgument,
    open_lake,
)
from healthsim_lake.cli.output import note, print_heading, print_json, print_line, print_table
from healthsim_lake.cli.progress import steps
from healthsim_lake.cli.tables import Column

_FACTS = (Column("field"), Column("value"))
_FINDINGS = (Column("severity"), Column("where"), Column("what is wrong"))
_SIZES = (
    Column("name"),
    Column("rows", right=True),
    Column("files", right=True),
    Column("bytes", right=True),
)
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


def verify(
    context: typer.Context,
    ref: OptionalRefArgument = None,
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="Compare sizes only; do not read data files.")
    ] = False,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check every commit, checksum, reference, count and schema, and whether folders agree.

    Changes nothing. The exit code is 1 if something is lost or has to be mended.

    JSON: {ok, version, deep, checked (how many of each kind), counts (findings by severity),
    findings: [{severity, what, where, message}]}.

    Example: `healthsim-lake verify`
    """
    with open_lake(context, at, debug=debug) as lake, steps() as tell:
        found = lake.maintenance.verify(ref, deep=not quick, on_progress=tell)
    if as_json:
        print_json(found.to_dict())
    else:
        _print_verification(found)
    if not found.ok:
        raise typer.Exit(1)


def _print_verification(found: Any) -> None:
    checked = ", ".join(f"{count:,} {what}" for what, count in found.checked.items() if count)
    print_line(f"Version {found.version}: checked {checked or 'nothing, it is empty'}")
    if found.findings:
        rows = [[one.severity.value, one.where, one.message] for one in found.findings]
        print_table(_FINDINGS, rows)
    if found.lost:
        note("what is lost comes back from a backup only", style="bold red")
    elif found.mendable:
        note("healthsim-lake repair mends this", style="yellow")
    else:
        print_line("Everything that was committed is there, and as it was written")


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


def repair(
    context: typer.Context,
    *,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Mend what `verify` says can be mended; deletes nothing that was committed.

    The exit code is 1 if something is left that it cannot mend.

    JSON: {ok, mended: [findings], removed: [keys], left: as in `verify`}.

    Example: `healthsim-lake repair`
    """
    with open_lake(context, at, debug=debug) as lake, steps() as tell:
        report = lake.maintenance.repair(on_progress=tell)
    if as_json:
        print_json(report.to_dict())
    else:
        for one in report.mended:
            print_line(f"Mended {one.where}: it {one.message}")
        for key in report.removed:
            print_line(f"Removed {key}, left by a transaction that died")
        if not report.mended and not report.removed:
            print_line("There was nothing to mend")
        if not report.ok:
            _print_verification(report.left)
    if not report.ok:
        raise typer.Exit(1)


def doctor(
    context: typer.Context,
    *,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show what the lake is made of: store, clock, software, sizes, leftovers, advice.

    JSON: {url, lake_id, format, version, changed_at, software, capabilities, clock_skew_seconds,
    log, checkpoints, tables, scenarios, stored, advice}.

    Example: `healthsim-lake doctor`
    """
    with open_lake(context, at, debug=debug) as lake, steps() as tell:
        health = lake.maintenance.doctor(on_progress=tell).to_dict()
    if as_json:
        print_json(health)
        return
    log = health["log"]
    facts = {
        "lake": health["url"],
        "id": health["lake_id"],
        "format": health["format"],
        "version": f"{health['version']} ({health['changed_at'] or 'empty'})",
        "readable from version": log["kept_from"],
        "log": f"{log['commits']:,} commits, {log['bytes']:,} bytes",
        "checkpoints": ", ".join(str(one["version"]) for one in health["checkpoints"]),
        "clock of the store": f"{health['clock_skew_seconds']:+.3f} s",
        **{what.replace("_", " "): can for what, can in health["capabilities"].items()},
        **health["software"],
    }
    print_heading("Lake")
    print_table(_FACTS, [[what, value] for what, value in facts.items() if value != ""])
    print_heading("Tables")
    tables = {name: size for name, size in health["tables"].items() if size["files"]}
    print_table(_SIZES, [_size(name, size) for name, size in tables.items()])
    print_heading("Scenarios")
    print_table(_SIZES, [_size(one["name"], one) for one in health["scenarios"]])
    for advice in health["advice"]:
        note(advice, style="yellow")


def _size(name: str, size: dict[str, Any]) -> list[str]:
    return [name, *(f"{size[what]:,}" for what in ("rows", "files", "bytes"))]


def purge(
    context: typer.Context,
    ref: Annotated[
        str,
        typer.Argument(
            metavar="REF", help="Name or id of a scenario, also a deleted one.", show_default=False
        ),
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
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
        if not yes:
            if not sys.stdin.isatty():
                context.fail(
                    "Nobody can be asked here (standard input is no terminal): give --yes."
                )
            if not typer.confirm(f"Remove {ref} and all its versions for good?", err=True):
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
