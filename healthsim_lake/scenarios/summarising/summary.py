"""What a scenario is like, in few words: for people, and for language models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from healthsim_lake import _clock, _json

CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts, statistics and a few rows of one version of a scenario.

    Attributes:
        id: The scenario's UUID.
        name: Its name.
        description: Free text; cut off where the budget asks for it.
        version: The version that is summarised.
        updated_at: When that version was made.
        tags: Labels.
        entity_counts: Rows by entity key; only of types that have rows.
        statistics: Figures by name; only those that the scenario has data for. Ages are those
            reached in the year of ``as_of``.
        samples: Rows by entity key, as different from each other as can be; long ones shortened.
    """

    id: str
    name: str
    description: str | None
    version: int
    updated_at: datetime
    tags: tuple[str, ...] = ()
    entity_counts: Mapping[str, int] = field(default_factory=dict)
    statistics: Mapping[str, Any] = field(default_factory=dict)
    samples: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def entity_count(self) -> int:
        """Rows of all types."""
        return sum(self.entity_counts.values())

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as JSON values."""
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "version": self.version,
            "updated_at": _clock.iso(self.updated_at),
            "tags": list(self.tags),
            "entity_counts": dict(self.entity_counts),
            "statistics": dict(self.statistics),
            "samples": dict(self.samples),
        }

    def to_json(self) -> str:
        """Return the summary as compact JSON text."""
        return _json.dumps_text(self.to_dict())

    def token_estimate(self) -> int:
        """Return about how many tokens a language model reads: four characters of JSON each."""
        return len(self.to_json()) // CHARACTERS_PER_TOKEN
