"""How every namespace reads what is true and changes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from healthsim_lake import tables
from healthsim_lake.catalog.actions import RowsAction
from healthsim_lake.catalog.commit import Commit
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.records import ManifestRef
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.transaction import Committed, Label, Plan, Transaction
from healthsim_lake.errors import ReadOnlyError
from healthsim_lake.storage import layout

if TYPE_CHECKING:
    from healthsim_lake.tables import FileWriter, Publisher


class Committer:
    """Reads snapshots, and commits plans and publishes their files.

    Args:
        log: The lake's log.
        publisher: Keeps the folders in step with it; None for a view that never writes.
        view: Returns the snapshot to read: the head, or the version that a lake is pinned at.
    """

    def __init__(
        self,
        log: CommitLog,
        publisher: Publisher | None,
        view: Callable[[], Snapshot],
    ) -> None:
        self.log, self.view = log, view
        self._publisher = publisher

    @property
    def read_only(self) -> bool:
        """Whether changes are refused."""
        return self._publisher is None

    def earlier_result(self, label: Label) -> str | None:
        """Return what a request with the same idempotency key led to, or None if there was none."""
        if label.idempotency_key is None:
            return None
        earlier = self.log.refresh().state.results.get(label.idempotency_key)
        return None if earlier is None else earlier.result

    def begin(self, label: Label | None = None) -> Transaction:
        """Return a new transaction.

        Raises:
            ReadOnlyError: The lake was opened for reading only.
        """
        return Transaction(self.log, tidy=self._writing().tidy, label=label)

    def commit(
        self,
        plan: Plan,
        *,
        label: Label | None = None,
        transaction: Transaction | None = None,
        known: Snapshot | None = None,
    ) -> Committed:
        """Commit what `plan` plans, and move the files to where the commit wants them.

        Args:
            plan: See `Transaction.commit`.
            label: Who and why, where no transaction was begun.
            transaction: What `begin` returned.
            known: See `Transaction.commit`.

        Raises:
            ReadOnlyError: The lake was opened for reading only.
            ConflictError: See `Transaction.commit`.
        """
        publisher = self._writing()
        committed = (transaction or self.begin(label)).commit(plan, known=known)
        if committed.commit is not None:
            publisher.publish(committed.commit)
        return committed

    def tidy(self) -> int:
        """Complete what crashed writers left; return the version up to which folders now agree.

        Raises:
            ReadOnlyError: The lake was opened for reading only.
        """
        head = self.log.refresh()
        self._writing().tidy(head)
        return head.version

    @contextmanager
    def new_files(self, transaction: Transaction, scenario_id: str) -> Iterator[FileWriter]:
        """Give a writer for the files of a transaction, which go again if it was not committed.

        What may have been committed is kept: the files of a commit must never be removed because
        of an error that came after it. Files of plans that were dropped go, too.
        """
        with tables.FileWriter(
            self.log.storage, txn_id=transaction.txn_id, scenario_id=scenario_id
        ) as writer:
            transaction.waits_for(writer.settle)
            try:
                yield writer
            finally:
                if transaction.done is not None:
                    writer.discard(but=_published(transaction.done))
                elif not transaction.may_stand:
                    writer.discard()

    def _writing(self) -> Publisher:
        if self._publisher is None:
            raise ReadOnlyError(
                "this lake was opened for reading only; open it again without read_only"
            )
        return self._publisher


def _published(commit: Commit) -> frozenset[str]:
    names = {name for group in commit.publishes for name in group.names}
    for action in commit.actions:
        if isinstance(action, RowsAction):
            if action.statistics is not None:
                names.add(action.statistics.name)
            if isinstance(action.manifest, ManifestRef):
                names.add(layout.manifest(action.scenario_id, action.manifest.txn_id))
    return frozenset(names)
