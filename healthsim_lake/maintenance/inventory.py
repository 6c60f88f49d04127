"""Everything that lies in a store, and what it is there for."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.errors import StorageError
from healthsim_lake.maintenance.progress import Progress, silent
from healthsim_lake.maintenance.references import References
from healthsim_lake.storage import Entry, Storage, layout

DEAD_AFTER = 3600.0
"""Seconds without a sign of life after which a transaction's files may be given up."""


class Role(Enum):
    """What something in a store is there for."""

    NEEDED = "needed"
    MISPLACED = "misplaced"
    SUPERSEDED = "superseded"
    WAITING = "waiting"
    TEMPORARY = "temporary"
    STRAY = "stray"
    PURGED = "purged"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Item:
    """One stored object.

    Attributes:
        entry: Key, size and time.
        role: ``NEEDED`` where it is; ``MISPLACED``: needed elsewhere, see `belongs`;
            ``SUPERSEDED``: no version that may be read names it; ``WAITING``: of a transaction
            that runs or died; ``TEMPORARY``: a value being written; ``STRAY``: a data file in
            ``data/`` that no commit made live; ``PURGED``: of a scenario that was purged;
            ``FOREIGN``: not of this software.
        belongs: The key where it should stand.
        txn: The transaction that wrote it, where the key tells.
    """

    entry: Entry
    role: Role
    belongs: str | None = None
    txn: str | None = None


def listed(storage: Storage, tell: Progress = silent) -> list[Entry]:
    """Return everything that lies in the store, in the rooms of a lake and beside them."""
    found: list[Entry] = []
    for done, name in enumerate(layout.ROOMS):
        tell("listing the store", done, len(layout.ROOMS))
        found += storage.list(name)
    found += (Entry(name, 0, 0.0) for name in storage.names() if name not in layout.ROOMS)
    tell("listing the store", len(layout.ROOMS), len(layout.ROOMS))
    return found


def sorted_out(
    storage: Storage, entries: Iterable[Entry], needed: References, *, head: Snapshot
) -> Iterator[Item]:
    """Yield what each entry is there for.

    Args:
        storage: Says whether data files wait in ``staging/``.
        entries: As `listed` before `needed` was collected: what is superseded was so by then.
        needed: What versions that may be read name.
        head: What is true now.
    """
    purged = head.state.purged
    for entry in entries:
        room = entry.key.split("/", 1)[0]
        if room == "catalog":
            yield _in_catalog(entry, needed, head)
        elif room in (layout.DATA, layout.HISTORY, layout.STAGING):
            placed = layout.data_file(entry.key)
            if placed is not None and placed[2] in purged:
                yield Item(entry, Role.PURGED)
            else:
                yield _data_file(storage, entry, needed)
        else:
            yield Item(entry, Role.FOREIGN)


def _in_catalog(entry: Entry, needed: References, head: Snapshot) -> Item:
    version = layout.commit_version(entry.key)
    document, file = layout.document_parts(entry.key), layout.ledger_file_parts(entry.key)
    if document is not None:
        if document[1] in head.state.purged:
            return Item(entry, Role.PURGED)
        role = Role.NEEDED if needed.names(document) else Role.WAITING
        return Item(entry, role, txn=document[2])
    if file is not None:
        role = Role.NEEDED if file in needed.ledger_files else Role.WAITING
        return Item(entry, role, txn=file[1])
    mark = layout.checkpoint_parts(entry.key)
    if mark is not None and any(mark[0] < one.commit for one in head.state.purged.values()):
        return Item(entry, Role.PURGED)  # it says what the scenario held
    known = (
        entry.key == layout.LAKE
        or (version is not None and version <= head.version)
        or mark is not None
        or layout.segment_id(entry.key) is not None
        or entry.key.startswith(layout.TORN + "/")
    )
    return Item(entry, Role.NEEDED if known else Role.FOREIGN)


def _data_file(storage: Storage, entry: Entry, needed: References) -> Item:
    if layout.is_temporary(entry.key):
        return Item(entry, Role.TEMPORARY)
    staged, placed = layout.staged_name(entry.key), layout.data_file(entry.key)
    name = staged or (placed[3] if placed else None)
    if name is None:
        return Item(entry, Role.FOREIGN)
    txn, ref = name.split("-")[0], needed.file(name)
    if ref is not None:
        place = layout.live if name in needed.live else layout.retired
        belongs = place(ref.table, ref.scenario_id, name)
        role = Role.NEEDED if belongs == entry.key else Role.MISPLACED
        return Item(entry, role, belongs=belongs, txn=txn)
    if placed is not None and placed[0] == layout.HISTORY:
        return Item(entry, Role.SUPERSEDED, txn=txn)
    if placed is not None and storage.stages:
        return Item(entry, Role.STRAY, belongs=layout.retired(*placed[1:]), txn=txn)
    return Item(entry, Role.WAITING, txn=txn)


def store_clock(storage: Storage, *, may_write: bool) -> float:
    """Return the time in seconds since 1970 by the store's clock, where it can be asked."""
    if not may_write:
        return time.time()
    key = layout.temporary(secrets.token_hex(12))
    storage.put(key, b"clock")
    try:
        entry = storage.stat(key)
    finally:
        with contextlib.suppress(StorageError):  # then it is one more old value being written
            storage.delete(key)
    return time.time() if entry is None else entry.modified


def dead_transactions(items: Iterable[Item], now: float) -> set[str]:
    """Return the transactions whose files wait, and of which nothing was heard for too long."""
    newest: defaultdict[str, float] = defaultdict(float)
    for item in items:
        if item.role is Role.WAITING and item.txn is not None:
            newest[item.txn] = max(newest[item.txn], item.entry.modified, begun(item.txn))
    return {txn for txn, seen in newest.items() if now - seen >= DEAD_AFTER}


def begun(txn: str) -> float:
    """Return when a transaction began, in seconds since 1970; its name tells."""
    return float(int(txn[:8], 16))
