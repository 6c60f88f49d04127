"""What a difference is, said slowly and plainly over rows as dicts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

Row = dict[str, Any]


class Expected(NamedTuple):
    added: int
    removed: int
    changed: int
    unchanged: int


def text(row: Any) -> str:
    """The same text for the same row: types, signs and absent keys count, order does not."""
    return json.dumps(row, sort_keys=True)


def bag(rows: Iterable[Row]) -> Counter[str]:
    return Counter(map(text, rows))


def key_of(row: Row, places: Sequence[str]) -> str | None:
    for place in places:
        value = row.get(place)
        if isinstance(value, str):
            return value
        if isinstance(value, (bool, int, float)):
            return json.dumps(value)
    return None


def expected(before: list[Row], after: list[Row], places: Sequence[str]) -> Expected:
    """Count by hand: equal rows cancel, then rows with the same key pair up."""
    same = bag(before) & bag(after)
    gone = _by_key(bag(before) - same, places)
    new = _by_key(bag(after) - same, places)
    changed = sum(min(gone[key], new[key]) for key in gone.keys() & new.keys() if key is not None)
    return Expected(
        added=sum(new.values()) - changed,
        removed=sum(gone.values()) - changed,
        changed=changed,
        unchanged=sum(same.values()),
    )


def _by_key(rows: Counter[str], places: Sequence[str]) -> Counter[str | None]:
    found: Counter[str | None] = Counter()
    for row, times in rows.items():
        found[key_of(json.loads(row), places)] += times
    return found
