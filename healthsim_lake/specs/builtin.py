"""The profiles and journeys that ship with the package."""

from __future__ import annotations

import importlib.resources
from functools import cache
from typing import Any

from healthsim_lake import _json


def builtin_profiles() -> dict[str, dict[str, Any]]:
    """Return the shipped profile specifications by name, sorted; the caller may change them."""
    return _documents("profiles")


def builtin_journeys() -> dict[str, dict[str, Any]]:
    """Return the shipped journey specifications by name, sorted; the caller may change them."""
    return _documents("journeys")


def _documents(kind: str) -> dict[str, dict[str, Any]]:
    return {name: _json.loads(text) for name, text in _texts(kind)}


@cache
def _texts(kind: str) -> tuple[tuple[str, bytes], ...]:
    folder = importlib.resources.files("healthsim_lake.builtin") / kind
    files = (entry for entry in folder.iterdir() if entry.name.endswith(".json"))
    return tuple(sorted((file.name.removesuffix(".json"), file.read_bytes()) for file in files))
