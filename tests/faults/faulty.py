"""Storages that fail, and processes that die, before or after any single operation."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

from healthsim_lake import Lake
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.errors import StorageError
from healthsim_lake.storage import Entry, Storage

WRITES = ("create", "put", "sync", "move", "copy", "delete", "prune")
READS = ("read", "stat", "names", "list")


class Crash(BaseException):
    """The process is dead: nothing that it wanted to do afterwards happens."""


class Faulty(Storage):
    """A storage in whose operations something can happen; see `Failing`, `Dying`, `Meanwhile`.

    Args:
        inner: Where the bytes are.
    """

    def __init__(self, inner: Storage) -> None:
        self.inner, self.url, self.stages = inner, inner.url, inner.stages
        self._lock = threading.Lock()
        self._step = 0
        self.steps: list[str] = []

    def before(self, step: int, name: str) -> None:
        """Be told that an operation begins."""

    def after(self, step: int, name: str) -> None:
        """Be told that an operation was done."""

    def _do(self, name: str, *arguments: Any, **options: Any) -> Any:
        with self._lock:
            step, self._step = self._step, self._step + 1
            self.steps.append(name)
        self.before(step, name)
        result = getattr(self.inner, name)(*arguments, **options)
        if name == "list":
            result = list(result)
        self.after(step, name)
        return result

    def read(self, key: str) -> bytes:
        return self._do("read", key)

    def create(self, key: str, data: bytes) -> None:
        self._do("create", key, data)

    def put(self, key: str, data: bytes | memoryview, *, durable: bool = True) -> None:
        self._do("put", key, data, durable=durable)

    def sync(self, folder: str) -> None:
        self._do("sync", folder)

    def stat(self, key: str) -> Entry | None:
        return self._do("stat", key)

    def names(self) -> list[str]:
        return self._do("names")

    def list(self, folder: str) -> Iterator[Entry]:
        return iter(self._do("list", folder))

    def move(self, source: str, target: str) -> bool:
        return self._do("move", source, target)

    def copy(self, source: str, target: str) -> None:
        self._do("copy", source, target)

    def delete(self, key: str) -> None:
        self._do("delete", key)

    def prune(self, folder: str) -> None:
        self._do("prune", folder)

    def expect(self, key: str, sha256: str) -> None:
        self.inner.expect(key, sha256)

    def location(self, key: str) -> str:
        return self.inner.location(key)

    @property
    def filesystem(self) -> Any | None:
        return self.inner.filesystem


class Failing(Faulty):
    """One operation fails with an error; the process lives on, and cleans up.

    Args:
        inner: Where the bytes are.
        step: Which operation, from 0.
        done: Whether it was done all the same, and only its answer is lost.
    """

    def __init__(self, inner: Storage, step: int, *, done: bool) -> None:
        super().__init__(inner)
        self._at, self._done = step, done

    def before(self, step: int, name: str) -> None:
        if step == self._at and not self._done:
            raise StorageError(5, f"{name} failed")

    def after(self, step: int, name: str) -> None:
        if step == self._at and self._done:
            raise StorageError(5, f"the answer of {name} was lost")


class Dying(Faulty):
    """The process dies at one operation: no operation after that happens.

    Args:
        inner: Where the bytes are.
        step: Which operation, from 0.
        done: Whether it was done before.
        die: How: by default with an exception that nothing catches.
    """

    def __init__(
        self, inner: Storage, step: int, *, done: bool, die: Callable[[], None] | None = None
    ) -> None:
        super().__init__(inner)
        self._at, self._done, self._die = step, done, die or _raise
        self._dead = False

    def before(self, step: int, _name: str) -> None:
        if self._dead or (step == self._at and not self._done):
            self._dead = True
            self._die()

    def after(self, step: int, _name: str) -> None:
        if self._dead or (step == self._at and self._done):
            self._dead = True
            self._die()


class Meanwhile(Faulty):
    """Somebody else does something just before one operation.

    Args:
        inner: Where the bytes are.
        step: Which operation, from 0.
        act: What the other one does.
    """

    def __init__(self, inner: Storage, step: int, act: Callable[[], object]) -> None:
        super().__init__(inner)
        self._at, self._act = step, act

    def before(self, step: int, _name: str) -> None:
        if step == self._at:
            self._act()


def _raise() -> None:
    raise Crash


def kill_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def lake_on(storage: Storage) -> Lake:
    """Return a lake of its own, as another process would have it, over a storage."""
    lake = Lake.__new__(Lake)
    log = CommitLog(storage)
    log.writers = type(log.writers)()
    lake._wire(log, pinned=None, read_only=False)
    return lake
