"""`AutoPersistService`: the specifications' names for rows that are persisted batch by batch."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, SupportsIndex, overload

from healthsim_lake import _clock, _json, entities
from healthsim_lake.catalog.records import ScenarioRecord
from healthsim_lake.errors import InputError
from healthsim_lake.lake import Lake
from healthsim_lake.scenarios.exchange.result import ExportResult
from healthsim_lake.scenarios.writing.autoname import sanitize_name
from healthsim_lake.scenarios.writing.persisting import Persisted
from healthsim_lake.state.door import Door

__all__ = [
    "AutoPersistService",
    "EntityIds",
    "ExportResult",
    "PersistResult",
    "ScenarioBrief",
    "get_auto_persist_service",
    "reset_service",
]

Target = str | os.PathLike[str] | None


class EntityIds(list[Any]):
    """Ids in the order of the rows; under the name of an entity type, those of that type."""

    def __init__(self, by_type: dict[str, list[Any]]) -> None:
        super().__init__(one for ids in by_type.values() for one in ids)
        self._by_type = by_type

    @overload
    def __getitem__(self, place: SupportsIndex) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> list[Any]: ...
    @overload
    def __getitem__(self, place: str) -> list[Any]: ...
    def __getitem__(self, place: Any) -> Any:
        """Return the ids of a type, in any spelling of its name, or those at a position."""
        if not isinstance(place, str):
            return super().__getitem__(place)
        if place in self._by_type:
            return self._by_type[place]
        tables = {entities.table_name_for(key): key for key in self._by_type}
        key = tables.get(entities.table_name_for(place))
        if key is None:
            raise KeyError(place)
        return self._by_type[key]


@dataclass(frozen=True)
class PersistResult:
    """What became of a batch; never the rows themselves.

    Attributes:
        scenario_id: The scenario that holds them now.
        scenario_name: Its name.
        entity_type: Their table, or None if they are of several.
        entities_persisted: How many they are.
        entity_ids: Their ids, also by type; made ones included.
        entities_by_type: How many they are, by entity key.
        is_new_scenario: Whether the scenario was made for them.
        batch_number: As given.
        total_batches: As given.
    """

    scenario_id: str
    scenario_name: str
    entity_type: str | None
    entities_persisted: int
    entity_ids: EntityIds
    entities_by_type: dict[str, int]
    is_new_scenario: bool
    batch_number: int | None = None
    total_batches: int | None = None

    @classmethod
    def of(
        cls, done: Persisted, *, batch_number: int | None = None, total_batches: int | None = None
    ) -> PersistResult:
        """Return the result for what the lake tells."""
        return cls(
            scenario_id=done.record.id,
            scenario_name=done.record.name,
            entity_type=next(iter(done.counts)) if len(done.counts) == 1 else None,
            entities_persisted=sum(done.counts.values()),
            entity_ids=EntityIds(done.keys),
            entities_by_type=done.counts,
            is_new_scenario=done.is_new,
            batch_number=batch_number,
            total_batches=total_batches,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        shown = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**shown, "entity_ids": list(self.entity_ids)}

    def to_json(self, indent: int | None = None) -> str:
        """Return the result as JSON text."""
        return _text(self.to_dict(), indent)


@dataclass(frozen=True)
class ScenarioBrief:
    """A scenario in a list; times are ISO text in its dict.

    Attributes:
        scenario_id: Its id.
        name: Its name.
        description: Free text, or None.
        entity_count: Rows of all types.
        created_at: When it was first saved (UTC).
        updated_at: When it last changed (UTC).
        tags: Labels.
    """

    scenario_id: str
    name: str
    description: str | None
    entity_count: int
    created_at: Any
    updated_at: Any
    tags: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, record: ScenarioRecord) -> ScenarioBrief:
        """Return the brief of a record."""
        return cls(
            scenario_id=record.id,
            name=record.name,
            description=record.description,
            entity_count=record.entity_count,
            created_at=record.created_at,
            updated_at=record.updated_at,
            tags=list(record.tags),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the brief as JSON values."""
        times = {
            "created_at": _clock.iso(self.created_at),
            "updated_at": _clock.iso(self.updated_at),
        }
        return {**asdict(self), **times}

    def to_json(self, indent: int | None = None) -> str:
        """Return the brief as JSON text."""
        return _text(self.to_dict(), indent)


def _text(value: Any, indent: int | None) -> str:
    return _json.dumps_text(value) if indent is None else _json.dumps_pretty(value)


def _lower(tags: Iterable[str] | None) -> list[str] | None:
    return None if tags is None else [tag.lower() for tag in tags]


class AutoPersistService(Door):
    """Persists batches of rows, and finds, tags, renames and exports what became of them.

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
            tags=_lower(tags),
        )
        return PersistResult.of(done, batch_number=batch_number, total_batches=total_batches)

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

    def delete_scenario(self, scenario_id: str, confirm: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002  # positional in the specifications
        """Delete a scenario and return what it was.

        Raises:
            InputError: `confirm` is not True.
            ScenarioNotFoundError: There is no such scenario.
        """
        if confirm is not True:
            raise InputError("Deletion requires confirm=True")
        record = self.lake.scenarios.get(scenario_id)
        self.lake.scenarios.delete(record.id)
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

    def export_scenario(
        self,
        scenario_id: str,
        format: str = "json",  # noqa: A002  # promised by the specifications
        output_path: Target = None,
        include_entity_types: list[str] | None = None,
        include_provenance: bool = True,  # noqa: FBT001, FBT002  # likewise
    ) -> ExportResult:
        """Write a scenario to a file or folder; see `lake.scenarios.export`."""
        return self.lake.scenarios.export(
            scenario_id,
            output_path,
            format=format,
            types=include_entity_types,
            include_provenance=include_provenance,
        )

    def export_to_json(self, scenario_id: str, output_path: Target = None) -> ExportResult:
        """Write a scenario to a JSON file."""
        return self.export_scenario(scenario_id, "json", output_path)

    def export_to_csv(self, scenario_id: str, output_path: Target = None) -> ExportResult:
        """Write a scenario to a folder of CSV files."""
        return self.export_scenario(scenario_id, "csv", output_path)

    def export_to_parquet(self, scenario_id: str, output_path: Target = None) -> ExportResult:
        """Write a scenario to a folder of Parquet files."""
        return self.export_scenario(scenario_id, "parquet", output_path)


_lock = threading.Lock()
_service: AutoPersistService | None = None


def get_auto_persist_service(
    lake: Lake | str | os.PathLike[str] | None = None,
) -> AutoPersistService:
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
