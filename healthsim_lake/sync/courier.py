"""Files and documents on their way from one lake to another: several at once, each checked."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from healthsim_lake.catalog.commit import digest
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.errors import (
    DamagedCommitError,
    DataFileMissingError,
    KeyExistsError,
    KeyMissingError,
)
from healthsim_lake.storage import BYTES_UNDER_WAY, Storage, layout
from healthsim_lake.sync.inventory import Document
from healthsim_lake.sync.report import Progress
from healthsim_lake.tables.places import FileRef, in_parallel, read_checked

WORKERS = 16
_FEW_LOOKS = 64
"""As many files are looked for one by one; a list of the folders costs more than that."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A data file with the key that it gets."""

    ref: FileRef
    key: str


class Courier:
    """Carries what commits need, before the commits.

    Attributes:
        files: Files, documents and commits that were carried so far.
        bytes: Their size.
        present: Files that were there already.
        total: Bytes that are known to have to be carried.

    Args:
        source: The log of the lake to carry from.
        target: Where to.
        on_progress: Told after each file.
    """

    def __init__(self, source: CommitLog, target: Storage, on_progress: Progress | None) -> None:
        self._log, self._source, self._target = source, source.storage, target
        self._tell, self._lock = on_progress, threading.Lock()
        self.files = self.bytes = self.present = self.total = 0

    def missing(self, parcels: Sequence[Parcel], *, look: bool = True) -> list[Parcel]:
        """Return the files that have to be carried, and count their bytes.

        Args:
            parcels: All files.
            look: False where nothing can be there yet.
        """
        there = self._there(parcels) if look and parcels else {}
        needed = []
        for parcel in parcels:
            if there.get(parcel.key) == parcel.ref.file.bytes and self._is_whole(parcel):
                self.present += 1
            else:
                needed.append(parcel)
        self.total += sum(parcel.ref.file.bytes for parcel in needed)
        return needed

    def _there(self, parcels: Sequence[Parcel]) -> Mapping[str, int]:
        if len(parcels) <= _FEW_LOOKS:
            keys = [parcel.key for parcel in parcels]
            found = in_parallel(self._target, self._target.stat, keys)
            return {one.key: one.size for one in found if one is not None}
        rooms = dict.fromkeys(parcel.key.partition("/")[0] for parcel in parcels)
        return {one.key: one.size for room in rooms for one in self._target.list(room)}

    def _is_whole(self, parcel: Parcel) -> bool:
        """Return whether a file of the right size is the right file.

        Stores keep a whole value or none; on a disk the machine may have stopped in between.
        """
        if not self._target.stages:
            return True
        data = self._target.read(parcel.key)
        return hashlib.sha256(data).hexdigest() == parcel.ref.file.sha256

    def carry(self, parcels: Iterable[Parcel]) -> None:
        """Copy data files, verified by their SHA-256.

        Raises:
            DataFileMissingError: One that is live in the source is missing there.
            DataFileAlteredError: One is not what was committed.
        """
        work = ((parcel.ref.file.bytes, self._carrying(parcel)) for parcel in parcels)
        _run_bounded(work)
        if self._target.stages:
            self._target.sync(layout.STAGING)

    def _carrying(self, parcel: Parcel) -> Callable[[], None]:
        def work() -> None:
            try:
                data = read_checked(self._source, parcel.ref)
            except DataFileMissingError:
                if self._is_live(parcel.ref):
                    raise
                return  # superseded, and forgotten since
            self._put(parcel.key, data)
            self._count(parcel.ref.table, len(data))

        return work

    def _put(self, key: str, data: bytes) -> None:
        if not self._target.stages:
            self._target.put(key, data)
            return
        # Another attempt may have left a part there, or be at the same file right now.
        aside = f"{layout.STAGING}/{secrets.token_hex(12)}.tmp"
        self._target.put(aside, data)
        self._target.move(aside, key)

    def _is_live(self, ref: FileRef) -> bool:
        state = self._log.refresh().scenarios.get(ref.scenario_id)
        if state is None or state.record.deleted:
            return False
        return any(ref.file in one.files for one in self._log.manifest(state).sets)

    def carry_documents(self, documents: Iterable[Document]) -> None:
        """Copy documents, verified by their SHA-256.

        Raises:
            DamagedCommitError: One that is needed is missing or altered.
        """
        _run_bounded((one.size, self._carrying_document(one)) for one in documents)

    def _carrying_document(self, one: Document) -> Callable[[], None]:
        def work() -> None:
            try:
                data = self._source.read(one.key)
            except KeyMissingError as error:
                if one.needed:
                    raise DamagedCommitError(f"{one.key} is missing from the source") from error
                return
            if digest(data) != one.sha256:
                if one.needed:
                    raise DamagedCommitError(f"{one.key} was altered in the source (SHA-256)")
                return
            self.create(one.key, data)

        return work

    def create(self, key: str, data: bytes) -> bool:
        """Write a value where it is not yet; return whether it was not.

        Raises:
            KeyExistsError: Another value stands there.
        """
        try:
            self._target.create(key, data)
        except KeyExistsError:
            if self._target.read(key) != data:
                raise
            with self._lock:
                self.present += 1
            return False
        self._count("documents", len(data))
        return True

    def _count(self, what: str, size: int) -> None:
        with self._lock:
            self.files += 1
            self.bytes += size
            done, total = self.bytes, max(self.total, self.bytes)
        if self._tell is not None:
            self._tell(what, done, total)


def _run_bounded(work: Iterable[tuple[int, Callable[[], None]]]) -> None:
    """Run pieces of work, given with the bytes that they hold, several at once."""
    running: dict[Future[None], int] = {}
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="healthsim-sync") as pool:
        try:
            for size, one in work:
                while running and (
                    len(running) >= 2 * WORKERS or sum(running.values()) + size > BYTES_UNDER_WAY
                ):
                    _reap(running)
                running[pool.submit(one)] = size
            while running:
                _reap(running)
        except BaseException:
            for future in running:
                future.cancel()
            raise


def _reap(running: dict[Future[None], int]) -> None:
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        del running[future]
        future.result()
