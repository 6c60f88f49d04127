"""Profiles: what is kept as given, and what cannot be meant."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from healthsim_lake.errors import InputError, InvalidSpecificationError
from healthsim_lake.specs import (
    AgeBands,
    DateWindow,
    DemographicsSpec,
    GenerationSpec,
    JourneySpecification,
    NormalDistribution,
    ProfileSpecification,
)

EVERYTHING = {
    "custom": {"cost": 1.0, "nested": [{"deep": None}], "flag": True},
    "id": "Texas_Diabetics",
    "name": "Texas diabetics",
    "demographics": {
        "count": 1000,
        "age": {"type": "normal", "mean": 72, "std_dev": 8.0, "min": 65, "max": 95},
        "gender": {"F": 0.52, "M": 0.48},
        "race": {"type": "categorical", "weights": {"white": 0.7, "black": 0.3}, "source": "ACS"},
        "geography": {"state": {"TX": 0.9, "OK": 0.1}, "county_fips": "48201"},
    },
    "conditions": [
        {"code": "E11.9", "name": "Type 2 diabetes", "prevalence": 1, "severity": "moderate"},
        {"code": "I10", "prevalence": 0.7, "severity": {"mild": 0.5, "severe": 0.5}, "since": 3},
    ],
    "labs": [{"code": "4548-4", "unit": "%", "value": {"median": 7.4, "sigma": 0.2, "max": 16}}],
    "medications": [{"code": "860975", "prevalence": 0.6}],
    "coverage": {"type": "Medicare", "plan_distribution": {"MA-PPO": 0.6, "MA-HMO": 0.4}},
    "generation": {"products": ["patientsim", "membersim"], "seed": 42, "validation": "strict"},
}

WRONG = {
    "a count that is text": ({"demographics": {"count": "12"}}, "demographics.count: must be a whole number, not '12'"),
    "a count of none": ({"generation": {"count": 0}}, "generation.count: must be at least 1, but is 0"),
    "a count of True": ({"demographics": {"count": True}}, "demographics.count: must be a whole number"),
    "two counts": ({"demographics": {"count": 5}, "generation": {"count": 6}}, "generation.count: is 6, but demographics.count, which means the same, is 5"),
    "a seed that is text": ({"generation": {"seed": "x"}}, "generation.seed: must be a whole number"),
    "a seed beyond 64 bits": ({"generation": {"seed": 2**64}}, "generation.seed: must be at most"),
    "a product named twice": ({"generation": {"products": ["a", "a"]}}, "generation: product 'a' is named twice"),
    "products as text": ({"generation": {"products": "patientsim"}}, "generation.products: must be a list"),
    "a prevalence over 1": ({"conditions": [{"code": "I10"}, {"prevalence": 1.01}]}, r"conditions[1].prevalence: must be between 0 and 1, but is 1.01"),
    "a negative prevalence": ({"clinical": {"comorbidities": [{"prevalence": -0.1}]}}, "clinical.comorbidities[0].prevalence: must be between 0 and 1"),
    "a prevalence in words": ({"clinical": {"primary_condition": {"prevalence": "high"}}}, "clinical.primary_condition.prevalence: must be a number, not 'high'"),
    "a group with more than everybody": ({"conditions": [{"code": "N18.31", "prevalence": 0.7, "exclusive_group": "ckd"}, {"code": "N18.32", "prevalence": 0.4, "exclusive_group": "ckd"}]}, "conditions: prevalences of the exclusive group 'ckd' sum to 1.1"),
    "shares over 1": ({"demographics": {"gender": {"F": 0.6, "M": 0.6}}}, "demographics.gender: shares sum to 1.2, which is more than 1"),
    "weights over 1": ({"demographics": {"race": {"type": "categorical", "weights": {"a": 0.7, "b": 0.4}}}}, "demographics.race.weights: shares sum to 1.1"),
    "no shares": ({"demographics": {"gender": {}}}, "demographics.gender: must name at least one category"),
    "a negative share": ({"coverage": {"plan_distribution": {"PPO": -1}}}, "coverage.plan_distribution.PPO: must be between 0 and 1"),
    "bounds in disorder": ({"demographics": {"age": {"type": "uniform", "min": 65, "max": 18}}}, r"demographics.age: min (65) is greater than max (18)"),
    "a misspelt bound": ({"demographics": {"age": {"mean": 5, "std_dev": 1, "maximum": 9}}}, "demographics.age.maximum: is not known here; known are"),
    "an unknown distribution": ({"demographics": {"age": {"type": "zipf"}}}, "demographics.age: must be a plain value, shares by category"),
    "a distribution as a list": ({"demographics": {"age": [1, 2]}}, "demographics.age: must be a plain value, shares by category"),
    "a bell without width": ({"demographics": {"age": {"mean": 5, "std_dev": 0}}}, "demographics.age.std_dev: must be greater than 0, but is 0"),
    "a negative age": ({"demographics": {"age": -1}}, "demographics.age: age must be an age from 0 to 130, not -1"),
    "an age of 200": ({"demographics": {"age": {"min": 0, "max": 200}}}, "demographics.age: max must be an age from 0 to 130, not 200"),
    "an age in words": ({"demographics": {"age": "old"}}, "demographics.age: 'old' is not an age band such as 65-74, 85+ or 7"),
    "bands that overlap": ({"demographics": {"age": {"bands": {"0-17": 0.5, "17-30": 0.5}}}}, "demographics.age.bands: the age bands 0-17 and 17-30 overlap"),
    "short bands that overlap": ({"demographics": {"age": {"7": 0.5, "5+": 0.5}}}, "demographics.age: the age bands 5+ and 7 overlap"),
    "a band that runs backwards": ({"demographics": {"age": {"bands": {"9-3": 1}}}}, "the age band 9-3 ends before it begins"),
    "a window that runs backwards": ({"conditions": [{"severity": {"start": "2026-02-01", "end": "2026-01-01"}}]}, r"conditions[0].severity: start (2026-02-01) is after end (2026-01-01)"),
    "a date that is none": ({"labs": [{"value": {"start": "2026-02-30", "end": "2026-03-01"}}]}, "labs[0].value.start: must be a date such as 2026-01-31, not '2026-02-30'"),
    "a geography that is a number": ({"demographics": {"geography": 5}}, "demographics.geography: must be an object"),
    "an id with blanks": ({"id": "two words"}, "id: String should match pattern"),
    "an empty name": ({"name": " "}, "name: must not be empty"),
    "no number": ({"demographics": {"age": float("nan")}}, "demographics.age: must be a finite number"),
    "an unknown key that is no JSON": ({"custom": {"a.b": {1, 2}}}, "custom['a.b']: is not a JSON value"),
    "keys that are no text": ({"custom": {1: 2}}, "custom[1]: must be text"),
    "infinity in an unknown key": ({"custom": [1.0, float("inf")]}, "custom[1]: must be a finite number"),
}  # fmt: skip


@pytest.mark.parametrize(("document", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_meant_is_refused_with_its_path(document, message):
    with pytest.raises(InvalidSpecificationError) as caught:
        ProfileSpecification.from_dict(document)
    assert message in str(caught.value)
    assert str(caught.value).startswith("profile specification: ")
    assert isinstance(caught.value, InputError)
    assert isinstance(caught.value, ValueError)


def test_everything_that_is_wrong_is_named_at_once():
    with pytest.raises(InvalidSpecificationError) as caught:
        ProfileSpecification(demographics={"count": -1}, conditions=[{"prevalence": 2}], name=7)
    assert [path for path, _ in caught.value.problems] == [
        ("name",),
        ("demographics", "count"),
        ("conditions", 0, "prevalence"),
    ]
    with pytest.raises(InvalidSpecificationError, match="and 12 more"):
        ProfileSpecification(conditions=[{"prevalence": 2}] * 20)


def test_parts_that_are_built_alone_refuse_too():
    with pytest.raises(
        InvalidSpecificationError, match="DemographicsSpec: count: must be at least"
    ):
        DemographicsSpec(count=-5)
    with pytest.raises(InvalidSpecificationError, match="NormalDistribution: std_dev: is missing"):
        NormalDistribution(mean=3)


def test_a_document_comes_back_as_it_was_given():
    specification = ProfileSpecification.from_dict(EVERYTHING)
    assert specification.to_dict() == EVERYTHING
    assert specification == EVERYTHING
    assert EVERYTHING == specification  # noqa: SIM300  # the other way round
    assert specification != {**EVERYTHING, "id": "another"}
    assert specification != {**EVERYTHING, "more": None}
    assert specification == ProfileSpecification.from_dict(specification.to_dict())
    assert specification == pickle.loads(pickle.dumps(specification))  # noqa: S301
    assert specification == copy.deepcopy(specification)
    kinds = [type(value) for value in specification.to_dict()["custom"].values()]
    assert kinds == [float, list, bool]


def test_a_document_does_not_change_with_what_it_was_made_from():
    given_document = copy.deepcopy(EVERYTHING)
    specification = ProfileSpecification.from_dict(given_document)
    given_document["custom"]["nested"].append("later")
    specification.to_dict()["demographics"]["gender"]["X"] = 1
    assert specification == EVERYTHING


def test_the_meaning_of_a_document_is_at_hand():
    specification = ProfileSpecification.from_dict(EVERYTHING)
    assert specification.entity_count == 1000
    assert specification.all_products == ("patientsim", "membersim")
    assert [one.code for one in specification.all_conditions] == ["E11.9", "I10"]
    assert specification.all_conditions[1].prevalence == 0.7
    assert isinstance(specification.demographics.age, NormalDistribution)
    assert specification.demographics.geography.state == {"TX": 0.9, "OK": 0.1}
    assert specification.custom["cost"] == 1.0


def test_nothing_has_to_be_given():
    empty = ProfileSpecification.from_dict({})
    assert empty == {}
    assert (empty.entity_count, empty.all_products, empty.all_conditions) == (None, (), ())


def test_the_id_is_made_from_the_name_but_not_written_out():
    specification = ProfileSpecification(name="Medicare & Diabetic (TX)")
    assert specification.id == "medicare-diabetic-tx"
    assert specification.to_dict() == {"name": "Medicare & Diabetic (TX)"}


@pytest.mark.parametrize("count", [{"demographics": {"count": 7}}, {"generation": {"count": 7}},
                                   {"demographics": {"count": 7}, "generation": {"count": 7}}])  # fmt: skip
def test_the_count_may_stand_in_either_place_or_in_both(count):
    assert ProfileSpecification.from_dict(count).entity_count == 7


def test_conditions_may_be_written_as_a_primary_one_and_others():
    specification = ProfileSpecification.from_dict(
        {
            "conditions": [{"code": "I10"}],
            "clinical": {
                "primary_condition": {"code": "E11"},
                "comorbidities": [{"code": "E78.5"}],
            },
        }
    )
    assert [one.code for one in specification.all_conditions] == ["E11", "E78.5", "I10"]


def test_a_profile_wrapped_in_one_key_is_read_and_stays_wrapped():
    wrapped = {
        "schema": 1,
        "profile": {"name": "W", "product": "membersim", "generation": {"count": 9}},
    }
    specification = ProfileSpecification.from_dict(wrapped)
    assert (specification.name, specification.entity_count) == ("W", 9)
    assert specification.all_products == ("membersim",)
    assert specification == wrapped
    assert ProfileSpecification.from_dict(specification.to_dict()) == wrapped
    with pytest.raises(InvalidSpecificationError, match=r"profile\.demographics\.count: must be"):
        ProfileSpecification.from_dict({"profile": {"demographics": {"count": 0}}})


def test_short_forms_of_distributions_are_told_by_their_keys():
    read = DemographicsSpec.from_dict
    assert isinstance(read({"age": {"65-74": 0.6, "75+": 0.4}}).age, dict)
    assert isinstance(read({"age": {"bands": {"65-74": 0.6}}}).age, AgeBands)
    assert read({"age": {"mean": 70, "std_dev": 5}}).age.type == "normal"
    assert read({"age": {"min": 70, "max": 75}}).age.type == "uniform"
    assert read({"age": {"median": 40, "sigma": 0.3, "min": 18}}).age.type == "log_normal"
    assert read({"age": {"value": 40}}).age.type == "fixed"
    assert read({"age": "65-90"}).age == "65-90"
    assert read({"age": 40, "gender": "F"}) == {"age": 40, "gender": "F"}
    window = DateWindow(start="2026-01-01", end="2026-01-01")
    assert window.to_dict() == {"start": "2026-01-01", "end": "2026-01-01"}


@pytest.mark.parametrize("document", [5, None, "text", [], b"{}"])
def test_a_document_that_is_no_object_is_refused(document):
    with pytest.raises(InvalidSpecificationError, match="must be an object"):
        ProfileSpecification.from_dict(document)


def test_keys_must_be_text():
    with pytest.raises(InvalidSpecificationError, match="keys must be text, not 5"):
        ProfileSpecification.from_dict({5: 1})


def test_a_specification_of_another_kind_is_refused():
    journey = {"journey_id": "j", "events": [{"event_id": "a", "event_type": "encounter"}]}
    with pytest.raises(InvalidSpecificationError, match="this is a journey"):
        ProfileSpecification.from_dict(journey)
    with pytest.raises(InvalidSpecificationError, match="this is a journey specification"):
        ProfileSpecification.from_dict(JourneySpecification.from_dict(journey))
    with pytest.raises(InvalidSpecificationError, match="this is a GenerationSpec"):
        ProfileSpecification.from_dict(GenerationSpec(count=3))


def test_a_document_with_a_cycle_is_refused():
    circle: dict = {"name": "round"}
    circle["custom"] = {"again": circle}
    with pytest.raises(InvalidSpecificationError, match="contains itself"):
        ProfileSpecification.from_dict(circle)
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(InvalidSpecificationError, match="nested too deeply") as caught:
        ProfileSpecification.from_dict({"custom": deep})
    assert len(str(caught.value)) < 500


def test_numbers_of_thousands_of_digits_are_kept_or_refused_in_words():
    huge = 10**5000
    assert ProfileSpecification.from_dict({"custom": huge}).to_dict()["custom"] == huge
    with pytest.raises(InvalidSpecificationError, match=r"demographics\.count: must be at most"):
        ProfileSpecification.from_dict({"demographics": {"count": huge}})
    with pytest.raises(InvalidSpecificationError, match="must be a number, not"):
        ProfileSpecification.from_dict({"conditions": [{"prevalence": [huge]}]})


def test_any_pydantic_model_may_be_given():
    class Demographics(BaseModel):
        count: int
        note: str | None = None

    class Mine(BaseModel):
        name: str
        demographics: Demographics

    specification = ProfileSpecification.from_dict(Mine(name="m", demographics={"count": 3}))
    assert specification == {"name": "m", "demographics": {"count": 3}}
    assert ProfileSpecification.from_dict(specification) is specification


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
KNOWN = {"profile", *ProfileSpecification.model_fields, "events", "phases", "journey_id"}


@given(unknown=st.dictionaries(st.text().filter(lambda key: key not in KNOWN), JSON, max_size=4))
def test_whatever_is_not_known_is_kept(unknown):
    document = {"name": "n", **unknown, "demographics": {"zz": unknown}}
    specification = ProfileSpecification.from_dict(document)
    assert specification.to_dict() == document
    assert repr(ProfileSpecification.from_dict(specification.to_dict()).to_dict()) == repr(
        specification.to_dict()
    )
