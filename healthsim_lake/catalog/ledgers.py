"""What the catalog knows of ledgers: the growing records of which profile or journey was run.

One execution is one small *segment*, written without a commit. Batches, and segments that were
folded together, are Parquet *ledger files*; those are named in the log, with the counts of what
they hold, so that lists never have to read them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from healthsim_lake.catalog.documents import MAX_EXECUTION_ID, Collection, DocumentId
from healthsim_lake.catalog.records import TXN_PATTERN, Digest, Record, Timestamp

ExecutionId = Annotated[int, Field(ge=1, le=MAX_EXECUTION_ID)]


class LedgerFile(Record):
    """One immutable Parquet file of executions, sorted by id.

    Attributes:
        name: The transaction that wrote it.
        rows: Executions in it.
        bytes: Its size.
        sha256: Of its bytes.
    """

    name: str = Field(pattern=TXN_PATTERN)
    rows: int = Field(ge=0)
    bytes: int = Field(ge=0)
    sha256: Digest


class Tally(Record):
    """How often a document was run, and when last."""

    count: int = Field(ge=1)
    last: Timestamp

    def plus(self, other: Tally) -> Tally:
        """Return the tally of both."""
        return Tally(count=self.count + other.count, last=max(self.last, other.last))


class LedgerState(Record):
    """What is in the log of one ledger.

    Attributes:
        version: One more with every change, so that a reader notices that files moved on.
        files: In the order they were added.
        folded: Segments that a file holds, and that may still lie in the store: do not count
            them again.
        tallies: By document, over all files.
        last_batch_id: The greatest id that a batch was given.
    """

    version: int = Field(default=0, ge=0)
    files: tuple[LedgerFile, ...] = ()
    folded: tuple[ExecutionId, ...] = ()
    tallies: dict[DocumentId, Tally] = {}
    last_batch_id: int = Field(default=0, ge=0)


class ExtendLedger(Record):
    """One more file in a ledger, in place of segments or of smaller files.

    Attributes:
        ledger: Which.
        file: The new file.
        tallies: What it adds to the tallies, by document: nothing for what other files held.
        last_batch_id: The greatest id that it gives to a batch; 0 if it brings no batch.
        folds: Segments that the file holds.
        replaces: Files that it holds.
        forgets: Segments folded earlier that are proven gone.
    """

    kind: Literal["extend_ledger"] = "extend_ledger"
    ledger: Collection
    file: LedgerFile
    tallies: dict[DocumentId, Tally] = {}
    last_batch_id: int = Field(default=0, ge=0)
    folds: tuple[ExecutionId, ...] = ()
    replaces: tuple[str, ...] = ()
    forgets: tuple[ExecutionId, ...] = ()


class LedgerIs(Record):
    """The ledger is at this version: nothing was folded meanwhile."""

    kind: Literal["ledger_is"] = "ledger_is"
    ledger: Collection
    version: int = Field(ge=0)
