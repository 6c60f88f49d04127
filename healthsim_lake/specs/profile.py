"""Profiles: what to generate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self, cast

from pydantic import BaseModel, Field, PrivateAttr, Strict, model_validator

from healthsim_lake._shown import shown
from healthsim_lake.errors import InvalidSpecificationError
from healthsim_lake.specs.base import Declared
from healthsim_lake.specs.clinical import (
    ClinicalSpec,
    ConditionSpec,
    LabSpec,
    MedicationSpec,
    groups_beyond_everybody,
)
from healthsim_lake.specs.population import CoverageSpec, DemographicsSpec, GenerationSpec
from healthsim_lake.specs.values import Name, Text, slug

_ID_PATTERN = r"^[A-Za-z0-9_-]+$"
_OF_A_JOURNEY = ("events", "phases", "journey_id")
_BODY = ("demographics", "generation", "conditions", "clinical", "coverage")


def _id_from_name(fields: dict[str, Any]) -> str:
    return slug(fields.get("name") or "")


class ProfileSpecification(Declared):
    """What to generate: a population's demographics, conditions and coverage.

    Attributes:
        name: What people call it.
        id: Short name of letters, digits, ``-`` and ``_``; made from the name unless given.
        version: The author's own version, as text; has nothing to do with versions in a lake.
        description: What it is for, and where its figures come from.
        demographics: Who.
        conditions: What they have.
        clinical: Another way to write `conditions`.
        medications: What they take.
        labs: What they are measured by.
        coverage: Their insurance.
        generation: How many, with which seed, for which products.
        products: Products that take part, where `generation` does not name them.
        product: The only one of them.
    """

    WHAT: ClassVar[str] = "profile specification"

    name: Name | None = None
    id: Annotated[str, Strict(), Field(pattern=_ID_PATTERN)] = Field(default_factory=_id_from_name)
    version: Text | None = None
    description: Text | None = None
    demographics: DemographicsSpec = DemographicsSpec()
    conditions: Annotated[list[ConditionSpec], Strict()] = Field(default=[])
    clinical: ClinicalSpec | None = None
    medications: Annotated[list[MedicationSpec], Strict()] = Field(default=[])
    labs: Annotated[list[LabSpec], Strict()] = Field(default=[])
    coverage: CoverageSpec = CoverageSpec()
    generation: GenerationSpec = GenerationSpec()
    products: Annotated[list[Name], Strict()] = Field(default=[])
    product: Name | None = None

    _envelope: dict[str, Any] | None = PrivateAttr(default=None)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any] | BaseModel) -> Self:
        """Return the model of a document; see `Declared.from_dict`.

        A document that holds all of the specification under the one key ``profile`` is read as
        well, and stays as it is.
        """
        if isinstance(document, Mapping):
            body = document.get("profile")
            if isinstance(body, Mapping) and not any(key in document for key in _BODY):
                return cast("Self", _Wrapped.from_dict(document).opened())
            if "demographics" not in document and any(key in document for key in _OF_A_JOURNEY):
                raise InvalidSpecificationError(
                    cls.what(), [((), "this is a journey; journeys say how things unfold")]
                )
        return super().from_dict(document)

    def to_dict(self) -> dict[str, Any]:
        """Return the document as JSON values: the keys that were given, known or not."""
        body = super().to_dict()
        return body if self._envelope is None else {**self._envelope, "profile": body}

    @property
    def entity_count(self) -> int | None:
        """How many to generate; None when the specification does not say."""
        return self.demographics.count or self.generation.count

    @property
    def all_products(self) -> tuple[str, ...]:
        """All products that take part, wherever they are named; each once."""
        one = () if self.product is None else (self.product,)
        return tuple(dict.fromkeys((*self.generation.products, *self.products, *one)))

    @property
    def all_conditions(self) -> tuple[ConditionSpec, ...]:
        """All conditions, however they are written; a primary one comes first."""
        if self.clinical is None:
            return tuple(self.conditions)
        primary = self.clinical.primary_condition
        first = () if primary is None else (primary,)
        return (*first, *self.clinical.comorbidities, *self.conditions)

    @model_validator(mode="after")
    def _there_is_one_count(self) -> Self:
        one, other = self.demographics.count, self.generation.count
        if one is not None and other is not None and one != other:
            reason = f"is {other}, but demographics.count, which means the same, is {one}"
            raise InvalidSpecificationError(self.what(), [(("generation", "count"), reason)])
        return self

    @model_validator(mode="after")
    def _nobody_is_in_a_group_twice(self) -> Self:
        problems = [
            ((place,), f"prevalences of the exclusive group {shown(group)} sum to {total:g}")
            for place, listed in (
                ("conditions", self.conditions),
                ("medications", self.medications),
            )
            for group, total in groups_beyond_everybody(listed).items()
        ]
        if problems:
            raise InvalidSpecificationError(self.what(), problems)
        return self


class _Wrapped(Declared):
    """A document that holds a profile under the one key ``profile``."""

    WHAT: ClassVar[str] = ProfileSpecification.WHAT

    profile: ProfileSpecification

    def opened(self) -> ProfileSpecification:
        """Return the profile, which remembers what it was wrapped in."""
        self.profile._envelope = dict(self.__pydantic_extra__)  # noqa: SLF001  # only made here
        return self.profile
