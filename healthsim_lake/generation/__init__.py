"""The specifications' import paths of what a generator is told; the generators are elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from healthsim_lake._lazy import lazy_face

if TYPE_CHECKING:
    from healthsim_lake.generation.journeys import (
        DelaySpec,
        EventCondition,
        EventSpec,
        JourneySpecification,
        PhaseSpec,
        TriggerSpec,
    )
    from healthsim_lake.generation.profiles import (
        ConditionSpec,
        CoverageSpec,
        DemographicsSpec,
        GenerationSpec,
        GeographySpec,
        ProfileSpecification,
    )

_HOMES = {
    "ConditionSpec": "profiles",
    "CoverageSpec": "profiles",
    "DelaySpec": "journeys",
    "DemographicsSpec": "profiles",
    "EventCondition": "journeys",
    "EventSpec": "journeys",
    "GenerationSpec": "profiles",
    "GeographySpec": "profiles",
    "JourneySpecification": "journeys",
    "PhaseSpec": "journeys",
    "ProfileSpecification": "profiles",
    "TriggerSpec": "journeys",
}

__all__ = [
    "ConditionSpec",
    "CoverageSpec",
    "DelaySpec",
    "DemographicsSpec",
    "EventCondition",
    "EventSpec",
    "GenerationSpec",
    "GeographySpec",
    "JourneySpecification",
    "PhaseSpec",
    "ProfileSpecification",
    "TriggerSpec",
]

__getattr__ = lazy_face(__name__, _HOMES)
