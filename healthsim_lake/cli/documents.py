"""A scenario as a JSON document: read from a file, and written to one row by row."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from healthsim_lake import _json
from healthsim_lake._shown import shown
from healthsim_lake.errors import FormatError
from healthsim_lake.scenarios.exchange import documents
from healthsim_lake.storage.placing import written_file

if TYPE_CHECKING:
    from healthsim_lake import Scenario

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Document:
    """What a JSON file holds of a scenario.

    Attributes:
        entities: Entity type to rows.
        name: Or None where the file does not say; likewise the others.
        description: Free text.
        tags: Labels.
        metadata: Any JSON object.
    """

    entities: Mapping[str, Any]
    name: str | None = None
    description: str | None = None
    tags: list[str] | None = None
    metadata: Mapping[str, Any] | None = None


def read(file: str) -> Document:
    """Read a scenario from a JSON file, or from standard input.

    The file holds an object of entity types to rows, or what `lines` writes: an object whose
    ``entities`` are such an object. The file's name, without its suffix, is the name of a scenario
    that has none.

    Raises:
        FormatError: It is not JSON, or not of that shape; says where.
        OSError: It cannot be read.
    """
    if file == STDIN:
        return _document(_json.loads_foreign(sys.stdin.buffer.read(), where="standard input"), "-")
    path = Path(file).expanduser()
    return _document(_json.loads_foreign(path.read_bytes(), where=file), file, stem=path.stem)


def _document(value: Any, where: str, *, stem: str | None = None) -> Document:
    if not isinstance(value, dict):
        raise FormatError(
            f"{where}: expected an object of entity types to rows, such as "
            f'{{"patients": [...]}}, not {_named(value)}'
        )
    if not isinstance(value.get("entities"), dict):
        return Document(value, name=stem)
    return Document(
        value["entities"],
        name=_member(value, "name", str, where) or stem,
        description=_member(value, "description", str, where),
        tags=_member(value, "tags", list, where),
        metadata=_member(value, "metadata", dict, where),
    )


def _member(value: dict[str, Any], key: str, kind: type, where: str) -> Any:
    member = value.get(key)
    if member is not None and not isinstance(member, kind):
        raise FormatError(f"{where}: {shown(key)} must be {_NAMES[kind]}, not {_named(member)}")
    return member


_NAMES = {
    dict: "an object",
    list: "a list",
    str: "text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}


def _named(value: Any) -> str:
    return _NAMES[type(value)]


def lines(scenario: Scenario) -> Iterator[str]:
    """Yield the text of a scenario's document, a row a line, without holding all of them."""
    entities = ((key, ([row] for row in scenario.iter_rows(key))) for key in scenario)
    return documents.texts(documents.head(scenario.record), entities)


def write(scenario: Scenario, path: Path) -> int:
    """Write a scenario's document, and return its size in bytes; see `written_file`.

    Raises:
        StorageError: It cannot be written.
    """
    with written_file(path) as aside:
        return _write(scenario, aside)


def _write(scenario: Scenario, path: Path) -> int:
    size = 0
    with path.open("w", encoding="ascii", newline="\n") as stream:
        for line in lines(scenario):
            size += stream.write(line)
    return size
