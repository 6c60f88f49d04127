"""What people have, take, and are measured by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, Strict

from healthsim_lake.specs.base import Declared
from healthsim_lake.specs.distributions import Distribution
from healthsim_lake.specs.values import SUM_TOLERANCE, Name, Probability, Text


class Coded(Declared):
    """Something with a code that a share of the people has.

    Attributes:
        code: Code, e.g. ``E11.9``.
        code_system: System of the code, e.g. ``ICD-10-CM``.
        description: What the code means.
        prevalence: Share of the people that has it, from 0 to 1.
        exclusive_group: Nobody has two of one group, e.g. two stages of one disease; prevalences
            of a group sum to at most 1.
    """

    code: Name | None = None
    code_system: Text | None = None
    description: Text | None = None
    prevalence: Probability = 1.0
    exclusive_group: Text | None = None


def groups_beyond_everybody(listed: Sequence[Coded]) -> dict[str, float]:
    """Return the exclusive groups whose prevalences sum to more than 1, with that sum."""
    sums: dict[str, float] = defaultdict(float)
    for one in listed:
        if one.exclusive_group is not None:
            sums[one.exclusive_group] += one.prevalence
    return {group: total for group, total in sums.items() if total > 1 + SUM_TOLERANCE}


class ConditionSpec(Coded):
    """A condition; its code is of ICD-10-CM unless `code_system` says otherwise.

    Attributes:
        name: What it is called.
        severity: A severity, or the share of each, e.g. ``{"mild": 0.6, "severe": 0.4}``.
    """

    name: Text | None = None
    severity: Distribution | None = None


class MedicationSpec(Coded):
    """A medication; its code is of RxNorm unless `code_system` says otherwise.

    Attributes:
        name: What it is called.
    """

    name: Text | None = None


class LabSpec(Coded):
    """A measurement; its code is of LOINC unless `code_system` says otherwise.

    Attributes:
        name: What it is called.
        value: The value, or how values are spread.
        unit: UCUM unit of the value, e.g. ``%`` or ``mg/dL``.
    """

    name: Text | None = None
    value: Distribution | None = None
    unit: Text | None = None


class ClinicalSpec(Declared):
    """Another way to write `ProfileSpecification.conditions`: one primary, and what comes with it.

    Attributes:
        primary_condition: What everybody (or its prevalence) has.
        comorbidities: What comes with it.
        severity: Severity overall.
    """

    primary_condition: ConditionSpec | None = None
    comorbidities: Annotated[list[ConditionSpec], Strict()] = Field(default=[])
    severity: Distribution | None = None
