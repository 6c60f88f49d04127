"""Values as messages show them: errors repeat what was given, however long it is."""

from __future__ import annotations

import reprlib

_LONGEST = 250
"""Characters; names may have 200."""


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = _LONGEST

    def repr_int(self, value: int, level: int) -> str:
        try:
            return super().repr_int(value, level)
        except ValueError:
            return "a number of thousands of digits"

    def repr_bytes(self, value: bytes, _level: int) -> str:
        return repr(value) if len(value) <= _LONGEST else f"{value[:_LONGEST]!r}..."


_short = _Short().repr


def shown(value: object) -> str:
    """Return `value` as Python writes it, cut short where that is long."""
    try:
        return _short(value)
    except Exception:  # noqa: BLE001  # whatever its own repr raises is not what is wrong here
        return f"a {type(value).__name__}"
