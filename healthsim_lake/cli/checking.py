"""Commands that look whether a lake is well, and mend it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

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
