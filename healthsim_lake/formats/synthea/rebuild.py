"""The way back: rows of a scenario to the CSV files they came from, cell by cell."""

from __future__ import annotations

import csv
import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from healthsim_lake import _json
from healthsim_lake.errors import FormatError
from healthsim_lake.formats.synthea.export import FORMAT
from healthsim_lake.formats.synthea.plan import MISSING, SOURCE_ROW, SURPLUS

Rows = Iterable[Mapping[str, Any]]


def cells(
    entities: Mapping[str, Rows], metadata: Mapping[str, Any]
) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """Yield each file of an imported export with its rows of text, the header first.

    Args:
        entities: Table to rows, as loaded from the scenario.
        metadata: The scenario's metadata, which `SyntheaExport.metadata` is part of.

    Yields:
        (file name, rows), in the order in which the files were read. Within a file the rows are
        in their old order; rows that were added to the scenario since follow at the end.

    Raises:
        FormatError: The scenario was not imported from a Synthea export.
    """
    for file in _files(metadata):
        yield file["file"], _rows(entities, file)


def write(
    entities: Mapping[str, Rows], metadata: Mapping[str, Any], folder: str | PathLike[str]
) -> list[Path]:
    """Write the CSV files that a scenario was imported from, and return their paths.

    Every cell has its old text; quotes stand only where they are needed. Files that are there
    already are overwritten.

    Args:
        entities: Table to rows, as loaded from the scenario.
        metadata: The scenario's metadata.
        folder: Where to write; made if need be.

    Raises:
        FormatError: The scenario was not imported from a Synthea export.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    paths = []
    for file in _files(metadata):
        path = target / Path(file["file"]).name
        encoding = "utf-8-sig" if file["bom"] else "utf-8"
        with path.open("w", encoding=encoding, newline="") as stream:
            writer = csv.writer(stream, lineterminator=file["newline"] or "\n")
            writer.writerows(_rows(entities, file))
        paths.append(path)
    return paths


def _files(metadata: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    if FORMAT not in metadata:
        raise FormatError(
            f"the scenario's metadata has no {FORMAT!r}: it was not imported from a Synthea export"
        )
    files: Sequence[Mapping[str, Any]] = metadata[FORMAT]["files"]
    return files


def _rows(entities: Mapping[str, Rows], file: Mapping[str, Any]) -> Iterator[list[str]]:
    if file["header"]:
        yield list(file["header"])
    parts = [_part(entities.get(table, ()), keys) for table, keys in file["keys"].items()]
    # One table: its own order. Several: each is in order, and the position says how to merge.
    merged = parts[0] if len(parts) == 1 else heapq.merge(*parts, key=lambda part: part[0])
    for _, row in merged:
        yield row


def _part(rows: Rows, keys: Sequence[str]) -> Iterator[tuple[float, list[str]]]:
    return ((_position(row), _cells(row, keys)) for row in rows)


def _position(row: Mapping[str, Any]) -> float:
    number = row.get(SOURCE_ROW)
    return float("inf") if number is None else int(number)


def _cells(row: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
    values = (row.get(key) for key in keys)
    result = ["" if value is None else str(value) for value in values]
    if row.get(MISSING) is not None:
        return result[: len(result) - int(row[MISSING])]
    surplus = row.get(SURPLUS)
    return result if surplus is None else [*result, *_json.loads(surplus)]
