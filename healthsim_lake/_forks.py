"""What a forked child must not find as a thread of its parent left it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")

_renewals: WeakKeyDictionary[Any, Callable[[Any], None]] = WeakKeyDictionary()


def renewed_in_children(owner: T, renew: Callable[[T], None]) -> None:
    """Have `renew` called with `owner` in every child that this process forks.

    Threads stay behind in a fork: a lock that one of them holds would never come free.

    Args:
        owner: What holds the lock; forgotten with its last other reference.
        renew: Gives it a new one; a plain function.
    """
    _renewals[owner] = renew


def _renew_all() -> None:
    for owner, renew in list(_renewals.items()):
        renew(owner)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
