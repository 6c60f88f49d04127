"""What has to be let go of before this process has a child."""

from __future__ import annotations

import os
from collections.abc import Callable


def _nothing() -> None:
    """Do nothing."""


def across_forks(before: Callable[[], None], after: Callable[[], None] = _nothing) -> None:
    """Have `before` called before this process forks, and `after` in both that come of it.

    A child must not meet an instance of DuckDB of its parent: the instance's threads stayed
    behind, and ending it there ends the child with a crash.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=before, after_in_parent=after, after_in_child=after)
