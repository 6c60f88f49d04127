"""The shipped profiles and journeys: valid, coded with codes that can exist, and able to unfold."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from healthsim_lake.formats.synthea import loinc
from healthsim_lake.specs import (
    EVENT_TYPES,
    PRODUCTS,
    JourneySpecification,
    ProfileSpecification,
    builtin_journeys,
    builtin_profiles,
)

CATALOG = Path(__file__).resolve().parents[2] / "catalog"
PROFILES = {name: ProfileSpecification.from_dict(one) for name, one in builtin_profiles().items()}
JOURNEYS = {name: JourneySpecification.from_dict(one) for name, one in builtin_journeys().items()}
DOCUMENTS = {**builtin_profiles(), **builtin_journeys()}

every_profile = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
every_journey = pytest.mark.parametrize("journey", JOURNEYS.values(), ids=JOURNEYS)

FORMATS = {
    # Letter, digit, digit or letter; then, after a point, up to four more; V, W, X, Y are causes.
    "ICD-10-CM": r"[A-TV-Z][0-9][0-9AB](\.[0-9A-Z]{1,4})?",
    "LOINC": r"[0-9]{1,5}-[0-9]",
    "CPT": r"[0-9]{4}[0-9FTU]",
    "HCPCS": r"[A-V][0-9]{4}",
    "RxNorm": r"[1-9][0-9]{0,7}",
    "NDC": r"[0-9]{11}|[0-9]{4}-[0-9]{4}-[0-9]{2}|[0-9]{5}-[0-9]{3}-[0-9]{2}|[0-9]{5}-[0-9]{4}-[0-9]",
}


def codes_in(value: object) -> Iterator[tuple[str, str, str]]:
    """Every code of a document as system, code and what it says that the code means."""
    if isinstance(value, dict):
        if "system" in value:
            yield value["system"], value["code"], value["display"]
        elif "code_system" in value:
            yield value["code_system"], value["code"], value["description"]
        for inner in value.values():
            yield from codes_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from codes_in(inner)


CODES = sorted(set(codes_in(DOCUMENTS)))


def has_loinc_check_digit(code: str) -> bool:
    number, digit = code.split("-")
    doubled = [int(one) * (2 if at % 2 == 0 else 1) for at, one in enumerate(reversed(number))]
    return (sum(one // 10 + one % 10 for one in doubled) + int(digit)) % 10 == 0


def days_of(journey: JourneySpecification) -> dict[str, tuple[float, float]]:
    """The first and the last day on which each event can happen."""
    events = {event.event_id: event for event in journey.all_events}

    def window(name: str) -> tuple[float, float]:
        event = events[name]
        before = [window(known) for known in event.waits_for] or [(0, 0)]
        return (
            max(first for first, _ in before) + event.delay.shortest,
            max(last for _, last in before) + event.delay.longest,
        )

    return {name: window(name) for name in events}


def test_there_are_29_profiles_and_37_journeys():
    assert (len(PROFILES), len(JOURNEYS)) == (29, 37)
    assert {"medicare-diabetic", "ltc-nursing-home", "cvot-trial"} <= set(PROFILES)
    assert {"diabetic-first-year", "hf-management-skill", "step-therapy"} <= set(JOURNEYS)
    assert list(PROFILES) == sorted(PROFILES)


def test_what_is_handed_out_is_the_callers_own():
    builtin_profiles()["oncology"]["demographics"]["count"] = 0
    builtin_journeys()["step-therapy"]["events"].clear()
    assert builtin_profiles()["oncology"]["demographics"]["count"] == 100
    assert len(builtin_journeys()["step-therapy"]["events"]) == 7


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_stands_under_its_own_slug(name):
    document = DOCUMENTS[name]
    kind, key = ("profiles", "id") if name in PROFILES else ("journeys", "journey_id")
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert document[key] == name
    assert document["name"].strip()
    text = (CATALOG / kind / f"{name}.json").read_text()
    assert json.loads(text) == document
    assert text.startswith("{\n  ")
    assert text.endswith("}\n")


def test_documents_have_their_keys_in_one_order():
    events = [event for one in builtin_journeys().values() for event in one["events"]]
    for documents in (builtin_profiles().values(), builtin_journeys().values(), events):
        pairs = {pair for keys in documents for pair in itertools.combinations(keys, 2)}
        assert not pairs & {(later, earlier) for earlier, later in pairs}


def test_documents_are_no_copies_of_one_another():
    descriptions = [one["description"] for one in DOCUMENTS.values()]
    assert min(map(len, descriptions)) > 100
    assert len(set(descriptions)) == len(descriptions)
    bodies = Counter(json.dumps([one.get("events"), one.get("conditions"), one.get("demographics")])
                     for one in DOCUMENTS.values())  # fmt: skip
    assert bodies.most_common(1)[0][1] == 1


@pytest.mark.parametrize("kind", ["profile", "journey"])
def test_documents_follow_the_published_schema(kind):
    schema = json.loads((CATALOG / f"schemas/{kind}-specification.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    documents = builtin_profiles() if kind == "profile" else builtin_journeys()
    for name, document in documents.items():
        assert not list(validator.iter_errors(document)), name


def test_the_models_give_the_documents_back():
    assert {name: one.to_dict() for name, one in PROFILES.items()} == builtin_profiles()
    assert {name: one.to_dict() for name, one in JOURNEYS.items()} == builtin_journeys()


def test_no_key_looks_mistyped():
    assert [slip for one in (*PROFILES.values(), *JOURNEYS.values()) for slip in one.slips()] == []


def test_codes_have_the_form_of_their_system():
    assert len(CODES) > 150
    assert set(FORMATS) == {system for system, _, _ in CODES}
    wrong = [(system, code) for system, code, _ in CODES if not re.fullmatch(FORMATS[system], code)]
    assert not wrong


def test_check_digits_of_loinc_codes_verify():
    ours = {code for system, code, _ in CODES if system == "LOINC"}
    others = {*loinc.MEASURES, "2339-0", "98979-8", "94531-1"}
    assert len(ours) > 30
    assert not [code for code in ours | others if not has_loinc_check_digit(code)]
    assert not has_loinc_check_digit("4548-5")
    assert not has_loinc_check_digit("5448-4")


def test_a_code_means_the_same_everywhere():
    meanings = defaultdict(set)
    for system, code, display in CODES:
        meanings[system, code].add(display)
    assert not {code: said for code, said in meanings.items() if len(said) > 1 or "" in said}


@every_profile
def test_a_profile_says_how_many_of_whom_for_which_product(profile):
    assert profile.entity_count >= 1
    assert profile.demographics.age is not None
    assert profile.demographics.gender is not None
    assert profile.all_products
    assert set(profile.all_products) <= set(PRODUCTS)
    assert all(one.code and one.description for one in profile.all_conditions)


@every_journey
def test_a_journey_unfolds_within_its_time(journey):
    days = days_of(journey)
    assert max(last for _, last in days.values()) <= journey.duration_days
    assert min(first for first, _ in days.values()) == 0


@every_journey
def test_every_event_happens_within_its_one_phase(journey):
    days = days_of(journey)
    placed = [event for phase in journey.phases for event in phase.events]
    assert sorted(placed) == sorted(days)
    for phase in journey.phases:
        for event in phase.events:
            first, last = days[event]
            assert phase.start_day <= first <= last <= phase.end_day, (phase.phase_id, event)


@every_journey
def test_events_and_triggers_are_of_known_products_and_types(journey):
    assert set(journey.products) <= set(PRODUCTS)
    for event in journey.all_events:
        assert event.product in journey.products
        assert event.event_type in (*EVENT_TYPES[event.product], *EVENT_TYPES["core"])
        for trigger in event.triggers:
            if trigger.target_event is not None:
                assert trigger.target_event in {one.event_id for one in journey.all_events}
            else:
                assert trigger.target_product in journey.products
                assert trigger.event_type in EVENT_TYPES[trigger.target_product]


CODED_TYPES = {"diagnosis", "lab_order", "lab_result", "medication_order", "procedure", "encounter",
               "admission", "discharge", "claim_professional", "claim_institutional", "fill",
               "refill", "new_rx", "gap_identified"}  # fmt: skip


@every_journey
def test_clinical_events_carry_codes(journey):
    bare = [
        event.event_id
        for event in journey.all_events
        if event.event_type in CODED_TYPES and not event.parameters.get("codes")
    ]
    assert not bare


def test_what_resolves_by_itself_says_from_what():
    for name, journey in JOURNEYS.items():
        if name.endswith("-auto"):
            assert all(event.condition for event in journey.all_events), name
        if name.endswith("-skill"):
            references = [
                event.parameters["skill_ref"]
                for event in journey.all_events
                if "skill_ref" in event.parameters
            ]
            assert references, name
            assert all({"skill", "lookup", "context", "fallback"} == set(one) for one in references)
