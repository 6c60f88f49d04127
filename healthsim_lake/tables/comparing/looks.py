"""What rows of one shape look like, and how the cells of two such rows are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from healthsim_lake.entities.codec import Shape
from healthsim_lake.entities.types import EXTRA
from healthsim_lake.tables.comparing.keys import contains_key

NO, YES = pl.lit(value=False), pl.lit(value=True)
BEFORE, AFTER = "a.", "b."
"""Prefixes of the columns of two rows that stand side by side."""


class Place(NamedTuple):
    """An entry of a shape, with the type of its column."""

    path: tuple[str, ...]
    column: str | None
    form: str | None
    kind: pl.DataType | None

    def differs(self) -> pl.Expr:
        """Return where the cells of two rows print as different values in the same form."""
        ours, theirs = pl.col(f"{BEFORE}{self.column}"), pl.col(f"{AFTER}{self.column}")
        if self.kind != pl.Float64():
            return ours.ne_missing(theirs)
        signs = (ours == 0) & ((1 / ours) != (1 / theirs))  # -0.0 is not 0.0
        return ours.ne_missing(theirs) | signs.fill_null(value=False)


@dataclass(frozen=True, slots=True)
class Look:
    """A shape without the order of its keys.

    Attributes:
        places: The entries.
        sparse: Whether null cells mean absent keys.
    """

    places: frozenset[Place]
    sparse: bool

    @classmethod
    def of(cls, shape: Shape, schema: Mapping[str, pl.DataType]) -> Look:
        """Return the look of a shape whose columns have these types."""
        places = (
            Place(*entry, None if entry.column is None else schema[entry.column])
            for entry in shape.entries
        )
        return cls(frozenset(places), shape.sparse)

    @property
    def held(self) -> list[Place]:
        """The places that have a column, in the order of these."""
        found = [place for place in self.places if place.column is not None]
        return sorted(found, key=lambda place: (str(place.column), place.path))

    @property
    def columns(self) -> list[str]:
        """Names of the columns that hold values, sorted."""
        return list(dict.fromkeys(str(place.column) for place in self.held))

    def by_key(self) -> dict[str, frozenset[Place]]:
        """Return the places by top-level key."""
        found: dict[str, set[Place]] = {}
        for place in self.places:
            found.setdefault(place.path[0], set()).add(place)
        return {key: frozenset(places) for key, places in found.items()}


class Test(NamedTuple):
    """How the cells of two rows tell about the value of one top-level key.

    Attributes:
        key: The key.
        changed: Where the value certainly changed, unless ``extra`` has it.
        unsure: Where cells cannot tell.
    """

    key: str
    changed: pl.Expr
    unsure: pl.Expr

    def hidden(self) -> pl.Expr:
        """Return where cells differ, but ``extra`` may have the values."""
        held = [contains_key(pl.col(side + EXTRA), [self.key]) for side in (BEFORE, AFTER)]
        return self.changed & pl.any_horizontal(held)


def tests_of(before: Look, after: Look) -> Iterator[Test]:
    """Yield a test for each key of rows that look like this; neither look is sparse."""
    ours, theirs = before.by_key(), after.by_key()
    for key in ours | theirs:
        yield Test(key, *_compared(ours.get(key), theirs.get(key)))


def _compared(
    ours: frozenset[Place] | None, theirs: frozenset[Place] | None
) -> tuple[pl.Expr, pl.Expr]:
    if ours is None or theirs is None:
        return YES, NO
    held = [place for place in ours if place.column is not None]
    if ours == theirs:
        told = [place.differs() for place in held if place.form != "json"]
        untold = [place.differs() for place in held if place.form == "json"]
        return pl.any_horizontal(NO, *told), pl.any_horizontal(NO, *untold)
    if {place.path for place in ours} != {place.path for place in theirs}:
        # Other members, or an object on one side only; but JSON text may hold the same object.
        is_text = any(place.form == "json" for place in ours | theirs)
        return (NO, YES) if is_text else (YES, NO)
    cells = [pl.col(f"{BEFORE}{place.column}") for place in held]
    cells += [pl.col(f"{AFTER}{place.column}") for place in theirs if place.column is not None]
    return NO, pl.any_horizontal(NO, *(cell.is_not_null() for cell in cells))
