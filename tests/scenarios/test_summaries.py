"""Summary and samples: complete, within the budget, the same however the rows came."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthsim_lake import EntityType, FieldSpec, Lake
from healthsim_lake.catalog.commit import digest
from healthsim_lake.errors import (
    EntityTypeNotFoundError,
    InputError,
    InvalidEntityError,
    NameTakenError,
    ScenarioNotFoundError,
    VersionNotFoundError,
)
from healthsim_lake.formats import synthea
from healthsim_lake.scenarios.summarising.diversity import most_different
from healthsim_lake.scenarios.summarising.statistics import carried
from healthsim_lake.scenarios.summarising.summary import Summary

PATIENTS = [
    {"id": f"p{n}", "mrn": f"M{n}", "gender": "MF"[n % 2], "birth_date": f"{1940 + n}-05-06"}
    for n in range(40)
]
PATIENTS[0]["death_date"] = "1990-05-05"
ENCOUNTERS = [
    {
        "encounter_id": f"e{n}",
        "patient_mrn": f"M{n % 40}",
        "class_code": "IOE"[n % 3],
        "admission_time": f"20{10 + n % 10}-0{1 + n % 9}-02T03:04:05Z",
    }
    for n in range(90)
]


@pytest.fixture
def lake(lake_url):
    with Lake(lake_url) as one:
        yield one


def told(summary: Summary) -> dict[str, Any]:
    """What a summary says, but for what differs between any two scenarios."""
    shown = summary.to_dict()
    return {key: shown[key] for key in ("entity_counts", "statistics", "samples")}


def forgotten(lake: Lake, ref: str) -> Summary:
    """The summary as it is computed where nothing was kept."""
    keep = lake._log.statistics
    lake._log.statistics = lambda *_: None
    try:
        return lake.scenarios.summary(ref)
    finally:
        lake._log.statistics = keep


def test_a_summary_tells_counts_statistics_and_samples(lake):
    record = lake.scenarios.save(
        "demo",
        {"patients": PATIENTS, "encounters": ENCOUNTERS, "claims": []},
        description="Forty people",
        tags=["Test"],
    )
    summary = lake.scenarios.summary("demo")
    assert (summary.id, summary.name, summary.version) == (record.id, "demo", 1)
    assert (summary.description, summary.tags) == ("Forty people", ("Test",))
    assert summary.entity_counts == {"patients": 40, "encounters": 90}
    assert summary.entity_count == 130
    figures = summary.statistics
    assert figures["date_range"] == {"min": "2010-01-02", "max": "2019-09-02"}
    assert figures["gender_distribution"] == {"patients": {"F": 20, "M": 20}}
    assert figures["encounter_classes"] == {"E": 30, "I": 30, "O": 30}
    ages = figures["age_range"]["patients"]
    assert ages["as_of"] == "2019-12-31"
    assert (ages["min"], ages["max"], ages["deceased"]) == (40, 78, 1)
    assert sum(ages["groups"].values()) == 40
    for key, rows in (("patients", PATIENTS), ("encounters", ENCOUNTERS)):
        assert len(summary.samples[key]) == 3
        assert all(row in rows for row in summary.samples[key])
    assert json.loads(summary.to_json()) == summary.to_dict()
    assert summary.token_estimate() == len(summary.to_json()) // 4


def test_every_product_has_its_figures(lake):
    lake.scenarios.save(
        "all",
        {
            "members": [{"member_id": "1", "gender": "F", "birth_date": "1980-01-01"}],
            "subjects": [{"subject_id": "1", "gender": "M", "birth_date": "1970-01-01"}],
            "diagnoses": [{"code": "I10", "description": "Hypertension"}, {"code": "I10"}],
            "prescriptions": [{"ndc": "0001", "drug_name": "Metformin"}],
            "labs": [{"loinc_code": "4548-4", "test_name": "HbA1c", "value": "7"}],
            "claims": [
                {
                    "service_date": "2024-02-03",
                    "total_charge": 100.25,
                    "total_allowed": "80.10",
                    "total_paid": 50,
                },
                {"service_date": "2024-02-04", "total_charge": 0.5},
            ],
            "trial_visits": [{"visit_name": "Week 2", "visit_date": "2024-03-01"}],
            "adverse_events": [{"aeterm": "headache", "aedecod": "Headache", "aesev": "MILD"}],
            "widgets": [{"colour": "red"}, {"colour": "red"}, {"colour": "blue"}],
        },
    )
    figures = lake.scenarios.summary("all").statistics
    assert figures["gender_distribution"] == {"members": {"F": 1}, "subjects": {"M": 1}}
    assert figures["age_range"]["members"]["max"] == 44
    assert figures["top_diagnoses"] == [{"code": "I10", "description": "Hypertension", "count": 2}]
    assert figures["top_medications"] == [{"code": "0001", "description": "Metformin", "count": 1}]
    assert figures["top_labs"] == [{"code": "4548-4", "description": "HbA1c", "count": 1}]
    amounts = figures["claim_amounts"]["claims"]
    assert amounts["billed"] == {
        "total": 100.75,
        "mean": 50.38,
        "min": 0.5,
        "max": 100.25,
        "count": 2,
    }
    assert (amounts["allowed"]["total"], amounts["paid"]["total"]) == (80.1, 50.0)
    assert figures["trial_visits"] == {"visits": {"Week 2": 1}}
    assert figures["adverse_events"]["severity"] == {"MILD": 1}
    assert figures["adverse_events"]["terms"][0]["code"] == "Headache"
    assert figures["top_values"]["widgets"] == {"colour": {"red": 2, "blue": 1}}
    assert figures["dates"]["claims"] == {"min": "2024-02-03", "max": "2024-02-04"}


def test_ages_without_any_event_are_those_of_the_year_of_writing(lake):
    record = lake.scenarios.save("demo", {"patients": [{"birth_date": "2000-12-31"}]})
    ages = lake.scenarios.summary("demo").statistics["age_range"]["patients"]
    year = record.updated_at.year
    assert (ages["as_of"], ages["max"]) == (f"{year}-12-31", year - 2000)


def test_nothing_gives_an_empty_summary(lake):
    lake.scenarios.save("nothing", {})
    lake.scenarios.save("no rows", {"patients": [], "encounters": []})
    for name in ("nothing", "no rows"):
        assert told(lake.scenarios.summary(name)) == {
            "entity_counts": {},
            "statistics": {},
            "samples": {},
        }
    assert lake.scenarios.samples("no rows", "patients") == []
    assert lake.scenarios.samples("no rows", "patients", strategy="recent") == []


def test_a_summary_reads_no_data_file(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.scenarios.save("demo", {"patients": PATIENTS, "encounters": ENCOUNTERS})
    lake.scenarios.add("demo", {"patients": PATIENTS})
    for file in (tmp_path / "lake" / "data").rglob("*.parquet"):
        file.unlink()
    assert Lake(tmp_path / "lake").scenarios.summary("demo").entity_counts["patients"] == 80


def documents(lake: Lake) -> list[str]:
    keys = (entry.key for entry in lake._log.storage.list("catalog/scenarios"))
    return [key for key in keys if key.endswith(".statistics.json")]


def test_what_was_computed_may_be_lost_or_damaged(tmp_path):
    lake = Lake(tmp_path / "lake")
    rows = [{"code": f"C{n:04d}", "description": f"Condition {n} " * 3} for n in range(900)]
    lake.scenarios.save("demo", {"diagnoses": rows})
    (key,) = documents(lake)
    document = tmp_path / "lake" / key
    kept = told(lake.scenarios.summary("demo"))
    text = document.read_bytes()
    document.unlink()
    document.write_bytes(text.replace(b"Condition 1 ", b"Condition 2 "))
    assert told(Lake(tmp_path / "lake").scenarios.summary("demo")) == kept
    document.write_bytes(text[:100])
    assert told(Lake(tmp_path / "lake").scenarios.summary("demo")) == kept
    document.unlink()
    assert told(Lake(tmp_path / "lake").scenarios.summary("demo")) == kept
    lake.scenarios.add("demo", {"diagnoses": [{"code": "C0007"}] * 5})
    assert lake.scenarios.summary("demo").statistics["top_diagnoses"][0]["count"] == 6
    assert told(lake.scenarios.summary("demo", version=1)) == kept


def test_what_was_not_committed_leaves_no_statistics(lake):
    lake.scenarios.save("demo", {"patients": PATIENTS})
    before = documents(lake)
    assert len(before) == 1
    with pytest.raises(InvalidEntityError):
        lake.scenarios.add("demo", {"patients": PATIENTS[:1]}, on_duplicate="error")
    with pytest.raises(NameTakenError):
        lake.scenarios.save("demo", {"patients": PATIENTS})
    assert documents(lake) == before


def test_an_add_that_loses_a_race_counts_the_rows_of_the_winner(lake):
    lake.scenarios.save("demo", {"patients": PATIENTS[:10]})

    def slow():
        yield PATIENTS[10]
        lake.scenarios.add("demo", {"patients": PATIENTS[20:30]})
        yield from PATIENTS[11:20]

    lake.scenarios.add("demo", {"patients": slow()})
    kept = lake.scenarios.summary("demo")
    assert kept.entity_counts == {"patients": 30}
    assert told(kept) == told(forgotten(lake, "demo"))
    assert len(documents(lake)) == 3


def test_an_add_that_follows_an_overwrite_counts_only_what_is_there(lake):
    lake.scenarios.save("demo", {"patients": PATIENTS[:10]})

    def slow():
        yield PATIENTS[10]
        lake.scenarios.save("demo", {"encounters": ENCOUNTERS}, overwrite=True)

    lake.scenarios.add("demo", {"patients": slow()})
    kept = lake.scenarios.summary("demo")
    assert kept.entity_counts == {"patients": 1, "encounters": 90}
    assert told(kept) == told(forgotten(lake, "demo"))


def test_the_state_and_checkpoints_do_not_hold_statistics(tmp_path, monkeypatch):
    monkeypatch.setattr("healthsim_lake.catalog.checkpoint.LEAST_BYTES", 100)
    lake = Lake(tmp_path / "lake")
    lake.scenarios.save("demo", {"patients": PATIENTS})
    (written,) = (tmp_path / "lake" / "catalog" / "checkpoint").iterdir()
    assert "samples" not in written.read_text()
    assert "births" not in written.read_text()


def test_a_deleted_scenario_comes_back_with_its_summary(lake):
    lake.scenarios.save("demo", {"patients": PATIENTS})
    before = told(lake.scenarios.summary("demo"))
    lake.scenarios.delete("demo")
    with pytest.raises(ScenarioNotFoundError):
        lake.scenarios.summary("demo")
    lake.scenarios.restore("demo")
    assert lake._log.statistics(lake._snapshot().get("demo")) is not None
    assert told(lake.scenarios.summary("demo")) == before


def test_earlier_versions_have_their_own_summary(lake):
    lake.scenarios.save("demo", {"patients": PATIENTS[:4]})
    first = told(lake.scenarios.summary("demo"))
    lake.scenarios.add("demo", {"encounters": ENCOUNTERS})
    lake.scenarios.rename("demo", "renamed")
    assert told(lake.scenarios.summary("renamed", version=1)) == first
    assert lake.scenarios.summary("renamed").entity_counts == {"patients": 4, "encounters": 90}
    with pytest.raises(VersionNotFoundError, match="no version 9"):
        lake.scenarios.summary("renamed", version=9)


def test_an_upgraded_table_is_counted_in_its_new_columns(lake):
    def widget(*names: str) -> EntityType:
        fields = tuple(
            FieldSpec(id=at, name=name, type="text") for at, name in enumerate(names, start=1)
        )
        return EntityType(name="widgets", singular="widget", fields=fields)

    lake.entities.declare(widget("colour"))
    rows = [{"colour": "red", "size": "L"}, {"colour": "red", "size": "M"}, {"size": "L"}]
    lake.scenarios.save("demo", {"widgets": rows, "patients": PATIENTS})
    before = lake.scenarios.summary("demo")
    assert before.statistics["top_values"]["widgets"] == {"colour": {"red": 2}}
    lake.entities.upgrade("widgets", widget("colour", "size"))
    after = lake.scenarios.summary("demo")
    assert after.statistics["top_values"]["widgets"]["size"] == {"L": 2, "M": 1}
    assert after.samples == before.samples
    assert told(after) == told(forgotten(lake, "demo"))


def test_statistics_are_carried_over_whole_or_in_part(lake):
    lake.scenarios.save("demo", {"patients": PATIENTS, "encounters": ENCOUNTERS})
    state = lake._snapshot().get("demo")
    known = lake._log.statistics(state)
    (kept,) = documents(lake)  # the new ones are written beside, and their names may sort first
    transaction = lake._committer.begin()
    with lake._committer.new_files(transaction, state.record.id) as writer:
        whole = carried(lake._log, state, writer=writer, scenario_id=state.record.id)
        part = carried(
            lake._log, state, writer=writer, scenario_id=state.record.id, tables=["patients"]
        )
        assert whole is not None
        assert part is not None
        assert whole.sha256 == digest(lake._log.storage.read(kept))
        assert whole.sha256 != part.sha256
    assert known is not None
    assert known.seed == state.record.id
    assert len(documents(lake)) == 1  # nothing was committed


small_rows = st.lists(
    st.fixed_dictionaries(
        {"id": st.sampled_from("abcdefgh"), "gender": st.sampled_from(["M", "F", None])},
        optional={
            "birth_date": st.sampled_from(["1950-01-02", "1999-12-31", "not known", None]),
            "notes": st.text(max_size=4),
            "weight": st.integers(-(10**400), 10**400) | st.booleans(),
        },
    ),
    max_size=9,
)
steps = st.lists(
    st.tuples(
        st.sampled_from(["keep", "replace", "overwrite"]),
        st.dictionaries(st.sampled_from(["patients", "widgets", "diagnoses"]), small_rows),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=40)
@given(steps)
def test_the_summary_after_any_sequence_is_that_of_the_rows_that_are_there(tmp_path_factory, steps):
    lake = Lake(f"memory://{tmp_path_factory.mktemp('sequence').name}/lake")
    lake.scenarios.save("demo", {"patients": []})
    for step, entities in steps:
        if step == "overwrite":
            lake.scenarios.save("demo", entities, overwrite=True)
        else:
            lake.scenarios.add("demo", entities, on_duplicate=step)
    kept = lake.scenarios.summary("demo")
    assert told(kept) == told(forgotten(lake, "demo"))
    loaded = lake.scenarios.load("demo")
    assert kept.entity_counts == {key: len(rows) for key, rows in loaded.items() if rows}
    if any(loaded.values()):
        lake.scenarios.save("again", loaded.entities)
        again = lake.scenarios.summary("again")
        same = {key: figure for key, figure in kept.statistics.items() if key != "top_values"}
        for key, figure in same.items():
            assert again.statistics[key] == figure


def test_many_small_adds_that_are_folded_keep_the_summary_exact(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.scenarios.save("demo", {"encounters": ENCOUNTERS[:1]})
    for row in ENCOUNTERS[1:30]:
        lake.scenarios.add("demo", {"encounters": [row]})
    lake.scenarios.save("at once", {"encounters": ENCOUNTERS[:30]})
    one_by_one, at_once = lake.scenarios.summary("demo"), lake.scenarios.summary("at once")
    assert one_by_one.statistics == at_once.statistics
    assert told(one_by_one) == told(forgotten(lake, "demo"))


def test_streams_of_many_chunks_are_summarised_as_one_table(tmp_path, monkeypatch):
    monkeypatch.setattr("healthsim_lake.scenarios.writing.sources.STREAMED_ROWS_PER_CHUNK", 25)
    lake = Lake(tmp_path / "lake")
    lake.scenarios.save(
        "demo", {"encounters": iter(ENCOUNTERS), "patients": pl.DataFrame(PATIENTS)}
    )
    assert len(lake.files("encounters")) == 4
    summary = lake.scenarios.summary("demo")
    assert summary.statistics["encounter_classes"] == {"E": 30, "I": 30, "O": 30}
    assert all(row in ENCOUNTERS for row in summary.samples["encounters"])
    assert told(summary) == told(forgotten(lake, "demo"))


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("aé😀", max_size=9), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=40)
@given(
    st.lists(st.dictionaries(st.text("abcé😀", max_size=12), json_values, max_size=25), max_size=5),
    st.integers(1, 700),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=3_000),
)
def test_any_budget_that_the_counts_fit_is_kept(tmp_path_factory, rows, budget, description):
    lake = Lake(f"memory://{tmp_path_factory.mktemp('budget').name}/lake")
    lake.scenarios.save(
        "demo", {"widgets": rows, "patients": PATIENTS}, description=description, tags=["t"] * 30
    )
    summary = lake.scenarios.summary("demo", budget=budget)
    counts = {"patients": 40, **({"widgets": len(rows)} if rows else {})}
    assert dict(sorted(summary.entity_counts.items())) == counts
    bare = Summary(
        id=summary.id,
        name=summary.name,
        description=None,
        version=1,
        created_at=summary.created_at,
        updated_at=summary.updated_at,
        entity_counts=summary.entity_counts,
    )
    assert summary.token_estimate() <= max(budget, bare.token_estimate())


def test_as_many_samples_as_asked_for_are_shown_as_far_as_they_are_kept(lake):
    lake.scenarios.save("demo", {"patients": PATIENTS})
    for wanted, shown in ((0, 0), (1, 1), (3, 3), (4, 4), (99, 5)):
        samples = lake.scenarios.summary("demo", samples=wanted).samples
        assert len(samples.get("patients", ())) == shown
    tight = lake.scenarios.summary("demo", samples=5, budget=500)
    assert tight.token_estimate() <= 500
    for wrong in (-1, "3", True):
        with pytest.raises(InputError, match="samples"):
            lake.scenarios.summary("demo", samples=wrong)


def test_samples_shrink_before_statistics_do(lake):
    wide = [{f"column_{n}": f"{'x' * 180}{row}" for n in range(60)} for row in range(20)]
    lake.scenarios.save("demo", {"widgets": wide, "patients": PATIENTS})
    roomy, tight = (lake.scenarios.summary("demo", budget=budget) for budget in (3_500, 550))
    assert roomy.token_estimate() <= 3_500
    assert len(roomy.samples["widgets"]) == 3
    assert all("…" in row for row in roomy.samples["widgets"])
    assert tight.token_estimate() <= 550
    assert tight.statistics == roomy.statistics
    assert len(str(tight.samples["widgets"])) < len(str(roomy.samples["widgets"]))


def test_samples_are_rows_exactly_as_they_were_saved(lake):
    rows = [{**row, "pets": [{"name": "ß", "n": 10**30}], "x.y": -0.0} for row in PATIENTS]
    lake.scenarios.save("demo", {"patient": rows})
    for strategy in ("diverse", "random", "recent"):
        found = lake.scenarios.samples("demo", "Patients", count=7, strategy=strategy)
        assert len(found) == 7
        assert all(json.dumps(row) in map(json.dumps, rows) for row in found)
    assert lake.scenarios.samples("demo", "patients", count=0) == []
    assert lake.scenarios.samples("demo", "patients", count=99) == rows
    assert len(lake.scenarios.samples("demo", "patients", count=99, strategy="random")) == 40


def test_diverse_samples_are_those_of_the_summary_and_stay_the_same(lake):
    lake.scenarios.save("demo", {"patients": PATIENTS})
    found = lake.scenarios.samples("demo", "patients")
    assert found == lake.scenarios.summary("demo").samples["patients"]
    assert found == Lake(lake.url).scenarios.samples("demo", "patients")


def test_of_the_candidates_those_that_differ_most_are_chosen():
    rows = [{"id": n, "gender": gender} for n, gender in enumerate("MMMFU")]
    assert [row["id"] for row in most_different(rows, 3)] == [0, 3, 4]
    assert most_different(rows, 9) == rows
    assert most_different(rows, 0) == most_different([], 3) == []


def test_a_seed_draws_the_same_rows(lake):
    lake.scenarios.save("demo", {"patients": PATIENTS})

    def draw(seed, strategy):
        return lake.scenarios.samples("demo", "patients", count=5, strategy=strategy, seed=seed)

    for strategy in ("random", "diverse"):
        assert draw(1, strategy) == draw(1, strategy)
        assert len({json.dumps(draw(seed, strategy)) for seed in range(8)}) > 4


def test_recent_samples_are_the_latest_first_over_all_files(tmp_path):
    lake = Lake(tmp_path / "lake")
    days = [date(2020, 1, 1) + timedelta(days=(n * 37) % 101) for n in range(101)]
    rows = [
        {"encounter_id": str(n), "admission_time": f"{d}T00:00:00Z"} for n, d in enumerate(days)
    ]
    rows[3]["admission_time"] = "not known"
    lake.scenarios.save("demo", {"encounters": rows[:50]})
    lake.scenarios.add("demo", {"encounters": rows[50:]})
    dated = sorted(
        (row for at, row in enumerate(rows) if at != 3), key=lambda r: r["admission_time"]
    )
    recent = lake.scenarios.samples("demo", "encounters", count=6, strategy="recent")
    assert recent == dated[:-7:-1]
    everything = lake.scenarios.samples("demo", "encounters", count=500, strategy="recent")
    assert everything == [*reversed(dated), rows[3]]


def test_recent_samples_of_a_type_without_dates_are_the_last_rows(lake):
    rows = [{"size": n} for n in range(10)]
    lake.scenarios.save("demo", {"widgets": rows})
    found = lake.scenarios.samples("demo", "widgets", count=2, strategy="recent")
    assert found == [{"size": 9}, {"size": 8}]


def test_samples_of_large_files_come_from_their_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr("healthsim_lake.tables.parquet.ROW_GROUP_ROWS", 700)
    lake = Lake(tmp_path / "lake")
    rows = [{"id": f"p{n}", "mrn": f"M{n}"} for n in range(5_000)]
    lake.scenarios.save("demo", {"patients": rows})
    for seed in range(20):
        found = lake.scenarios.samples("demo", "patients", strategy="random", seed=seed, count=4)
        assert all(row == rows[int(row["id"][1:])] for row in found)
        assert len(found) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": -1}, "count=-1"),
        ({"count": True}, "count=True"),
        ({"count": 1.5}, "count=1.5"),
        ({"strategy": "best"}, "diverse, random, recent"),
    ],
)
def test_what_is_no_sample_is_refused(lake, options, message):
    lake.scenarios.save("demo", {"patients": PATIENTS})
    with pytest.raises(InputError, match=message):
        lake.scenarios.samples("demo", "patients", **options)


def test_unknown_scenarios_types_and_budgets_are_refused(lake):
    lake.scenarios.save("demo", {"patients": PATIENTS})
    with pytest.raises(ScenarioNotFoundError, match="not found"):
        lake.scenarios.summary("other")
    with pytest.raises(ScenarioNotFoundError):
        lake.scenarios.usage("other")
    with pytest.raises(EntityTypeNotFoundError, match="holds patients"):
        lake.scenarios.samples("demo", "encounters")
    for budget in (0, -5, True, "many"):
        with pytest.raises(InputError, match="budget="):
            lake.scenarios.summary("demo", budget=budget)


def test_usage_counts_rows_files_and_bytes_by_table(tmp_path):
    lake = Lake(tmp_path / "lake")
    assert lake.scenarios.usage().to_dict()["tables"] == ()
    lake.scenarios.save("a", {"patients": PATIENTS, "claims": []})
    lake.scenarios.add("a", {"patients": PATIENTS[:1]})
    lake.scenarios.save("b", {"encounters": ENCOUNTERS})
    lake.scenarios.save("gone", {"encounters": ENCOUNTERS})
    lake.scenarios.delete("gone")
    whole, one = lake.scenarios.usage(), lake.scenarios.usage("a")
    sizes = [path.stat().st_size for path in (tmp_path / "lake" / "data").rglob("*.parquet")]
    assert (whole.scenarios, whole.versions, whole.rows, whole.files) == (2, 3, 131, 3)
    assert whole.bytes == sum(sizes)
    assert [(t.table, t.rows, t.files, t.versions) for t in one.tables] == [("patients", 41, 2, 2)]


def test_the_summary_of_a_real_export_is_complete(tmp_path, synthea_folder):
    lake = Lake(tmp_path / "lake")
    record = lake.scenarios.save("synthea", synthea.read(synthea_folder))
    summary = lake.scenarios.summary("synthea")
    assert summary.entity_counts == {k: n for k, n in record.entity_counts.items() if n}
    assert summary.token_estimate() <= 3_500
    assert set(summary.samples) == set(summary.entity_counts)
    figures = summary.statistics
    assert figures["encounter_classes"]["wellness"] == 348
    assert figures["gender_distribution"]["patients"] == {"M": 14, "F": 13}
    assert figures["age_range"]["patients"]["deceased"] == 2
    assert figures["claim_amounts"]["claim_transactions"]["billed"]["total"] == 1_092_402.73
    assert figures["top_medications"][0]["code"] == "314076"
    assert figures["top_labs"]
    assert told(summary) == told(forgotten(lake, "synthea"))


def test_samples_are_of_the_rows_as_they_were_saved_whatever_becomes_of_them(lake):
    patients = [{"id": f"p{number}", "gender": "F"} for number in range(3)]

    def encounters():
        for patient in patients:
            patient["seen"] = {1, 2}  # has no JSON form; but the row was taken before
            yield {"id": f"e-{patient['id']}", "patient_id": patient["id"]}

    expected = [dict(patient) for patient in patients]
    lake.scenarios.save("demo", {"patients": patients, "encounters": encounters()})
    assert lake.scenarios.load("demo")["patients"] == expected
    assert lake.scenarios.summary("demo").samples["patients"] == expected
