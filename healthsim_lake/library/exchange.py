"""Documents as JSON and YAML files, for people to edit and to keep under version control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from healthsim_lake import _json, library
from healthsim_lake._shown import shown
from healthsim_lake.catalog.documents import DocumentRecord
from healthsim_lake.errors import FormatError
from healthsim_lake.storage.placing import written_file

MAX_BYTES = 4 * 1024 * 1024
MAX_YAML_BYTES = 1024 * 1024
"""YAML is parsed about a hundred times slower than JSON."""
_DESCRIBED = ("description", "products", "tags", "metadata")
_YAML = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """What a file holds.

    Attributes:
        name: What it calls itself, else the file's stem.
        spec: The specification.
        described: Description, products, tags and metadata, as far as it names them.
    """

    name: str
    spec: dict[str, Any]
    described: dict[str, Any]


def document_of(record: DocumentRecord, spec: dict[str, Any], *, kind: str) -> dict[str, Any]:
    """Return a document in the layout of files."""
    return {
        "kind": kind,
        "name": record.name,
        "version": record.version,
        "description": record.description,
        "products": list(record.products),
        "tags": list(record.tags),
        "metadata": record.metadata,
        "spec": spec,
    }


def write(path: Path, document: dict[str, Any]) -> Path:
    """Write a document, so that no half of it is ever seen.

    Raises:
        StorageError: It cannot be written; nothing was changed.
    """
    if path.suffix.lower() in _YAML:
        text = library.yaml_text(document)
    else:
        text = _json.dumps_pretty(document) + "\n"
    with written_file(path) as aside:
        aside.write_text(text, encoding="utf-8")
    return path


def read(path: Path, *, kind: str) -> DocumentFile:
    """Return what a file holds.

    Raises:
        FormatError: It cannot be read, is too large, or holds another kind of document.
        FileNotFoundError: It is not there.
    """
    if path.exists() and not path.is_file():
        raise FormatError(f"{path} is no file with bytes in it: it is a folder, pipe or device")
    is_yaml = path.suffix.lower() in _YAML
    most = MAX_YAML_BYTES if is_yaml else MAX_BYTES
    if path.stat().st_size > most:
        raise FormatError(f"{path} is larger than {most:,} bytes")
    data = path.read_bytes()
    if is_yaml:
        found = library.yaml_value(data, str(path))
    else:
        found = _json.loads_foreign(data, where=str(path))
    if not isinstance(found, Mapping):
        raise FormatError(f"{path} holds no {kind}: its top level must be a mapping")
    return _understood(dict(found), path, kind)


def _understood(found: dict[str, Any], path: Path, kind: str) -> DocumentFile:
    if isinstance(found.get("spec"), Mapping):
        if found.get("kind", kind) != kind:
            raise FormatError(f"{path} holds a {shown(found['kind'])}, not a {kind}")
        spec, described = dict(found["spec"]), found
    else:
        spec, described = found, {}
    named = described.get("name", spec.get("name"))
    return DocumentFile(
        name=named if isinstance(named, str) and named.strip() else path.stem,
        spec=spec,
        described={key: described[key] for key in _DESCRIBED if described.get(key) is not None},
    )
