"""What every part of `lake.scenarios` works with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from healthsim_lake.scenarios.entity_types import EntityTypes
    from healthsim_lake.tables.committer import Committer


class Room:
    """Base of the classes that `Scenarios` is put together from, one for each kind of verb.

    Args:
        committer: Reads what is true, and changes it.
        entity_types: Says what the tables hold.
    """

    def __init__(self, committer: Committer, entity_types: EntityTypes) -> None:
        self._committer, self._types = committer, entity_types
