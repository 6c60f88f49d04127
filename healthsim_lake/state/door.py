"""What all doors take as their first argument."""

from __future__ import annotations

import os

from healthsim_lake.default import default_lake
from healthsim_lake.lake import Lake

AnyLake = Lake | str | os.PathLike[str] | None
"""A lake, its path or URL, or None for the default lake."""


def lake_of(lake: AnyLake) -> Lake:
    """Return the lake that is meant."""
    if isinstance(lake, str | os.PathLike):
        return Lake(lake)
    return default_lake() if lake is None else lake


class Door:
    """Base of the specifications' managers: they hold a lake and nothing else.

    Args:
        lake: A lake, its path or URL, or None for the default lake, whichever that is at the time
            of each call.
    """

    def __init__(self, lake: AnyLake = None) -> None:
        self._lake = None if lake is None else lake_of(lake)

    @property
    def lake(self) -> Lake:
        """The lake that is worked on."""
        return default_lake() if self._lake is None else self._lake
