"""What a scenario is like, by the names of the specifications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from healthsim_lake import _clock
from healthsim_lake._json import AsJson
from healthsim_lake._shown import shown
from healthsim_lake.errors import InputError
from healthsim_lake.scenarios.listing import best_named
from healthsim_lake.scenarios.summarising.summary import CHARACTERS_PER_TOKEN
from healthsim_lake.state.checked import checked
from healthsim_lake.state.door import AnyLake, lake_of

if TYPE_CHECKING:
    from healthsim_lake.scenarios.summarising.summary import Summary

BUDGET = 3_500
"""Tokens of a summary, unless a caller wants another number."""
SAMPLES = 3
"""Rows of each type in a summary, unless a caller wants another number."""


@dataclass(frozen=True)
class ScenarioSummary(AsJson):
    """Counts, statistics and a few rows of a scenario.

    Attributes:
        scenario_id: Its id.
        name: Its name.
        description: Free text, or None.
        created_at: When it was first saved (UTC).
        updated_at: When it last changed (UTC).
        entity_counts: Rows by entity key; only of types that have rows.
        statistics: Figures by name; only those that the scenario has data for.
        samples: Rows by entity key, as different from each other as can be; long ones shortened.
        tags: Labels.
    """

    scenario_id: str
    name: str
    description: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    entity_counts: dict[str, int] = field(default_factory=dict)
    statistics: dict[str, Any] = field(default_factory=dict)
    samples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, summary: Summary) -> Self:
        """Return the summary that the lake tells; its JSON is never longer than the lake's."""
        return cls(
            scenario_id=summary.id,
            name=summary.name,
            description=summary.description,
            created_at=summary.created_at,
            updated_at=summary.updated_at,
            entity_counts=dict(summary.entity_counts),
            statistics=dict(summary.statistics),
            samples=dict(summary.samples),
            tags=list(summary.tags),
        )

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Return the summary that `to_dict` made a document of.

        Args:
            document: ``scenario_id`` and ``name``; what else is not there is empty, and what is
                unknown is left out.

        Raises:
            InputError: An id or a name is missing, or a time is none.
        """
        known = {name: document[name] for name in cls.__dataclass_fields__ if name in document}
        missing = [name for name in ("scenario_id", "name") if name not in known]
        if missing:
            raise InputError(f"this is no summary of a scenario: {' and '.join(missing)} missing")
        times = {name: _moment(name, known.get(name)) for name in ("created_at", "updated_at")}
        return cls(**{**known, **times})

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as JSON values; times are ISO text."""
        return _clock.iso_fields(asdict(self))

    def to_json(self, indent: int | None = 2) -> str:
        """Return the summary as JSON text: indented for people, or with None compact."""
        return super().to_json(indent)

    def total_entities(self) -> int:
        """Return how many rows of all types there are."""
        return sum(self.entity_counts.values())

    def token_estimate(self) -> int:
        """Return about how many tokens a language model reads in the compact JSON."""
        return len(self.to_json(indent=None)) // CHARACTERS_PER_TOKEN


@checked
def generate_summary(
    scenario_id: str,
    include_samples: bool = True,  # noqa: FBT001, FBT002  # positional in the specifications
    samples_per_type: int = SAMPLES,
    lake: AnyLake = None,
    budget: int = BUDGET,
) -> ScenarioSummary:
    """Return counts, statistics and samples of a scenario, in constant time.

    Args:
        scenario_id: Its id, or its name.
        include_samples: Whether to show rows.
        samples_per_type: How many of each type; at most 5 are kept.
        lake: Where it is; None for the default lake.
        budget: Tokens that the summary may take, see `ScenarioSummary.token_estimate`.

    Raises:
        ScenarioNotFoundError: There is no such scenario.
        InputError: The budget is no positive integer, or `samples_per_type` no number of rows.
    """
    samples = samples_per_type if include_samples else 0
    found = lake_of(lake).scenarios.summary(scenario_id, budget=budget, samples=samples)
    return ScenarioSummary.of(found)


@checked
def get_scenario_by_name(name: str, lake: AnyLake = None) -> str | None:
    """Return the id of the scenario that is called so, or else most like it; None without any.

    The same name wins over one in other case, and that over one that only contains the text; of
    several the one that was changed last is meant.
    """
    found = best_named(lake_of(lake).scenarios.list(limit=None), name)
    return None if found is None else found.id


def _moment(name: str, value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    try:
        return _clock.to_utc(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        raise InputError(f"{name}={shown(value)} is no time in ISO 8601") from None
