"""Journeys: what is kept as given, and what cannot be meant."""

from __future__ import annotations

import itertools

import pytest

from healthsim_lake.errors import InvalidSpecificationError
from healthsim_lake.specs import DelaySpec, JourneySpecification, ProfileSpecification


def event(name: str, **more: object) -> dict:
    return {"event_id": name, "event_type": "encounter", **more}


EVERYTHING = {
    "journey_id": "diabetic-year",
    "name": "A diabetic's year",
    "duration_days": 365,
    "products": ["patientsim", "membersim"],
    "owner": {"team": "quality"},
    "phases": [
        {"phase_id": "start", "start_day": 0, "end_day": 30, "events": ["diagnosis"]},
        {"name": "Care", "events": ["visit", event("only-here", depends_on="visit")]},
    ],
    "events": [
        {
            "event_id": "diagnosis",
            "name": "Diagnosis",
            "event_type": "diagnosis",
            "product": "patientsim",
            "parameters": {"icd10": "E11.9"},
            "triggers": [
                {
                    "target_product": "membersim",
                    "event_type": "claim_professional",
                    "delay": {"days": 3},
                    "parameters": {"cpt": "99214"},
                },
                {"target_event": "visit"},
            ],
        },
        event(
            "visit",
            delay={"days": 90, "days_min": 80, "days_max": 100, "distribution": "normal"},
            depends_on=["diagnosis"],
            probability=0.9,
            conditions=[
                {"field": "age", "operator": "gte", "value": 65},
                {"field": "state", "operator": "in", "value": ["TX"]},
                {"field": "status", "value": True},
            ],
            condition="diabetes",
            note="kept",
        ),
    ],
}

WRONG = {
    "a negative delay": ([event("a", delay={"days": -1})], "events[0].delay.days: must not be negative, but is -1"),
    "an unknown key in a delay": ([event("a", delay={"weeks": 2})], "events[0].delay.weeks: is not known here; known are days, min_days, max_days"),
    "a delay that is a number": ([event("a", delay=5)], "events[0].delay: must be an object"),
    "a delay in words": ([event("a", delay={"days": "5"})], "events[0].delay.days: must be a number, not '5'"),
    "a delay that runs backwards": ([event("a", delay={"min_days": 9, "max_days": 3})], r"events[0].delay: min_days (9) is greater than max_days (3)"),
    "a delay outside its range": ([event("a", delay={"days": 5, "min_days": 6, "max_days": 9})], "events[0].delay: days (5) lies outside 6 to 9"),
    "a delay without end": ([event("a", delay={"min_days": 5})], "events[0].delay: min_days needs max_days"),
    "two spellings that differ": ([event("a", delay={"min_days": 1, "days_min": 2, "max_days": 3})], "events[0].delay: min_days and days_min mean the same, but differ"),
    "a fixed range": ([event("a", delay={"min_days": 1, "max_days": 3, "distribution": "fixed"})], "events[0].delay: a fixed delay needs days"),
    "a bell without range": ([event("a", delay={"days": 5, "distribution": "normal"})], "events[0].delay: a normal delay needs min_days and max_days"),
    "an unknown distribution": ([event("a", delay={"days": 5, "distribution": "zipf"})], "events[0].delay.distribution: must be 'fixed', 'uniform' or 'normal'"),
    "a probability over 1": ([event("a"), event("b", probability=1.5)], "events[1].probability: must be between 0 and 1, but is 1.5"),
    "an event that waits for itself": ([event("a", depends_on="a")], "events[0].depends_on: 'a' waits for itself"),
    "an event among those it waits for": ([event("a"), event("b", depends_on=["a", "b"])], "events[1].depends_on: 'b' waits for itself"),
    "a circle": ([event("a", depends_on="c"), event("b", depends_on="a"), event("c", depends_on="b")], "events wait for each other in a circle: "),
    "a circle through a trigger": ([event("a", depends_on="b"), event("b", depends_on="c"), event("c"), event("d", depends_on="a", triggers=[{"target_event": "c"}])], "events wait for each other in a circle: "),
    "a wait for nobody": ([event("visit-1"), event("b", depends_on="visit-2")], "events[1].depends_on: there is no event 'visit-2'; did you mean 'visit-1'?"),
    "a wait for nobody in a list": ([event("a"), event("b", depends_on=["a", "zz"])], "events[1].depends_on[1]: there is no event 'zz'; known are 'a', 'b'"),
    "a trigger of nobody": ([event("a", triggers=[{"target_event": "zz"}])], "events[0].triggers[0].target_event: there is no event 'zz'"),
    "a trigger of nothing": ([event("a", triggers=[{"target_product": "membersim"}])], "events[0].triggers[0]: a trigger needs event_type, or target_event"),
    "a trigger into the past": ([event("a", triggers=[{"event_type": "claim", "delay": {"days": -2}}])], "events[0].triggers[0].delay.days: must not be negative"),
    "an id given twice": ([event("a"), event("a")], "events[1].event_id: 'a' is the id of two events"),
    "an event without id": ([{"event_type": "encounter"}], "events[0].event_id: is missing"),
    "an event without type": ([{"event_id": "a"}], "events[0].event_type: is missing"),
    "an empty id": ([event("")], "events[0].event_id: must not be empty"),
    "an unknown operator": ([event("a", conditions=[{"field": "x", "operator": "like", "value": 1}])], "events[0].conditions[0].operator: must be 'eq'"),
    "a membership in a number": ([event("a", conditions=[{"field": "x", "operator": "in", "value": 1}])], "events[0].conditions[0].value: operator in needs a list"),
    "an order of lists": ([event("a", conditions=[{"field": "x", "operator": "lt", "value": []}])], "events[0].conditions[0].value: operator lt needs a number or text"),
    "a condition of nothing": ([event("a", conditions=[{"value": 1}])], "events[0].conditions[0].field: is missing"),
    "parameters as text": ([event("a", parameters="E11")], "events[0].parameters: must be an object"),
    "events by name": ({"a": {}}, "events: must be a list"),
    "an event that is text": (["a"], "events[0]: must be an object"),
}  # fmt: skip


