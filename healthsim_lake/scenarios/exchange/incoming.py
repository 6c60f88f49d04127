"""A scenario that stands in files, on its way into the lake."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import IO, Any

from healthsim_lake import _json
from healthsim_lake._shown import shown
from healthsim_lake._unpacking import Unpacking
from healthsim_lake.entities.registry import Registry
from healthsim_lake.errors import FormatError, InputError
from healthsim_lake.scenarios.exchange import layouts, tabular
from healthsim_lake.scenarios.exchange.documents import WRITER
from healthsim_lake.scenarios.exchange.formats import GZ, Format, parse_format, split
from healthsim_lake.scenarios.exchange.provenance import LOADED, provenance_of
from healthsim_lake.scenarios.exchange.targets import ABOUT

_COUNTED = {"name", "description", "tags", "entity_types", "entity_counts"}
"""What the metadata of other programs repeat of the scenario."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What files hold of a scenario.

    Attributes:
        entities: Entity key to rows; rows are read while they are iterated, in this order.
        name: What the scenario is called there.
        description: Or None where nothing is said; likewise the others.
        tags: Labels.
        metadata: Any JSON object.
        provenance: What holds of rows that do not say.
    """

    entities: Mapping[str, Any]
    name: str
    description: str | None = None
    tags: list[str] | None = None
    metadata: dict[str, Any] | None = None
    provenance: dict[str, str] = field(default_factory=lambda: dict(LOADED))


def read(
    path: str | os.PathLike[str],
    registry: Registry,
    *,
    form: str | None = None,
    entity_type: str | None = None,
) -> Incoming:
    """Open what an export, or somebody else, wrote.

    Args:
        path: A JSON file; a file of one table (its stem names the entity type); or a folder of
            such files.
        registry: Says which names are entity types.
        form: ``json``, ``ndjson``, ``csv`` or ``parquet``; None for what the name says.
        entity_type: What the rows of a file of one table are, if its name does not say.

    Raises:
        FormatError: It is not what it claims to be; says where.
        FileNotFoundError: It is not there.
    """
    place = Path(os.fspath(path)).expanduser()
    wanted = None if form is None else parse_format(form)
    if place.is_dir():
        return _folder(place, registry, wanted)
    place.stat()
    if not place.is_file():
        raise FormatError(f"{place}: is no file with bytes in it: it is a pipe or a device")
    stem, named = split(place.name)
    found = wanted or named
    if found is None:
        raise FormatError(
            f"{place}: no format goes by that name; give one of json, ndjson, csv, parquet"
        )
    if found.name == "json":
        return _document(place, registry, stem)
    key = entity_type or stem
    return Incoming({key: tabular.rows(place, found)}, name=stem)


def _folder(folder: Path, registry: Registry, wanted: Format | None) -> Incoming:
    about = folder / ABOUT
    if about.is_file():
        return _own_folder(folder, about)
    files = sorted(one for one in folder.iterdir() if one.is_file() and one.name[0] not in "._")
    formats = {one: form for one in files if (form := split(one.name)[1]) is not None}
    names = {form.name for form in formats.values()}
    if wanted is not None:
        names &= {wanted.name}
    if len(names) != 1:
        held = ", ".join(sorted(names)) or "no JSON, NDJSON, CSV or Parquet file"
        raise FormatError(
            f"{folder}: holds {held}" + ("; say which format to read" if names else "")
        )
    (name,) = names
    chosen = {one: form for one, form in formats.items() if form.name == name}
    if name == "json":
        return _documents(folder, list(chosen), registry)
    tables = {split(one.name)[0]: tabular.rows(one, form) for one, form in chosen.items()}
    if len(tables) < len(chosen):
        raise FormatError(f"{folder}: two files are for one table")
    return Incoming(tables, name=folder.name)


def _own_folder(folder: Path, about: Path) -> Incoming:
    """Return what our own export holds: keys, order and columns are known."""
    head = _json.loads_foreign(about.read_bytes(), where=str(about))
    described = head.get("entities") if isinstance(head, dict) else None
    if not isinstance(described, dict):
        raise FormatError(f"{about}: says nothing of entities")
    entities = {}
    for key, table in described.items():
        name = table.get("file") if isinstance(table, dict) else None
        form = split(name)[1] if isinstance(name, str) and Path(name).name == name else None
        if form is None:
            raise FormatError(f"{about}: entities.{key} names no file of this folder")
        (folder / str(name)).stat()
        entities[key] = tabular.rows(folder / str(name), form, columns=table.get("columns"))
    return _described(head, entities, str(about), folder.name)


def _document(path: Path, registry: Registry, stem: str) -> Incoming:
    where = str(path)
    with _opened(path) as stream:
        found = layouts.survey(stream, where, registry)
    return _described(found.head, _one_by_one(path, found), where, stem)


def _one_by_one(path: Path, found: layouts.Survey) -> dict[str, Iterable[dict[str, Any]]]:
    """Return the rows by entity key; they stand in one file, and are to be taken in order."""

    def pairs() -> Iterator[tuple[str, dict[str, Any]]]:
        with _opened(path) as stream:
            yield from layouts.rows(stream, str(path), found)

    groups = groupby(pairs(), key=itemgetter(0))

    def rows() -> Iterator[dict[str, Any]]:
        for _, row in next(groups)[1]:
            yield row

    entities: dict[str, Iterable[dict[str, Any]]] = {}
    for member, count in found.counts.items():
        key = found.keys[member]
        if key in entities:
            first = next(one for one, meant in found.keys.items() if meant == key)
            raise InputError(
                f"{path}: {shown(first)} and {shown(member)} both mean {key}; keep one of them"
            )
        entities[key] = rows() if count else []
    return entities


def _documents(folder: Path, files: list[Path], registry: Registry) -> Incoming:
    """Return the rows of a folder of small JSON files, each with some rows of some types."""
    gathered: dict[str, list[dict[str, Any]]] = {}
    head: dict[str, Any] = {}
    for file in files:
        part = _document(file, registry, file.stem)
        for key, rows in part.entities.items():
            meant = registry.find(key)
            gathered.setdefault(key if meant is None else meant.name, []).extend(rows)
        head = head or {"description": part.description, "tags": part.tags}
    return Incoming(gathered, name=folder.name, **head)


def _described(
    head: dict[str, Any], entities: Mapping[str, Any], where: str, stem: str
) -> Incoming:
    metadata = _member(head, "metadata", dict, where) or {}
    name = _first("name", str, where, head, {"name": head.get("scenario_name")}, metadata)
    kept = {key: value for key, value in metadata.items() if key not in _COUNTED}
    if str(head.get("writer", "")).startswith(WRITER):
        kept = metadata
    return Incoming(
        entities,
        name=name or stem,
        description=_first("description", str, where, head, metadata),
        tags=_first("tags", list, where, head, metadata),
        metadata=kept or None,
        provenance=provenance_of(head),
    )


def _first(key: str, kind: type, where: str, *places: Mapping[str, Any]) -> Any:
    found = (_member(place, key, kind, where) for place in places)
    return next((one for one in found if one is not None), None)


def _member(place: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    value = place.get(key)
    if value is not None and not isinstance(value, kind):
        raise FormatError(
            f"{where}: {shown(key)} must be {_WORDS[kind]}, not {type(value).__name__}"
        )
    return value


_WORDS: dict[type, str] = {str: "text", list: "a list", dict: "an object"}


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as raw:
        packed = path.name.lower().endswith(GZ) or raw.peek(2)[:2] == b"\x1f\x8b"
        if not packed:
            yield raw
            return
        size = os.fstat(raw.fileno()).st_size
        with Unpacking(gzip.GzipFile(fileobj=raw), size, str(path)) as stream:
            yield stream  # type: ignore[misc]  # it is read from like any file
