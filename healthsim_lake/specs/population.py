"""Who is to be made: how many, how old, where, and covered by what."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, Strict, Tag, field_validator, model_validator

from healthsim_lake._shown import shown
from healthsim_lake.specs.base import Declared
from healthsim_lake.specs.distributions import AgeBands, Distribution, FixedValue
from healthsim_lake.specs.values import (
    Count,
    Name,
    Text,
    Whole,
    age_band,
    check_age_bands,
    text_or_object,
)

_OLDEST = 130


class GeographySpec(Declared):
    """Where people live.

    Attributes:
        country: ISO 3166 code, e.g. ``US``.
        state: State, or the share of each, e.g. ``{"TX": 0.7, "OK": 0.3}``.
        county: County, or the share of each.
        setting: ``urban``, ``suburban``, ``rural``, or the share of each.
        description: Free text.
    """

    country: Text | None = None
    state: Distribution | None = None
    county: Distribution | None = None
    setting: Distribution | None = None
    description: Text | None = None


_Geography = Annotated[
    Annotated[Text, Tag("text")] | Annotated[GeographySpec, Tag("object")], text_or_object
]


class DemographicsSpec(Declared):
    """The people of a population.

    Attributes:
        count: How many; the same as `GenerationSpec.count`.
        age: Ages in years: a distribution, an age, a band such as ``65-90``, or the share of
            each band.
        gender: A gender, or the share of each.
        race: A race, or the share of each.
        ethnicity: An ethnicity, or the share of each.
        geography: Where they live, as an object or in words.
        source: Where the figures come from.
    """

    count: Count | None = None
    age: Distribution | None = None
    gender: Distribution | None = None
    race: Distribution | None = None
    ethnicity: Distribution | None = None
    geography: _Geography | None = None
    source: Text | None = None

    @field_validator("age")
    @classmethod
    def _ages_are_ages(cls, age: Any) -> Any:
        if isinstance(age, AgeBands):
            return age
        if isinstance(age, dict):
            return check_age_bands(age)
        plain = age.value if isinstance(age, FixedValue) else age
        if isinstance(plain, str):
            age_band(plain)
            return age
        named: dict[str, Any] = (
            {"age": plain}
            if isinstance(plain, int | float)
            else {key: getattr(age, key, None) for key in ("min", "max", "mean", "median")}
        )
        for key, value in named.items():
            if value is not None and not 0 <= value <= _OLDEST:
                raise ValueError(f"{key} must be an age from 0 to {_OLDEST}, not {shown(value)}")
        return age


class CoverageSpec(Declared):
    """What insurance they have.

    Attributes:
        type: Line of business, e.g. ``Medicare``, or the share of each.
        plan_type: Kind of plan, e.g. ``PPO``, or the share of each.
        plan_distribution: Share of each plan.
    """

    type: Distribution | None = None
    plan_type: Distribution | None = None
    plan_distribution: Distribution | None = None


class GenerationSpec(Declared):
    """How they are to be made.

    Attributes:
        count: How many; the same as `DemographicsSpec.count`.
        products: Products that take part, e.g. ``patientsim``.
        seed: Seed of the generator; None for a new one each time.
    """

    count: Count | None = None
    products: Annotated[list[Name], Strict()] = Field(default=[])
    seed: Whole | None = None

    @model_validator(mode="after")
    def _products_are_distinct(self) -> Self:
        twins = {product for product in self.products if self.products.count(product) > 1}
        if twins:
            raise ValueError(f"product {shown(min(twins))} is named twice")
        return self
