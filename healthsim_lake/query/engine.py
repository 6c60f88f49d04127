"""The engine: questions in, Arrow tables out, within limits."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from healthsim_lake._shown import shown
from healthsim_lake.errors import (
    DataFileMissingError,
    QueryError,
    QueryLimitError,
    StorageError,
)
from healthsim_lake.query.connection import Session, check_files
from healthsim_lake.query.deadline import Deadline
from healthsim_lake.query.guard import Question, examine
from healthsim_lake.query.params import Params, Values, checked
from healthsim_lake.query.scrub import (
    listed,
    missing_column,
    missing_values,
    scrub,
    tells_of_files,
)
from healthsim_lake.query.views import View

# One vector of the engine: a larger batch of long texts would be in memory before it is counted.
_BATCH_ROWS = 2_048
_MEGABYTE = 1_000_000
# 2.0 streams Arrow from relations and warns about cursors; 1.x streams from cursors, and its
# relations copy the whole result, value by value, when there are parameters.
_FROM_RELATION = not hasattr(duckdb.DuckDBPyConnection, "fetch_record_batch")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a question may take.

    Attributes:
        seconds: Time from binding to the last row.
        rows: Rows of the result.
        memory_mb: Megabytes (10^6 bytes) that the engine may use to find the result, and that
            the result may have as Arrow.
    """

    seconds: float = 30.0
    rows: int = 1_000_000
    memory_mb: int = 1024

    def __post_init__(self) -> None:
        for name in ("seconds", "rows", "memory_mb"):
            number = getattr(self, name)
            whole = isinstance(number, int) and not isinstance(number, bool)
            if not (whole or (name == "seconds" and isinstance(number, float))) or not number > 0:
                raise QueryError(
                    f"limits have to be numbers of more than zero; {name} is {shown(number)}"
                )


