"""What differs between profiles and journeys: how a specification is read, and what it says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from healthsim_lake.catalog.documents import Collection, DocumentRecord
from healthsim_lake.library.records import LibraryRecord, LibrarySummary

if TYPE_CHECKING:
    from healthsim_lake.specs import JourneySpecification, ProfileSpecification

R = TypeVar("R", bound=LibraryRecord)
S = TypeVar("S", bound=LibrarySummary)
M = TypeVar("M", bound="ProfileSpecification | JourneySpecification")


@dataclass(frozen=True)
class Parsed(Generic[M]):
    """A specification that was looked at and means something.

    Attributes:
        model: What it says; nobody else holds it.
        spec: As JSON values, as it was given.
    """

    model: M
    spec: dict[str, Any]


class DocumentKind(ABC, Generic[R, S, M]):
    """One kind of document.

    Attributes:
        collection: Where it is kept.
        singular: What one is called.
        summary: How it stands in a list.
    """

    collection: Collection
    singular: str
    summary: type[S]

    def parse(self, spec: Any) -> Parsed[M]:
        """Return what a specification says.

        Args:
            spec: A specification, any pydantic model, or a mapping.

        Raises:
            InputError: It cannot mean anything; names the path of what is wrong.
        """
        model = self.model(spec)
        document = model.to_dict()
        if model is spec:  # the caller may go on to change the lists in it
            model = self.model(document)
        return Parsed(model, document)

    @abstractmethod
    def model(self, spec: Any) -> M:
        """Return the model of a specification; see `parse`."""

    @abstractmethod
    def products(self, model: M) -> tuple[str, ...]:
        """Return what a specification is meant for, if it says so."""

    @abstractmethod
    def figures(self, model: M) -> dict[str, int | float | None]:
        """Return numbers for lists."""

    @abstractmethod
    def record(self, record: DocumentRecord, parsed: Parsed[M]) -> R:
        """Return a document as callers see it."""

    @abstractmethod
    def builtin(self) -> Mapping[str, Any]:
        """Return the specifications that ship with the package, by name."""
