"""Names that are found for scenarios, and rows persisted under them."""

from __future__ import annotations

import re
import threading

import pytest

from healthsim_lake import Lake
from healthsim_lake._clock import now
from healthsim_lake.catalog.names import free_name
from healthsim_lake.errors import InputError, InvalidNameError, ScenarioNotFoundError
from healthsim_lake.scenarios.writing import autoname


def today() -> str:
    return f"{now():%Y%m%d}"


@pytest.mark.parametrize(
    ("context", "name"),
    [
        ("diabetic patients in Texas over 65", "diabetes-texas"),
        ("Texas patients who are diabetic", "diabetes-texas"),
        ("generate 200 patients", "patients"),
        ("hypertensive, pregnant smokers in Ohio", "hypertension-pregnancy-smoking"),
        ("COVID-19 admissions of São Paulo in 2021", "covid-admissions-sao"),
        ("create more than five new claims", "claims"),
        ("65 < x", "scenario"),
        ("", "scenario"),
        ("日本", "scenario"),
    ],
)
def test_names_come_from_the_words_that_tell_something(context, name):
    assert autoname.base_name(context=context, include_date=False) == name


def test_a_name_has_prefix_words_and_day():
    assert autoname.base_name(include_date=False) == "scenario"
    assert autoname.base_name() == f"scenario-{today()}"
    assert autoname.base_name(entity_type="patient") == f"patients-{today()}"
    given = autoname.base_name(keywords=["Diabetes Mellitus", "x_y", "TX", "four"], prefix="My")
    assert given == f"my-diabetes-mellitus-x-y-tx-{today()}"


def test_keywords_put_healthcare_first_and_end_with_the_entity_type():
    found = autoname.extract_keywords("Texas diabetic patients")
    assert found == ["diabetes", "patients", "texas"]
    assert autoname.extract_keywords("Texas diabetic patients", max_keywords=1) == ["diabetes"]
    assert autoname.extract_keywords(None, "claim") == ["claims"]
    assert autoname.extract_keywords("the claims of", "claim") == ["claims"]
    assert autoname.extract_keywords("asthma", "diagnosis") == ["asthma", "diagnoses"]
    assert autoname.extract_keywords(None) == []
    assert autoname.extract_keywords("show me the new data") == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("My Cohort", "my-cohort"),
        ("a_b\tc", "a-b-c"),
        ("--a--b--", "a-b"),
        ("Ünïcode!?", "unicode"),
        ("x" * 80, "x" * 50),
        ("!!!", ""),
    ],
)
def test_names_become_kebab_case(name, kept):
    assert autoname.sanitize_name(name) == kept


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("diabetes-texas-20241227-2", (["diabetes", "texas"], "20241227", 2)),
        ("diabetes-20241227", (["diabetes"], "20241227", None)),
        ("diabetes-20241340", (["diabetes", "20241340"], None, None)),
        ("diabetes-7", (["diabetes"], None, 7)),
        ("diabetes-1234", (["diabetes", "1234"], None, None)),
        ("scenario", (["scenario"], None, None)),
        ("", ([], None, None)),
    ],
)
def test_names_are_taken_apart_again(name, parts):
    found = autoname.parse_scenario_name(name)
    assert (found["keywords"], found["date"], found["counter"]) == parts


def test_a_number_makes_a_name_free_and_never_too_long():
    assert free_name("a", {}) == "a"
    assert free_name("a", {"a", "a-2"}) == "a-3"
    assert free_name("x" * 200, {"x" * 200}) == "x" * 198 + "-2"


@pytest.fixture
def lake(tmp_path):
    with Lake(tmp_path / "lake") as one:
        yield one


def test_persisting_makes_a_scenario_and_tells_keys_made_ones_included(lake):
    rows = {"patients": [{"id": "1"}, {"id": "2"}], "encounters": [{"status": "x"}], "claims": []}
    done = lake.scenarios.persist(rows, context="diabetic patients in Texas", tags=["a"])
    assert done.is_new
    assert done.record.name == f"diabetes-texas-{today()}"
    assert done.counts == {"patients": 2, "encounters": 1, "claims": 0}
    assert done.keys["patients"] == ["1", "2"]
    assert re.fullmatch(r"[0-9a-f-]{36}", done.keys["encounters"][0])
    frame = lake.scenarios.load(done.record.id).to_polars("encounters")
    assert frame["encounter_id"].to_list() == done.keys["encounters"]
    assert lake.scenarios.load(done.record.id).entities == rows


