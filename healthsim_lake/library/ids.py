"""Ids of executions: positive integers below 2^53 that grow with time and never meet.

    51 bits  microseconds since 2024 (until 2095)
     1 bit   0: recorded alone, 1: part of a batch

What is recorded alone owns its id because its segment's name is the id, claimed by an exclusive
create. Batches get theirs in a commit, above all that batches had before, and commits come one
after the other.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
STEP = 2
"""From one id to the next of the same sort."""


def alone(moment: datetime) -> int:
    """Return the id to try first for something recorded alone at `moment`."""
    return max(1, (moment - _EPOCH) // _MICROSECOND) * STEP


def batch(moment: datetime, count: int, *, above: int) -> range:
    """Return `count` ids for a batch recorded at `moment`, all greater than `above`."""
    start = max(alone(moment) + 1, above + STEP)
    return range(start, start + count * STEP, STEP)


def last_until(moment: datetime) -> int:
    """Return the greatest id that something recorded until `moment` may have."""
    return alone(moment) + 1
