import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthsim_lake.entities.naming import (
    RESERVED_TABLES,
    plural_of,
    singular_of,
    snake_case,
    table_name_for,
)
from healthsim_lake.entities.registry import Reference, Registry, builtin_types, describe
from healthsim_lake.entities.types import EntityType, FieldSpec
from healthsim_lake.errors import EntityTypeNotFoundError, InputError, InvalidNameError

PAIRS = [
    ("patient", "patients"),
    ("lab_result", "lab_results"),
    ("diagnosis", "diagnoses"),
    ("prognosis", "prognoses"),
    ("analysis", "analyses"),
    ("hypothesis", "hypotheses"),
    ("crisis", "crises"),
    ("metastasis", "metastases"),
    ("person", "persons"),
    ("child", "children"),
    ("woman", "women"),
    ("imaging_study", "imaging_studies"),
    ("facility", "facilities"),
    ("pharmacy", "pharmacies"),
    ("history", "histories"),
    ("medical_history", "medical_histories"),
    ("survey", "surveys"),
    ("sdoh_index", "sdoh_indices"),
    ("status", "statuses"),
    ("virus", "viruses"),
    ("series", "series"),
    ("claim_data", "claim_data"),
    ("address", "addresses"),
    ("batch", "batches"),
    ("rash", "rashes"),
    ("box", "boxes"),
    ("quiz", "quizzes"),
    ("disease", "diseases"),
    ("dose", "doses"),
    ("response", "responses"),
    ("size", "sizes"),
    ("cause", "causes"),
    ("valve", "valves"),
    ("cache", "caches"),
    ("criterion", "criteria"),
    ("axis", "axes"),
]


def wearable(name="wearables", singular_name="wearable", **more):
    return EntityType(
        name=name,
        singular=singular_name,
        fields=(FieldSpec(id=1, name="id", type="text"),),
        **more,
    )


@pytest.mark.parametrize(("one", "many"), PAIRS)
def test_singular_and_plural_lead_to_each_other(one, many):
    assert plural_of(one) == many
    assert singular_of(many) == one
    assert singular_of(one) == one


def test_people_are_understood_but_counted_as_persons():
    assert singular_of("people") == "person"
    assert table_name_for("People") == "persons"


@pytest.mark.parametrize(
    "spelling",
    [
        "LabResult",
        "labResult",
        "lab-result",
        "Lab Result",
        "LAB_RESULT",
        " lab  result ",
        "lab__result",
    ],
)
def test_every_spelling_has_one_snake_case(spelling):
    assert snake_case(spelling) == "lab_result"


def test_abbreviations_stay_together_in_snake_case():
    assert snake_case("SDOHIndex") == "sdoh_index"
    assert snake_case("HbA1cResult") == "hb_a1c_result"
    assert snake_case("ICD10Code") == "icd10_code"


@pytest.mark.parametrize(
    ("key", "table"),
    [
        ("WearableReading", "wearable_readings"),
        ("wearable_readings", "wearable_readings"),
        ("family history", "family_histories"),
        ("Prognosis", "prognoses"),
        ("labs_2024", "labs_2024"),
        ("bus", "buses"),
        ("mri", "mris"),
        ("MRIs", "mris"),
        ("menus", "menus"),
        ("arthritis", "arthritis"),
        ("sinu", "sinu"),
        ("ouie", "ouies"),
        ("status", "statuses"),
    ],
)
def test_an_unknown_type_gets_a_plural_table(key, table):
    assert table_name_for(key) == table


@given(st.text("abceghinosuxyz_", min_size=1, max_size=9))
def test_a_table_name_is_its_own_table_name(key):
    try:
        table = table_name_for(key)
    except InvalidNameError:
        return
    assert table_name_for(table) == table


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("a/b", "slash"),
        ("..\\b", "slash"),
        ("", "1 to 63"),
        ("___", "1 to 63"),
        ("2024_labs", "starts with a letter"),
        ("größe", "a-z"),
        ("dotted.name", "a-z"),
        ("x" * 63, "1 to 63"),
        ("scenario", "catalog"),
        ("Scenario Tags", "catalog"),
        ("journeys", "catalog"),
        ("ProfileExecution", "catalog"),
    ],
)
def test_a_key_that_makes_no_table_is_refused_with_the_reason(key, reason):
    with pytest.raises(InvalidNameError, match=reason):
        table_name_for(key)


def test_no_built_in_type_has_a_reserved_name():
    assert RESERVED_TABLES.isdisjoint(Registry().names())


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("patients", "patients"),
        ("Patient", "patients"),
        ("diagnosis", "diagnoses"),
        ("DIAGNOSES", "diagnoses"),
        ("LabResult", "lab_results"),
        ("lab-results", "lab_results"),
        ("LABRESULTS", "lab_results"),
        ("labs", "lab_results"),
        ("Lab", "lab_results"),
        ("vitals", "vital_signs"),
        ("vital", "vital_signs"),
        ("VitalSigns", "vital_signs"),
        ("actual_visit", "trial_visits"),
        ("conditions", "diagnoses"),
        ("scheduledVisit", "visit_schedule"),
        ("scheduled_visits", "visit_schedule"),
        ("visit_schedule", "visit_schedule"),
        ("people", "persons"),
        ("sdoh_indexes", "sdoh_indices"),
        ("careplans", "care_plans"),
    ],
)
def test_a_type_is_found_under_every_name_it_goes_by(name, table):
    found = Registry().find(name)
    assert found is not None
    assert found.name == table


