"""What has to be let go of, or made anew, when this process forks: threads stay behind."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")

_renewals: WeakKeyDictionary[Any, Callable[[Any], None]] = WeakKeyDictionary()


def _nothing() -> None:
    """Do nothing."""


def across_forks(before: Callable[[], None], after: Callable[[], None] = _nothing) -> None:
    """Have `before` called before this process forks, and `after` in both that come of it."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=before, after_in_parent=after, after_in_child=after)


def renewed_in_children(owner: T, renew: Callable[[T], None]) -> None:
    """Have `renew` called with `owner` in every child that this process forks.

    A lock that another thread holds would never come free there.

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
