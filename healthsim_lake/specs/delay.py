"""Delays: how long an event waits."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import ConfigDict, model_validator

from healthsim_lake.specs.base import Declared
from healthsim_lake.specs.values import NotNegative


class DelaySpec(Declared):
    """How many days pass between what an event waits for and the event.

    ``{"days": 90}`` is exactly 90 days. ``{"min_days": 80, "max_days": 100}`` is any day of the
    range. ``{"days": 90, "min_days": 80, "max_days": 100, "distribution": "normal"}`` is mostly
    around day 90. The range may also be written ``days_min`` and ``days_max``. A key that is not
    known is refused: it would silently become day 0.

    Attributes:
        days: The delay, or the most likely one.
        min_days: Shortest delay; 0 if only the longest is given.
        max_days: Longest delay.
        days_min: The same as `min_days`.
        days_max: The same as `max_days`.
        distribution: ``fixed`` (exactly `days`), ``uniform`` over the range, or ``normal`` around
            `days` (else the middle of the range), the range being four standard deviations wide.
            Unless given: uniform if there is a range, else fixed.
    """

    model_config = ConfigDict(extra="forbid")

    days: NotNegative | None = None
    min_days: NotNegative | None = None
    max_days: NotNegative | None = None
    days_min: NotNegative | None = None
    days_max: NotNegative | None = None
    distribution: Literal["fixed", "uniform", "normal"] | None = None

    @property
    def shortest(self) -> int | float:
        """The fewest days it can be."""
        low, _ = self._range
        if self.kind == "fixed" and self.days is not None:
            return self.days
        return low if low is not None else self.days or 0

    @property
    def longest(self) -> int | float:
        """The most days it can be."""
        _, high = self._range
        if self.kind == "fixed" and self.days is not None:
            return self.days
        return high if high is not None else self.days or 0

    @property
    def kind(self) -> str:
        """The distribution in force."""
        low, high = self._range
        return self.distribution or ("fixed" if low == high else "uniform")

    @property
    def _range(self) -> tuple[int | float | None, int | float | None]:
        low = self.min_days if self.min_days is not None else self.days_min
        high = self.max_days if self.max_days is not None else self.days_max
        return (0 if low is None and high is not None else low), high

    @model_validator(mode="after")
    def _it_can_be_meant(self) -> Self:
        for one, other in (("min_days", "days_min"), ("max_days", "days_max")):
            values = {getattr(self, one), getattr(self, other)} - {None}
            if len(values) > 1:
                raise ValueError(f"{one} and {other} mean the same, but differ")
        low, high = self._range
        if low is not None and high is None:
            raise ValueError("min_days needs max_days: a delay cannot be open-ended")
        if low is not None and high is not None:
            if low > high:
                raise ValueError(f"min_days ({low}) is greater than max_days ({high})")
            if self.days is not None and not low <= self.days <= high:
                raise ValueError(f"days ({self.days}) lies outside {low} to {high}")
        self._check_distribution(low, high)
        return self

    def _check_distribution(self, low: float | None, high: float | None) -> None:
        if self.distribution == "fixed" and self.days is None and low != high:
            raise ValueError("a fixed delay needs days; min_days and max_days differ")
        if self.distribution in ("uniform", "normal") and high is None:
            raise ValueError(f"a {self.distribution} delay needs min_days and max_days")
