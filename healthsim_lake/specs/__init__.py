"""Profiles and journeys as declarations: what to generate, and how it unfolds over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from healthsim_lake._lazy import lazy_face

if TYPE_CHECKING:
    from healthsim_lake.specs.builtin import builtin_journeys, builtin_profiles
    from healthsim_lake.specs.clinical import ClinicalSpec, ConditionSpec, LabSpec, MedicationSpec
    from healthsim_lake.specs.delay import DelaySpec
    from healthsim_lake.specs.distributions import (
        AgeBands,
        CategoricalDistribution,
        DateWindow,
        Distribution,
        FixedValue,
        LogNormalDistribution,
        NormalDistribution,
        UniformDistribution,
    )
    from healthsim_lake.specs.events import EventCondition, EventSpec, TriggerSpec
    from healthsim_lake.specs.journey import JourneySpecification, PhaseSpec
    from healthsim_lake.specs.population import (
        CoverageSpec,
        DemographicsSpec,
        GenerationSpec,
        GeographySpec,
    )
    from healthsim_lake.specs.profile import ProfileSpecification
    from healthsim_lake.specs.vocabulary import EVENT_TYPES, PRODUCTS

_HOMES = {
    "AgeBands": "distributions",
    "CategoricalDistribution": "distributions",
    "ClinicalSpec": "clinical",
    "ConditionSpec": "clinical",
    "CoverageSpec": "population",
    "DateWindow": "distributions",
    "DelaySpec": "delay",
    "DemographicsSpec": "population",
    "Distribution": "distributions",
    "EVENT_TYPES": "vocabulary",
    "EventCondition": "events",
    "EventSpec": "events",
    "FixedValue": "distributions",
    "GenerationSpec": "population",
    "GeographySpec": "population",
    "JourneySpecification": "journey",
    "LabSpec": "clinical",
    "LogNormalDistribution": "distributions",
    "MedicationSpec": "clinical",
    "NormalDistribution": "distributions",
    "PRODUCTS": "vocabulary",
    "PhaseSpec": "journey",
    "ProfileSpecification": "profile",
    "TriggerSpec": "events",
    "UniformDistribution": "distributions",
    "builtin_journeys": "builtin",
    "builtin_profiles": "builtin",
}

__all__ = [
    "EVENT_TYPES",
    "PRODUCTS",
    "AgeBands",
    "CategoricalDistribution",
    "ClinicalSpec",
    "ConditionSpec",
    "CoverageSpec",
    "DateWindow",
    "DelaySpec",
    "DemographicsSpec",
    "Distribution",
    "EventCondition",
    "EventSpec",
    "FixedValue",
    "GenerationSpec",
    "GeographySpec",
    "JourneySpecification",
    "LabSpec",
    "LogNormalDistribution",
    "MedicationSpec",
    "NormalDistribution",
    "PhaseSpec",
    "ProfileSpecification",
    "TriggerSpec",
    "UniformDistribution",
    "builtin_journeys",
    "builtin_profiles",
]

__getattr__ = lazy_face(__name__, _HOMES)
