"""Commands that put data into the lake."""

from __future__ import annotations

from typing import Annotated

import typer

from healthsim_lake import formats
from healthsim_lake.catalog.records import ScenarioRecord
from healthsim_lake.cli import documents
from healthsim_lake.cli.options import (
    DebugOption,
    DescriptionOption,
    FileNameOption,
    JsonOption,
    LakeOption,
    OverwriteOption,
    TagOption,
    open_lake,
)
from healthsim_lake.cli.output import print_json, print_line
from healthsim_lake.cli.progress import bytes_read, rows_saved
from healthsim_lake.errors import InputError


def import_synthea(
    context: typer.Context,
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH", help="Folder of Synthea's CSV files, or a zip.", show_default=False
        ),
    ],
    *,
    name: Annotated[
        str, typer.Option(metavar="NAME", help="Name of the scenario.", show_default=False)
    ],
    description: DescriptionOption = None,
    tag: TagOption = None,
    overwrite: OverwriteOption = False,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Import a CSV export of Synthea, of any generation since 2017, as a scenario.

    Every row of every file becomes a row of the scenario; files and columns that nobody knows are
    kept, too. What was found, missing or malformed is told at the end.

    JSON: {scenario, report}: the record as in `list`, and what was found.

    Example: `healthsim-lake import synthea ./output/csv --name massachusetts`
    """
    with open_lake(context, at, debug=debug) as lake, bytes_read() as tell:
        export = formats.synthea.read(path, on_progress=tell)
        record = lake.scenarios.save(
            name, export, description=description, tags=tag, overwrite=overwrite
        )
    if as_json:
        print_json({"scenario": record.to_dict(), "report": export.report.to_dict()})
        return
    for line in export.report.to_text().splitlines():
        print_line(line)
    print_line(saved(record))


def save(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="A JSON file; - reads standard input.", show_default=False
        ),
    ],
    *,
    name: FileNameOption = None,
    description: DescriptionOption = None,
    tag: TagOption = None,
    overwrite: OverwriteOption = False,
    at: LakeOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Save a JSON file as a scenario.

    The file is an object of entity types to rows, or what `load` writes: an object with name,
    description, tags, metadata and entities.

    JSON: the record as in `list`.

    Example: `healthsim-lake save cohort.json --name my-cohort --tag diabetes`
    """
    with open_lake(context, at, debug=debug) as lake:
        document = documents.read(file)
        chosen = document.name if name is None else name
        if chosen is None:
            raise InputError("the scenario needs a name: give --name")
        with rows_saved(document.entities) as tell:
            record = lake.scenarios.save(
                chosen,
                document.entities,
                description=document.description if description is None else description,
                tags=tag or document.tags,
                metadata=document.metadata,
                overwrite=overwrite,
                on_progress=tell,
            )
    if as_json:
        print_json(record.to_dict())
    else:
        print_line(saved(record))


def saved(record: ScenarioRecord) -> str:
    """Return the sentence that tells of a save."""
    rows, types = record.entity_count, len(record.entity_counts)
    counts = f"{rows:,} {'row' if rows == 1 else 'rows'} of {types} "
    counts += "type" if types == 1 else "types"
    return f"Saved {record.name}, version {record.version}: {counts}"
