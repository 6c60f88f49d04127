"""Journeys: how things unfold over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, Field, Strict, Tag, model_validator

from healthsim_lake.errors import InvalidSpecificationError
from healthsim_lake.specs.base import Declared
from healthsim_lake.specs.events import EventSpec
from healthsim_lake.specs.refusals import Path
from healthsim_lake.specs.values import Name, NotNegative, Text, slug, text_or_object
from healthsim_lake.specs.waiting import problems_of_waiting

_OF_A_PROFILE = ("demographics", "clinical", "generation", "profile")


def _id_from_name(fields: dict[str, Any]) -> str:
    return slug(fields.get("name") or "")


_IdOrEvent = Annotated[
    Annotated[Name, Tag("text")] | Annotated[EventSpec, Tag("object")], text_or_object
]


class PhaseSpec(Declared):
    """A stretch of a journey.

    Attributes:
        phase_id: Names it within the journey.
        name: What people call it.
        description: More about it.
        start_day: Day of the journey on which it begins.
        end_day: Day of the journey on which it ends.
        events: Its events: ids of events of the journey, or events that stand here only.
    """

    phase_id: Name | None = None
    name: Text | None = None
    description: Text | None = None
    start_day: NotNegative | None = None
    end_day: NotNegative | None = None
    events: Annotated[list[_IdOrEvent], Strict()] = Field(default=[])

    @model_validator(mode="after")
    def _it_begins_before_it_ends(self) -> Self:
        if (
            self.start_day is not None
            and self.end_day is not None
            and self.start_day > self.end_day
        ):
            raise ValueError(f"start_day ({self.start_day}) is after end_day ({self.end_day})")
        return self


class JourneySpecification(Declared):
    """How an entity's events unfold over time.

    Attributes:
        name: What people call it.
        journey_id: Short name; made from the name unless given.
        version: The author's own version, as text; has nothing to do with versions in a lake.
        description: What it is for.
        duration_days: How long it takes.
        products: Products that take part, e.g. ``patientsim``.
        phases: Its stretches, in order.
        events: Its events.
    """

    WHAT: ClassVar[str] = "journey specification"

    name: Name | None = None
    journey_id: Text = Field(default_factory=_id_from_name)
    version: Text | None = None
    description: Text | None = None
    duration_days: NotNegative | None = None
    products: Annotated[list[Name], Strict()] = Field(default=[])
    phases: Annotated[list[PhaseSpec], Strict()] = Field(default=[])
    events: Annotated[list[EventSpec], Strict()] = Field(default=[])

    @classmethod
    def from_dict(cls, document: Mapping[str, Any] | BaseModel) -> Self:
        """Return the model of a document; see `Declared.from_dict`."""
        if isinstance(document, Mapping):
            has_events = "events" in document or "phases" in document
            if not has_events and any(key in document for key in _OF_A_PROFILE):
                raise InvalidSpecificationError(
                    cls.what(), [((), "this is a profile; profiles say what to generate")]
                )
        return super().from_dict(document)

    @property
    def all_events(self) -> tuple[EventSpec, ...]:
        """All events: those of the journey, then those that stand in its phases only."""
        return tuple(event for _, event in self._placed())

    def _placed(self) -> Iterator[tuple[Path, EventSpec]]:
        for at, event in enumerate(self.events):
            yield ("events", at), event
        for at, phase in enumerate(self.phases):
            for place, inner in enumerate(phase.events):
                if isinstance(inner, EventSpec):
                    yield ("phases", at, "events", place), inner

    @model_validator(mode="after")
    def _it_can_unfold(self) -> Self:
        references = [
            (("phases", at, "events", place), known)
            for at, phase in enumerate(self.phases)
            for place, known in enumerate(phase.events)
            if isinstance(known, str)
        ]
        problems = problems_of_waiting(tuple(self._placed()), references)
        if problems:
            raise InvalidSpecificationError(self.what(), problems)
        return self
