"""How long work tells how far it got."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is (0: unknown)."""

T = TypeVar("T")


def silent(_what: str, _done: int, _total: int) -> None:
    """Tell nobody."""


def counted(items: Iterable[T], what: str, tell: Progress) -> Iterator[T]:
    """Yield `items`, telling how many were done."""
    total = len(items) if isinstance(items, Sized) else 0
    tell(what, 0, total)
    for done, item in enumerate(items, 1):
        yield item
        tell(what, done, total)