@pytest.mark.parametrize("name", ["", "/", "wearables", "größe", "patients/", "_"])
def test_an_unknown_name_finds_nothing(name):
    assert Registry().find(name) is None


def test_a_missing_type_is_an_error_that_names_close_matches():
    with pytest.raises(EntityTypeNotFoundError, match="'patiens'; did you mean patients"):
        Registry().get("patiens")


def test_a_missing_type_without_close_matches_lists_what_is_known():
    with pytest.raises(EntityTypeNotFoundError, match="known are accumulators, adverse_events"):
        Registry().get("qqqqq")


def test_a_registry_iterates_over_its_types_by_name():
    registry = Registry()
    assert [known.name for known in registry] == list(registry.names()) == sorted(registry.names())
    assert len(registry) == len(builtin_types())


def test_a_declared_type_takes_the_place_of_the_built_in_one():
    own = wearable("patients", "patient")
    registry = Registry([own])
    assert registry.get("Patient") is own
    assert len(registry) == len(builtin_types())


def test_a_declared_type_is_found_beside_the_built_in_ones():
    registry = Registry([wearable(aliases=("fitness_trackers",))])
    assert registry.get("FitnessTracker").name == "wearables"
    assert registry.get("patients").name == "patients"


def test_a_pinned_name_outlives_a_built_in_alias_of_the_same_name():
    pinned = wearable("vitals", "vital")
    registry = Registry([pinned])
    assert registry.get("vitals") is pinned
    assert registry.get("Vital") is pinned
    assert registry.get("vital_signs").name == "vital_signs"


def test_a_pinned_alias_never_hides_a_built_in_table():
    registry = Registry([wearable(aliases=("encounters",))])
    assert registry.get("encounters").name == "encounters"
    assert registry.get("Encounters").name == "encounters"


def test_a_pinned_alias_goes_before_a_built_in_alias():
    registry = Registry([wearable(aliases=("labs",))])
    assert registry.get("labs").name == "wearables"


def test_pinned_types_that_share_an_alias_are_still_readable():
    registry = Registry([wearable(aliases=("x",)), wearable("gadgets", "gadget", aliases=("x",))])
    assert registry.get("x").name == "wearables"
    assert registry.get("gadgets").name == "gadgets"


def test_of_two_declared_types_with_one_name_the_later_one_counts():
    later = wearable(aliases=("trackers",))
    registry = Registry([wearable(), later])
    assert registry.get("wearables") is later
    assert len(registry) == len(builtin_types()) + 1


def test_with_types_leaves_the_old_registry_as_it_was():
    old = Registry()
    new = old.with_types([wearable()])
    assert old.find("wearable") is None
    assert new.get("wearable").name == "wearables"
    assert new.with_types([wearable("gadgets", "gadget")]).get("wearable").name == "wearables"


def test_with_types_replaces_a_type_of_the_same_name():
    first = Registry().with_types([wearable(aliases=("trackers",))])
    second = first.with_types([wearable(aliases=("gadgets",))])
    assert second.find("trackers") is None
    assert second.get("gadget").name == "wearables"


@pytest.mark.parametrize(
    ("types", "words"),
    [
        ([wearable(), wearable()], "wearables is declared twice"),
        ([wearable("conditions", "condition")], "'conditions' would mean both diagnoses and"),
        ([wearable(aliases=("labs",))], "'labs' would mean both lab_results and wearables"),
        ([wearable(aliases=("LabResult",))], "both lab_results and wearables"),
        ([wearable(singular_name="patient")], "'patient' would mean both patients and wearables"),
        ([wearable(aliases=("x",)), wearable("gadgets", "gadget", aliases=("x",))], "'x'"),
    ],
)
def test_with_types_refuses_a_name_that_means_two_types(types, words):
    with pytest.raises(InputError, match=words):
        Registry().with_types(types)


def test_a_new_type_is_not_blamed_for_an_overlap_that_was_pinned_before():
    registry = Registry([wearable("vitals", "vital")])
    assert registry.with_types([wearable()]).get("wearable").name == "wearables"


def test_references_are_known_in_both_directions():
    registry = Registry()
    expected = Reference("diagnoses", "patient_mrn", "patients", "mrn")
    assert expected in registry.references_of("diagnoses")
    assert expected in registry.references_to("patients")
    assert registry.references_of("nowhere") == ()


def test_built_in_types_are_read_once():
    assert builtin_types() is builtin_types()


def test_describe_tells_everything_about_a_table_as_json():
    patients = Registry().get("patients")
    described = describe(patients)
    assert json.loads(json.dumps(described)) == described
    assert described["key"] == "id"
    columns = {column["name"]: column for column in described["columns"]}
    assert columns["given_name"] == {
        "name": "given_name",
        "type": "text",
        "aliases": ["first_name", ["name", "given"], ["name", "given_name"]],
        "description": "First name.",
        "required": True,
        "values": [],
        "references": None,
    }
    assert columns["gender"]["values"] == ["M", "F", "O", "U"]
    assert "source_system" in columns


def test_the_registry_needs_no_engine():
    program = (
        "import sys, healthsim_lake.entities.registry as room; room.Registry();"
        "print(sorted({'duckdb', 'polars', 'fsspec', 'typer'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
