"""What the doors answer with; never the rows themselves."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, SupportsIndex, overload

from healthsim_lake import _clock, entities
from healthsim_lake._json import AsJson
from healthsim_lake.catalog.records import ScenarioRecord
from healthsim_lake.scenarios.writing.persisting import Persisted
from healthsim_lake.state.summary import ScenarioSummary


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
class PersistResult(AsJson):
    """What became of a batch.

    Attributes:
        scenario_id: The scenario that holds the rows now.
        scenario_name: Its name.
        entity_type: Their table, or None if they are of several.
        entities_persisted: How many they are.
        entity_ids: Their ids, also by type; made ones included.
        entities_by_type: How many they are, by entity key.
        summary: What the scenario is like now, in at most 600 tokens.
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
    summary: ScenarioSummary
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
            summary=ScenarioSummary.of(done.summary),
            is_new_scenario=done.is_new,
            batch_number=batch_number,
            total_batches=total_batches,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        shown = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**shown, "entity_ids": list(self.entity_ids), "summary": self.summary.to_dict()}


@dataclass(frozen=True)
class ScenarioBrief(AsJson):
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
    created_at: datetime
    updated_at: datetime
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
        return _clock.iso_fields(asdict(self))
