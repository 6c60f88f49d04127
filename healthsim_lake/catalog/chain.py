"""Reading the log: the chain of commits, from a checkpoint to the head."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from healthsim_lake.catalog import checkpoint
from healthsim_lake.catalog.commit import (
    Commit,
    LakeFile,
    TornCommitError,
    digest,
    parse_commit,
    parse_lake_file,
)
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.uncollected import uncollected
from healthsim_lake.errors import DamagedCommitError, KeyMissingError, NotALakeError
from healthsim_lake.storage import Storage, layout

IN_FLIGHT_SECONDS = 30.0
"""How long a head that does not parse may still be in the middle of being written."""

_FIRST_LOOK, _MOST_AT_ONCE = 2, 32


class BrokenChainError(DamagedCommitError):
    """A commit does not follow the one before it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A lake as it was read from storage.

    Attributes:
        lake: What ``lake.json`` says.
        snapshot: The state at the head.
        log_bytes: Bytes of the commits since the checkpoint that was used.
        checkpoint_bytes: Size of that checkpoint; 0 without one.
    """

    lake: LakeFile
    snapshot: Snapshot
    log_bytes: int
    checkpoint_bytes: int


def read_lake_file(storage: Storage) -> tuple[LakeFile, str] | None:
    """Return what ``lake.json`` says, with the digest of its bytes; None where nothing is yet.

    Raises:
        NotALakeError: The place is in use for something else.
    """
    try:
        data = storage.read(layout.LAKE)
    except KeyMissingError:
        stranger = next((entry for entry in _strangers(storage)), None)
        if stranger is not None:
            raise NotALakeError(
                f"{storage.url} is not a lake and not empty (it holds {stranger}); "
                "choose an empty or new folder"
            ) from None
        return None
    return parse_lake_file(data, storage.url), digest(data)


def _strangers(storage: Storage) -> Iterator[str]:
    return (name for name in storage.names() if name not in layout.ROOMS)


def open_head(storage: Storage) -> Opened | None:
    """Read a lake from its newest usable checkpoint to its head; None where there is no lake."""
    begun = _begun(storage)
    if begun is None:
        return None
    lake, lake_digest, listed = begun
    with uncollected():
        start = checkpoint.newest(storage, lake.lake_id, listed=listed)
        base = Snapshot(version=0, digest=lake_digest) if start is None else start.snapshot
        commits = list(commits_after(storage, base, width=1 if storage.stages else _FIRST_LOOK))
        snapshot = base.advance((commit, own) for commit, own, _ in commits)
    later, next_one = layout.commit(snapshot.version + 2), layout.commit(snapshot.version + 1)
    # Two commits may have been made since the last look: a gap is one only if it stays.
    if storage.stat(later) is not None and storage.stat(next_one) is None:
        raise DamagedCommitError(
            f"commit {snapshot.version + 1} is missing although later ones are there; "
            "restore catalog/log from a backup"
        )
    return Opened(
        lake=lake,
        snapshot=snapshot,
        log_bytes=sum(size for _, _, size in commits),
        checkpoint_bytes=0 if start is None else start.size,
    )


def _begun(storage: Storage) -> tuple[LakeFile, str, list[str]] | None:
    """Return what ``lake.json`` says, its digest, and the keys of all checkpoints.

    Where each is a request, neither waits for the other.
    """
    if storage.stages:
        found = read_lake_file(storage)
        return None if found is None else (*found, checkpoint.keys(storage))
    with ThreadPoolExecutor(1) as pool:
        listed = pool.submit(checkpoint.keys, storage)
        found = read_lake_file(storage)
        return None if found is None else (*found, listed.result())


def commits_after(
    storage: Storage, snapshot: Snapshot, *, width: int = 1
) -> Iterator[tuple[Commit, str, int]]:
    """Yield the commits that follow `snapshot`, with digest and size, checking the chain.

    Args:
        storage: Where the log is.
        snapshot: Of the last commit that is known.
        width: How many are asked for at first.

    Raises:
        BrokenChainError: A commit does not follow the one before it.
        DamagedCommitError: A commit cannot be read.
    """
    previous = snapshot.digest
    for commit, own_digest, size in _read_on(storage, snapshot.version + 1, width):
        version = commit.version
        if commit.previous != previous:
            raise BrokenChainError(
                f"commit {version} does not follow commit {version - 1} as it is here; "
                "one of them was altered or comes from another lake"
            )
        previous = own_digest
        yield commit, own_digest, size


def _read_on(storage: Storage, first: int, width: int) -> Iterator[tuple[Commit, str, int]]:
    """Yield commits from `first` on until one is absent.

    Where each is a request, twice as many are asked for every time the last ones were all there.
    """
    while True:
        for found in _read_all(storage, range(first, first + width)):
            if found is None:
                return
            yield found
        first += width
        if not storage.stages:
            width = min(2 * width, _MOST_AT_ONCE)


def _read_all(
    storage: Storage, versions: Sequence[int]
) -> Iterator[tuple[Commit, str, int] | None]:
    if len(versions) == 1:
        yield read_commit(storage, versions[0])
        return
    with ThreadPoolExecutor(len(versions)) as pool:
        yield from pool.map(lambda version: read_commit(storage, version), versions)


def read_commit(storage: Storage, version: int) -> tuple[Commit, str, int] | None:
    """Return a commit with its digest and size, or None if it is not there (yet).

    Raises:
        DamagedCommitError: It is there and cannot be read.
    """
    key = layout.commit(version)
    try:
        data = storage.read(key)
    except KeyMissingError:
        return None
    try:
        commit = parse_commit(data, version)
    except TornCommitError:
        if _in_flight(storage, version):
            return None
        raise
    return commit, digest(data), len(data)


def _in_flight(storage: Storage, version: int) -> bool:
    """Whether a head that does not parse may still be being written, on disks without links."""
    entry = storage.stat(layout.commit(version))
    is_head = storage.stat(layout.commit(version + 1)) is None
    return entry is None or (is_head and time.time() - entry.modified < IN_FLIGHT_SECONDS)
