"""What an operation does where nothing goes wrong."""

from __future__ import annotations

import os
from collections.abc import Callable

from exam import content
from faulty import Faulty, lake_on
from operations import OPERATIONS
from remembered import looked_at

from healthsim_lake.storage import Storage

FULL = os.environ.get("HEALTHSIM_EXAM") == "full"
"""Whether to run every case, and not only a sample of those that take long."""


class Rehearsal:
    """What an operation does where nothing goes wrong.

    Attributes:
        steps: Names of the storage operations, in order.
        before: What the lake reads before.
        after: What it reads afterwards.
    """

    def __init__(self, make: Callable[[], Storage], operation: str) -> None:
        storage = Faulty(make())
        self.before = content(lake_on(looked_at(storage.inner)))
        OPERATIONS[operation](lake_on(storage))
        self.steps = list(storage.steps)
        self.after = content(lake_on(looked_at(storage.inner)))
