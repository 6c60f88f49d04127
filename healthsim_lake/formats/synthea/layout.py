"""What Synthea's CSV files are called, and which field each of their columns feeds.

Synthea's CSV has no version. The columns are those of the exporter's sources and of the project's
`CSV File Data Dictionary` from 2017 to 2026, all generations side by side: a file has only some.
Headers are matched in any case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

PATIENTS = "patients"
LAB_RESULTS = "lab_results"
VITAL_SIGNS = "vital_signs"
OBSERVATIONS = "observations"


@dataclass(frozen=True, slots=True)
class Alternative:
    """Columns that changed their meaning but not their name.

    Attributes:
        probe: Header whose first value decides.
        usual: How that value begins when the columns mean what the layout says.
        fields: Header to field, when it looks otherwise.
    """

    probe: str
    usual: re.Pattern[str]
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Layout:
    """One of Synthea's files.

    Attributes:
        tables: Table to (header in upper case to field); more than one where rows are sorted
            into several tables.
        required: Headers, in upper case, that every generation has; they tell Synthea's file
            from somebody else's of the same name.
        alternative: Columns that changed their meaning, if any.
        expected: Whether an export without the file is incomplete.
    """

    tables: Mapping[str, Mapping[str, str]]
    required: tuple[str, ...]
    alternative: Alternative | None = None
    expected: bool = True
    headers: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        known = frozenset(header for fields in self.tables.values() for header in fields)
        object.__setattr__(self, "headers", known)


def _fields(*lines: str) -> dict[str, str]:
    """Read lines of ``HEADER field HEADER field``."""
    words = " ".join(lines).split()
    return dict(zip(words[::2], words[1::2], strict=True))


_WHO = "PATIENT patient_mrn ENCOUNTER encounter_id"
_WHAT = "CODE code DESCRIPTION description"
_WHY = "REASONCODE reason_code REASONDESCRIPTION reason_description"
_WHERE = "ADDRESS street_address CITY city STATE state ZIP postal_code LAT latitude LON longitude"
_COST = "COST base_cost BASE_COST base_cost"

_PATIENTS = _fields(
    "ID id BIRTHDATE birth_date DEATHDATE death_date SSN ssn DRIVERS drivers_license",
    "PASSPORT passport PREFIX prefix FIRST given_name MIDDLE middle_name LAST family_name",
    "SUFFIX suffix MAIDEN maiden_name MARITAL marital_status RACE race ETHNICITY ethnicity",
    "GENDER gender BIRTHPLACE birthplace COUNTY county FIPS county_fips INCOME income",
    "HEALTHCARE_EXPENSES healthcare_expenses HEALTHCARE_COVERAGE healthcare_coverage",
    _WHERE,
)
_ENCOUNTERS = _fields(
    "ID encounter_id DATE admission_time START admission_time STOP discharge_time",
    "PATIENT patient_mrn ORGANIZATION organization_id PROVIDER provider_id PAYER payer_id",
    "ENCOUNTERCLASS class_code COST base_encounter_cost BASE_ENCOUNTER_COST base_encounter_cost",
    "TOTAL_CLAIM_COST total_claim_cost PAYER_COVERAGE payer_coverage",
    _WHAT,
    _WHY,
)
_CONDITIONS = _fields("START diagnosed_date STOP resolved_date SYSTEM code_system", _WHO, _WHAT)
_MEDICATIONS = _fields(
    "START start_date STOP end_date PAYER payer_id CODE code DESCRIPTION name",
    "PAYER_COVERAGE payer_coverage DISPENSES dispenses TOTALCOST total_cost",
    _WHO,
    _COST,
    _WHY,
)
_PROCEDURES = _fields(
    "DATE start_time START start_time STOP end_time SYSTEM code_system", _WHO, _WHAT, _COST, _WHY
)
_ALLERGIES = _fields(
    "START onset_date STOP resolved_date SYSTEM code_system TYPE type CATEGORY category",
    "REACTION1 reaction1_code DESCRIPTION1 reaction1_description SEVERITY1 reaction1_severity",
    "REACTION2 reaction2_code DESCRIPTION2 reaction2_description SEVERITY2 reaction2_severity",
    _WHO,
    _WHAT,
)
_IMMUNIZATIONS = _fields("DATE administered_time", _WHO, _WHAT, _COST)
_CARE_PLANS = _fields("ID id START start_date STOP end_date", _WHO, _WHAT, _WHY)
_DEVICES = _fields("START start_time STOP end_time UDI udi", _WHO, _WHAT)
_SUPPLIES = _fields("DATE supply_date QUANTITY quantity", _WHO, _WHAT)
_IMAGING_STUDIES = _fields(
    "ID id DATE study_time SERIES_UID series_uid INSTANCE_UID instance_uid",
    "BODYSITE_CODE body_site_code BODYSITE_DESCRIPTION body_site_description",
    "MODALITY_CODE modality_code MODALITY_DESCRIPTION modality_description",
    "SOP_CODE sop_code SOP_DESCRIPTION sop_description PROCEDURE_CODE procedure_code",
    _WHO,
)
_ORGANIZATIONS = _fields(
    "ID organization_id NAME name PHONE phone REVENUE revenue UTILIZATION utilization NPI npi",
    _WHERE,
)
_PROVIDERS = _fields(
    "ID provider_id ORGANIZATION organization_id NAME name GENDER gender SPECIALITY specialty",
    "SPECIALTY specialty UTILIZATION utilization ENCOUNTERS encounter_count",
    "PROCEDURES procedure_count NPI npi",
    _WHERE,
)
_PAYERS = _fields(
    "ID payer_id NAME name OWNERSHIP ownership ADDRESS street_address CITY city",
    "STATE_HEADQUARTERED state ZIP postal_code PHONE phone REVENUE revenue",
    "AMOUNT_COVERED amount_covered AMOUNT_UNCOVERED amount_uncovered",
    "COVERED_ENCOUNTERS covered_encounters UNCOVERED_ENCOUNTERS uncovered_encounters",
    "COVERED_MEDICATIONS covered_medications UNCOVERED_MEDICATIONS uncovered_medications",
    "COVERED_PROCEDURES covered_procedures UNCOVERED_PROCEDURES uncovered_procedures",
    "COVERED_IMMUNIZATIONS covered_immunizations",
    "UNCOVERED_IMMUNIZATIONS uncovered_immunizations",
    "UNIQUE_CUSTOMERS unique_customers QOLS_AVG qols_avg MEMBER_MONTHS member_months",
)
_PAYER_TRANSITIONS = _fields(
    "PATIENT patient_mrn MEMBERID member_id START_YEAR start_year END_YEAR end_year",
    "START_DATE start_date END_DATE end_date PAYER payer_id SECONDARY_PAYER secondary_payer_id",
    "OWNERSHIP plan_ownership PLAN_OWNERSHIP plan_ownership OWNERNAME owner_name",
    "OWNER_NAME owner_name",
)
_CLAIMS = _fields(
    "ID claim_id PATIENTID patient_mrn PROVIDERID provider_id",
    "PRIMARYPATIENTINSURANCEID primary_payer_id SECONDARYPATIENTINSURANCEID secondary_payer_id",
    "DEPARTMENTID department_id PATIENTDEPARTMENTID patient_department_id",
    "DIAGNOSIS1 principal_diagnosis DIAGNOSIS2 diagnosis_2 DIAGNOSIS3 diagnosis_3",
    "DIAGNOSIS4 diagnosis_4 DIAGNOSIS5 diagnosis_5 DIAGNOSIS6 diagnosis_6",
    "DIAGNOSIS7 diagnosis_7 DIAGNOSIS8 diagnosis_8 REFERRINGPROVIDERID referring_provider_id",
    "APPOINTMENTID encounter_id CURRENTILLNESSDATE illness_time SERVICEDATE service_time",
    "SUPERVISINGPROVIDERID supervising_provider_id STATUS1 status_primary",
    "STATUS2 status_secondary STATUSP status_patient OUTSTANDING1 outstanding_primary",
    "OUTSTANDING2 outstanding_secondary OUTSTANDINGP outstanding_patient",
    "LASTBILLEDDATE1 last_billed_primary LASTBILLEDDATE2 last_billed_secondary",
    "LASTBILLEDDATEP last_billed_patient HEALTHCARECLAIMTYPEID1 claim_type_code_primary",
    "HEALTHCARECLAIMTYPEID2 claim_type_code_secondary",
)
_CLAIM_TRANSACTIONS = _fields(
    "ID id CLAIMID claim_id CHARGEID charge_id PATIENTID patient_mrn TYPE transaction_type",
    "AMOUNT amount METHOD method FROMDATE from_time TODATE to_time",
    "PLACEOFSERVICE organization_id PROCEDURECODE procedure_code MODIFIER1 modifier_1",
    "MODIFIER2 modifier_2 DIAGNOSISREF1 diagnosis_ref_1 DIAGNOSISREF2 diagnosis_ref_2",
    "DIAGNOSISREF3 diagnosis_ref_3 DIAGNOSISREF4 diagnosis_ref_4 UNITS units",
    "DEPARTMENTID department_id NOTES notes UNITAMOUNT unit_amount TRANSFEROUTID transfer_out_id",
    "TRANSFERTYPE transfer_type PAYMENTS payments ADJUSTMENTS adjustments TRANSFERS transfers",
    "OUTSTANDING outstanding APPOINTMENTID encounter_id LINENOTE line_note",
    "PATIENTINSURANCEID patient_insurance_id FEESCHEDULEID fee_schedule_id",
    "PROVIDERID provider_id SUPERVISINGPROVIDERID supervising_provider_id",
)
_PATIENT_EXPENSES = _fields(
    "PATIENT_ID patient_mrn YEAR year PAYER_ID payer_id INSURANCE_COSTS insurance_costs",
    "HEALTHCARE_EXPENSES healthcare_expenses COVERED_COSTS covered_costs",
)
_MEASURE = "CATEGORY category VALUE value UNIT unit UNITS unit TYPE value_type"
_LAB_RESULTS = _fields("DATE collected_time CODE loinc_code DESCRIPTION test_name", _WHO, _MEASURE)
_OTHER_OBSERVATIONS = _fields("DATE observation_time", _WHO, _WHAT, _MEASURE)

_YEARS_OR_DATES = Alternative(
    # Exports of 2021 and 2022 keep the old names but write timestamps.
    probe="START_YEAR",
    usual=re.compile(r"\d{4}$"),
    fields={"START_YEAR": "start_date", "END_YEAR": "end_date"},
)
_TIMES_OR_DATES = Alternative(
    probe="SERVICEDATE",
    usual=re.compile(r"\d{4}-\d\d-\d\d[T ]"),
    fields={"SERVICEDATE": "service_date"},
)

LAYOUTS: dict[str, Layout] = {
    "patients.csv": Layout({PATIENTS: _PATIENTS}, ("ID", "BIRTHDATE")),
    "organizations.csv": Layout({"organizations": _ORGANIZATIONS}, ("ID", "NAME", "ADDRESS")),
    "providers.csv": Layout({"providers": _PROVIDERS}, ("ID", "ORGANIZATION")),
    "payers.csv": Layout({"payers": _PAYERS}, ("ID", "NAME", "AMOUNT_COVERED")),
    "encounters.csv": Layout({"encounters": _ENCOUNTERS}, ("ID", "PATIENT", "CODE")),
    "conditions.csv": Layout({"diagnoses": _CONDITIONS}, ("PATIENT", "CODE")),
    "medications.csv": Layout({"medications": _MEDICATIONS}, ("PATIENT", "CODE")),
    "procedures.csv": Layout({"procedures": _PROCEDURES}, ("PATIENT", "CODE")),
    "observations.csv": Layout(
        {
            LAB_RESULTS: _LAB_RESULTS,
            VITAL_SIGNS: _OTHER_OBSERVATIONS,
            OBSERVATIONS: _OTHER_OBSERVATIONS,
        },
        ("PATIENT", "CODE", "VALUE"),
    ),
    "allergies.csv": Layout({"allergies": _ALLERGIES}, ("PATIENT", "CODE")),
    "immunizations.csv": Layout({"immunizations": _IMMUNIZATIONS}, ("PATIENT", "CODE")),
    "careplans.csv": Layout({"care_plans": _CARE_PLANS}, ("ID", "PATIENT", "CODE")),
    "devices.csv": Layout({"devices": _DEVICES}, ("PATIENT", "CODE")),
    "imaging_studies.csv": Layout({"imaging_studies": _IMAGING_STUDIES}, ("ID", "PATIENT")),
    "supplies.csv": Layout({"supplies": _SUPPLIES}, ("PATIENT", "CODE")),
    "payer_transitions.csv": Layout(
        {"payer_transitions": _PAYER_TRANSITIONS}, ("PATIENT", "PAYER"), _YEARS_OR_DATES
    ),
    "claims.csv": Layout({"claims": _CLAIMS}, ("ID", "PATIENTID"), _TIMES_OR_DATES),
    "claims_transactions.csv": Layout(
        {"claim_transactions": _CLAIM_TRANSACTIONS}, ("ID", "CLAIMID")
    ),
    "patient_expenses.csv": Layout(
        {"patient_expenses": _PATIENT_EXPENSES}, ("PATIENT_ID", "PAYER_ID"), expected=False
    ),
}
"""Synthea's files by lower-case name, in the order in which they are read."""
