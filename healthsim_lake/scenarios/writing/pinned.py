"""The entity types that a lake has pinned, parsed once."""

from __future__ import annotations

from pydantic import ValidationError

from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import TableState
from healthsim_lake.entities.types import EntityType
from healthsim_lake.errors import DamagedCommitError


class PinnedTypes:
    """Parses declarations of tables and keeps the results; snapshots share what did not change."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[TableState, EntityType]] = {}

    def find(self, name: str, snapshot: Snapshot) -> EntityType | None:
        """Return the type that a table has in `snapshot`, or None if it was never declared.

        Raises:
            DamagedCommitError: The declaration means nothing to this release.
        """
        state = snapshot.tables.get(name)
        if state is None:
            return None
        known = self._known.get(name)
        if known is None or known[0] is not state:
            known = self._known[name] = state, _parsed(name, state)
        return known[1]

    def all(self, snapshot: Snapshot) -> list[EntityType]:
        """Return the types of all tables that are declared in `snapshot`."""
        found = (self.find(name, snapshot) for name in snapshot.tables)
        return [one for one in found if one is not None]


def _parsed(name: str, state: TableState) -> EntityType:
    try:
        return EntityType.model_validate(state.declaration)
    except ValidationError as error:
        reason = error.errors()[0]["msg"][:200]
        raise DamagedCommitError(
            f"the declaration of table {name} cannot be read ({reason}): it was altered, or a "
            "newer release of healthsim-lake wrote it"
        ) from error
