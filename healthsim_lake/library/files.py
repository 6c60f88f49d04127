"""The Parquet files of a ledger: batches, and segments folded together."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from healthsim_lake import _clock
from healthsim_lake.catalog.ledgers import ExtendLedger, LedgerFile, LedgerIs, LedgerState, Tally
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.transaction import Draft, Plan, Transaction
from healthsim_lake.errors import ConflictError, DataFileAlteredError, StorageError
from healthsim_lake.library import ids
from healthsim_lake.library.executions import LedgerKind
from healthsim_lake.storage import layout
from healthsim_lake.tables.committer import Committer

MOST_FILES = 8
"""More files of similar size than these are put together with the next one."""
_SIMILAR = 4
_LEAST_ROWS = 1_000


class LedgerFiles:
    """Reads and extends the files of one ledger.

    Args:
        committer: Reads what is true, and changes it.
        kind: Which ledger.
    """

    def __init__(self, committer: Committer, kind: LedgerKind) -> None:
        self._committer, self._storage, self._kind = committer, committer.log.storage, kind

    def append(self, columns: pa.Table) -> list[int]:
        """Commit a batch, given without ids and time, and return the ids it got."""
        transaction = self._committer.begin()
        given: list[int] = []
        written: list[ExtendLedger] = []

        def plan(snapshot: Snapshot) -> Draft:
            state = snapshot.state.ledgers.get(self._kind.collection, LedgerState())
            if not given or given[0] <= state.last_batch_id:
                # The first attempt, or another batch was faster and has these ids.
                moment = _clock.now()
                given[:] = ids.batch(moment, len(columns), above=state.last_batch_id)
                table = self._with_ids(columns, given, moment)
                written[:] = [
                    ExtendLedger(
                        ledger=self._kind.collection,
                        file=self._write(table, transaction.txn_id),
                        tallies=self.tallies_of(table),
                        last_batch_id=given[-1],
                    )
                ]
            return Draft(operation="record", actions=(written[0],))

        self._commit(plan, transaction)
        # Best effort: the batch is recorded, and the next one tries again.
        with contextlib.suppress(StorageError, ConflictError):
            self._compact()
        return given

    def fold(
        self, state: LedgerState, table: pa.Table, folds: Sequence[int], *, forgets: Sequence[int]
    ) -> None:
        """Commit a file in place of segments.

        Args:
            state: The ledger as it was when the segments were read.
            table: What the segments hold and still counts.
            folds: Their ids.
            forgets: Ids of segments that were folded earlier and are gone.

        Raises:
            ConflictError: Somebody else folded meanwhile; nothing was changed.
        """
        small = _similar(state, len(table))
        merged = [*self.read(state, {}, only=small), table]
        self._extend(
            state,
            pa.concat_tables(merged).sort_by("id"),
            tallies=self.tallies_of(table),
            folds=tuple(folds),
            replaces=small,
            forgets=tuple(forgets),
        )

    def _compact(self) -> None:
        state = self._committer.view().state.ledgers[self._kind.collection]
        small = _similar(state, state.files[-1].rows)
        if small:
            table = pa.concat_tables(self.read(state, {}, only=small)).sort_by("id")
            self._extend(state, table, tallies={}, folds=(), replaces=small, forgets=())

    def _extend(
        self,
        state: LedgerState,
        table: pa.Table,
        *,
        tallies: dict[str, Tally],
        folds: tuple[int, ...],
        replaces: tuple[str, ...],
        forgets: tuple[int, ...],
    ) -> None:
        transaction = self._committer.begin()
        action = ExtendLedger(
            ledger=self._kind.collection,
            file=self._write(table, transaction.txn_id),
            tallies=tallies,
            folds=folds,
            replaces=replaces,
            forgets=forgets,
        )
        draft = Draft(
            operation="fold",
            actions=(action,),
            requires=(LedgerIs(ledger=self._kind.collection, version=state.version),),
        )
        self._commit(lambda _snapshot: draft, transaction)
        self._delete(replaces)

    def _commit(self, plan: Plan, transaction: Transaction) -> None:
        try:
            self._committer.commit(plan, transaction=transaction)
        finally:
            if transaction.done is None and not transaction.may_stand:
                self._delete([transaction.txn_id])

    def read(
        self,
        state: LedgerState,
        equal: Mapping[str, str | int],
        *,
        only: Sequence[str] | None = None,
    ) -> list[pa.Table]:
        """Return what the files hold, filtered.

        Raises:
            KeyMissingError: A file is gone: others took its place meanwhile.
            DataFileAlteredError: A file is not what was committed.
        """
        files = [one for one in state.files if only is None or one.name in only]
        return [self._read_file(one, equal) for one in files]

    def _read_file(self, file: LedgerFile, equal: Mapping[str, str | int]) -> pa.Table:
        key = layout.ledger_file(self._kind.collection, file.name)
        data = self._storage.read(key)
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise DataFileAlteredError(
                f"{key} differs from what was committed (SHA-256); restore it from a backup"
            )
        filters = [(column, "=", value) for column, value in equal.items()] or None
        return pq.read_table(pa.BufferReader(data), filters=filters).cast(self._kind.schema)

    def _with_ids(self, columns: pa.Table, given: Sequence[int], moment: object) -> pa.Table:
        times = pa.repeat(pa.scalar(moment, pa.timestamp("us", "UTC")), len(columns))
        table = columns.append_column("id", pa.array(given, pa.int64()))
        table = table.append_column("executed_at", times.cast(pa.timestamp("us")))
        return table.select(self._kind.schema.names)

    def _write(self, table: pa.Table, txn_id: str) -> LedgerFile:
        sink = pa.BufferOutputStream()
        pq.write_table(
            table,
            sink,
            compression="zstd",
            row_group_size=131_072,
            use_dictionary=self._columns(pa.types.is_string),
            column_encoding=dict.fromkeys(self._columns(pa.types.is_int64), "DELTA_BINARY_PACKED"),
        )
        data = sink.getvalue()
        key = layout.ledger_file(self._kind.collection, txn_id)
        self._storage.delete(key)  # of an earlier attempt of the same transaction
        self._storage.put(key, memoryview(data))
        self._storage.sync(layout.ledger_files(self._kind.collection))
        return LedgerFile(
            name=txn_id,
            rows=len(table),
            bytes=data.size,
            sha256=hashlib.sha256(data).hexdigest(),
        )

    def _columns(self, kind: Callable[[pa.DataType], bool]) -> list[str]:
        return [field.name for field in self._kind.schema if kind(field.type)]

    def _delete(self, names: Sequence[str]) -> None:
        for name in names:
            self._storage.delete(layout.ledger_file(self._kind.collection, name))

    def tallies_of(self, table: pa.Table) -> dict[str, Tally]:
        """Return how often each document occurs in rows of the ledger, and when last."""
        if not len(table):
            return {}
        counted = table.group_by(self._kind.owner).aggregate(
            [("id", "count"), ("executed_at", "max")]
        )
        return {
            row[self._kind.owner]: Tally(
                count=row["id_count"], last=_clock.to_utc(row["executed_at_max"])
            )
            for row in counted.to_pylist()
        }


def _similar(state: LedgerState, rows: int) -> tuple[str, ...]:
    """Return the files to put together with one of `rows` rows, or nothing while they are few."""
    most = _SIMILAR * max(rows, _LEAST_ROWS)
    small = tuple(one.name for one in state.files if one.rows <= most)
    return small if len(small) > MOST_FILES else ()
