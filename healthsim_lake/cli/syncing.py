"""Commands that carry lakes and scenarios to other places, and fetch them from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from healthsim_lake.cli.options import (
    DebugOption,
    JsonOption,
    LakeOption,
    ScenarioOption,
    open_lake,
)
from healthsim_lake.cli.output import print_json, print_line, print_table
from healthsim_lake.cli.progress import bytes_carried
from healthsim_lake.cli.tables import Column

if TYPE_CHECKING:
    from healthsim_lake.sync.report import Carried

UrlArgument = Annotated[
    str, typer.Argument(metavar="URL", help="Folder or URL of the other lake.", show_default=False)
]
OneTagOption = Annotated[
    str | None,
    typer.Option(
        "--tag", metavar="TAG", help="Only scenarios with this label.", show_default=False
    ),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Only say what would be carried, and how large it is.")
]
SingleWriterOption = Annotated[
    bool,
    typer.Option(
        "--single-writer", help="Nobody else writes there; for stores without conditions."
    ),
]

_RELATIONS = {
    "same": "both are the same",
    "ahead": "this lake has commits that the other one lacks: push",
    "behind": "the other lake has commits that this one lacks: pull",
    "forked": "both have commits that the other one lacks: use --scenario or --tag",
    "empty": "nothing is there yet: push",
    "foreign": "another lake is there: use --scenario or --tag",
}


def push(
    context: typer.Context,
    url: UrlArgument,
    *,
    scenario: ScenarioOption = None,
    tag: OneTagOption = None,
    single_writer: SingleWriterOption = False,
    dry_run: DryRunOption = False,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Bring a mirror of the lake up to date, or carry some scenarios into another lake.

    What was interrupted goes on where it ended. Credentials come from the environment.

    JSON: {source, target, since, version, commits, files, bytes, present, target_ahead, dry_run,
    scenarios}.

    Example: `healthsim-lake push s3://bucket/lake`
    """
    with open_lake(context, at, debug=debug) as lake, bytes_carried() as step:
        done = lake.push(
            url,
            scenario=scenario,
            tag=tag,
            single_writer=single_writer,
            dry_run=dry_run,
            on_progress=step,
        )
    _show(done, as_json=as_json)


def pull(
    context: typer.Context,
    url: UrlArgument,
    *,
    scenario: ScenarioOption = None,
    tag: OneTagOption = None,
    dry_run: DryRunOption = False,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Bring the lake up to where its mirror is, or fetch some scenarios from another lake.

    JSON: as for push.

    Example: `healthsim-lake pull s3://bucket/lake --scenario my-cohort`
    """
    with open_lake(context, at, debug=debug) as lake, bytes_carried() as step:
        done = lake.pull(url, scenario=scenario, tag=tag, dry_run=dry_run, on_progress=step)
    _show(done, as_json=as_json)


def sync_status(
    context: typer.Context,
    url: UrlArgument,
    *,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Say how another lake stands to this one.

    JSON: {here, there, relation, version_here, version_there, common}; relation is same, ahead,
    behind, forked, empty or foreign.

    Example: `healthsim-lake sync-status s3://bucket/lake`
    """
    with open_lake(context, at, debug=debug) as lake:
        status = lake.sync_status(url)
    if as_json:
        print_json(status.to_dict())
        return
    print_line(_RELATIONS[status.relation])
    rows = [[status.here, status.version_here], [status.there, status.version_there]]
    print_table([Column("lake"), Column("version", right=True)], rows)


def _show(done: Carried, *, as_json: bool) -> None:
    if as_json:
        print_json(done.to_dict())
        return
    verb = "Would carry" if done.dry_run else "Carried"
    print_line(
        f"{verb} {done.commits:,} commits, {done.files:,} files, {done.bytes:,} bytes "
        f"to {done.target}"
    )
    if done.present:
        print_line(f"{done.present:,} files were there already")
    if done.target_ahead:
        print_line(f"{done.target} is {done.target_ahead:,} commits ahead: pull them")
    if done.scenarios:
        rows = [[one.name, one.outcome, one.version] for one in done.scenarios]
        columns = [Column("scenario"), Column("outcome"), Column("version", right=True)]
        print_table(columns, rows)
