"""Rows made short enough to be shown; keys that are left out are counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from healthsim_lake import _json

MARK = "…"
"""Ends a text that was cut off, and is the key that counts what was left out."""
_LENGTHS = (200, 80, 40, 16)


def shortened(row: Mapping[str, Any], limit: int) -> dict[str, Any]:
    """Return `row` with at most `limit` characters of compact JSON.

    First long values are cut off, then nulls are left out, then the last keys.

    Args:
        row: JSON values.
        limit: Characters; at least 20 or so are needed to say that keys were left out.
    """
    shown = dict(row)
    if _size(shown) <= limit:
        return shown
    for length in _LENGTHS:
        shown = {key: _cut(value, length) for key, value in shown.items()}
        if _size(shown) <= limit:
            return shown
    shown = {key: value for key, value in shown.items() if value is not None}
    return shown if _size(shown) <= limit else _first_keys(shown, limit)


def cut(text: str, length: int) -> str:
    """Return `text`, or its beginning and a mark if it is longer."""
    return text if len(text) <= length else text[:length] + MARK


def _size(value: Any) -> int:
    return len(_json.dumps_text(value))


def _cut(value: Any, length: int) -> Any:
    if isinstance(value, str):
        return cut(value, length)
    if isinstance(value, dict | list | int | float) and _size(value) > length:
        return cut(_json.dumps_text(value), length)
    return value


def _first_keys(row: dict[str, Any], limit: int) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    left = limit - _size({MARK: f"{len(row)} more"})
    for key, value in row.items():
        left -= _size({key: value}) - 1  # two objects joined share their braces, but for a comma
        if left < 0:
            break
        kept[key] = value
    more = len(row) - len(kept)
    return {**kept, MARK: f"{more} more"} if more else kept
