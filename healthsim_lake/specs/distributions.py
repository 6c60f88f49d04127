"""How values are spread, as data: what a generator is to draw from, never how it draws.

Each is an object whose ``type`` says which one it is, e.g.
``{"type": "normal", "mean": 72, "std_dev": 8, "min": 65, "max": 95}``. The type may be left out
where the other keys tell. Short forms: a plain value, and shares by category such as
``{"F": 0.52, "M": 0.48}``.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, ConfigDict, Discriminator, JsonValue, Tag, model_validator

from healthsim_lake.specs.base import Declared
from healthsim_lake.specs.values import (
    DateText,
    Number,
    Positive,
    Shares,
    Text,
    check_age_bands,
)


class Spread(Declared):
    """Base of the distributions.

    They refuse keys they do not know: a bound that is misspelt would be silently lost.

    Attributes:
        source: Where the figures come from.
    """

    model_config = ConfigDict(extra="forbid")
    KIND: ClassVar[str]

    source: Text | None = None


class FixedValue(Spread):
    """Always the same value."""

    KIND = "fixed"
    type: Literal["fixed"] = "fixed"
    value: JsonValue


class _Bounded(Spread):
    """Numbers within bounds; what falls outside is drawn again.

    Attributes:
        min: Least value, inclusive; None for no bound.
        max: Greatest value, inclusive; None for no bound.
    """

    min: Number | None = None
    max: Number | None = None

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min ({self.min}) is greater than max ({self.max})")
        return self


class UniformDistribution(_Bounded):
    """Every value from `min` to `max` equally likely."""

    KIND = "uniform"
    type: Literal["uniform"] = "uniform"
    min: Number
    max: Number


class NormalDistribution(_Bounded):
    """The bell curve.

    Attributes:
        mean: Its middle.
        std_dev: Its standard deviation.
    """

    KIND = "normal"
    type: Literal["normal"] = "normal"
    mean: Number
    std_dev: Positive


class LogNormalDistribution(_Bounded):
    """Positive values with a long tail to the right: costs, lengths of stay, much of the lab.

    Attributes:
        median: Half of the values lie below it.
        sigma: Standard deviation of the values' natural logarithm.
    """

    KIND = "log_normal"
    type: Literal["log_normal"] = "log_normal"
    median: Positive
    sigma: Positive


class CategoricalDistribution(Spread):
    """One of several categories.

    Attributes:
        weights: Share of each category.
    """

    KIND = "categorical"
    type: Literal["categorical"] = "categorical"
    weights: Shares


class AgeBands(Spread):
    """Ages in whole years by band.

    Attributes:
        bands: Share of each band, e.g. ``{"65-74": 0.6, "75-84": 0.3, "85+": 0.1}``; ages within
            a band are equally likely.
    """

    KIND = "age_bands"
    type: Literal["age_bands"] = "age_bands"
    bands: Annotated[Shares, AfterValidator(check_age_bands)]


class DateWindow(Spread):
    """A day of a window, each equally likely.

    Attributes:
        start: First day, e.g. ``2026-01-01``.
        end: Last day, inclusive.
    """

    KIND = "date_window"
    type: Literal["date_window"] = "date_window"
    start: DateText
    end: DateText

    @model_validator(mode="after")
    def _start_comes_first(self) -> Self:
        if self.start > self.end:
            raise ValueError(f"start ({self.start}) is after end ({self.end})")
        return self


_TELLING_KEYS = {
    "value": "fixed",
    "weights": "categorical",
    "bands": "age_bands",
    "mean": "normal",
    "std_dev": "normal",
    "median": "log_normal",
    "sigma": "log_normal",
    "start": "date_window",
    "end": "date_window",
    "min": "uniform",
    "max": "uniform",
}
"""Which distribution a key tells of when no type is given; the first one found counts."""


def _kind_of(given: Any) -> str | None:
    if isinstance(given, Spread):
        return given.KIND
    if isinstance(given, str | int | float):
        return "plain"
    if not isinstance(given, dict):
        return None
    if isinstance(given.get("type"), str):
        return str(given["type"])
    told = (kind for key, kind in _TELLING_KEYS.items() if key in given)
    return next(told, "shares" if "type" not in given else None)


Distribution = Annotated[
    Annotated[FixedValue, Tag("fixed")]
    | Annotated[UniformDistribution, Tag("uniform")]
    | Annotated[NormalDistribution, Tag("normal")]
    | Annotated[LogNormalDistribution, Tag("log_normal")]
    | Annotated[CategoricalDistribution, Tag("categorical")]
    | Annotated[AgeBands, Tag("age_bands")]
    | Annotated[DateWindow, Tag("date_window")]
    | Annotated[Shares, Tag("shares")]
    | Annotated[str | int | float | bool, Tag("plain")],
    Discriminator(
        _kind_of,
        custom_error_type="distribution",
        custom_error_message=(
            'must be a plain value, shares by category such as {"F": 0.5, "M": 0.5}, or a '
            "distribution whose type is fixed, uniform, normal, log_normal, categorical, "
            "age_bands or date_window"
        ),
    ),
]
"""Any of the distributions, or one of the short forms."""
