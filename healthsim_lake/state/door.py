"""What all doors take as their first argument."""

from __future__ import annotations

import os
from inspect import isfunction

from healthsim_lake._shown import shown
from healthsim_lake.default import default_lake
from healthsim_lake.errors import ParameterError
from healthsim_lake.lake import Lake
from healthsim_lake.state.checked import checked

AnyLake = Lake | str | os.PathLike[str] | None
"""A lake, its path or URL, or None for the default lake."""


def lake_of(lake: AnyLake) -> Lake:
    """Return the lake that is meant.

    Raises:
        ParameterError: It is none, and says not where one is.
    """
    if isinstance(lake, str | os.PathLike):
        return Lake(lake)
    if lake is not None and not isinstance(lake, Lake):
        raise ParameterError(f"lake={shown(lake)}: give a Lake, a path, a URL or None")
    return default_lake() if lake is None else lake


class Door:
    """Base of the specifications' managers: they hold a lake and nothing else.

    Args:
        lake: A lake, its path or URL, or None for the default lake, whichever that is at the time
            of each call.
    """

    def __init_subclass__(cls) -> None:
        """Have all calls of public methods looked at first."""
        super().__init_subclass__()
        for name, member in list(vars(cls).items()):
            if isfunction(member) and not name.startswith("_"):
                setattr(cls, name, checked(member))

    def __init__(self, lake: AnyLake = None) -> None:
        self._lake = None if lake is None else lake_of(lake)

    @property
    def lake(self) -> Lake:
        """The lake that is worked on."""
        return default_lake() if self._lake is None else self._lake
