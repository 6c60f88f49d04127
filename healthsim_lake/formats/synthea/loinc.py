"""Which table an observation belongs to, and which column a vital sign fills besides."""

from __future__ import annotations

import re
from dataclasses import dataclass

from healthsim_lake.formats.synthea.layout import LAB_RESULTS, OBSERVATIONS, VITAL_SIGNS

_BY_CATEGORY = {"laboratory": LAB_RESULTS, "vital-signs": VITAL_SIGNS}


@dataclass(frozen=True, slots=True)
class Measure:
    """A vital sign with a column of its own.

    Attributes:
        column: The column of ``vital_signs``.
        unit: Unit that the column's name promises; None when it promises none.
    """

    column: str
    unit: str | None = None


MEASURES = {
    "8867-4": Measure("heart_rate"),
    "9279-1": Measure("respiratory_rate"),
    "8480-6": Measure("systolic_bp"),
    "8462-4": Measure("diastolic_bp"),
    "8310-5": Measure("temperature"),
    "2708-6": Measure("spo2"),
    "59408-5": Measure("spo2"),
    "8302-2": Measure("height_cm", "cm"),
    "29463-7": Measure("weight_kg", "kg"),
}
"""LOINC code to the column that holds the measure besides ``value``."""

MEASURE_COLUMNS = tuple(dict.fromkeys(measure.column for measure in MEASURES.values()))

# What Synthea puts under `vital-signs`, and other members of LOINC's vital signs panel 85353-1.
_VITAL_SIGNS = frozenset(
    {
        *MEASURES,
        "39156-5",  # body mass index
        "59576-9",  # body mass index percentile
        "77606-2",  # weight for length percentile
        "9843-4",  # head circumference
        "8287-5",  # head circumference by tape
        "8289-1",  # head circumference percentile
        "8306-3",  # body height, lying
        "8331-1",  # oral temperature
        "8478-0",  # mean blood pressure
        "85354-9",  # blood pressure panel
        "55284-4",  # blood pressure
        "72514-3",  # pain severity
        "2710-2",  # oxygen saturation, capillary
        "3141-9",  # body weight, measured
        "3140-1",  # body surface area
    }
)
# Laboratory codes that Synthea names by a short word, so that the name does not tell.
_LABORATORY_CODES = """
1742-6 1751-7 17861-6 1920-8 1975-2 1988-5 2019-8 2028-9 20565-8 20570-8 2069-3 2075-0 2085-9
2093-3 2160-0 2276-4 2339-0 2345-7 2498-4 2500-7 2571-8 2703-7 2744-1 2823-3 2857-1 2885-2
2947-0 2951-2 3016-3 3024-7 3094-0 33914-3 33959-8 38483-4 4544-3 4548-4 48065-7 48642-3
48643-1 49765-1 5902-2 6298-4 6299-2 6301-6 6690-2 6768-6 69405-9 718-7 777-3 785-6 786-4
787-2 788-0 789-8 89579-7 94531-1 98979-8 10834-0 13457-7 14804-9 14959-1 18262-6 21000-5
30934-4 32207-3 32623-1 33762-6 34714-6 57905-2
"""
_LABORATORY = frozenset(_LABORATORY_CODES.split())
# LOINC names laboratory tests "component [property] in system": the property or the system tells.
_LABORATORY_NAME = re.compile(
    r"\[(?:#|(?:Mass|Moles|Entitic|Enzymatic|Volume|Units|Presence|Arbitrary)\b)"
    r"|\bin (?:Serum|Plasma|Blood|Venous|Arterial|Capillary|Urine|Stool|Sputum|Respiratory|Body"
    r"|Cerebral|Specimen|Platelet|Red Blood)"
    r"|\bby Automated count",
    re.IGNORECASE,
)


def table_by_category(category: str) -> str:
    """Return the table for a value of the CATEGORY column, which may be empty."""
    return _BY_CATEGORY.get(category.strip().lower(), OBSERVATIONS)


def table_by_code(code: str, description: str) -> str:
    """Return the table for an observation of an export without categories (before 2020).

    Known vital signs and laboratory tests go by LOINC code. Other codes count as laboratory when
    their name follows LOINC's pattern for laboratory tests, such as ``Glucose [Mass/volume] in
    Blood``; surveys, scores and examinations do not.
    """
    if code in _VITAL_SIGNS:
        return VITAL_SIGNS
    if code in _LABORATORY or _LABORATORY_NAME.search(description):
        return LAB_RESULTS
    return OBSERVATIONS