@pytest.mark.parametrize(("events", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_meant_is_refused_with_its_path(events, message):
    with pytest.raises(InvalidSpecificationError) as caught:
        JourneySpecification.from_dict({"name": "j", "events": events})
    assert message in str(caught.value)
    assert str(caught.value).startswith("journey specification: ")


def test_a_circle_is_told_in_the_order_of_waiting():
    events = [event("a", depends_on="b"), event("b", depends_on="c"), event("c", depends_on="a")]
    with pytest.raises(InvalidSpecificationError) as caught:
        JourneySpecification(events=events)
    told = str(caught.value).rpartition("in a circle: ")[2].split(" waits for ")
    waits = {"'a'": "'b'", "'b'": "'c'", "'c'": "'a'"}
    assert len(told) == 4
    assert all(waits[one] == other for one, other in itertools.pairwise(told))


def test_a_document_comes_back_as_it_was_given():
    journey = JourneySpecification.from_dict(EVERYTHING)
    assert journey == EVERYTHING
    assert journey.to_dict() == EVERYTHING
    assert JourneySpecification.from_dict(journey.to_dict()) == journey


def test_the_meaning_of_a_document_is_at_hand():
    journey = JourneySpecification.from_dict(EVERYTHING)
    assert [one.event_id for one in journey.all_events] == ["diagnosis", "visit", "only-here"]
    assert journey.all_events[1].waits_for == ("diagnosis",)
    assert journey.all_events[2].waits_for == ("visit",)
    assert journey.all_events[1].name == "visit"
    assert journey.all_events[0].triggers[0].delay.shortest == 3
    assert JourneySpecification(name="My Journey").journey_id == "my-journey"


def test_phases_are_checked_too():
    def refused(phases: list) -> str:
        with pytest.raises(InvalidSpecificationError) as caught:
            JourneySpecification(events=[event("a")], phases=phases)
        return str(caught.value)

    assert "phases[0].events[1]: there is no event 'b'" in refused([{"events": ["a", "b"]}])
    assert "phases[0].events[0].event_id: 'a' is the id of two" in refused(
        [{"events": [event("a")]}]
    )
    assert "phases[0]: start_day (9) is after end_day (8)" in refused(
        [{"start_day": 9, "end_day": 8}]
    )
    assert "phases[0].events[0].probability: must be" in refused(
        [{"events": [event("b", probability=3)]}]
    )


@pytest.mark.parametrize(
    ("delay", "kind", "shortest", "longest"),
    [
        ({}, "fixed", 0, 0),
        ({"days": 30}, "fixed", 30, 30),
        ({"min_days": 90, "max_days": 90}, "fixed", 90, 90),
        ({"min_days": 14, "max_days": 30}, "uniform", 14, 30),
        ({"days_min": 14, "days_max": 30}, "uniform", 14, 30),
        ({"max_days": 30}, "uniform", 0, 30),
        ({"days": 7, "days_min": 5, "days_max": 9}, "uniform", 5, 9),
        ({"days": 7, "min_days": 5, "max_days": 9, "distribution": "fixed"}, "fixed", 7, 7),
        ({"days": 7, "min_days": 5, "max_days": 9, "distribution": "normal"}, "normal", 5, 9),
        ({"days": 0.5, "min_days": None, "distribution": None}, "fixed", 0.5, 0.5),
    ],
)
def test_a_delay_means_what_it_says(delay, kind, shortest, longest):
    read = DelaySpec.from_dict(delay)
    assert (read.kind, read.shortest, read.longest) == (kind, shortest, longest)
    assert read == delay


def test_a_specification_of_another_kind_is_refused():
    with pytest.raises(InvalidSpecificationError, match="this is a profile"):
        JourneySpecification.from_dict({"demographics": {"count": 5}})
    with pytest.raises(InvalidSpecificationError, match="this is a profile specification"):
        JourneySpecification.from_dict(ProfileSpecification(name="p"))


def test_a_thousand_events_in_a_row_can_unfold():
    events = [event("e0")]
    events += [event(f"e{at}", depends_on=f"e{at - 1}", delay={"days": 1}) for at in range(1, 1000)]
    assert len(JourneySpecification(events=events).all_events) == 1000
