import collections
import importlib.resources
import json
import re

import pytest

from healthsim_lake.entities.naming import plural_of, singular_of
from healthsim_lake.entities.registry import Registry, builtin_types
from healthsim_lake.entities.types import EntityType

IMPLEMENTED = [
    "patients",
    "encounters",
    "diagnoses",
    "medications",
    "lab_results",
    "vital_signs",
    "orders",
    "clinical_notes",
    "members",
    "claims",
    "claim_lines",
    "prescriptions",
    "pharmacy_claims",
    "subjects",
    "trial_visits",
    "adverse_events",
    "exposures",
]
COUNTED = [
    "persons",
    "providers",
    "facilities",
    "procedures",
    "allergies",
    "accumulators",
    "authorizations",
    "rx_members",
    "dur_alerts",
    "pharmacies",
    "studies",
    "sites",
    "treatment_arms",
    "visit_schedule",
    "disposition_events",
    "geographic_entities",
    "population_profiles",
    "health_indicators",
    "sdoh_indices",
    "cohort_specifications",
    "networks",
    "network_providers",
    "network_facilities",
    "provider_specialties",
]
SYNTHEA = [
    "immunizations",
    "care_plans",
    "devices",
    "imaging_studies",
    "supplies",
    "payers",
    "organizations",
    "payer_transitions",
    "observations",
    "claim_transactions",
    "patient_expenses",
]
PRODUCTS = {
    "healthsim",
    "patientsim",
    "membersim",
    "rxmembersim",
    "trialsim",
    "populationsim",
    "networksim",
}
MONEY = re.compile(
    r"cost|charge|amount|paid|allowed|fee$|deductible|copay|coinsurance|oop_max|revenue$|payments"
    r"|adjustments|transfers|outstanding|expenses|coverage$|responsibility|plan_paid|_applied"
)
CODES = re.compile(
    r"(^|_)(id|mrn|ssn|npi|ndc|gpi|code|zip|fips|number|bin|pcn|udi|uid|dea|ccn|zcta)$"
)
NUMBERS = {"line_number", "fill_number", "dose_number", "value_number"}

TYPES = {known.name: known for known in builtin_types()}
FOLDER = importlib.resources.files("healthsim_lake.builtin") / "entities"
FIELDS = [(known, spec) for known in TYPES.values() for spec in known.fields]


def named(value):
    if isinstance(value, EntityType):
        return value.name
    return getattr(value, "name", str(value))


every_type = pytest.mark.parametrize("known", TYPES.values(), ids=named)


def test_every_type_that_the_design_names_has_a_document():
    assert sorted(TYPES) == sorted([*IMPLEMENTED, *COUNTED, *SYNTHEA])
    assert (len(IMPLEMENTED), len(COUNTED), len(SYNTHEA)) == (17, 24, 11)


@every_type
def test_a_document_is_named_after_its_table_and_reads_back_the_same(known):
    document = json.loads((FOLDER / f"{known.name}.json").read_bytes())
    assert document == known.document()
    assert EntityType.model_validate(document) == known
    assert known.origin == "builtin"
    assert known.product in PRODUCTS


@every_type
def test_a_document_keeps_one_field_on_a_line(known):
    lines = (FOLDER / f"{known.name}.json").read_text(encoding="utf-8").splitlines()
    fields = [line for line in lines if line.startswith('    {"id": ')]
    assert len(fields) == len(known.fields)


@every_type
def test_plural_and_singular_lead_to_each_other(known):
    if known.name == "visit_schedule":  # named after the schedule, its rows are visits
        assert known.singular == "scheduled_visit"
        return
    assert plural_of(known.singular) == known.name
    assert singular_of(known.name) == known.singular


@every_type
def test_field_ids_count_from_one(known):
    assert [spec.id for spec in known.fields] == list(range(1, len(known.fields) + 1))


@every_type
def test_a_row_is_known_by_a_text_column(known):
    assert known.key is not None
    assert known.by_name[known.key].type == "text"


@every_type
def test_no_place_in_a_row_feeds_two_columns(known):
    places = collections.Counter(place for spec in known.columns for place in spec.places)
    assert [place for place, count in places.items() if count > 1] == []


@every_type
def test_an_object_that_is_taken_apart_is_no_column_of_its_own(known):
    nested = {place[0] for spec in known.fields for place in spec.places if len(place) > 1}
    assert nested.isdisjoint(known.by_name)


@every_type
def test_a_reference_points_to_a_column_of_the_same_kind(known):
    for spec in known.fields:
        if spec.references is not None:
            table, column = spec.references.split(".")
            assert TYPES[table].by_name[column].type == spec.type, spec.name


