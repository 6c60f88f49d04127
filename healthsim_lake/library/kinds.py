"""What differs between profiles and journeys: how a specification is read, and what it says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from healthsim_lake.catalog.documents import Collection, DocumentRecord
from healthsim_lake.library.records import LibraryRecord, LibrarySummary

R = TypeVar("R", bound=LibraryRecord)
S = TypeVar("S", bound=LibrarySummary)


@dataclass(frozen=True)
class Parsed:
    """A specification that was looked at and means something.

    Attributes:
        spec: As JSON values, as it was given.
        description: What it says of itself, if it does.
        products: What it is meant for, if it says so.
        figures: Numbers for lists.
    """

    spec: dict[str, Any]
    description: str | None
    products: tuple[str, ...]
    figures: dict[str, int | float | None]


class DocumentKind(ABC, Generic[R, S]):
    """One kind of document.

    Attributes:
        collection: Where it is kept.
        singular: What one is called.
    """

    collection: Collection
    singular: str

    @abstractmethod
    def parse(self, spec: Any) -> Parsed:
        """Return what a specification says.

        Args:
            spec: A specification, any pydantic model, or a mapping.

        Raises:
            InputError: It cannot mean anything; names the path of what is wrong.
        """

    @abstractmethod
    def record(self, record: DocumentRecord, spec: dict[str, Any]) -> R:
        """Return a document as callers see it."""

    @property
    @abstractmethod
    def summary(self) -> type[S]:
        """How it stands in a list."""

    @abstractmethod
    def builtin(self) -> Mapping[str, Any]:
        """Return the specifications that ship with the package, by name."""
