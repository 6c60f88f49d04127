"""Commands that carry profiles and journeys out and in; NOUN stands for either in their help."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from healthsim_lake.cli.library.words import (
    FileArgument,
    NameOption,
    RefArgument,
    VersionOption,
    collection_of,
    noun_of,
    print_saved,
)
from healthsim_lake.cli.options import (
    DebugOption,
    JsonOption,
    LakeOption,
    open_lake,
)
from healthsim_lake.cli.output import note, print_json, print_line, print_table
from healthsim_lake.cli.tables import Column


def export(
    context: typer.Context,
    ref: RefArgument,
    file: FileArgument,
    *,
    version: VersionOption = None,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Write a NOUN to a JSON or YAML file, which `NOUN import` reads.

    JSON: {file}.

    Example: `healthsim-lake NOUN export my-NOUN my-NOUN.yaml`
    """
    with open_lake(context, at, debug=debug) as lake:
        written = collection_of(context, lake).export(ref, file.expanduser(), version=version)
    if as_json:
        print_json({"file": str(written)})
    else:
        print_line(f"Wrote {written}")


def import_file(
    context: typer.Context,
    file: FileArgument,
    *,
    name: NameOption = None,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Save a NOUN that `NOUN export` wrote, with its description, products and tags.

    JSON: the record as in `NOUN show`.

    Example: `healthsim-lake NOUN import my-NOUN.yaml --name my-NOUN-again`
    """
    with open_lake(context, at, debug=debug) as lake:
        record = collection_of(context, lake).import_file(file.expanduser(), name=name)
    print_saved(context, record, as_json=as_json)


def builtin(
    context: typer.Context,
    *,
    do_import: Annotated[
        bool, typer.Option("--import", help="Save those that are not in the lake yet.")
    ] = False,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List the NOUNs that ship with this program, and with --import save them in the lake.

    Names that are taken are left alone, whoever has them.

    JSON: a list of {name, description}, or with --import {added, skipped}, names both.

    Example: `healthsim-lake NOUN builtin --import`
    """
    with open_lake(context, at, debug=debug) as lake:
        collection = collection_of(context, lake)
        offered = collection.builtin()
        if not do_import:
            _print_offered(offered, as_json=as_json)
            return
        added = collection.import_builtin()
    skipped = [name for name in offered if name not in added]
    if as_json:
        print_json({"added": list(added), "skipped": skipped})
        return
    print_line(f"Imported {len(added)} built-in {noun_of(context)}s")
    if skipped:
        note(f"{len(skipped)} were there already")


def _print_offered(offered: dict[str, Any], *, as_json: bool) -> None:
    rows = [
        {"name": name, "description": spec.get("description")} for name, spec in offered.items()
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(
            (Column("name"), Column("description")),
            [[row["name"], row["description"]] for row in rows],
        )
