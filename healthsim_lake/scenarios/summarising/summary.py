"""What a scenario is like, in few words: for people, and for language models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from healthsim_lake import _clock
from healthsim_lake._json import AsJson
from healthsim_lake._shown import shown
from healthsim_lake.errors import InputError

CHARACTERS_PER_TOKEN = 4


def check_budget(budget: int) -> None:
    """Refuse what is no number of tokens.

    Raises:
        InputError: It is no positive integer.
    """
    if isinstance(budget, bool) or not isinstance(budget, int) or budget < 1:
        raise InputError(f"budget={shown(budget)}: give a number of tokens, 1 or more")


@dataclass(frozen=True, slots=True)
class Summary(AsJson):
    """Counts, statistics and a few rows of one version of a scenario.

    Attributes:
        id: The scenario's UUID.
        name: Its name.
        description: Free text; cut off where the budget asks for it.
        version: The version that is summarised.
        created_at: When the scenario was first saved.
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
    created_at: datetime
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
            "created_at": _clock.iso(self.created_at),
            "updated_at": _clock.iso(self.updated_at),
            "tags": list(self.tags),
            "entity_counts": dict(self.entity_counts),
            "statistics": dict(self.statistics),
            "samples": dict(self.samples),
        }

    def token_estimate(self) -> int:
        """Return about how many tokens a language model reads: four characters of JSON each."""
        return len(self.to_json()) // CHARACTERS_PER_TOKEN
