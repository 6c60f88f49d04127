"""Where entities came from: loaded, generated, or derived from others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Self

from pydantic import BaseModel, Field

from healthsim_lake import _clock


class SourceType(str, Enum):  # noqa: UP042  # its str() is promised to be "SourceType.LOADED"
    """How an entity came to be."""

    LOADED = "loaded"
    GENERATED = "generated"
    DERIVED = "derived"


class Provenance(BaseModel):
    """Where one entity came from.

    Attributes:
        source_type: How it came to be.
        source_system: The system it was loaded from.
        skill_used: The skill that generated it.
        derived_from: Ids of the entities that it was derived from.
        created_at: When (UTC).
        generation_params: What the generator was given.
    """

    source_type: SourceType
    source_system: str | None = None
    skill_used: str | None = None
    derived_from: list[str] = Field(default_factory=list)
    created_at: datetime = Field(default_factory=_clock.now)
    generation_params: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def generated(cls, skill_used: str | None = None, **params: Any) -> Self:
        """Return the provenance of something that a skill made from `params`."""
        return cls(
            source_type=SourceType.GENERATED, skill_used=skill_used, generation_params=params
        )

    @classmethod
    def loaded(cls, source_system: str) -> Self:
        """Return the provenance of something that came from another system."""
        return cls(source_type=SourceType.LOADED, source_system=source_system)

    @classmethod
    def derived(cls, derived_from: Iterable[str]) -> Self:
        """Return the provenance of something that was made from other entities, given by id."""
        return cls(source_type=SourceType.DERIVED, derived_from=list(derived_from))


class EntityWithProvenance(BaseModel):
    """An entity's data, and where it came from.

    Attributes:
        entity_id: Its id.
        entity_type: What it is, e.g. ``patient``.
        data: Its fields.
        provenance: Where it came from.
    """

    entity_id: str
    entity_type: str
    data: dict[str, Any]
    provenance: Provenance = Field(default_factory=Provenance.generated)

    @classmethod
    def from_model(
        cls, model: Any, entity_id: str, entity_type: str, provenance: Provenance | None = None
    ) -> Self:
        """Return the entity for a pydantic model, a mapping, pairs, or a plain value.

        A plain value stands under the key ``value``.
        """
        return cls(
            entity_id=entity_id,
            entity_type=entity_type,
            data=_data_of(model),
            provenance=provenance or Provenance.generated(),
        )

    def to_row(self) -> dict[str, Any]:
        """Return the entity as a row of a scenario: its data, and a ``_provenance`` block."""
        block = self.provenance.model_dump(mode="json", exclude_none=True)
        return {**self.data, "_provenance": {**block, "entity_id": self.entity_id}}

    @classmethod
    def from_row(cls, row: Mapping[str, Any], entity_type: str) -> Self:
        """Return the entity that a row of a scenario holds; a row without an id gets one."""
        data = dict(row)
        told = data.pop("_provenance", None)
        block = dict(told) if isinstance(told, Mapping) else {}
        names = ("id", f"{entity_type}_id")
        own = block.pop("entity_id", None) or next(filter(None, map(data.get, names)), None)
        return cls(
            entity_id=str(own or _clock.new_uuid()),
            entity_type=entity_type,
            data=data,
            provenance=Provenance.model_validate(
                {"source_type": SourceType.GENERATED, **block}, strict=False
            ),
        )


class ProvenanceSummary(BaseModel):
    """Where many entities came from.

    Attributes:
        total_entities: How many there are.
        by_source_type: How many came to be in each way.
        source_systems: Systems they were loaded from, sorted.
        skills_used: Skills that made them, sorted.
    """

    total_entities: int = 0
    by_source_type: dict[str, int] = Field(default_factory=dict)
    source_systems: list[str] = Field(default_factory=list)
    skills_used: list[str] = Field(default_factory=list)

    @classmethod
    def from_entities(cls, entities: Mapping[str, Iterable[Any]]) -> Self:
        """Return the summary of entities by type; what is no `EntityWithProvenance` is left out."""
        found = [
            one.provenance
            for group in entities.values()
            for one in group
            if isinstance(one, EntityWithProvenance)
        ]
        kinds = [one.source_type.value for one in found]
        return cls(
            total_entities=len(found),
            by_source_type={kind: kinds.count(kind) for kind in dict.fromkeys(kinds)},
            source_systems=sorted({one.source_system for one in found if one.source_system}),
            skills_used=sorted({one.skill_used for one in found if one.skill_used}),
        )


def _data_of(model: Any) -> dict[str, Any]:
    if isinstance(model, BaseModel):
        return model.model_dump(mode="json")
    if isinstance(model, Mapping):
        return dict(model)
    if hasattr(model, "model_dump"):
        return dict(model.model_dump())
    if isinstance(model, Iterable) and not isinstance(model, str | bytes):
        items = list(model)
        if all(isinstance(one, tuple | list) and len(one) == _PAIR for one in items):
            return dict(items)
    return {"value": model}


_PAIR = 2
