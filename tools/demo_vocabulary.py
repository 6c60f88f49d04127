"""Words, codes and headers for the demo export: data for `make_demo_export.py`."""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """A code and what it means; the code system goes by where it is used."""

    code: str
    name: str


class Drug(NamedTuple):
    """A drug by its RxNorm code, with the cost of one dispense in US dollars."""

    code: str
    name: str
    cost: float


class Place(NamedTuple):
    """A city of Massachusetts with its county, the county's FIPS code, and a ZIP."""

    city: str
    county: str
    fips: str
    zip_code: str
    lat: float
    lon: float


class Clinic(NamedTuple):
    """An invented organization with one clinician."""

    name: str
    place: int
    specialty: str


class Payer(NamedTuple):
    """A payer and the share of each bill that it covers."""

    name: str
    ownership: str
    address: str
    city: str
    state: str
    zip_code: str
    share: float


HEADERS = {
    "patients": "Id BIRTHDATE DEATHDATE SSN DRIVERS PASSPORT PREFIX FIRST MIDDLE LAST SUFFIX "
    "MAIDEN MARITAL RACE ETHNICITY GENDER BIRTHPLACE ADDRESS CITY STATE COUNTY FIPS ZIP LAT LON "
    "HEALTHCARE_EXPENSES HEALTHCARE_COVERAGE INCOME",
    "organizations": "Id NAME ADDRESS CITY STATE ZIP LAT LON PHONE REVENUE UTILIZATION",
    "providers": "Id ORGANIZATION NAME GENDER SPECIALITY ADDRESS CITY STATE ZIP LAT LON ENCOUNTERS "
    "PROCEDURES",
    "payers": "Id NAME OWNERSHIP ADDRESS CITY STATE_HEADQUARTERED ZIP PHONE AMOUNT_COVERED "
    "AMOUNT_UNCOVERED REVENUE COVERED_ENCOUNTERS UNCOVERED_ENCOUNTERS UNIQUE_CUSTOMERS",
    "encounters": "Id START STOP PATIENT ORGANIZATION PROVIDER PAYER ENCOUNTERCLASS CODE "
    "DESCRIPTION BASE_ENCOUNTER_COST TOTAL_CLAIM_COST PAYER_COVERAGE REASONCODE REASONDESCRIPTION",
    "conditions": "START STOP PATIENT ENCOUNTER SYSTEM CODE DESCRIPTION",
    "medications": "START STOP PATIENT PAYER ENCOUNTER CODE DESCRIPTION BASE_COST PAYER_COVERAGE "
    "DISPENSES TOTALCOST REASONCODE REASONDESCRIPTION",
    "procedures": "START STOP PATIENT ENCOUNTER SYSTEM CODE DESCRIPTION BASE_COST REASONCODE "
    "REASONDESCRIPTION",
    "observations": "DATE PATIENT ENCOUNTER CATEGORY CODE DESCRIPTION VALUE UNITS TYPE",
    "allergies": "START STOP PATIENT ENCOUNTER CODE SYSTEM DESCRIPTION TYPE CATEGORY REACTION1 "
    "DESCRIPTION1 SEVERITY1 REACTION2 DESCRIPTION2 SEVERITY2",
    "immunizations": "DATE PATIENT ENCOUNTER CODE DESCRIPTION BASE_COST",
    "careplans": "Id START STOP PATIENT ENCOUNTER CODE DESCRIPTION REASONCODE REASONDESCRIPTION",
    "devices": "START STOP PATIENT ENCOUNTER CODE DESCRIPTION UDI",
    "claims": "Id PATIENTID PROVIDERID PRIMARYPATIENTINSURANCEID DIAGNOSIS1 DIAGNOSIS2 "
    "APPOINTMENTID SERVICEDATE STATUS1 STATUSP OUTSTANDING1 OUTSTANDINGP HEALTHCARECLAIMTYPEID1",
}

WOMEN = "Ana Beatriz Chloé Dolores Edith Fatima Grace Hannah Inés Joan Keiko Lucía Mabel Nora"
MEN = "Abel Björn César Dmitri Earl Felix George Hugo Isaac José Karl Luis Marvin Noé Otis"
FAMILIES = (
    "Abbott Baptiste Castañeda Dunn Ekström Fitzgerald García Hollis Ibarra Jansen Kowalski "
    "Lefèvre Marsh Núñez O'Hara Pruitt Quispe Rossi Sørensen Tran Underhill Vargas Whitlock Yoon"
)
STREETS = "Alder Birch Chestnut Dogwood Elm Foundry Granite Harbor Juniper Linden Mill"
RACES = ("white",) * 7 + ("black",) * 3 + ("asian",) * 2 + ("other",)

