"""The mirror of a whole lake: the same log, carried on where it ended."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from healthsim_lake.catalog import checkpoint
from healthsim_lake.catalog.documents import Collection
from healthsim_lake.catalog.ledgers import ExtendLedger, LedgerState
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.retention import Purge
from healthsim_lake.errors import ForkedError, KeyExistsError, KeyMissingError
from healthsim_lake.storage import layout
from healthsim_lake.sync.courier import Courier, Parcel
from healthsim_lake.sync.inventory import Inventory, Link, Name, inventory, names
from healthsim_lake.sync.relation import Relation, compare, refuse_itself
from healthsim_lake.sync.report import Carried, Progress
from healthsim_lake.tables.erasing import erase
from healthsim_lake.tables.places import in_parallel

LEDGERS: tuple[Collection, ...] = ("profiles", "journeys")
_COMMITS_AT_ONCE = 1_000
"""What is held in memory at a time, and how often a reader of the target sees something new."""


def mirror(
    source: CommitLog,
    target: CommitLog,
    *,
    dry_run: bool = False,
    on_progress: Progress | None = None,
) -> Carried:
    """Bring a target up to where the source is.

    Files come first, then the documents that commits name, then the commits, in order, each by an
    exclusive create: a reader of the target sees whole commits at every moment, and whoever is
    killed begins again where the target's log ends.

    Args:
        source: The log to copy.
        target: Of the same lake, or of a place where nothing is yet.
        dry_run: Only count.
        on_progress: Told after each file.

    Raises:
        LakeNotFoundError: There is no source.
        ForeignLakeError: The target is another lake.
        ForkedError: Both have commits that the other one lacks.
        NotALakeError: The target is in use for something else.
    """
    refuse_itself(source, target)
    relation = compare(source, target)
    relation.require_one_history(source.storage.url, target.storage.url)
    return _Mirror(source, target, relation, on_progress).run(dry_run=dry_run)


class _Mirror:
    def __init__(
        self,
        source: CommitLog,
        target: CommitLog,
        relation: Relation,
        on_progress: Progress | None,
    ) -> None:
        self._source, self._target, self._relation = source.storage, target.storage, relation
        self._log = source
        self._courier = Courier(source, target.storage, on_progress)

    def run(self, *, dry_run: bool) -> Carried:
        relation, last = self._relation, self._relation.common
        if not dry_run and relation.kind != "behind":
            if relation.kind == "empty":
                self._courier.create(layout.LAKE, self._source.read(layout.LAKE))
            # Executions before commits: one that is folded meanwhile is in a commit that follows.
            self._carry_executions()
            if last and (self._target.stages or relation.kind == "ahead"):
                self._settle_again(last)
            last = self._log.refresh().version
            self._erase_purged(relation.common)
        elif relation.kind != "behind":
            last = relation.source
        for first in range(relation.common + 1, last + 1, _COMMITS_AT_ONCE):
            self._carry(first, min(last, first + _COMMITS_AT_ONCE - 1), dry_run=dry_run)
        if last > relation.common and not dry_run:
            self._carry_checkpoint(last)
        return self._report(max(last, relation.target), dry_run=dry_run)

    def _report(self, version: int, *, dry_run: bool) -> Carried:
        relation, courier = self._relation, self._courier
        ahead = relation.target - relation.common
        return Carried(
            source=self._source.url,
            target=self._target.url,
            since=relation.target,
            version=version,
            commits=version - relation.target,
            files=courier.files,
            bytes=courier.bytes if not dry_run else courier.total,
            present=courier.present,
            target_ahead=ahead,
            dry_run=dry_run,
        )

    def _carry(self, first: int, last: int, *, dry_run: bool) -> None:
        found = inventory(self._log, first, last)
        parcels = [Parcel(ref, self._place(name, past=False)) for name, ref in found.live.items()]
        parcels += [Parcel(ref, self._place(name, past=True)) for name, ref in found.past.items()]
        needed = self._courier.missing(parcels, look=self._relation.kind != "empty")
        if dry_run:
            self._courier.files += len(needed)
            return
        self._courier.carry(needed)
        self._courier.carry_documents(found.documents)
        for link in found.links:
            self._append(link, found)

    def _place(self, name: Name, *, past: bool) -> str:
        if self._target.stages:
            return layout.staged(name[2])
        return layout.retired(*name) if past else layout.live(*name)

    def _append(self, link: Link, found: Inventory) -> None:
        """Make one commit true in the target, and its files stand where it wants them."""
        for action in link.commit.actions:
            if isinstance(action, ExtendLedger):
                gone = [layout.segment(action.ledger, one) for one in action.forgets]
                in_parallel(self._target, self._target.delete, gone)
        version = link.commit.version
        try:
            self._courier.create(layout.commit(version), link.data)
        except KeyExistsError as error:
            raise ForkedError(
                f"somebody else made commit {version} of {self._target.url} meanwhile: it and "
                f"{self._source.url} are one lake up to version {version - 1} and part there"
            ) from error
        self._settle_new(link, found)
        if any(isinstance(action, Purge) for action in link.commit.actions):
            self._erase_purged(version)

    def _settle_new(self, link: Link, found: Inventory) -> None:
        retired = list(names(link.commit.retires))
        if self._target.stages:
            self._settle(link, retired)
            return
        # What came and went meanwhile was put into history at once, but perhaps an attempt that
        # broke off had put it where it then belonged.
        self._settle(link, [one for one in retired if one in found.retired])
        if self._relation.kind == "ahead":
            past = [layout.live(*one) for one in retired if one in found.past]
            in_parallel(self._target, self._target.delete, past)

    def _settle(self, link: Link, retired: Iterable[Name]) -> None:
        target = self._target
        if target.stages:
            for name in names(link.commit.publishes):
                target.move(layout.staged(name[2]), layout.live(*name))
        in_parallel(target, self._retire, list(retired))

    def _retire(self, name: Name) -> None:
        if not self._target.move(layout.live(*name), layout.retired(*name)):
            self._target.move(layout.staged(name[2]), layout.retired(*name))

    def _settle_again(self, version: int) -> None:
        """Finish what an attempt may have left that was killed after its last commit."""
        (link,) = inventory(self._log, version, version).links
        self._settle(link, names(link.commit.retires))

    def _erase_purged(self, version: int) -> None:
        """Delete what a commit purged; once more if an attempt may have died after that commit."""
        snapshot = self._log.latest()
        purged = [one for one, by in snapshot.state.purged.items() if by.commit == version]
        for scenario_id in purged:
            erase(self._target, snapshot, scenario_id)
        if purged:
            checkpoint.drop_before(self._target, version)

    def _carry_executions(self) -> None:
        ledgers = self._log.latest().state.ledgers
        for ledger in LEDGERS:
            folder = layout.segments(ledger)
            ours = [entry.key for entry in self._source.list(folder)]
            if not ours:
                continue
            there = {entry.key for entry in self._target.list(folder)}
            state = ledgers.get(ledger, LedgerState())
            folded = {layout.segment(ledger, one) for one in state.folded}
            wanted = [key for key in ours if key not in there and key not in folded]
            in_parallel(self._target, self._carry_execution, wanted)

    def _carry_execution(self, key: str) -> None:
        with contextlib.suppress(KeyMissingError):  # folded meanwhile: a commit will bring it
            self._courier.create(key, self._source.read(key))

    def _carry_checkpoint(self, last: int) -> None:
        """Copy a checkpoint, so that the target opens as fast; it only saves time."""
        for entry in reversed(list(self._source.list(layout.CHECKPOINTS))):
            parts = layout.checkpoint_parts(entry.key)
            if parts is not None and parts[0] <= last:
                with contextlib.suppress(KeyMissingError, KeyExistsError):
                    self._courier.create(entry.key, self._source.read(entry.key))
                return
