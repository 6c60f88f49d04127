"""`StateManager`: the specifications' names for what `lake.scenarios` does."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from healthsim_lake.errors import InputError
from healthsim_lake.state.asking import at_most_one_of, one_of, window
from healthsim_lake.state.auto_persist import AutoPersistService
from healthsim_lake.state.door import Door
from healthsim_lake.state.journeys import JourneyManager
from healthsim_lake.state.loaded import LoadedScenario, as_listed
from healthsim_lake.state.profiles import ProfileManager
from healthsim_lake.state.results import PersistResult
from healthsim_lake.state.summary import BUDGET, SAMPLES, ScenarioSummary, generate_summary

if TYPE_CHECKING:
    from healthsim_lake.query import QueryResult
    from healthsim_lake.scenarios.summarising.sampling import Strategy
    from healthsim_lake.scenarios.writing.sources import Entities


class StateManager(Door):
    """Saves, loads, shows and asks scenarios, and hands out the managers of what is beside them.

    Threads may share one.
    """

    @property
    def profiles(self) -> ProfileManager:
        """What to generate."""
        return ProfileManager(self._lake)

    @property
    def journeys(self) -> JourneyManager:
        """How things unfold over time."""
        return JourneyManager(self._lake)

    @property
    def auto_persist(self) -> AutoPersistService:
        """The service for batches, on the same lake."""
        return AutoPersistService(self._lake)

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

    def delete_scenario(
        self,
        name_or_id: str,
        confirm: bool | None = None,  # noqa: FBT001  # positional in the specifications
        purge: bool = False,  # noqa: FBT001, FBT002  # likewise
    ) -> bool:
        """Delete a scenario; return False if there is none.

        Args:
            name_or_id: Its name or id.
            confirm: True, or nothing at all.
            purge: Remove the bytes of all its versions at once; nothing brings them back.

        Raises:
            InputError: `confirm` was given and is not True.
        """
        if confirm is not None and confirm is not True:
            raise InputError("Must pass confirm=True to delete scenario")
        return self.lake.scenarios.delete(name_or_id, missing_ok=True, purge=purge) is not None

    def scenario_exists(self, name_or_id: str) -> bool:
        """Return whether there is a scenario with that name or id."""
        return self.lake.scenarios.exists(name_or_id)

    def rename_scenario(self, old_name_or_id: str, new_name: str) -> bool:
        """Rename a scenario.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
            NameTakenError: Another scenario has that name.
        """
        return self.lake.scenarios.rename(old_name_or_id, new_name) is not None

    def get_scenario_tags(self, name_or_id: str) -> list[str]:
        """Return the tags of a scenario; none of one that is not there."""
        return list(self.lake.tags.of(name_or_id, missing_ok=True))

    def add_scenario_tags(self, name_or_id: str, tags: Iterable[str]) -> bool:
        """Add tags, those that are there already being no error; False if there is no scenario."""
        if not self.scenario_exists(name_or_id):
            return False
        return bool(self.lake.tags.add(name_or_id, *tags))

    def persist(
        self,
        entities: Entities,
        scenario_id: str | None = None,
        scenario_name: str | None = None,
        context: str | None = None,
        tags: Iterable[str] | None = None,
        description: str | None = None,
        name: str | None = None,
    ) -> PersistResult:
        """Save rows under a name that is found for them, or add them to a scenario.

        Args:
            entities: Entity type to rows.
            scenario_id: A scenario to add to.
            scenario_name: Name of a new one; None to name it after `context`.
            context: What was asked for, in words.
            tags: Labels.
            description: Free text.
            name: The same as `scenario_name`.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
            InvalidEntityError: A row cannot be kept exactly.
        """
        done = self.lake.scenarios.persist(
            entities,
            ref=scenario_id,
            name=at_most_one_of(scenario_name=scenario_name, name=name),
            context=context,
            tags=tags,
            description=description,
        )
        return PersistResult.of(done)

    def get_summary(
        self,
        scenario_id_or_name: str,
        include_samples: bool = True,  # noqa: FBT001, FBT002  # positional in the specifications
        samples_per_type: int = SAMPLES,
        budget: int = BUDGET,
    ) -> ScenarioSummary:
        """Return counts, statistics and samples of a scenario; see `generate_summary`.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
        """
        return generate_summary(
            scenario_id_or_name, include_samples, samples_per_type, self.lake, budget
        )

    def query(
        self,
        scenario_id_or_name: str | None = None,
        sql: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
        scenario_id: str | None = None,
        name: str | None = None,
        query: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
        params: Sequence[Any] | Mapping[str, Any] | None = None,
    ) -> QueryResult:
        """Ask one SQL question about a scenario and return a page of the answer.

        Args:
            scenario_id_or_name: The scenario.
            sql: One SELECT; see `Lake.query`.
            limit: Rows of the page, up to 1,000; 20 by default.
            offset: Rows before it.
            scenario_id: The same as `scenario_id_or_name`.
            name: The same as `scenario_id_or_name`.
            query: The same as `sql`.
            page: Number of the page from 0, in place of `offset`.
            page_size: Rows of a page, in place of `limit`.
            params: Values for ``?`` (a sequence) or ``$name`` (a mapping).

        Raises:
            InputError: The scenario, the SQL or the page is missing, or was given twice.
            ScenarioNotFoundError: There is no such scenario.
            QueryError: The SQL is wrong, or asks for more than a question may.
        """
        return self.lake.query(
            one_of(sql=sql, query=query),
            scenario=one_of(
                scenario_id_or_name=scenario_id_or_name, scenario_id=scenario_id, name=name
            ),
            params=params,
            **window(limit=limit, offset=offset, page=page, page_size=page_size),
        )

    def get_samples(
        self,
        scenario_id_or_name: str,
        entity_type: str,
        count: int = SAMPLES,
        strategy: Strategy = "diverse",
        seed: int | str | None = None,
    ) -> list[dict[str, Any]]:
        """Return a few rows of one type, as they were saved; see `lake.scenarios.samples`.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
            EntityTypeNotFoundError: It holds no such type.
            InputError: An unknown strategy, or a negative count.
        """
        return self.lake.scenarios.samples(
            scenario_id_or_name, entity_type, count=count, strategy=strategy, seed=seed
        )

    def export_to_json(
        self, name_or_id: str, output_path: str | os.PathLike[str] | None = None
    ) -> Path:
        """Write a scenario to a JSON file, by default in ``~/Downloads``; return its path.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
            StorageError: It cannot be written.
        """
        return Path(self.lake.scenarios.export(name_or_id, output_path).file_path)

    def import_from_json(
        self,
        json_path: str | os.PathLike[str],
        name: str | None = None,
        overwrite: bool = False,  # noqa: FBT001, FBT002  # positional in the specifications
        name_override: str | None = None,
    ) -> str:
        """Save a JSON file as a scenario and return its id.

        Args:
            json_path: The file.
            name: Name of the scenario; None for what the file says, else for the file's own.
            overwrite: Replace a scenario of that name.
            name_override: The same as `name`.

        Raises:
            FormatError: It is not JSON, or no scenario; says where.
            NameTakenError: The name exists and `overwrite` is false.
        """
        return self.lake.scenarios.import_file(
            json_path,
            name=at_most_one_of(name=name, name_override=name_override),
            overwrite=overwrite,
            format="json",
        ).id