PLACES = (
    Place("Boston", "Suffolk County", "25025", "02115", 42.343, -71.092),
    Place("Cambridge", "Middlesex County", "25017", "02139", 42.365, -71.104),
    Place("Lowell", "Middlesex County", "25017", "01852", 42.634, -71.304),
    Place("Worcester", "Worcester County", "25027", "01608", 42.262, -71.802),
    Place("Springfield", "Hampden County", "25013", "01103", 42.104, -72.590),
    Place("New Bedford", "Bristol County", "25005", "02740", 41.635, -70.937),
)
CLINICS = (
    Clinic("SANDPIPER GENERAL HOSPITAL", 0, "INTERNAL MEDICINE"),
    Clinic("LONGFELLOW FAMILY PRACTICE", 1, "GENERAL PRACTICE"),
    Clinic("BLACKSTONE VALLEY CLINIC", 3, "GENERAL PRACTICE"),
    Clinic("OLD HARBOR DIABETES CENTER", 5, "ENDOCRINOLOGY"),
    Clinic("PIONEER URGENT CARE", 4, "EMERGENCY MEDICINE"),
)
DIABETES_CENTER, URGENT_CARE = 3, 4
PAYERS = (
    Payer("Medicare", "GOVERNMENT", "7500 Security Blvd", "Baltimore", "MD", "21244", 0.8),
    Payer("Medicaid", "GOVERNMENT", "7500 Security Blvd", "Baltimore", "MD", "21244", 0.95),
    Payer("Bay Colony Mutual", "PRIVATE", "1 Chestnut Street", "Boston", "MA", "02108", 0.7),
    Payer("NO_INSURANCE", "NO_INSURANCE", "", "", "", "", 0.0),
)
MEDICARE, MEDICAID, PRIVATE, UNINSURED = range(4)

NONE = Code("", "")
DIABETES = Code("44054006", "Diabetes mellitus type 2 (disorder)")
PREDIABETES = Code("714628002", "Prediabetes (finding)")
HYPERTENSION = Code("59621000", "Essential hypertension (disorder)")
HYPERLIPIDEMIA = Code("55822004", "Hyperlipidemia (disorder)")
OBESITY = Code("162864005", "Body mass index 30+ - obesity (finding)")
KIDNEY_DISEASE = Code("433144002", "Chronic kidney disease stage 3 (disorder)")
RETINOPATHY = Code("422034002", "Retinopathy due to type 2 diabetes mellitus (disorder)")
ASTHMA = Code("195967001", "Asthma (disorder)")
ILLNESSES = (
    Code("195662009", "Acute viral pharyngitis (disorder)"),
    Code("10509002", "Acute bronchitis (disorder)"),
    Code("444814009", "Viral sinusitis (disorder)"),
)
DRUGS = {
    DIABETES: Drug(
        "860975", "24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet", 13.5
    ),
    HYPERTENSION: Drug("314076", "lisinopril 10 MG Oral Tablet", 6.25),
    HYPERLIPIDEMIA: Drug("312961", "simvastatin 20 MG Oral Tablet", 9.8),
    ASTHMA: Drug("745679", "200 ACTUAT albuterol 0.09 MG/ACTUAT Metered Dose Inhaler", 41.0),
}

CHECKUP = Code("162673000", "General examination of patient (procedure)")
WELL_CHILD = Code("410620009", "Well child visit (procedure)")
FOLLOW_UP = Code("185349003", "Encounter for check up (procedure)")
SYMPTOM = Code("185345009", "Encounter for symptom (procedure)")
RECONCILIATION = Code("430193006", "Medication reconciliation (procedure)")
DEPRESSION_SCREENING = Code("171207006", "Depression screening (procedure)")
FOOT_EXAM = Code("401191002", "Diabetic foot examination (regime/therapy)")
EYE_EXAM = Code("722161008", "Diabetic retinal eye exam (procedure)")
SELF_MANAGEMENT = Code("735985000", "Diabetes self management plan (record artifact)")
PACEMAKER = Code("706004007", "Implantable cardiac pacemaker (physical object)")

FLU = Code("140", "Influenza, seasonal, injectable, preservative free")
HEPATITIS_B = Code("08", "Hep B, adolescent or pediatric")
PNEUMOCOCCAL = Code("33", "pneumococcal polysaccharide vaccine, 23 valent")

# Code, system, name, type, category.
ALLERGENS = (
    ("111088007", "SNOMED-CT", "Latex (substance)", "allergy", "environment"),
    ("7984", "RxNorm", "Penicillin V", "allergy", "medication"),
    ("762952008", "SNOMED-CT", "Peanut (substance)", "allergy", "food"),
    ("1191", "RxNorm", "Aspirin", "intolerance", "medication"),
)
ITCHING = Code("418290006", "Itching (finding)")
RASH = Code("271807003", "Eruption of skin (disorder)")

HEIGHT = Code("8302-2", "Body Height")
WEIGHT = Code("29463-7", "Body Weight")
BMI = Code("39156-5", "Body mass index (BMI) [Ratio]")
SYSTOLIC = Code("8480-6", "Systolic Blood Pressure")
DIASTOLIC = Code("8462-4", "Diastolic Blood Pressure")
HEART_RATE = Code("8867-4", "Heart rate")
TEMPERATURE = Code("8310-5", "Body temperature")
SMOKING = Code("72166-2", "Tobacco smoking status")
A1C = Code("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood")
GLUCOSE = Code("2339-0", "Glucose [Mass/volume] in Blood")
EGFR = Code("33914-3", "Glomerular filtration rate/1.73 sq M.predicted")
LDL = Code("18262-6", "Low Density Lipoprotein Cholesterol")
SNOMED = "http://snomed.info/sct"
