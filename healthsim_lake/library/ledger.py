"""A ledger: what was run, when, and what came of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from healthsim_lake import _json
from healthsim_lake.catalog.documents import DocumentState
from healthsim_lake.catalog.ledgers import LedgerState, Tally
from healthsim_lake.catalog.names import check_count
from healthsim_lake.catalog.shelf import Shelf
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.errors import (
    ConflictError,
    ExecutionNotFoundError,
    InputError,
    KeyMissingError,
    ReadOnlyError,
    StorageError,
)
from healthsim_lake.library import ids
from healthsim_lake.library.columns import Owners, Row, columns_of, records_of, table_of
from healthsim_lake.library.executions import JourneyExecution, LedgerKind, ProfileExecution
from healthsim_lake.library.files import LedgerFiles
from healthsim_lake.library.segments import Segments
from healthsim_lake.tables.committer import Committer

FOLD_FROM = 256
"""So many segments may lie in the store before somebody folds them."""
_LOOKS_EVERY = 32
_ATTEMPTS = 20


class Ledger:
    """Records executions, and finds them again.

    The ledger is not versioned like scenarios are, because it only grows: a lake pinned at an
    earlier time shows what was recorded by then.

    Args:
        committer: Reads what is true, and changes it.
        kind: What is recorded.
    """

    def __init__(self, committer: Committer, kind: LedgerKind) -> None:
        self._committer, self.kind = committer, kind
        self._segments = Segments(committer.log.storage, kind)
        self._files = LedgerFiles(committer, kind)

    def record(self, values: Row) -> int:
        """Record one execution durably, and return its id; see `columns.columns_of`."""
        self._check_writable()
        owners = self._owners(self._committer.view())
        (row,) = columns_of(self.kind, [values], owners, where="").to_pylist()
        row["metadata"] = None if row["metadata"] is None else _json.loads(row["metadata"])
        execution_id = self._segments.write(row)
        if execution_id // ids.STEP % _LOOKS_EVERY == 0:
            # Best effort: the execution is recorded, and the next one looks again.
            with contextlib.suppress(StorageError, ConflictError):
                self.fold()
        return execution_id

    def record_many(self, executions: Iterable[Row]) -> list[int]:
        """Record a batch durably, as one file, all of it or nothing, and return the ids."""
        if isinstance(executions, str | bytes | Mapping) or not isinstance(executions, Iterable):
            given = type(executions).__name__
            raise InputError(f"executions must be a list of mappings, not {given}")
        rows = executions if isinstance(executions, list) else list(executions)
        self._check_writable()
        if not rows:
            return []
        columns = columns_of(self.kind, rows, self._owners(self._committer.view()))
        return self._files.append(columns)

    def fold(self, *, least: int = FOLD_FROM + 1) -> int:
        """Put segments together into one file, which changes no answer.

        Args:
            least: Leave fewer segments than these alone.

        Returns:
            How many segments were folded.
        """
        state = self._state(self._committer.log.refresh())
        listed = self._segments.listed()
        left = set(state.folded)
        new = [one for one in listed if one not in left]
        if len(new) < max(1, least):
            return 0
        try:
            records = self._segments.read(new)
        except KeyMissingError:
            return 0  # somebody else folds right now
        gone = tuple(left.difference(listed))
        self._files.fold(state, self._counted(table_of(self.kind, records)), new, forgets=gone)
        self._segments.delete([*left.intersection(listed), *new])
        return len(new)

    def tallies(self) -> dict[str, Tally]:
        """Return how often each document was run, and when last; reads no ledger file."""
        state, _, records = self._consistent(read_files=False)
        tallies: dict[str, Tally] = dict(state.tallies)
        table = self._counted(table_of(self.kind, records))
        for document_id, new in self._files.tallies_of(table).items():
            old = tallies.get(document_id)
            tallies[document_id] = new if old is None else old.plus(new)
        return tallies

    def table(self, **equal: str | int) -> pa.Table:
        """Return executions, oldest first, with the columns of the ledger's schema.

        Args:
            equal: Only those whose column has this value.
        """
        _, folded, records = self._consistent(read_files=True, equal=equal)
        single = table_of(self.kind, records)
        for column, value in equal.items():
            single = single.filter(pc.equal(single[column], value))
        table = self._counted(pa.concat_tables([*folded, single]))
        pinned = self._pinned_at()
        if pinned is not None:
            table = table.filter(pc.less_equal(table["executed_at"], pinned))
        return table.sort_by("id")

    def find(
        self, *, limit: int | None = None, **equal: str
    ) -> list[ProfileExecution | JourneyExecution]:
        """Return executions, the newest first; see `table`."""
        if limit is not None:
            check_count(limit, "limit")
        for column, value in equal.items():
            if not isinstance(value, str):
                raise InputError(f"{column} must be text, not {type(value).__name__}")
        table = self.table(**equal)
        start = 0 if limit is None else max(0, len(table) - limit)
        return records_of(self.kind, table.slice(start))[::-1]

    def get(self, execution_id: int) -> ProfileExecution | JourneyExecution:
        """Return one execution.

        Raises:
            ExecutionNotFoundError: There is none with that id.
        """
        check_count(execution_id, "the id of an execution")
        found = records_of(self.kind, self.table(id=execution_id))
        if not found:
            raise ExecutionNotFoundError(f"Execution {execution_id} not found")
        return found[0]

    def _consistent(
        self, *, read_files: bool, equal: Mapping[str, str | int] | None = None
    ) -> tuple[LedgerState, list[pa.Table], list[ProfileExecution | JourneyExecution]]:
        """Read files and segments as they were at one moment: again if one was folded meanwhile."""
        for _ in range(_ATTEMPTS):
            state = self._state(self._committer.log.refresh())
            folded = set(state.folded)
            try:
                new = [one for one in self._segments.listed() if one not in folded]
                records = self._segments.read(new)
                tables = self._files.read(state, equal or {}) if read_files else []
            except KeyMissingError:
                continue
            if self._state(self._committer.log.refresh()).version == state.version:
                return state, tables, records
        raise StorageError(
            None, f"the ledger of {self.kind.collection} changes too fast to be read; try again"
        )

    def _counted(self, table: pa.Table) -> pa.Table:
        """Leave out executions that were dropped together with their document."""
        documents = Shelf(self._committer.log.refresh(), self.kind.collection)
        for one in documents:
            if one.dropped_until:
                dropped = pc.and_(
                    pc.equal(table[self.kind.owner], one.record.id),
                    pc.less_equal(table["id"], one.dropped_until),
                )
                table = table.filter(pc.invert(dropped))
        return table

    def _pinned_at(self) -> datetime | None:
        """Return when the lake was as it is seen here, or None if that is now."""
        shown = self._committer.view()
        if shown.timestamp is None or shown.version == self._committer.log.refresh().version:
            return None
        return shown.timestamp.replace(tzinfo=None)

    def _owners(self, snapshot: Snapshot) -> Owners:
        documents = Shelf(snapshot, self.kind.collection)

        def owner(ref: str) -> tuple[str, int, int]:
            found: DocumentState = documents.get(ref)
            newest = found.revisions[-1]
            return found.record.id, newest.version, newest.body_commit

        return owner

    def _state(self, snapshot: Snapshot) -> LedgerState:
        return snapshot.state.ledgers.get(self.kind.collection, LedgerState())

    def _check_writable(self) -> None:
        if self._committer.read_only:
            raise ReadOnlyError("this lake was opened for reading only")