def test_names_never_collide(lake):
    names = [
        lake.scenarios.persist({"patients": []}, name="My Cohort").record.name for _ in range(3)
    ]
    assert names == ["my-cohort", "my-cohort-2", "my-cohort-3"]
    assert lake.scenarios.persist({"patients": []}, name="!!!").record.name == "scenario"
    with pytest.raises(InvalidNameError):
        lake.scenarios.persist({}, name="")


def test_a_batch_that_is_sent_twice_is_harmless(lake):
    first = lake.scenarios.persist({"patients": [{"id": "1"}]}, name="x", tags=["a"])
    batch = {"patients": [{"id": "2", "n": 1}]}
    for _ in range(2):
        done = lake.scenarios.persist(batch, ref=first.record.id, tags=["A", "b"], description="d")
    assert not done.is_new
    assert done.counts == {"patients": 1}
    assert done.keys == {"patients": ["2"]}
    assert done.record.tags == ("a", "b")
    assert done.record.description == "d"
    assert lake.scenarios.load("x")["patients"] == [{"id": "1"}, {"id": "2", "n": 1}]


def test_what_cannot_be_persisted_is_refused(lake):
    with pytest.raises(ScenarioNotFoundError):
        lake.scenarios.persist({"patients": []}, ref="none")
    lake.scenarios.save("x", {})
    with pytest.raises(InputError, match="either ref or name"):
        lake.scenarios.persist({"patients": []}, ref="x", name="y")
    with pytest.raises(InputError, match="on_duplicate"):
        lake.scenarios.persist({"patients": []}, ref="x", on_duplicate="merge")


def test_many_who_want_one_name_at_once_all_get_one(tmp_path):
    lakes = [Lake(tmp_path / "lake") for _ in range(4)]
    names: list[str] = []

    def persist(lake: Lake) -> None:
        done = (lake.scenarios.persist({"patients": []}, name="same") for _ in range(5))
        names.extend(one.record.name for one in done)

    threads = [threading.Thread(target=persist, args=(lake,)) for lake in lakes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(names) == sorted(["same", *(f"same-{n}" for n in range(2, 21))])


def test_a_name_that_somebody_takes_first_is_passed_over(lake, tmp_path):
    other = Lake(tmp_path / "lake")

    def rows():
        other.scenarios.save("wanted", {})
        yield {"id": "1"}

    assert lake.scenarios.persist({"patients": rows()}, name="wanted").record.name == "wanted-2"


def test_renaming_can_make_a_name_unique(lake):
    lake.scenarios.save("a", {})
    lake.scenarios.save("b", {})
    assert lake.scenarios.rename("b", "a", unique=True).name == "a-2"
    assert lake.scenarios.rename("a-2", "a-2", unique=True).name == "a-2"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda lake: lake.scenarios.save("new", {}, description=5),
        lambda lake: lake.scenarios.save("new", {}, tags=5),
        lambda lake: lake.scenarios.describe("a", 5),
        lambda lake: lake.scenarios.clone("a", description=5),
        lambda lake: lake.scenarios.persist({}, description=5),
        lambda lake: lake.scenarios.persist({}, budget=0),
        lambda lake: lake.scenarios.list(tag=5),
        lambda lake: lake.scenarios.list(search=5),
        lambda lake: lake.scenarios.list(product=5),
        lambda lake: lake.scenarios.list(limit="5"),
        lambda lake: lake.scenarios.list(offset=0.5),
    ],
)
def test_what_is_no_text_or_no_number_is_refused_and_nothing_is_done(lake, wrong):
    lake.scenarios.save("a", {})
    with pytest.raises(InputError, match=r"text|integer|whole number|tokens"):
        wrong(lake)
    assert lake.version == 1
