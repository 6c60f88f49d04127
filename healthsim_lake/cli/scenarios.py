"""Commands that find, show and change scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from healthsim_lake.catalog.records import ScenarioRecord, ScenarioVersion
from healthsim_lake.cli.consent import YesOption, agreed
from healthsim_lake.cli.options import (
    DebugOption,
    JsonOption,
    LakeOption,
    OtherNameOption,
    RefArgument,
    open_lake,
)
from healthsim_lake.cli.output import note, print_heading, print_json, print_line, print_table
from healthsim_lake.cli.tables import Column

_LIST = (
    Column("name"),
    Column("rows", right=True),
    Column("version", right=True),
    Column("changed (UTC)"),
    Column("tags"),
)
_TYPES = (Column("type"), Column("rows", right=True))
_VERSIONS = (
    Column("version", right=True),
    Column("time (UTC)"),
    Column("operation"),
    Column("rows", right=True),
    Column("commit", right=True),
    Column("author"),
    Column("message"),
)


def init(
    context: typer.Context,
    *,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Make a lake, if there is none yet.

    The first write makes one, too; this only does it now.

    JSON: {url, id, created, version}; `created` says whether this call made it.

    Example: `healthsim-lake init --lake ./my-lake`
    """
    with open_lake(context, at, debug=debug) as lake:
        created = lake.create()
        answer = {"url": lake.url, "id": lake.id, "created": created, "version": lake.version}
    if as_json:
        print_json(answer)
    elif created:
        print_line(f"Made a lake at {answer['url']}")
    else:
        print_line(f"There is a lake at {answer['url']}, version {answer['version']}")


def list_scenarios(
    context: typer.Context,
    *,
    tag: Annotated[
        str | None, typer.Option(metavar="TAG", help="Only those with this tag, in any case.")
    ] = None,
    search: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Only those with this text in name or description."),
    ] = None,
    product: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only those with entities of this product."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    offset: Annotated[int, typer.Option(min=0, help="Leave out so many first.")] = 0,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List scenarios, last changed first.

    JSON: a list of records, each with id, name, description, tags, metadata, products,
    created_at, updated_at, version, entity_counts (rows by type), origins (what it was cloned,
    merged or carried from) and entity_count.

    Example: `healthsim-lake list --tag diabetes`
    """
    with open_lake(context, at, debug=debug) as lake:
        found = lake.scenarios.list(
            tag=tag, search=search, product=product, limit=limit, offset=offset
        )
        url = lake.url
    if as_json:
        print_json([record.to_dict() for record in found])
        return
    if not found:
        chosen = tag or search or product or offset
        advice = "is like that" if chosen else "is there; healthsim-lake save or import puts one in"
        note(f"{url}: no scenario {advice}")
        return
    print_list(found)
    if len(found) == limit:
        note(f"{limit} scenarios shown; --offset {offset + limit} goes on")


def print_list(records: Sequence[ScenarioRecord]) -> None:
    """Print scenarios, one in a line."""
    rows = [
        [one.name, f"{one.entity_count:,}", one.version, one.updated_at, ", ".join(one.tags)]
        for one in records
    ]
    print_table(_LIST, rows)


def show(
    context: typer.Context,
    ref: RefArgument,
    *,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show what is known of a scenario: its record, its types with their rows, its versions.

    JSON: the record as in `list`, and `versions` as in `history`.

    Example: `healthsim-lake show my-cohort`
    """
    with open_lake(context, at, debug=debug) as lake:
        record, versions = lake.scenarios.get(ref), lake.scenarios.history(ref)
    if as_json:
        shown = [version.model_dump(mode="json") for version in versions]
        print_json({**record.to_dict(), "versions": shown})
        return
    _print_record(record)
    print_types(record)
    print_heading("Versions")
    print_versions(versions)


def _print_record(record: ScenarioRecord) -> None:
    facts = {
        "name": record.name,
        "id": record.id,
        "description": record.description,
        "tags": ", ".join(record.tags),
        "products": ", ".join(record.products),
        "metadata": ", ".join(record.metadata),
        "created": record.created_at,
        "changed": record.updated_at,
        "version": record.version,
        "rows": f"{record.entity_count:,}",
    }
    print_heading("Scenario")
    print_table((Column("field"), Column("value")), [[k, v] for k, v in facts.items() if v])


def print_types(record: ScenarioRecord) -> None:
    """Print a scenario's entity types with their numbers of rows."""
    print_heading("Entities")
    print_table(_TYPES, [[key, f"{rows:,}"] for key, rows in record.entity_counts.items()])


def history(
    context: typer.Context,
    ref: RefArgument,
    *,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List all versions of a scenario, the newest first; also of a deleted one.

    JSON: a list of {version, commit, timestamp, operation, entity_count, manifest_commit,
    author, message}.

    Example: `healthsim-lake history my-cohort`
    """
    with open_lake(context, at, debug=debug) as lake:
        versions = lake.scenarios.history(ref)
    if as_json:
        print_json([version.model_dump(mode="json") for version in versions])
    else:
        print_versions(versions)


def print_versions(versions: Sequence[ScenarioVersion]) -> None:
    """Print the versions of a scenario."""
    rows = [
        [
            one.version,
            one.timestamp,
            one.operation,
            f"{one.entity_count:,}",
            one.commit,
            one.author,
            one.message,
        ]
        for one in versions
    ]
    print_table(_VERSIONS, rows)


def rename(
    context: typer.Context,
    ref: RefArgument,
    name: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.", show_default=False)],
    *,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Give a scenario another name; its id and its versions stay.

    JSON: the record as in `list`.

    Example: `healthsim-lake rename my-cohort my-cohort-2026`
    """
    with open_lake(context, at, debug=debug) as lake:
        record = lake.scenarios.rename(ref, name)
    if as_json:
        print_json(record.to_dict())
    else:
        print_line(f"Renamed {ref} to {record.name}")


def delete(
    context: typer.Context,
    ref: RefArgument,
    *,
    yes: YesOption = False,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Delete a scenario; `restore` brings it back.

    Asks first. Where nobody can be asked, --yes has to be given.

    JSON: the record of what was deleted, as in `list`.

    Example: `healthsim-lake delete my-cohort --yes`
    """
    with open_lake(context, at, debug=debug) as lake:
        record = lake.scenarios.get(ref)
        question = f"Delete {record.name} with {record.entity_count:,} rows?"
        if not yes and not agreed(context, question):
            note("nothing was deleted")
            raise typer.Exit(1)
        lake.scenarios.delete(record.id)
    if as_json:
        print_json(record.to_dict())
    else:
        print_line(f"Deleted {record.name}; healthsim-lake restore {record.id} brings it back")


def restore(
    context: typer.Context,
    ref: Annotated[
        str,
        typer.Argument(
            metavar="REF", help="Id, or name, of a deleted scenario.", show_default=False
        ),
    ],
    *,
    name: OtherNameOption = None,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Bring a deleted scenario back, with all its versions.

    Of several deleted scenarios of one name the one that was deleted last comes back.

    JSON: the record as in `list`.

    Example: `healthsim-lake restore my-cohort`
    """
    with open_lake(context, at, debug=debug) as lake:
        record = lake.scenarios.restore(ref, name)
    if as_json:
        print_json(record.to_dict())
    else:
        print_line(f"Restored {record.name} ({record.entity_count:,} rows)")
