"""Deleting what no version that may be read needs: first the log says so, then the files go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from healthsim_lake import _clock
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.retention import Forget
from healthsim_lake.catalog.retention_fold import trim
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.transaction import Draft
from healthsim_lake.errors import DamagedCommitError, InputError, VersionNotFoundError
from healthsim_lake.maintenance.inventory import (
    DEAD_AFTER,
    Item,
    Role,
    begun,
    dead_transactions,
    listed,
    sorted_out,
    store_clock,
)
from healthsim_lake.maintenance.progress import Progress, counted
from healthsim_lake.maintenance.references import References, collect
from healthsim_lake.storage import Entry, layout
from healthsim_lake.tables.committer import Committer

DEFAULT_AGE = timedelta(days=7)
"""How long versions are kept where nobody says anything."""


@dataclass(frozen=True, slots=True)
class Keep:
    """What a caller wants to keep.

    Attributes:
        versions: At least so many of the lake's newest versions; None for no wish.
        age: Versions that were the newest one at some time within this; None for no wish.
    """

    versions: int | None = None
    age: timedelta | None = None

    def first_kept(self, log: CommitLog, snapshot: Snapshot) -> int:
        """Return the first version to keep, given that one more commit follows `snapshot`."""
        wishes = []
        if self.versions is not None:
            wishes.append(snapshot.version + 2 - self.versions)
        if self.age is not None:
            try:
                moment = _clock.now() - self.age
            except OverflowError:
                return 0
            try:
                wishes.append(log.version_at(moment))
            except VersionNotFoundError:
                wishes.append(0)
        return max(0, min(wishes, default=0))


def keep(versions: int | None, age: timedelta | None) -> Keep:
    """Return what is kept; by default, what was true within `DEFAULT_AGE`.

    Raises:
        InputError: Less than one version, or a negative age.
    """
    if versions is not None and versions < 1:
        raise InputError(f"keep_versions must be at least 1 (it is {versions})")
    if age is not None and age < timedelta(0):
        raise InputError(f"older_than must not be negative (it is {age})")
    return Keep(versions, DEFAULT_AGE if versions is None and age is None else age)


@dataclass(frozen=True, slots=True)
class VacuumReport:
    """What `vacuum` deleted, or would delete.

    Attributes:
        dry_run: Whether nothing was changed.
        before: Versions of the lake below this one are forgotten.
        commit: The commit that says so; None if it was said before, or in a dry run.
        files: How many objects, by kind: ``superseded``, ``documents``, ``abandoned``,
            ``temporary``, ``purged``.
        bytes: Their size; bytes that a clone shares are freed when the last name goes.
        keys: What they were called.
    """

    dry_run: bool
    before: int
    commit: int | None
    files: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    keys: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many objects were, or would be, deleted."""
        return len(self.keys)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values, without the keys."""
        return {
            "dry_run": self.dry_run,
            "before": self.before,
            "commit": self.commit,
            "count": self.count,
            "bytes": self.bytes,
            "files": self.files,
        }


class Vacuum:
    """One run, from the list of everything to the last deletion.

    Args:
        committer: Reads what is true, and changes it.
        tell: Told how far it got.
    """

    def __init__(self, committer: Committer, tell: Progress) -> None:
        self._committer, self._log, self._tell = committer, committer.log, tell
        self._storage = committer.log.storage
        self._forgetting: Snapshot | None = None

    def run(
        self, wish: Keep, *, dry_run: bool, only: Collection[str] | None = None
    ) -> VacuumReport:
        """Forget, and delete; or say what would be deleted.

        Args:
            wish: What is kept.
            dry_run: Whether to change nothing.
            only: Kinds of things to delete, see `VacuumReport`; None for all.

        Raises:
            DamagedCommitError: A manifest cannot be read, so that what is needed is not known.
        """
        self._log.require()
        if not dry_run:
            self._committer.tidy()
        entries = listed(self._storage, self._tell)
        head = self._log.refresh()
        former = self._needed(head)
        now = store_clock(self._storage, may_write=not self._committer.read_only)
        items = list(sorted_out(self._storage, entries, former, head=head))
        dead = dead_transactions(items, now)
        if dry_run:
            head, commit = _trimmed(head, wish.first_kept(self._log, head)), None
        else:
            left = dead - self._committed(dead, head)
            head, commit = self._forget(wish, self._worth_saying(items, left))
            if self._forgetting is not None:
                # What came since it was listed, and was forgotten with the rest, goes with it.
                former.take(self._needed(self._forgetting))
                entries = listed(self._storage, self._tell)
                head = self._log.refresh()
        needed = self._needed(head)
        gone = list(_deletable(sorted_out(self._storage, entries, needed, head=head), former, dead))
        gone += _old_temporaries(entries, now)
        gone = [one for one in gone if only is None or one[0] in only]
        if not dry_run:
            self._delete(gone)
        return VacuumReport(
            dry_run=dry_run,
            before=head.state.retention.before,
            commit=commit,
            files=dict(Counter(kind for kind, _ in gone)),
            bytes=sum(entry.size for _, entry in gone),
            keys=tuple(entry.key for _, entry in gone),
        )

    def _needed(self, snapshot: Snapshot) -> References:
        found = collect(self._log, snapshot, self._tell)
        if found.unreadable:
            one = found.unreadable[0]
            raise DamagedCommitError(
                f"version {one.version} of scenario '{one.state.record.name}' cannot be read "
                f"({one.reason}), so what it needs is not known; nothing was deleted"
            )
        return found

    def _committed(self, txns: Collection[str], head: Snapshot) -> set[str]:
        """Return those of old transactions that are in the log.

        What they left may go without a word: a mirror gets documents that the lake it comes from
        has forgotten since, and a commit about them would be one that the lake does not have.
        """
        found: set[str] = set()
        first = min(map(begun, txns), default=0.0)
        for version in range(head.version, 0, -1):
            if found.issuperset(txns):
                break
            commit = self._log.read(version)
            if commit.timestamp.timestamp() < first:
                break
            found.update({commit.txn_id}.intersection(txns))
        return found

    @staticmethod
    def _worth_saying(items: list[Item], dead: set[str]) -> tuple[str, ...]:
        """Return the dead transactions whose files are there."""
        return tuple(sorted({one.txn for one in items if one.txn in dead and one.txn}))

    def _forget(self, wish: Keep, abandons: tuple[str, ...]) -> tuple[Snapshot, int | None]:
        """Commit what may not be read any more, unless the log says so already."""
        head = self._log.refresh()
        said = head.state.retention
        left = tuple(txn for txn in abandons if txn not in said.abandoned)
        # If nothing happened since the last run, all that could be forgotten is that run itself.
        idle = 1 if said.commit == head.version else 0
        if wish.first_kept(self._log, head) <= max(1, said.before + idle) and not left:
            return head, None

        def plan(snapshot: Snapshot) -> Draft:
            self._forgetting = snapshot
            before = wish.first_kept(self._log, snapshot)
            return Draft("vacuum", actions=(Forget(before=before, abandons=left),))

        committed = self._committer.commit(plan)
        return self._log.refresh(), None if committed.commit is None else committed.commit.version

    def _delete(self, gone: list[tuple[str, Entry]]) -> None:
        for _, entry in counted(gone, "deleting", self._tell):
            self._storage.delete(entry.key)
        for room in (layout.DATA, layout.HISTORY):
            self._storage.prune(room)


def _trimmed(head: Snapshot, before: int) -> Snapshot:
    """Return `head` as it would be if it had forgotten."""
    state = head.state.mutable_copy()
    first = max(before, state.retention.before)
    trim(state, first)
    state.retention = state.retention.model_copy(update={"before": first})
    return replace(head, state=state)


def _deletable(
    items: Iterator[Item], former: References, dead: set[str]
) -> Iterator[tuple[str, Entry]]:
    """Yield what can go, with its kind.

    A file of a transaction that waits goes only if the log says that the transaction cannot commit
    any more; a document also if a version that was forgotten just now named it.
    """
    for item in items:
        match item.role:
            case Role.SUPERSEDED:
                yield "superseded", item.entry
            case Role.PURGED:
                yield "purged", item.entry
            case Role.WAITING if former.names(layout.document_parts(item.entry.key)):
                yield "documents", item.entry
            case Role.WAITING if item.txn in dead:
                yield "abandoned", item.entry


def _old_temporaries(entries: list[Entry], now: float) -> Iterator[tuple[str, Entry]]:
    for entry in entries:
        if layout.is_temporary(entry.key) and now - entry.modified >= DEAD_AFTER:
            yield "temporary", entry
