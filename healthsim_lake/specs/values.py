"""Plain values of a specification: checked, never converted."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, Field, PlainValidator, Strict, WithJsonSchema

from healthsim_lake._shown import shown

SUM_TOLERANCE = 1e-6
"""What rounded shares may sum to beyond 1."""
_NOT_KEBAB = re.compile(r"[^a-z0-9]+")
_MAX_AGE = 150
_LARGEST = 2**63 - 1


def slug(name: str) -> str:
    """Return `name` in lower case, with hyphens between its words."""
    return _NOT_KEBAB.sub("-", name.casefold()).strip("-")


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number, not {shown(value)}")  # noqa: TRY004  # pydantic's way
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"must be a finite number, not {value}")
    if abs(value) > _LARGEST:
        raise ValueError(f"must be at most {_LARGEST} in size")
    return value


def _ranged(rule: str, allowed: Callable[[int | float], bool]) -> Callable[[Any], int | float]:
    def check(value: Any) -> int | float:
        number = _number(value)
        if not allowed(number):
            raise ValueError(f"must {rule}, but is {number}")
        return number

    return check


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"must be a whole number, not {shown(value)}")  # noqa: TRY004  # likewise
    if abs(value) > _LARGEST:
        raise ValueError(f"must be at most {_LARGEST} in size")
    return value


def _count(value: Any) -> int:
    if _whole(value) < 1:
        raise ValueError(f"must be at least 1, but is {value}")
    return int(value)


Number = Annotated[int | float, PlainValidator(_number), WithJsonSchema({"type": "number"})]

NotNegative = Annotated[
    int | float,
    PlainValidator(_ranged("not be negative", lambda number: number >= 0)),
    WithJsonSchema({"type": "number", "minimum": 0}),
]
"""Days are of this kind."""

Positive = Annotated[
    int | float,
    PlainValidator(_ranged("be greater than 0", lambda number: number > 0)),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]

Probability = Annotated[
    int | float,
    PlainValidator(_ranged("be between 0 and 1", lambda number: 0 <= number <= 1)),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1}),
]
"""A probability, a prevalence, a share: 0.25 where people say 25 percent."""

Whole = Annotated[int, PlainValidator(_whole), WithJsonSchema({"type": "integer"})]
Count = Annotated[int, PlainValidator(_count), WithJsonSchema({"type": "integer", "minimum": 1})]


def _shares(shares: dict[str, Any]) -> dict[str, Any]:
    if not shares:
        raise ValueError("must name at least one category")
    total = math.fsum(shares.values())
    if total > 1 + SUM_TOLERANCE:
        raise ValueError(f"shares sum to {total:g}, which is more than 1")
    return shares


Shares = Annotated[dict[str, Probability], AfterValidator(_shares)]
"""The share of each category; what is missing to 1 belongs to none of them."""


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


Text = Annotated[str, Strict()]
Name = Annotated[str, Strict(), AfterValidator(_filled), Field(max_length=200)]


def _form_of(value: Any) -> str:
    return "text" if isinstance(value, str) else "object"


text_or_object = Discriminator(_form_of)
"""Tells the two apart, so that errors speak of the one that was meant."""


def _iso_date(text: str) -> str:
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise ValueError(f"must be a date such as 2026-01-31, not {shown(text)}")


DateText = Annotated[
    str, Strict(), AfterValidator(_iso_date), WithJsonSchema({"type": "string", "format": "date"})
]


_BAND = re.compile(r"(\d{1,3})(?:\s*(?:-|to)\s*(\d{1,3})|(\+))?")


def age_band(text: str) -> tuple[int, int]:
    """Return the youngest and the oldest age of a band such as ``65-74``, ``85+`` or ``7``.

    Raises:
        ValueError: It is not a band, or ends before it begins.
    """
    found = _BAND.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{shown(text)} is not an age band such as 65-74, 85+ or 7")
    low, high = int(found[1]), int(found[2] or found[1])
    if found[3]:
        high = _MAX_AGE
    if low > high:
        raise ValueError(f"the age band {text} ends before it begins")
    return low, high


def check_age_bands(bands: dict[str, Any]) -> dict[str, Any]:
    """Return `bands`; each key must be an age band, and no age may belong to two.

    Raises:
        ValueError: A key is no band, or two bands overlap.
    """
    ordered = sorted((age_band(text), text) for text in bands)
    for (before, one), (after, two) in itertools.pairwise(ordered):
        if after[0] <= before[1]:
            raise ValueError(f"the age bands {one} and {two} overlap")
    return bands
