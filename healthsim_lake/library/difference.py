"""What changed between two versions of a specification."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One place at which two specifications differ.

    Attributes:
        path: Keys and positions, e.g. ``events[2].delay.min_days``.
        kind: ``added``, ``removed`` or ``changed``.
        before: The value in the older one; None where it was added.
        after: The value in the newer one; None where it was removed.
    """

    path: str
    kind: str
    before: Any = None
    after: Any = None

    def __str__(self) -> str:
        if self.kind == "added":
            return f"+ {self.path}: {self.after!r}"
        if self.kind == "removed":
            return f"- {self.path}: {self.before!r}"
        return f"~ {self.path}: {self.before!r} -> {self.after!r}"

    def to_dict(self) -> dict[str, Any]:
        """Return the change as JSON values."""
        return {
            "path": self.path,
            "kind": self.kind,
            "before": self.before,
            "after": self.after,
        }


def changes(before: Any, after: Any, path: str = "") -> Iterator[Change]:
    """Yield what differs between two JSON values, in the order of the older one.

    Items of lists that carry an ``event_id``, ``id``, ``code`` or ``name`` are matched by it, so
    that one inserted event is one change; other lists are compared by position.
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _of_mappings(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_lists(before, after, path)
    elif type(before) is not type(after) or before != after:
        yield Change(path or "(all of it)", "changed", before, after)


def _of_mappings(
    before: Mapping[str, Any], after: Mapping[str, Any], path: str
) -> Iterator[Change]:
    prefix = f"{path}." if path else ""
    for key, value in before.items():
        if key in after:
            yield from changes(value, after[key], f"{prefix}{key}")
        else:
            yield Change(f"{prefix}{key}", "removed", before=value)
    for key, value in after.items():
        if key not in before:
            yield Change(f"{prefix}{key}", "added", after=value)


def _of_lists(before: list[Any], after: list[Any], path: str) -> Iterator[Change]:
    named_before, named_after = _by_name(before), _by_name(after)
    if named_before is None or named_after is None:
        named_before = {f"{path}[{at}]": value for at, value in enumerate(before)}
        named_after = {f"{path}[{at}]": value for at, value in enumerate(after)}
    else:
        named_before = {f"{path}[{name}]": value for name, value in named_before.items()}
        named_after = {f"{path}[{name}]": value for name, value in named_after.items()}
    for place, value in named_before.items():
        if place in named_after:
            yield from changes(value, named_after[place], place)
        else:
            yield Change(place, "removed", before=value)
    for place, value in named_after.items():
        if place not in named_before:
            yield Change(place, "added", after=value)


_NAMES = ("event_id", "id", "code", "name")


def _by_name(items: list[Any]) -> dict[str, Any] | None:
    """Return the items by what identifies them, or None if nothing does so for all of them."""
    if not items or not all(isinstance(item, Mapping) for item in items):
        return None
    for key in _NAMES:
        names = [item.get(key) for item in items]
        if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
            return dict(zip(names, items, strict=True))
    return None
