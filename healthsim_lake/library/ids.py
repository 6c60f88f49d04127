"""Ids of executions: positive integers of 53 bits that grow with time and never meet.

    38 bits  ticks of 4 ms since 2024 (until 2058)
     1 bit   0: recorded alone, 1: part of a batch
    14 bits  alone: random, claimed by an exclusive create; in a batch: counted on

What is recorded alone owns its id because its segment's name is the id. Batches get theirs in a
commit, above all that batches had before, and commits come one after the other.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime

_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
_TICK_SECONDS = 0.004
_SLOTS = 1 << 14
_BATCH = _SLOTS
_TICK = _SLOTS * 2


def alone(moment: datetime) -> int:
    """Return an id to try for something recorded alone at `moment`."""
    return _ticks(moment) * _TICK + secrets.randbelow(_SLOTS)


def batch(moment: datetime, count: int, *, above: int) -> Iterator[int]:
    """Yield `count` ids for a batch recorded at `moment`, all greater than `above`."""
    tick = max(_ticks(moment), above // _TICK + 1)
    while count > 0:
        first = tick * _TICK + _BATCH
        yield from range(first, first + min(count, _SLOTS))
        count -= _SLOTS
        tick += 1


def last_until(moment: datetime) -> int:
    """Return the greatest id that may have been given until `moment`."""
    return (_ticks(moment) + 1) * _TICK - 1


def _ticks(moment: datetime) -> int:
    return max(1, int((moment - _EPOCH).total_seconds() / _TICK_SECONDS))
