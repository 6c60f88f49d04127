"""Events of a journey: what happens, when, and whether."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, JsonValue, Strict, Tag, model_validator

from healthsim_lake._shown import shown
from healthsim_lake.errors import InvalidSpecificationError
from healthsim_lake.specs.base import Declared
from healthsim_lake.specs.delay import DelaySpec
from healthsim_lake.specs.values import Name, Probability, Text

Operator = Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in", "contains"]
_ORDERINGS = ("gt", "gte", "lt", "lte")


class EventCondition(Declared):
    """What must hold for an event, e.g. ``{"field": "age", "operator": "gte", "value": 65}``.

    Attributes:
        field: What is compared, e.g. ``age`` or ``hba1c``.
        operator: How.
        value: With what; a list for ``in`` and ``not_in``.
    """

    field: Name
    operator: Operator = "eq"
    value: JsonValue

    @model_validator(mode="after")
    def _value_fits_the_operator(self) -> Self:
        if self.operator in ("in", "not_in") and not isinstance(self.value, list):
            raise InvalidSpecificationError(
                self.what(), [(("value",), f"operator {self.operator} needs a list")]
            )
        comparable = isinstance(self.value, str | int | float) and not isinstance(self.value, bool)
        if self.operator in _ORDERINGS and not comparable:
            raise InvalidSpecificationError(
                self.what(), [(("value",), f"operator {self.operator} needs a number or text")]
            )
        return self


class TriggerSpec(Declared):
    """What an event sets off, mostly in another product.

    Attributes:
        target_event: Id of an event of this journey that is set off, and waits for this one; or
        event_type: type of an event that is made for the purpose.
        target_product: Product in which it happens.
        delay: How long after the event.
        condition: When, in words.
        parameters: What else the event made is to carry.
    """

    target_event: Name | None = None
    event_type: Name | None = None
    target_product: Name | None = None
    delay: DelaySpec = DelaySpec()
    condition: JsonValue = None
    parameters: dict[str, JsonValue] = Field(default={})

    @model_validator(mode="after")
    def _it_sets_off_something(self) -> Self:
        if self.target_event is None and self.event_type is None:
            raise ValueError("a trigger needs event_type, or target_event to name an event")
        return self


def _name_from_id(fields: dict[str, Any]) -> str:
    return str(fields.get("event_id", ""))


def _ids_form(value: Any) -> str:
    return "many" if isinstance(value, list) else "one"


EventIds = Annotated[
    Annotated[Name, Tag("one")] | Annotated[list[Name], Tag("many")], Discriminator(_ids_form)
]


class EventSpec(Declared):
    """One event of a journey.

    Attributes:
        event_id: Names it within the journey.
        name: What people call it; its id unless given.
        event_type: What happens, e.g. ``encounter``; see `EVENT_TYPES` for common ones.
        description: More about it.
        product: Product in which it happens; the journey's first unless given.
        delay: How long after what it waits for; at once unless given.
        depends_on: Id, or ids, of the events it waits for; the start of the journey unless given.
        probability: How likely it happens, from 0 to 1.
        conditions: What must hold, all of it, for it to happen.
        condition: Condition that tells a generator which codes to take, e.g. ``diabetes``.
        parameters: What it carries: codes, reasons, results.
        triggers: What it sets off.
    """

    event_id: Name
    name: Text = Field(default_factory=_name_from_id)
    event_type: Name
    description: Text | None = None
    product: Name | None = None
    delay: DelaySpec = DelaySpec()
    depends_on: EventIds | None = None
    probability: Probability = 1.0
    conditions: Annotated[list[EventCondition], Strict()] = Field(default=[])
    condition: JsonValue = None
    parameters: dict[str, JsonValue] = Field(default={})
    triggers: Annotated[list[TriggerSpec], Strict()] = Field(default=[])

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Ids of the events it waits for."""
        if self.depends_on is None:
            return ()
        return (self.depends_on,) if isinstance(self.depends_on, str) else tuple(self.depends_on)

    @model_validator(mode="after")
    def _it_does_not_wait_for_itself(self) -> Self:
        if self.event_id in self.waits_for:
            raise InvalidSpecificationError(
                self.what(), [(("depends_on",), f"{shown(self.event_id)} waits for itself")]
            )
        return self
