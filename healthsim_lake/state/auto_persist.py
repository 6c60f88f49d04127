"""`AutoPersistService`: the specifications' names for rows that are persisted batch by batch."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from healthsim_lake import query as _questions
from healthsim_lake.errors import InputError
from healthsim_lake.scenarios.copying.results import CloneResult, MergeResult
from healthsim_lake.scenarios.exchange.result import ExportResult
from healthsim_lake.scenarios.writing.autoname import sanitize_name
from healthsim_lake.state.asking import one_of, window
from healthsim_lake.state.door import AnyLake
from healthsim_lake.state.persisted_copies import PersistedCopies, lower_tags
from healthsim_lake.state.results import EntityIds, PersistResult, ScenarioBrief
from healthsim_lake.state.summary import BUDGET, SAMPLES, ScenarioSummary, generate_summary

if TYPE_CHECKING:
    from healthsim_lake.query import QueryResult
    from healthsim_lake.scenarios.summarising.sampling import Strategy

__all__ = [
    "AutoPersistService",
    "CloneResult",
    "EntityIds",
    "ExportResult",
    "MergeResult",
    "PersistResult",
    "QueryResult",
    "ScenarioBrief",
    "ScenarioSummary",
    "get_auto_persist_service",
    "reset_service",
]


def __getattr__(name: str) -> Any:
    if name == "QueryResult":  # it brings the engines along, which nothing else here waits for
        return _questions.QueryResult
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class AutoPersistService(PersistedCopies):
    """Persists batches of rows, and finds, shows, tags, copies and exports what became of them.

    Tags are written in lower case and names in kebab-case here; a scenario is meant by its id, and
    by its name as well.
    """

    def persist_entities(
        self,
        entities: list[dict[str, Any]],
        entity_type: str,
        scenario_id: str | None = None,
        scenario_name: str | None = None,
        scenario_description: str | None = None,
        context_keywords: Iterable[str] | None = None,
        tags: Iterable[str] | None = None,
        batch_number: int | None = None,
        total_batches: int | None = None,
    ) -> PersistResult:
        """Persist a batch of rows of one type, in a new scenario or behind those of one.

        Raises:
            InputError: There are no rows.
            ScenarioNotFoundError: There is no such scenario.
            InvalidEntityError: A row cannot be kept exactly.
        """
        if not entities:
            raise InputError("No entities to persist")
        done = self.lake.scenarios.persist(
            {self.lake.entities.table(entity_type): entities},
            ref=scenario_id,
            name=None if scenario_id else scenario_name,
            description=scenario_description,
            keywords=context_keywords,
            tags=lower_tags(tags),
        )
        return PersistResult.of(done, batch_number=batch_number, total_batches=total_batches)

    def get_scenario_summary(
        self,
        scenario_id: str | None = None,
        scenario_name: str | None = None,
        include_samples: bool = True,  # noqa: FBT001, FBT002  # positional in the specifications
        samples_per_type: int = SAMPLES,
        budget: int = BUDGET,
    ) -> ScenarioSummary:
        """Return counts, statistics and samples of a scenario; see `generate_summary`.

        Raises:
            InputError: Neither an id nor a name was given, or two that differ.
            ScenarioNotFoundError: There is no such scenario.
        """
        ref = one_of(scenario_id=scenario_id, scenario_name=scenario_name)
        return generate_summary(ref, include_samples, samples_per_type, self.lake, budget)

    def query_scenario(
        self,
        scenario_id: str | None = None,
        query: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
        name: str | None = None,
        sql: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
        params: Sequence[Any] | Mapping[str, Any] | None = None,
    ) -> QueryResult:
        """Ask one SQL question about a scenario and return a page of the answer.

        Args:
            scenario_id: The scenario, by id or name.
            query: One SELECT; see `Lake.query`.
            limit: Rows of the page, up to 1,000; 20 by default.
            offset: Rows before it.
            name: The same as `scenario_id`.
            sql: The same as `query`.
            page: Number of the page from 0, in place of `offset`.
            page_size: Rows of a page, in place of `limit`.
            params: Values for ``?`` (a sequence) or ``$name`` (a mapping).

        Raises:
            InputError: The scenario, the SQL or the page is missing, or was given twice.
            ScenarioNotFoundError: There is no such scenario.
            QueryError: The SQL is wrong, or asks for more than a question may.
        """
        return self.lake.query(
            one_of(query=query, sql=sql),
            scenario=one_of(scenario_id=scenario_id, name=name),
            params=params,
            **window(limit=limit, offset=offset, page=page, page_size=page_size),
        )

    def get_entity_samples(
        self,
        scenario_id: str,
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
            scenario_id, entity_type, count=count, strategy=strategy, seed=seed
        )

    def list_scenarios(
        self,
        filter_pattern: str | None = None,
        tag: str | None = None,
        limit: int = 20,
        sort_by: Literal["updated_at", "created_at", "name"] = "updated_at",
    ) -> list[ScenarioBrief]:
        """Return scenarios with this text in name or description and this tag, in any case."""
        found = self.lake.scenarios.list(search=filter_pattern, tag=tag, limit=limit, sort=sort_by)
        return [ScenarioBrief.of(record) for record in found]

    def rename_scenario(self, scenario_id: str, new_name: str) -> tuple[str, str]:
        """Rename a scenario, with a number behind a name that is taken; return (old, new).

        Raises:
            ScenarioNotFoundError: There is no such scenario.
        """
        return (
            self.lake.scenarios.get(scenario_id).name,
            self.lake.scenarios.rename(scenario_id, sanitize_name(new_name), unique=True).name,
        )

    def delete_scenario(
        self,
        scenario_id: str,
        confirm: bool = False,  # noqa: FBT001, FBT002  # positional in the specifications
        purge: bool = False,  # noqa: FBT001, FBT002  # likewise
    ) -> dict[str, Any]:
        """Delete a scenario and return what it was; with `purge` nothing brings it back.

        Raises:
            InputError: `confirm` is not True.
            ScenarioNotFoundError: There is no such scenario.
        """
        if confirm is not True:
            raise InputError("Deletion requires confirm=True")
        record = self.lake.scenarios.get(scenario_id)
        self.lake.scenarios.delete(record.id, purge=purge)
        shown = ScenarioBrief.of(record).to_dict()
        return {key: shown[key] for key in ("scenario_id", "name", "description", "entity_count")}

    def add_tag(self, scenario_id: str, tag: str) -> list[str]:
        """Add a tag and return all tags, sorted."""
        return sorted(self.lake.tags.add(scenario_id, tag.lower()))

    def remove_tag(self, scenario_id: str, tag: str) -> list[str]:
        """Remove a tag and return those that are left, sorted; an absent one is no error."""
        return sorted(self.lake.tags.remove(scenario_id, tag))

    def get_tags(self, scenario_id: str) -> list[str]:
        """Return the tags, sorted; none of a scenario that is not there."""
        return sorted(self.lake.tags.of(scenario_id, missing_ok=True))

    def list_all_tags(self) -> list[dict[str, Any]]:
        """Return ``{tag, count}`` of all tags, most used first."""
        return [{"tag": tag, "count": count} for tag, count in self.lake.tags.count().items()]

    def scenarios_by_tag(self, tag: str) -> list[ScenarioBrief]:
        """Return up to 100 scenarios that carry a tag, in any case."""
        return self.list_scenarios(tag=tag, limit=100)


_lock = threading.Lock()
_service: AutoPersistService | None = None


def get_auto_persist_service(lake: AnyLake = None) -> AutoPersistService:
    """Return the service in force, which follows the default lake; a lake given replaces it."""
    global _service  # noqa: PLW0603  # the singleton that the specifications promise
    with _lock:
        if _service is None or lake is not None:
            _service = AutoPersistService(lake)
        return _service


def reset_service() -> None:
    """Forget the service; the next call makes a new one."""
    global _service  # noqa: PLW0603  # see get_auto_persist_service
    with _lock:
        _service = None
