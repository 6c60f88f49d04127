"""Profiles and journeys as callers see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from healthsim_lake._clock import iso

if TYPE_CHECKING:
    from healthsim_lake.catalog.documents import DocumentRecord
    from healthsim_lake.catalog.ledgers import Tally
    from healthsim_lake.specs import ProfileSpecification


@dataclass(frozen=True, kw_only=True)
class Described:
    """What records and summaries say of a document.

    Attributes:
        id: ``profile-`` or ``journey-`` and eight hex digits.
        name: Unique in the lake.
        description: Free text, or None.
        version: Of the specification: 1, 2, 3 …
        products: Products that it is meant for.
        tags: Labels to find it by.
        created_at: When it was first saved, in UTC.
        updated_at: When it last changed, in UTC.
    """

    id: str
    name: str
    description: str | None
    version: int
    products: list[str]
    tags: list[str]
    created_at: datetime
    updated_at: datetime

    @property
    def product(self) -> str | None:
        """The first of the products."""
        return self.products[0] if self.products else None

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)}


@dataclass(frozen=True, kw_only=True)
class LibraryRecord(Described):
    """A profile or a journey at one of its versions.

    Attributes:
        metadata: Any JSON object of the caller's.
    """

    metadata: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ProfileRecord(LibraryRecord):
    """A profile with its specification.

    Attributes:
        profile_spec: What to generate; compares equal to the dict that it came from.
    """

    profile_spec: ProfileSpecification


@dataclass(frozen=True, kw_only=True)
class JourneyRecord(LibraryRecord):
    """A journey with its specification.

    Attributes:
        journey_spec: How things unfold over time, as it was given.
        duration_days: How long it takes, or None if it does not say.
        event_count: Events in it.
    """

    journey_spec: dict[str, Any]
    duration_days: float | None
    event_count: int


@dataclass(frozen=True, kw_only=True)
class LibrarySummary(Described):
    """A profile or a journey in a list.

    Attributes:
        execution_count: How often it was run.
        last_executed: When last, in UTC; None if never.
    """

    FIGURES: ClassVar[tuple[str, ...]] = ()
    """Names of the numbers that come from the specification."""

    execution_count: int = 0
    last_executed: datetime | None = None

    @classmethod
    def of(cls, record: DocumentRecord, tally: Tally | None) -> Self:
        """Return the summary of a document."""
        return cls(
            **plain_fields(record) | {name: record.figures.get(name) for name in cls.FIGURES},
            execution_count=0 if tally is None else tally.count,
            last_executed=None if tally is None else tally.last,
        )


@dataclass(frozen=True, kw_only=True)
class ProfileSummary(LibrarySummary):
    """A profile in a list.

    Attributes:
        entity_count: How many people it makes, or None if it does not say.
    """

    FIGURES: ClassVar[tuple[str, ...]] = ("entity_count",)

    entity_count: int | None = None


@dataclass(frozen=True, kw_only=True)
class JourneySummary(LibrarySummary):
    """A journey in a list.

    Attributes:
        duration_days: How long it takes, or None if it does not say.
        event_count: Events in it.
    """

    FIGURES: ClassVar[tuple[str, ...]] = ("duration_days", "event_count")

    duration_days: float | None = None
    event_count: int | None = None


def plain_fields(record: DocumentRecord) -> dict[str, Any]:
    """Return what records and summaries show of a document as it is."""
    found = {one.name: getattr(record, one.name) for one in fields(Described)}
    return {**found, "products": list(record.products), "tags": list(record.tags)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Mapping | list | str | int | float | None):
        return value
    return value.to_dict()