class Engine:
    """Answers questions about a set of tables.

    The connection is opened with the first question and kept. Nothing a question does can change
    what the next one sees: each has a cursor, which is a session of its own (temporary objects,
    variables, prepared statements and open transactions end with it), and a transaction that is
    read-only. Questions from several threads are answered one after the other.

    No address-space limit is set: ``RLIMIT_AS`` holds for the whole process, so a large but
    legitimate allocation of another thread would fail because a question runs, and libraries
    that abort when memory runs out (Polars) would take the process with them. The guard bounds
    what one value may grow to, ``memory_limit`` what rows add up to. A program that owns its
    process and serves strangers should set the limit, or a container's, from outside.

    Args:
        views: The tables, with distinct names.
        limits: For every question that brings none of its own.
        filesystem: fsspec file system behind paths that are not local.
        allowed: More local paths that tables may turn out to have.
    """

    def __init__(
        self,
        views: Iterable[View] = (),
        *,
        limits: Limits | None = None,
        filesystem: Any | None = None,
        allowed: Iterable[str] = (),
    ) -> None:
        self._views = {view.name: view for view in views}
        self._limits = limits or Limits()
        self._filesystem = filesystem
        self._allowed = tuple(allowed)
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._stale = False

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """Column names by table, in the order given."""
        return {name: view.columns for name, view in self._views.items()}

    def run(self, sql: str, params: Params = None, *, limits: Limits | None = None) -> pa.Table:
        """Answer one question about the tables that were given.

        Args:
            sql: One SELECT, VALUES, DESCRIBE, SUMMARIZE or SHOW TABLES.
            params: A sequence for ``?`` or a mapping for ``$name``; see `params.checked`.
            limits: In place of the engine's.

        Returns:
            The whole result. Column names may repeat, as SQL allows.

        Raises:
            QueryRefusedError: It asks for more than a question may.
            QueryLimitError: It ran into a limit.
            QueryError: It cannot be answered: syntax, names, types, parameters.
            DataFileMissingError: A file is gone; resolve the tables again and run once more.
            DataFileAlteredError: A file is not what was committed.
            StorageError: A file cannot be read.
        """
        values = checked(params)
        return self.answer(examine(sql, tables=tuple(self._views)), values, limits=limits)

    def answer(
        self,
        question: Question,
        values: Values = None,
        *,
        limits: Limits | None = None,
        views: Iterable[View] = (),
    ) -> pa.Table:
        """Answer a question that was examined; see `run`.

        Args:
            question: What `examine` returned.
            values: What `params.checked` returned.
            limits: In place of the engine's.
            views: Tables that it reads; they replace those of the same name.
        """
        limits = limits or self._limits
        with self._lock:
            self._views.update((view.name, view) for view in views)
            session = self._ready(question, limits)
            with session.connection.cursor() as cursor:
                deadline = Deadline(cursor, limits.seconds)
                bill = _Bill(limits, deadline)
                return deadline.run(lambda: self._answer(cursor, question, values, bill))

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        with self._lock:
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _close(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session, self._stale = None, False

    def _ready(self, question: Question, limits: Limits) -> Session:
        needed = [self._views[name] for name in sorted(question.reads)]
        session = self._session
        fits = session is not None and session.memory_mb == limits.memory_mb
        if session is None or self._stale or not fits or not all(map(session.allows, needed)):
            # After trouble with a file, tables that this question does not need are left out.
            former = () if session is None or self._stale else session.views
            self._close()
            session = self._session = Session(
                [*former, *needed],
                memory_mb=limits.memory_mb,
                filesystem=self._filesystem,
                allowed=self._allowed,
            )
        for view in needed:
            session.make(view)
        return session

    def _answer(
        self, cursor: duckdb.DuckDBPyConnection, question: Question, values: Values, bill: _Bill
    ) -> pa.Table:
        cursor.execute("BEGIN TRANSACTION READ ONLY")
        try:
            with _reader(cursor, question.sql, values) as reader:
                return pa.Table.from_batches(bill.paid(reader), schema=reader.schema)
        except (duckdb.Error, pa.ArrowException, OSError, MemoryError, RuntimeError) as error:
            # Errors of a stream come out of Arrow's reader, as OSError with the engine's text.
            # `from None`: that text names paths, and a traceback would print it.
            raise self._explained(error, question, bill) from None
        finally:
            self._leave(cursor)

    def _leave(self, cursor: duckdb.DuckDBPyConnection) -> None:
        try:
            # A question that is given up before its end would run on in the background.
            cursor.interrupt()
            cursor.execute("ROLLBACK")
        except duckdb.Error:
            # In no state to be trusted with the next question.
            self._stale = True

    def _explained(self, error: BaseException, question: Question, bill: _Bill) -> Exception:
        text = str(error)
        if bill.deadline.passed:
            return bill.too_long()
        if isinstance(error, MemoryError) or "Out of Memory" in text or "Allocation fail" in text:
            return bill.too_much()
        views = [self._views[name] for name in sorted(question.reads)]
        if tells_of_files(text):
            self._stale = True
            try:
                check_files(views, self._filesystem)
            except DataFileMissingError as missing:
                return missing
            return StorageError(
                f"a data file of {listed(sorted(question.reads))} cannot be read: {scrub(text)}"
            )
        columns = {view.name: view.columns for view in views}
        return QueryError(missing_column(text, columns) or missing_values(text) or scrub(text))


@dataclass(frozen=True, slots=True)
class _Bill:
    """What a question has to stay within while its rows come in."""

    limits: Limits
    deadline: Deadline

    def paid(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        rows = size = 0
        for batch in reader:
            rows += batch.num_rows
            size += batch.nbytes
            if self.deadline.passed:
                raise self.too_long()
            if rows > self.limits.rows:
                raise QueryLimitError(
                    f"the result has more than {self.limits.rows:,} rows; add LIMIT, aggregate, or "
                    "raise the limit on rows"
                )
            if size > self.limits.memory_mb * _MEGABYTE:
                raise QueryLimitError(
                    f"the result is larger than {self.limits.memory_mb:,} MB; select fewer columns "
                    "or rows, or raise the limit on memory"
                )
            yield batch

    def too_long(self) -> QueryLimitError:
        return QueryLimitError(
            f"the query took longer than {self.limits.seconds:g} seconds; narrow it (WHERE, fewer "
            "joins, an end for the recursion), or raise the limit on seconds"
        )

    def too_much(self) -> QueryLimitError:
        return QueryLimitError(
            f"the query needs more than {self.limits.memory_mb:,} MB; select fewer columns, "
            "aggregate earlier, or raise the limit on memory"
        )


def _reader(
    connection: duckdb.DuckDBPyConnection, sql: str, values: Values
) -> pa.RecordBatchReader:
    if _FROM_RELATION:
        relation = connection.sql(sql, params=values) if values else connection.sql(sql)
        return relation.to_arrow_reader(_BATCH_ROWS)
    cursor: Any = connection.execute(sql, values) if values else connection.execute(sql)
    fetch = getattr(cursor, "to_arrow_reader", None) or cursor.fetch_record_batch
    return fetch(_BATCH_ROWS)
