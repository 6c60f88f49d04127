"""`StateManager`: the specifications' names for what `lake.scenarios` does."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from healthsim_lake.default import default_lake
from healthsim_lake.errors import InputError
from healthsim_lake.lake import Lake
from healthsim_lake.state.loaded import LoadedScenario, as_listed

if TYPE_CHECKING:
    from healthsim_lake.scenarios.sources import Entities


class StateManager:
    """Saves and loads scenarios.

    Args:
        lake: A lake, its path or URL, or None for the default lake.
    """

    def __init__(self, lake: Lake | str | os.PathLike[str] | None = None) -> None:
        self._lake = Lake(lake) if isinstance(lake, str | os.PathLike) else lake

    @property
    def lake(self) -> Lake:
        """The lake that this manager works on."""
        return default_lake() if self._lake is None else self._lake

    def save_scenario(
        self,
        name: str,
        entities: Entities,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        overwrite: bool = False,  # noqa: FBT001, FBT002  # positional in the specifications
        product: str | None = None,
    ) -> str:
        """Save a scenario and return its id, 36 characters of UUID.

        Raises:
            NameTakenError: The name exists and `overwrite` is false.
            InputError: A name, tag or row that cannot be kept.
        """
        return self.lake.scenarios.save(
            name,
            entities,
            description=description,
            tags=tags,
            overwrite=overwrite,
            metadata=None if product is None else {"product": product},
        ).id

    def load_scenario(self, name_or_id: str) -> LoadedScenario:
        """Return a scenario as a dict, with its rows under ``entities``.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
        """
        return LoadedScenario(self.lake.scenarios.load(name_or_id))

    def list_scenarios(
        self,
        tag: str | None = None,
        search: str | None = None,
        product: str | None = None,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """Return scenarios as dicts, last changed first."""
        found = self.lake.scenarios.list(tag=tag, search=search, product=product, limit=limit)
        return [as_listed(record) for record in found]

    def delete_scenario(self, name_or_id: str, confirm: bool | None = None) -> bool:  # noqa: FBT001  # positional in the specifications
        """Delete a scenario; return False if there is none.

        Raises:
            InputError: `confirm` was given and is not True.
        """
        if confirm is not None and confirm is not True:
            raise InputError("Must pass confirm=True to delete scenario")
        return self.lake.scenarios.delete(name_or_id, missing_ok=True) is not None

    def scenario_exists(self, name_or_id: str) -> bool:
        """Return whether there is a scenario with that name or id."""
        return self.lake.scenarios.exists(name_or_id)
