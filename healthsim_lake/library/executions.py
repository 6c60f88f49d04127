"""What is recorded of each time that a profile or a journey was run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Annotated, Any

import pyarrow as pa
from pydantic import Field

from healthsim_lake.catalog.documents import Collection
from healthsim_lake.catalog.ledgers import ExecutionId
from healthsim_lake.catalog.records import Record, Timestamp

COMPLETED = "completed"
Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
Seed = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]


class Execution(Record):
    """What profiles and journeys have in common.

    Attributes:
        id: Positive, unique in its ledger, growing with time.
        version: Of the specification that was run.
        spec_commit: The commit that holds the very specification that was run.
        cohort_id: The scenario it led to, as given.
        executed_at: When it was recorded.
        duration_ms: How long it took, in milliseconds.
        status: ``completed`` unless told otherwise.
        error_message: What went wrong, if it did.
        metadata: Any JSON object of the caller's.
    """

    id: ExecutionId
    version: int = Field(ge=1, le=2**63 - 1)
    spec_commit: int = Field(ge=1, le=2**63 - 1)
    cohort_id: str | None = None
    executed_at: Timestamp
    duration_ms: Count | None = None
    status: str = COMPLETED
    error_message: str | None = None
    metadata: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the execution as JSON values."""
        return self.model_dump(mode="json")


class ProfileExecution(Execution):
    """One run of a profile.

    Attributes:
        profile_id: Whose run it was.
        entity_count: How many entities it made.
        seed: Of the generator.
    """

    profile_id: str
    entity_count: Count | None = None
    seed: Seed | None = None

    @property
    def count(self) -> int | None:
        """The other name of `entity_count`."""
        return self.entity_count


class JourneyExecution(Execution):
    """One run of a journey, usually for one entity.

    Attributes:
        journey_id: Whose run it was.
        profile_id: The profile behind it, as given.
        entity_id: The entity it was run for, as given.
        start_date: First day of the timeline.
        end_date: Last day of the timeline.
        events_generated: How many events it made.
    """

    journey_id: str
    profile_id: str | None = None
    entity_id: str | None = None
    start_date: date | None = None
    end_date: date | None = None
    events_generated: Count | None = None


_TEXT, _INT, _TIME, _DATE = pa.string(), pa.int64(), pa.timestamp("us"), pa.date32()
GIVEN_BY_LEDGER = ("id", "version", "spec_commit", "executed_at")
"""Columns that no caller sets."""


@dataclass(frozen=True)
class LedgerKind:
    """What one ledger records.

    Attributes:
        collection: Whose executions.
        owner: The column that names the profile or journey.
        record: One execution.
        schema: Of its Parquet files, and of the table in SQL.
    """

    collection: Collection
    owner: str
    record: type[ProfileExecution | JourneyExecution]
    schema: pa.Schema

    @cached_property
    def given(self) -> tuple[str, ...]:
        """The columns that a caller may set."""
        return tuple(name for name in self.schema.names if name not in GIVEN_BY_LEDGER)


def _schema(*own: tuple[str, pa.DataType]) -> pa.Schema:
    return pa.schema(
        [
            ("id", _INT),
            *own,
            ("version", _INT),
            ("spec_commit", _INT),
            ("cohort_id", _TEXT),
            ("executed_at", _TIME),
            ("duration_ms", _INT),
            ("status", _TEXT),
            ("error_message", _TEXT),
            ("metadata", _TEXT),
        ]
    )


PROFILE_LEDGER = LedgerKind(
    collection="profiles",
    owner="profile_id",
    record=ProfileExecution,
    schema=_schema(("profile_id", _TEXT), ("entity_count", _INT), ("seed", _INT)),
)
JOURNEY_LEDGER = LedgerKind(
    collection="journeys",
    owner="journey_id",
    record=JourneyExecution,
    schema=_schema(
        ("journey_id", _TEXT),
        ("profile_id", _TEXT),
        ("entity_id", _TEXT),
        ("start_date", _DATE),
        ("end_date", _DATE),
        ("events_generated", _INT),
    ),
)
