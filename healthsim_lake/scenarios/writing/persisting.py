"""`lake.scenarios.persist`: rows into the lake under a name that is found for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from healthsim_lake import scenarios
from healthsim_lake.catalog.names import check_name, check_tags, check_text
from healthsim_lake.catalog.records import ScenarioRecord
from healthsim_lake.catalog.transaction import Label
from healthsim_lake.errors import InputError
from healthsim_lake.scenarios.room import Room
from healthsim_lake.scenarios.summarising.summary import Summary, check_budget
from healthsim_lake.scenarios.writing import autoname

if TYPE_CHECKING:
    from healthsim_lake.scenarios.writing.adding import OnDuplicate
    from healthsim_lake.scenarios.writing.sources import Entities


@dataclass(frozen=True, slots=True)
class Persisted:
    """What became of rows that were persisted.

    Attributes:
        record: The scenario that holds them now.
        is_new: Whether it was made for them.
        counts: Rows taken, by entity key.
        keys: Keys of these rows by entity key, in row order; made ones included.
        summary: What the scenario is like now.
    """

    record: ScenarioRecord
    is_new: bool
    summary: Summary
    counts: dict[str, int] = field(default_factory=dict)
    keys: dict[str, list[Any]] = field(default_factory=dict)


class Persistence(Room):
    """Rows into the lake, without a thought for a name."""

    def persist(
        self,
        entities: Entities,
        *,
        ref: str | None = None,
        name: str | None = None,
        context: str | None = None,
        keywords: Iterable[str] | None = None,
        tags: Iterable[str] | None = None,
        description: str | None = None,
        on_duplicate: OnDuplicate = "replace",
        budget: int = 600,
        idempotency_key: str | None = None,
        author: str | None = None,
        message: str | None = None,
    ) -> Persisted:
        """Save rows as a scenario of their own, or add them to one; names never collide.

        Args:
            entities: As for `save`.
            ref: Name or id of a scenario to add to; None to make one.
            name: Of the new scenario; in kebab-case, and with a number behind it where it is
                taken. None to name it after `keywords`, `context` or the entity types, and the day.
            context: What was asked for, in words.
            keywords: Words to name it after.
            tags: Labels; with `ref`, to be added.
            description: Free text.
            on_duplicate: With `ref`, what to do with a row whose key is there already; by default
                a batch that is sent twice is harmless.
            budget: Tokens of the summary that is returned; see `summary`.
            idempotency_key: As for `save`.
            author: Who, for the history.
            message: Why, for the history.

        Raises:
            InputError: Both `ref` and `name` were given, or the budget is no positive integer.
            ScenarioNotFoundError: There is no such scenario.
            InvalidEntityError: A row cannot be kept exactly.
        """
        check_budget(budget)
        label = Label(author=author, message=message, idempotency_key=idempotency_key)
        labels = None if tags is None else check_tags(tags)
        counts: dict[str, int] = {}
        keys: dict[str, list[Any]] = {}
        given = scenarios.GivenRows(entities, on_progress=counts.__setitem__, keys=keys)
        if ref is None:
            request = scenarios.SaveRequest(
                name=self._name(name, context, keywords, entities),
                description=check_text(description, "description"),
                tags=labels,
                unique=True,
            )
            saving = scenarios.Saving(self._committer, self._types.in_use(), request)
            record = saving.run(given, label=label)
        else:
            if name is not None:
                raise InputError("give either ref or name; rename gives it another name")
            scenarios.check_strategy(on_duplicate)
            adding = scenarios.Adding(
                self._committer,
                self._types.in_use(),
                on_duplicate=on_duplicate,
                tags=labels or (),
                description=check_text(description, "description"),
            )
            record = adding.run(ref, given, label=label)
        return Persisted(
            record=record,
            is_new=ref is None,
            summary=self._told(record, budget),
            counts={**dict.fromkeys(keys, 0), **counts},
            keys=keys,
        )

    def _told(self, record: ScenarioRecord, budget: int) -> Summary:
        log = self._committer.log
        snapshot = log.latest()
        # It may have been deleted again by now; what was persisted is told all the same.
        state = snapshot.scenarios.get(record.id) or snapshot.get(record.id)
        return scenarios.summarise(
            log, snapshot, state, self._types, budget=budget, version=record.version
        )

    def _name(
        self,
        name: str | None,
        context: str | None,
        keywords: Iterable[str] | None,
        entities: Entities,
    ) -> str:
        if name is not None:
            return check_name(autoname.sanitize_name(check_name(name)) or "scenario")
        first = next(iter(entities.keys()), None) if hasattr(entities, "keys") else None
        return autoname.base_name(keywords=keywords, context=context, entity_type=first)
