"""Keeping few files: many small adds must not leave many small files.

Files are held in tiers by their number of rows, each tier eight times the one below. When a ninth
file would stand in one tier, the run of neighbours in it becomes one file. So a row is rewritten
once per tier, which is O(log n) times, and the order of rows never changes. A large file
is left alone for good, which also bounds the memory that merging takes.
"""

from __future__ import annotations

from collections.abc import Callable

from healthsim_lake.catalog.records import DataFile

MOST_IN_A_TIER = 8
LARGE_ROWS = 100_000
"""A file of so many rows is large enough."""
MAX_MERGED_BYTES = 128 * 1024 * 1024


def folded(files: list[DataFile], merge: Callable[[list[DataFile]], DataFile]) -> list[DataFile]:
    """Return `files` with the runs at the end that grew too long merged into one file each."""
    while True:
        run = _run_at_the_end(files)
        if len(run) <= MOST_IN_A_TIER:
            return files
        files = [*files[: -len(run)], merge(run)]


def _run_at_the_end(files: list[DataFile]) -> list[DataFile]:
    """Return the last files that are of one tier or smaller, none of them large."""
    run: list[DataFile] = []
    size = 0
    tier = _tier(files[-1].rows) if files else 0
    for file in reversed(files):
        size += file.bytes
        if file.rows >= LARGE_ROWS or _tier(file.rows) > tier or size > MAX_MERGED_BYTES:
            break
        run.insert(0, file)
    return run


def _tier(rows: int) -> int:
    tier = 0
    while rows > MOST_IN_A_TIER:
        rows //= MOST_IN_A_TIER
        tier += 1
    return tier
