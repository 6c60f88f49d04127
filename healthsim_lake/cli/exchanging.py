"""Commands that write scenarios to files of other programs, and read such files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from healthsim_lake.cli.importing import saved
from healthsim_lake.cli.options import (
    DebugOption,
    DescriptionOption,
    FileNameOption,
    JsonOption,
    LakeOption,
    OverwriteOption,
    RefArgument,
    TagOption,
    TypesOption,
    VersionOption,
    open_lake,
)
from healthsim_lake.cli.output import print_json, print_line
from healthsim_lake.cli.progress import rows_moved

FORMATS = ("json", "ndjson", "csv", "parquet")


def export(
    context: typer.Context,
    ref: RefArgument,
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PATH]", help="A file or folder; else ~/Downloads.", show_default=False
        ),
    ] = None,
    *,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="json, ndjson, csv or parquet; all but Parquet also with .gz, e.g. csv.gz.",
        ),
    ] = "json",
    types: TypesOption = None,
    provenance: Annotated[
        bool,
        typer.Option("--provenance/--no-provenance", help="Whether to tell where rows came from."),
    ] = True,
    version: VersionOption = None,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Write a scenario to a JSON file, or to a folder with a file for each table.

    `import` reads all of these. From JSON and NDJSON the rows come back exactly as they were; CSV
    and Parquet hold the typed columns of the tables.

    JSON: {scenario_id, scenario_name, format, file_path, entities_exported (rows by type),
    total_entities, file_size_bytes}.

    Example: `healthsim-lake export my-cohort ./my-cohort --format parquet`
    """
    with open_lake(context, at, debug=debug) as lake:
        total = lake.scenarios.get(ref).entity_count
        with rows_moved(total) as tell:
            result = lake.scenarios.export(
                ref,
                path,
                format=form,
                types=types or None,
                include_provenance=provenance,
                version=version,
                on_progress=tell,
            )
    if as_json:
        print_json(result.to_dict())
    else:
        print_line(
            f"Wrote {result.total_entities:,} rows "
            f"({result.file_size_bytes:,} bytes) to {result.file_path}"
        )


def importer(form: str) -> Callable[..., None]:
    """Return the command that imports files of one format."""

    def import_files(
        context: typer.Context,
        path: Annotated[
            Path,
            typer.Argument(metavar="PATH", help="A file, or a folder of them.", show_default=False),
        ],
        *,
        name: FileNameOption = None,
        entity_type: Annotated[
            str | None,
            typer.Option(
                "--type",
                metavar="TYPE",
                help="What the rows of a file of one table are; else its name says.",
            ),
        ] = None,
        description: DescriptionOption = None,
        tag: TagOption = None,
        overwrite: OverwriteOption = False,
        at: LakeOption = None,
        as_json: JsonOption = False,
        debug: DebugOption = False,
    ) -> None:
        with open_lake(context, at, debug=debug) as lake, rows_moved(None) as tell:
            record = lake.scenarios.import_file(
                path,
                name=name,
                overwrite=overwrite,
                format=form,
                entity_type=entity_type,
                description=description,
                tags=tag,
                on_progress=tell,
            )
        if as_json:
            print_json(record.to_dict())
        else:
            print_line(saved(record))

    import_files.__doc__ = _HELP[form]
    return import_files


_END = """

    JSON: the record as in `list`.

    Example: `healthsim-lake import {}`
    """
_HELP = {
    "json": """Import a JSON file: an export, or entity types with their rows.

    The types stand under `entities` or at the top. The file is looked through before anything is
    saved. `.json.gz` is read, too."""
    + _END.format("json cohort.json --name my-cohort"),
    "ndjson": """Import newline-delimited JSON: a file of one table, or a folder of an export."""
    + _END.format("ndjson patients.ndjson --name my-cohort"),
    "csv": """Import CSV: a file of one table, or a folder of such files.

    Cells stay text where nobody says otherwise; an empty cell is null."""
    + _END.format("csv ./cohort --name my-cohort"),
    "parquet": """Import Parquet: a file of one table, or a folder of such files."""
    + _END.format("parquet ./cohort --name my-cohort"),
}
