"""A scenario's dict to a JSON file and back, without a lake."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from healthsim_lake import _clock, _json
from healthsim_lake.errors import FormatError
from healthsim_lake.scenarios.exchange.documents import SCHEMA_VERSION, without_provenance
from healthsim_lake.storage.placing import written_file

_SHARED = ("name", "description", "tags", "created_at")


def export_to_json(scenario: Mapping[str, Any], output_path: str | os.PathLike[str]) -> Path:
    """Write a scenario, as `load_scenario` returns it, to a JSON file; return its path.

    Raises:
        StorageError: It cannot be written.
    """
    path = Path(os.fspath(output_path)).expanduser()
    text = json.dumps(dict(scenario), indent=2, ensure_ascii=False, default=_text)
    with written_file(path) as aside:
        aside.write_text(text + "\n", encoding="utf-8")
    return path


def import_from_json(json_path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what a JSON file holds.

    Raises:
        FormatError: It is no JSON, or no object; says where.
        FileNotFoundError: It is not there.
    """
    path = Path(os.fspath(json_path)).expanduser()
    value = _json.loads_foreign(path.read_bytes(), where=str(path))
    if not isinstance(value, dict):
        raise FormatError(f"{path}: expected an object, not {type(value).__name__}")
    return value


def export_scenario_for_sharing(scenario: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scenario, as `load_scenario` returns it, without what only its lake knows."""
    entities = scenario.get("entities") or {}
    return {
        "schema_version": SCHEMA_VERSION,
        **{key: scenario[key] for key in _SHARED if key in scenario},
        "entities": {
            key: [without_provenance(row) for row in rows] for key, rows in entities.items()
        },
    }


def _text(value: Any) -> str:
    return _clock.iso(value) if isinstance(value, datetime) else str(value)