def test_every_name_and_alias_means_one_type():
    registry = Registry().with_types(builtin_types())
    for known in TYPES.values():
        for name in (known.name, known.singular, *known.aliases):
            assert registry.get(name).name == known.name


def test_money_is_decimal():
    wrong = [
        f"{known.name}.{spec.name}: {spec.type}"
        for known, spec in FIELDS
        if "US dollars" in spec.description
        and spec.kind.name != "decimal"
        and "whole US dollars" not in spec.description
    ]
    assert wrong == []


def test_what_sounds_like_money_says_its_currency():
    silent = [
        f"{known.name}.{spec.name}"
        for known, spec in FIELDS
        if spec.kind.name in {"decimal", "int", "float"}
        and MONEY.search(spec.name)
        and "US dollars" not in spec.description
    ]
    assert silent == []


def test_floats_are_only_measurements():
    floats = {spec.name for _, spec in FIELDS if spec.type == "float"}
    assert floats == {"latitude", "longitude", "value_number", "qols_avg", "land_area_sq_mi"}


def test_codes_and_numbers_of_things_are_text():
    wrong = [
        f"{known.name}.{spec.name}: {spec.type}"
        for known, spec in FIELDS
        if CODES.search(spec.name) and spec.type != "text" and spec.name not in NUMBERS
    ]
    assert wrong == []


def test_every_type_and_column_is_described_in_a_line_of_its_own():
    for known in TYPES.values():
        assert re.fullmatch(r"[^\n]{20,200}\.", known.description), known.name
        lines = [spec.description for spec in known.fields]
        assert all(re.fullmatch(r"[^\n]{8,160}\.", line) for line in lines), known.name
        assert len(set(lines)) == len(lines), known.name
    types = [known.description for known in TYPES.values()]
    assert len(set(types)) == len(types)


@pytest.mark.parametrize(
    "name", ["patient_mrn", "encounter_id", "member_id", "usubjid", "description", "service_date"]
)
def test_a_column_that_means_the_same_everywhere_has_one_type(name):
    kinds = [spec.type for _, spec in FIELDS if spec.name == name]
    assert len(kinds) > 1
    assert len(set(kinds)) == 1


@pytest.mark.parametrize(
    ("table", "key", "columns"),
    [
        (
            "patients",
            "id",
            "id mrn ssn given_name middle_name family_name suffix prefix birth_date",
        ),
        ("encounters", "encounter_id", "encounter_id patient_mrn class_code status admission_time"),
        ("diagnoses", "id", "id code description type patient_mrn encounter_id diagnosed_date"),
        (
            "vital_signs",
            "id",
            "id patient_mrn encounter_id observation_time temperature heart_rate",
        ),
        ("claims", "claim_id", "claim_id claim_type member_id subscriber_id provider_npi"),
        ("prescriptions", "prescription_number", "prescription_number patient_mrn member_id ndc"),
        ("pharmacy_claims", "claim_id", "claim_id transaction_code service_date pharmacy_npi"),
        ("adverse_events", "id", "id usubjid aeseq aeterm aedecod aebodsys aestdtc aeendtc aesev"),
    ],
)
def test_implemented_tables_keep_their_key_and_first_columns(table, key, columns):
    assert TYPES[table].key == key
    first = columns.split()
    assert [spec.name for spec in TYPES[table].fields[: len(first)]] == first


def test_allowed_values_keep_the_spelling_of_the_specifications():
    assert TYPES["encounters"].by_name["status"].values == (
        "planned",
        "arrived",
        "in-progress",
        "on-hold",
        "finished",
        "cancelled",
    )
    assert TYPES["studies"].by_name["phase"].values[1] == "Phase 1/2"
    assert TYPES["subjects"].by_name["ethnicity"].values[1] == "Not Hispanic or Latino"


@pytest.mark.parametrize(
    ("table", "place", "column"),
    [
        ("patients", ("name", "given"), "given_name"),
        ("patients", ("dob",), "birth_date"),
        ("patients", ("address", "postalCode"), "postal_code"),
        ("patients", ("telecom", "phone"), "phone"),
        ("encounters", ("class",), "class_code"),
        ("encounters", ("period", "start"), "admission_time"),
        ("encounters", ("patient_id",), "patient_mrn"),
        ("diagnoses", ("onsetDateTime",), "diagnosed_date"),
        ("members", ("group_number",), "group_id"),
        ("members", ("pbp_id",), "plan_code"),
        ("prescriptions", ("drug_ndc",), "ndc"),
        ("adverse_events", ("_provenance", "seed"), "generation_seed"),
    ],
)
def test_other_spellings_of_a_key_feed_the_same_column(table, place, column):
    assert place in TYPES[table].by_name[column].places
