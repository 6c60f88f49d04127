"""Rows into immutable data files: whoever needs one first encodes it, and helpers write it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache, partial
from itertools import count
from types import TracebackType
from typing import Any, Self, TypeVar

from healthsim_lake import _json
from healthsim_lake.catalog import beside
from healthsim_lake.catalog.commit import digest
from healthsim_lake.catalog.records import DataFile, ManifestRef, Statistics, StatisticsRef
from healthsim_lake.entities.codec import SMALL_ROWS, Chunk
from healthsim_lake.entities.figures import figures_of
from healthsim_lake.entities.types import EntityType
from healthsim_lake.errors import StorageError
from healthsim_lake.storage import Storage, layout
from healthsim_lake.tables import parquet
from healthsim_lake.tables.measuring.statistics import TableStatistics, measured
from healthsim_lake.tables.places import FileRef
from healthsim_lake.tables.underway import Data, Line, PendingFile

T = TypeVar("T")

WORKERS = 3
"""Helpers for a disk: more would only wait for it."""
PENDING = 1
"""Chunks that may wait while others are encoded: together they bound the memory."""
_ENCODERS = 2
"""Files encoded at the same time where they are sent: with more, all would be on their way late."""
_SENDERS = 12
"""Files on their way to a store at the same time: that is waiting, and no work."""


@cache
def _helpers(process: int, threads: int) -> ThreadPoolExecutor:
    """Return the threads that write; kept, because starting some for each save costs more.

    Args:
        process: Id of this process: threads do not survive a fork.
        threads: How many.
    """
    return ThreadPoolExecutor(threads, thread_name_prefix=f"healthsim-write-{process}")


def _submitted(work: Callable[[], T], threads: int) -> Future[T]:
    helpers = _helpers(os.getpid(), threads)
    try:
        return helpers.submit(work)
    except KeyboardInterrupt:
        # It may have been starting a thread, which then is not among those that a program ends
        # when it ends, and would wait for work for ever
        _helpers.cache_clear()
        helpers.shutdown(wait=False)
        raise


class FileWriter:
    """Writes the data files of one transaction.

    A context manager: leaving it waits for its helpers. Files are kept unless `discard` is called.

    Args:
        storage: Where to.
        txn_id: Names the files.
        scenario_id: Whose rows they hold, unless a call says otherwise.
    """

    def __init__(self, storage: Storage, *, txn_id: str, scenario_id: str) -> None:
        self._storage, self._txn_id, self._scenario_id = storage, txn_id, scenario_id
        self._numbers = count(1)
        self._keys: dict[str, str] = {}
        self._statistics: dict[str, TableStatistics] = {}
        self._unmeasured: list[tuple[str, Chunk, EntityType]] = []
        # A disk is no faster for more who write; a store answers as many as ask.
        encoders = WORKERS if storage.stages else _ENCODERS
        self._threads = WORKERS if storage.stages else _ENCODERS + PENDING + _SENDERS
        self._room = threading.Semaphore(encoders + PENDING)
        self._encoders, self._line = threading.Semaphore(encoders), Line()
        self._measuring: list[Future[None]] = []
        self._writing: list[Future[DataFile]] = []
        self._futures: list[Future[Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end(cancel=error is not None)

    def submit(
        self,
        chunk: Chunk,
        entity_type: EntityType,
        *,
        scenario_id: str | None = None,
        measure: bool = True,
    ) -> PendingFile:
        """Write `chunk` as one file; waits while too many are under way.

        Args:
            chunk: The rows.
            entity_type: Their table's type.
            scenario_id: Whose they are, if not the transaction's.
            measure: Whether anybody will ask for their `statistics`.

        Raises:
            StorageError: One of the files before could not be written.
        """
        self._raise_failures()
        name = f"{self._txn_id}-{next(self._numbers)}"
        key = self.key(entity_type.name, name, scenario_id=scenario_id)
        self._keys[name] = key

        pending = PendingFile(partial(_encoded, chunk, entity_type, name))
        sends = not self._storage.stages  # then there is room again before the file is whole

        def write() -> DataFile:
            try:
                with self._encoders:
                    data, file = pending.take(), pending.description()
                    self._line.enter(file.bytes)
            finally:
                if sends:
                    self._room.release()
            try:
                self._storage.put(key, data)
            finally:
                self._line.leave(file.bytes)
            return file

        pending.written = self._run_in_room(write, leaves_early=sends)
        self._writing.append(pending.written)
        if measure and chunk.rows < SMALL_ROWS:
            self._unmeasured.append((name, chunk, entity_type))
        elif measure:
            # Beside the writing, which is what everybody waits for in the end
            measuring = self._run_in_room(lambda: self._measure(name, chunk, entity_type))
            self._measuring.append(measuring)
        return pending

    def measure(self) -> None:
        """Compute what is left of the statistics; best while the helpers wait for the disk."""
        while self._unmeasured:
            self._measure(*self._unmeasured.pop())

    def _measure(self, name: str, chunk: Chunk, entity_type: EntityType) -> None:
        self._statistics[name] = measured(chunk.data, figures_of(entity_type))

    @property
    def statistics(self) -> Mapping[str, TableStatistics]:
        """Statistics of the files written from chunks, by name."""
        self.measure()
        for future in self._measuring:
            future.result()
        return self._statistics

    def keep_statistics(self, statistics: Statistics, scenario_id: str) -> StatisticsRef:
        """Write a document that a commit can name, beside all other work, and return its name.

        It is not made durable: what is lost with it can be computed from the rows.
        """
        name = f"{self._txn_id}-{next(self._numbers)}"
        key = layout.statistics(scenario_id, name)
        data = _json.dumps({"seed": statistics.seed, "tables": statistics.tables})

        def write() -> None:
            with contextlib.suppress(StorageError):  # then it is absent, which is no damage
                self._storage.put(key, data, durable=False)

        self._keys[name] = key
        self._run(write)
        return StatisticsRef(name=name, sha256=digest(data))

    def keep_manifest(self, data: bytes, scenario_id: str) -> ManifestRef:
        """Write a manifest that is too large for its commit, and return its name."""
        key = layout.manifest(scenario_id, self._txn_id)
        self._keys[key] = key
        return ManifestRef(txn_id=self._txn_id, sha256=beside.write(self._storage, key, data))

    def copy(self, source: str, table: str, file: DataFile) -> DataFile:
        """Give the bytes of a file that exists a new name; returns the file under that name.

        Raises:
            KeyMissingError: There is no `source`.
        """
        name = f"{self._txn_id}-{next(self._numbers)}"
        key = self.key(table, name)
        self._keys[name] = key
        self._storage.copy(source, key)
        return file.model_copy(update={"name": name})

    def keep(self, read: Callable[[], bytes], ref: FileRef) -> Future[DataFile]:
        """Write the bytes of a data file of another lake under a new name.

        Args:
            read: Returns them, checked.
            ref: What they are.
        """
        name = f"{self._txn_id}-{next(self._numbers)}"
        key = self.key(ref.table, name)
        self._keys[name] = key

        def write() -> DataFile:
            self._line.enter(ref.file.bytes)
            try:
                self._storage.put(key, read())
            finally:
                self._line.leave(ref.file.bytes)
            return ref.file.model_copy(update={"name": name})

        written = self._run(write)
        self._writing.append(written)
        return written

    def sync_beside(self) -> Future[None]:
        """Do what `sync` does beside other work; a commit waits for it, see `settle`."""
        files = tuple(self._writing)  # none that comes behind it, and would wait for a helper
        return self._run(lambda: self._sync(files))

    def settle(self) -> None:
        """Wait until nothing of this transaction is on its way any more, and all can be read.

        Before the commit, because the scenario could else be purged after it, and before its last
        document is written.

        Raises:
            StorageError: Something could not be written.
        """
        for future in self._futures:
            future.result()

    def sync(self) -> None:
        """Wait for all files and make their names durable; after the last, before the commit."""
        self._sync(self._writing)

    def _sync(self, files: Iterable[Future[DataFile]]) -> None:
        for future in files:
            future.result()
        if self._keys and self._storage.stages:
            self._storage.sync(layout.STAGING)

    def discard(self, *, but: Collection[str] = ()) -> None:
        """Remove all files but some; what cannot be removed is an orphan for maintenance."""
        self._end(cancel=not but)
        for name, key in self._keys.items():
            if name not in but:
                with contextlib.suppress(StorageError):
                    self._storage.delete(key)

    def key(self, table: str, name: str, *, scenario_id: str | None = None) -> str:
        """Return the key under which a file of this transaction waits for its commit."""
        if self._storage.stages:
            return layout.staged(name)
        return layout.live(table, scenario_id or self._scenario_id, name)

    def _raise_failures(self) -> None:
        """Raise what went wrong so far: rows may come for hours that nobody can keep any more."""
        for future in self._futures:
            if future.done():
                future.result()

    def _end(self, *, cancel: bool) -> None:
        """Wait until no helper works for this transaction, whatever became of it."""
        for future in self._futures:
            if cancel:
                future.cancel()
        wait(self._futures)

    def _run_in_room(self, work: Callable[[], T], *, leaves_early: bool = False) -> Future[T]:
        """Have a helper do something when there is room, which it takes until it is done.

        Args:
            work: What to do.
            leaves_early: It gives the room back itself, before it is done.
        """
        self._room.acquire()
        future = self._run(work)
        if not leaves_early:
            future.add_done_callback(lambda _: self._room.release())
        return future

    def _run(self, work: Callable[[], T]) -> Future[T]:
        """Have a helper do something beside."""
        future = _submitted(work, self._threads)
        self._futures.append(future)
        return future


def _encoded(chunk: Chunk, entity_type: EntityType, name: str) -> tuple[DataFile, Data]:
    """Return a file and its content; hashed at once, while that is in the processor's cache."""
    data = parquet.to_bytes(chunk, entity_type)
    file = DataFile(
        name=name,
        rows=chunk.rows,
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        bounds=parquet.bounds(chunk, entity_type),
    )
    return file, data
