"""The classes that say what to generate."""

from healthsim_lake.specs.clinical import ClinicalSpec, ConditionSpec, LabSpec, MedicationSpec
from healthsim_lake.specs.population import (
    CoverageSpec,
    DemographicsSpec,
    GenerationSpec,
    GeographySpec,
)
from healthsim_lake.specs.profile import ProfileSpecification

__all__ = [
    "ClinicalSpec",
    "ConditionSpec",
    "CoverageSpec",
    "DemographicsSpec",
    "GenerationSpec",
    "GeographySpec",
    "LabSpec",
    "MedicationSpec",
    "ProfileSpecification",
]
