"""Commands that find and show profiles and journeys; NOUN stands for either in their help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from healthsim_lake.cli.library.words import (
    LimitOption,
    ProductOption,
    RefArgument,
    VersionOption,
    collection_of,
    noun_of,
)
from healthsim_lake.cli.options import (
    DebugOption,
    JsonOption,
    LakeOption,
    TagOption,
    open_lake,
)
from healthsim_lake.cli.output import note, print_heading, print_json, print_line, print_table
from healthsim_lake.cli.tables import Column

if TYPE_CHECKING:
    from healthsim_lake import Lake

_LIST = (
    Column("name"),
    Column("version", right=True),
    Column("products"),
    Column("tags"),
    Column("runs", right=True),
    Column("last run (UTC)"),
    Column("description"),
)
_REVISIONS = (
    Column("version", right=True),
    Column("revision", right=True),
    Column("time (UTC)"),
    Column("operation"),
    Column("commit", right=True),
    Column("author"),
    Column("message"),
)
_FIELDS = (Column("field"), Column("value"))
_OldVersion = Annotated[
    int | None, typer.Argument(min=1, metavar="[OLD]", help="A version; else the one before NEW.")
]
_NewVersion = Annotated[
    int | None, typer.Argument(min=1, metavar="[NEW]", help="A version; else the newest.")
]


def list_documents(
    context: typer.Context,
    *,
    products: ProductOption = None,
    tags: TagOption = None,
    search: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Only those with this text in name or description."),
    ] = None,
    limit: LimitOption = 50,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List NOUNs with how often they were run, last changed first.

    JSON: a list of summaries, each with id, name, description, version, products, tags, what the
    specification says in numbers, execution_count, last_executed, created_at and updated_at.

    Example: `healthsim-lake NOUN list --tag diabetes`
    """
    with open_lake(context, at, debug=debug) as lake:
        found = collection_of(context, lake).list(
            products=products, tags=tags, search=search, limit=limit
        )
    if as_json:
        print_json([one.to_dict() for one in found])
        return
    if not found:
        noun = noun_of(context)
        note(f"no {noun} found; healthsim-lake {noun} builtin --import puts some there")
        return
    rows = [
        [
            one.name,
            one.version,
            ", ".join(one.products),
            ", ".join(one.tags),
            f"{one.execution_count:,}",
            one.last_executed,
            one.description,
        ]
        for one in found
    ]
    print_table(_LIST, rows)


def show(
    context: typer.Context,
    ref: RefArgument,
    *,
    version: VersionOption = None,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show a NOUN with its specification.

    JSON: id, name, description, version, products, tags, created_at, updated_at, metadata and the
    specification, `NOUN_spec`.

    Example: `healthsim-lake NOUN show my-NOUN --version 1`
    """
    with open_lake(context, at, debug=debug) as lake:
        record = collection_of(context, lake).load(ref, version=version).to_dict()
    if as_json:
        print_json(record)
        return
    spec = record.pop(f"{noun_of(context)}_spec")
    print_heading(noun_of(context).capitalize())
    print_table(_FIELDS, [[field, value] for field, value in record.items() if value])
    print_heading("Specification")
    print_json(spec)


def history(
    context: typer.Context,
    ref: RefArgument,
    *,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List all changes of a NOUN, the newest first; also of a deleted one.

    JSON: a list of {revision, version, commit, body_commit, timestamp, operation, author, message}.

    Example: `healthsim-lake NOUN history my-NOUN`
    """
    with open_lake(context, at, debug=debug) as lake:
        found = collection_of(context, lake).history(ref)
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    fields = ("version", "revision", "timestamp", "operation", "commit", "author", "message")
    print_table(_REVISIONS, [[getattr(one, field) for field in fields] for one in found])


def executions(
    context: typer.Context,
    ref: RefArgument,
    *,
    limit: LimitOption = 20,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List what a NOUN was run for, the newest first.

    JSON: a list of executions; the table `NOUN_executions` has the same columns in SQL.

    Example: `healthsim-lake NOUN executions my-NOUN --limit 5`
    """
    with open_lake(context, at, debug=debug) as lake:
        found = [one.to_dict() for one in _runs(context, lake, ref, limit)]
    if as_json:
        print_json(found)
        return
    fields = [key for key in (found[0] if found else {}) if any(one[key] for one in found)]
    if not fields:
        note(f"{ref} was not run yet")
        return
    print_table([Column(key) for key in fields], [[one[key] for key in fields] for one in found])


def _runs(context: typer.Context, lake: Lake, ref: str, limit: int) -> list[Any]:
    if noun_of(context) == "profile":
        return list(lake.profiles.executions.of(ref, limit=limit))
    return list(lake.journeys.executions.of(ref, limit=limit))


def diff(
    context: typer.Context,
    ref: RefArgument,
    old: _OldVersion = None,
    new: _NewVersion = None,
    *,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show what changed between two versions of a NOUN's specification.

    JSON: a list of {path, kind, before, after}; kind is added, removed or changed.

    Example: `healthsim-lake NOUN diff my-NOUN 1 2`
    """
    with open_lake(context, at, debug=debug) as lake:
        found = collection_of(context, lake).diff(ref, old, new)
    if as_json:
        print_json([one.to_dict() for one in found])
        return
    for one in found:
        print_line(str(one))
    if not found:
        note("the specifications are the same")
