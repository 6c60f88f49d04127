"""Values as messages show them: errors repeat what was given, however long it is."""

from __future__ import annotations

import difflib
import itertools
import reprlib
from collections.abc import Iterable

_LONGEST = 250
"""Characters; names may have 200."""
_COMPARED = 5_000
"""Names that are looked at for a similar one: a tenth of a second."""


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


def similar(wanted: object, names: Iterable[str]) -> str:
    """Return the end of a message that asks whether another name was meant, or nothing.

    Args:
        wanted: What was not found.
        names: What there is.
    """
    if not isinstance(wanted, str) or len(wanted) > _LONGEST:
        return ""
    by_folded = {name.casefold(): name for name in itertools.islice(names, _COMPARED)}
    close = difflib.get_close_matches(wanted.casefold(), by_folded, n=2, cutoff=0.75)
    meant = " or ".join(shown(by_folded[one]) for one in close)
    return f"; did you mean {meant}?" if meant else ""
