"""The command that brings the predecessor's scenarios into the lake."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from healthsim_lake.cli.options import DebugOption, JsonOption, LakeOption, open_lake
from healthsim_lake.cli.output import note, print_json, print_line, print_table
from healthsim_lake.cli.tables import Column
from healthsim_lake.state import StateManager, legacy

_PREVIEW = (
    Column("name"),
    Column("rows", right=True),
    Column("bytes", right=True),
    Column("outcome"),
    Column("file"),
)
_REPORT = (Column("name"), Column("rows", right=True), Column("result"))


def migrate(
    context: typer.Context,
    *,
    status: Annotated[
        bool, typer.Option("--status", help="Only tell what is there and how far it got.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing.")] = False,
    no_backup: Annotated[
        bool, typer.Option("--no-backup", help="Make no copy first; the originals stay.")
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace scenarios of the same name with other rows."),
    ] = False,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FOLDER", help="Where they are; else ~/.healthsim/scenarios."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", "--quiet", "-q", help="Do not ask.")] = False,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Bring scenarios that are JSON files of the predecessor into the lake.

    The folder is copied first; each scenario is one commit, and compared with its file afterwards.
    Where all went well, originals that are in the copy are removed; where anything failed they
    stay. Interrupted, it can be run again.

    JSON: {results, backup}, a result being {name, success, entity_count, error, source_path};
    with --status {legacy_path, legacy_exists, legacy_count, migrated, pending, scenarios, backups,
    lake, lake_count}; with --dry-run a list of {name, path, entity_counts, size_bytes, outcome,
    error}.

    Example: `healthsim-lake migrate --dry-run`
    """
    with open_lake(context, at, debug=debug) as lake:
        manager = StateManager(lake)
        if status:
            _print_status(legacy.get_migration_status(manager, source), as_json=as_json)
            return
        previews = legacy.preview_migration(source, manager)
        if dry_run:
            _print_previews(previews, as_json=as_json)
            return
        if previews and not yes and sys.stdin.isatty():
            _print_previews(previews, as_json=False)
            if not typer.confirm(f"Import {len(previews)} scenarios?", default=False, err=True):
                note("nothing was imported")
                raise typer.Exit(1)
        results, backup = legacy.migrate_all_scenarios(
            overwrite=overwrite, legacy_path=source, manager=manager, backup=not no_backup
        )
    if as_json:
        print_json(
            {
                "results": [_as_json(one) for one in results],
                "backup": None if backup is None else str(backup),
            }
        )
    else:
        _print_report(results, backup)
    if not all(one.success for one in results):
        raise typer.Exit(1)


def _as_json(one: legacy.MigrationResult) -> dict[str, Any]:
    return {
        "name": one.name,
        "success": one.success,
        "entity_count": one.entity_count,
        "error": one.error,
        "source_path": str(one.source_path),
    }


def _print_status(status: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(status)
        return
    print_line(
        f"{status['legacy_path']}: {status['legacy_count']} scenarios, "
        f"{len(status['migrated'])} imported, {len(status['pending'])} to do"
    )
    for backup in status["backups"]:
        print_line(f"backup: {backup}")
    print_line(f"{status['lake']}: {status['lake_count']} scenarios")


def _print_previews(previews: list[legacy.Preview], *, as_json: bool) -> None:
    if as_json:
        print_json([one.to_dict() for one in previews])
        return
    rows = [
        [
            one.name,
            f"{sum(one.entity_counts.values()):,}",
            f"{one.size_bytes:,}",
            one.outcome if one.error is None else f"{one.outcome}: {one.error}",
            one.path.name,
        ]
        for one in previews
    ]
    print_table(_PREVIEW, rows)
    if not previews:
        note("nothing to migrate")


def _print_report(results: list[legacy.MigrationResult], backup: Path | None) -> None:
    rows = [
        [one.name, f"{one.entity_count:,}", "imported and verified" if one.success else one.error]
        for one in results
    ]
    print_table(_REPORT, rows)
    failed = sum(not one.success for one in results)
    if backup is not None:
        print_line(f"backup: {backup}")
    if failed:
        note(f"{failed} of {len(results)} failed; the originals were not touched")
    elif not results:
        note("nothing to migrate")
