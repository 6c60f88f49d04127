"""Commands that tell what a scenario is like without loading it."""

from __future__ import annotations


def test_summary_prints_what_the_lake_says_as_json(run, lake):
    assert run("summary", "cohort", "--json").json == lake.scenarios.summary("cohort").to_dict()


def test_summary_keeps_to_its_budget(run, lake):
    lake.scenarios.save("wide", {"widgets": [{f"k{n}": "x" * 99 for n in range(99)}] * 9})
    for budget in (300, 2_000):
        assert len(run("summary", "wide", "--budget", budget, "--json").out) // 4 <= budget


def test_summary_prints_counts_figures_and_samples_for_people(run, lake):
    lake.scenarios.save(
        "people",
        {
            "patients": [{"gender": "F", "birth_date": "1950-01-01"}, {"gender": "F"}],
            "encounters": [{"class_code": "I", "admission_time": "2024-05-06"}],
            "diagnoses": [{"code": "I10", "description": "Hypertension"}],
        },
    )
    lines = run("summary", "people").out.splitlines()
    assert ["patients", "2"] in [line.split() for line in lines]
    shown = "\n".join(" ".join(line.split()) for line in lines)
    assert "age_range patients min 74, max 74, mean 74.0, groups (65-79 1)" in shown
    assert "gender_distribution patients F 2" in shown
    assert "encounter_classes I 1" in shown
    assert "top_diagnoses I10 Hypertension: 1" in shown
    assert '"code":"I10"' in shown


def test_sample_prints_rows_as_they_were_saved(run, entities, lake):
    assert run("sample", "cohort", "patient", "--json").json == entities["patients"]
    assert run("sample", "cohort", "patients", "--count", 1, "--strategy", "recent", "--json").json
    lines = run("sample", "cohort", "diagnoses").out.splitlines()
    assert lines[0].split() == ["id", "patient_mrn", "code"]
    assert lines[1].split() == ["d1", "M1", "E11.9"]
    same = [
        run(
            "sample",
            "cohort",
            "patients",
            "--strategy",
            "random",
            "--seed",
            "a",
            "--count",
            1,
            "--json",
        ).out
        for _ in range(2)
    ]
    assert same[0] == same[1]
    assert "no rows of claims" in run("sample", "cohort", "claims").err
    assert lake.scenarios.exists("cohort")


def test_what_is_not_there_is_said(run, lake):
    assert lake.scenarios.exists("cohort")
    assert run("summary", "nothing").code == 4
    assert run("sample", "cohort", "encounters").code == 4
    unknown = run("sample", "cohort", "patients", "--strategy", "best")
    assert unknown.code == 1
    assert "diverse, random, recent" in unknown.err
    assert run("stats", "nothing").code == 4


def test_stats_counts_a_scenario_and_the_whole_lake(run, lake):
    lake.scenarios.save("other", {"patients": [{"id": "p3"}]})
    one, whole = run("stats", "cohort", "--json").json, run("stats", "--json").json
    assert (one["scenarios"], one["rows"], one["files"]) == (1, 3, 2)
    assert (whole["scenarios"], whole["rows"], whole["files"]) == (2, 4, 3)
    lines = [line.split() for line in run("stats").out.splitlines()]
    assert lines[0] == ["table", "rows", "files", "bytes", "scenarios", "versions"]
    assert lines[-1][:3] == ["all", "4", "3"]
    assert {line[0] for line in lines[1:-1]} == {"patients", "diagnoses"}
