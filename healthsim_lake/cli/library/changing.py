"""Commands that save and change profiles and journeys; NOUN stands for either in their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from healthsim_lake.cli.library.words import (
    FileArgument,
    NameOption,
    ProductOption,
    RefArgument,
    collection_of,
    noun_of,
    print_saved,
)
from healthsim_lake.cli.options import (
    DebugOption,
    DescriptionOption,
    JsonOption,
    LakeOption,
    OtherNameOption,
    TagOption,
    open_lake,
)
from healthsim_lake.cli.output import print_json, print_line
from healthsim_lake.library import exchange

_Message = Annotated[
    str | None, typer.Option("--message", metavar="TEXT", help="Why, for the history.")
]
_ExpectedVersion = Annotated[
    int | None,
    typer.Option("--expected-version", min=1, metavar="N", help="Refuse if it is at another one."),
]


def save(
    context: typer.Context,
    file: FileArgument,
    *,
    name: NameOption = None,
    description: DescriptionOption = None,
    products: ProductOption = None,
    tags: TagOption = None,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Save a specification from a file as a new NOUN.

    JSON: the record as in `NOUN show`.

    Example: `healthsim-lake NOUN save my-NOUN.yaml --tag diabetes`
    """
    with open_lake(context, at, debug=debug) as lake:
        held = exchange.read(file.expanduser(), kind=noun_of(context))
        given = {"description": description, "products": products, "tags": tags}
        described = {key: value for key, value in given.items() if value is not None}
        record = collection_of(context, lake).save(
            held.name if name is None else name, held.spec, **{**held.described, **described}
        )
    print_saved(context, record, as_json=as_json)


def update(
    context: typer.Context,
    ref: RefArgument,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="The new specification.", show_default=False),
    ] = None,
    *,
    description: DescriptionOption = None,
    products: ProductOption = None,
    tags: TagOption = None,
    bump: Annotated[
        bool, typer.Option("--bump/--no-bump", help="Whether this is a new version.")
    ] = True,
    expected_version: _ExpectedVersion = None,
    message: _Message = None,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Change a NOUN: another specification, description, products or tags; the rest stays.

    Former versions stay: `NOUN show REF --version N`.

    JSON: the record as in `NOUN show`.

    Example: `healthsim-lake NOUN update my-NOUN my-NOUN.yaml --message "more visits"`
    """
    if file is None and description is None and products is None and tags is None:
        raise typer.BadParameter("give a FILE, --description, --product or --tag")
    with open_lake(context, at, debug=debug) as lake:
        spec = None
        if file is not None:
            spec = exchange.read(file.expanduser(), kind=noun_of(context)).spec
        record = collection_of(context, lake).update(
            ref,
            spec,
            description=description,
            products=products,
            tags=tags,
            bump_version=bump,
            expected_version=expected_version,
            message=message,
        )
    print_saved(context, record, as_json=as_json)


def rename(
    context: typer.Context,
    ref: RefArgument,
    name: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.", show_default=False)],
    *,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Give a NOUN another name; its id and its versions stay.

    JSON: the record as in `NOUN show`.

    Example: `healthsim-lake NOUN rename my-NOUN my-NOUN-2026`
    """
    with open_lake(context, at, debug=debug) as lake:
        record = collection_of(context, lake).rename(ref, name)
    print_saved(context, record, as_json=as_json)


def delete(
    context: typer.Context,
    ref: RefArgument,
    *,
    drop_executions: Annotated[
        bool, typer.Option("--drop-executions", help="Forget what it was run for, too.")
    ] = False,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Delete a NOUN; `NOUN restore` brings it back.

    JSON: {deleted}, its id.

    Example: `healthsim-lake NOUN delete my-NOUN`
    """
    with open_lake(context, at, debug=debug) as lake:
        collection = collection_of(context, lake)
        record = collection.load(ref)
        collection.delete(record.id, drop_executions=drop_executions)
    if as_json:
        print_json({"deleted": record.id})
        return
    noun = noun_of(context)
    print_line(f"Deleted {record.name}; healthsim-lake {noun} restore {record.id} brings it back")


def restore(
    context: typer.Context,
    ref: RefArgument,
    *,
    name: OtherNameOption = None,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Bring a deleted NOUN back with all its versions.

    JSON: the record as in `NOUN show`.

    Example: `healthsim-lake NOUN restore my-NOUN`
    """
    with open_lake(context, at, debug=debug) as lake:
        record = collection_of(context, lake).restore(ref, name)
    print_saved(context, record, as_json=as_json)
