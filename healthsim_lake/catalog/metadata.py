"""What a caller may keep beside a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from healthsim_lake import _json
from healthsim_lake.errors import InputError


def check_metadata(metadata: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return `metadata` as a JSON object of its own, or None.

    Raises:
        InputError: It is no mapping, or holds what JSON cannot (NaN, dates, objects, other keys).
    """
    if metadata is None:
        return None
    if not isinstance(metadata, Mapping) or not all(isinstance(key, str) for key in metadata):
        raise InputError("metadata must be a mapping with text keys")
    try:
        kept: dict[str, Any] = _json.kept(dict(metadata))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"metadata must hold JSON values only: {error}") from error
    return kept
