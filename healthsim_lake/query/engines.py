"""Engines that are kept open between questions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

from healthsim_lake._forks import across_forks
from healthsim_lake.query.engine import Engine
from healthsim_lake.query.instances import spare
from healthsim_lake.query.sources import Sources

MAX_IDLE = 4


class Engines:
    """Idle engines by the tables they were opened for; whoever borrows one has it alone.

    Opening one takes about as long as three questions. Threads that ask at the same time have one
    each, so that none waits for another's answer, nor shares its memory.
    """

    def __init__(self, *, max_idle: int = MAX_IDLE) -> None:
        self._max_idle = max_idle
        self._lock = threading.Lock()
        self._idle: OrderedDict[Engine, Sources] = OrderedDict()
        _all.add(self)

    @contextmanager
    def borrow(self, sources: Sources, filesystem: Any | None) -> Iterator[Engine]:
        """Lend an engine for questions about `sources`; it is idle again afterwards."""
        engine = self._take(sources) or Engine(filesystem=filesystem, allowed=sources.places())
        try:
            yield engine
        finally:
            self._give_back(engine, sources)
            spare.replace()

    def forget(self, sources: Sources) -> None:
        """Close the engines of tables that nobody will ask for again."""
        with self._lock:
            gone = [engine for engine, owner in self._idle.items() if owner is sources]
            for engine in gone:
                del self._idle[engine]
        for engine in gone:
            engine.close()

    def close(self) -> None:
        """Close all idle engines."""
        with self._lock:
            gone = list(self._idle)
            self._idle.clear()
        for engine in gone:
            engine.close()

    def _take(self, sources: Sources) -> Engine | None:
        with self._lock:
            for engine, owner in reversed(self._idle.items()):
                if owner is sources:
                    del self._idle[engine]
                    return engine
        return None

    def _give_back(self, engine: Engine, sources: Sources) -> None:
        with self._lock:
            self._idle[engine] = sources
            surplus = [
                self._idle.popitem(last=False)[0] for _ in range(len(self._idle) - self._max_idle)
            ]
        for one in surplus:
            one.close()


def _close_all() -> None:
    for engines in list(_all):
        engines.close()


_all: WeakSet[Engines] = WeakSet()
# A child must not meet an instance of its parent: ending it there ends the child with a crash
across_forks(before=_close_all)
