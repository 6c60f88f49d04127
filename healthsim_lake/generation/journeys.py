"""The classes that say how events unfold."""

from healthsim_lake.specs.delay import DelaySpec
from healthsim_lake.specs.events import EventCondition, EventSpec, TriggerSpec
from healthsim_lake.specs.journey import JourneySpecification, PhaseSpec

__all__ = [
    "DelaySpec",
    "EventCondition",
    "EventSpec",
    "JourneySpecification",
    "PhaseSpec",
    "TriggerSpec",
]
