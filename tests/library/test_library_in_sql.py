"""Profiles, journeys and what was run, asked by SQL."""

from __future__ import annotations

from datetime import date

import pytest

import healthsim_lake as hl


@pytest.fixture
def lake(lake_url: str) -> hl.Lake:
    lake = hl.Lake(lake_url)
    for name in ("one", "two"):
        lake.scenarios.save(name, {"patients": [{"id": "p"}]})
        lake.profiles.save(name, {"name": name, "demographics": {"count": 3}}, tags=["t"])
    lake.journeys.save("j", {"journey_id": "j", "name": "J", "duration_days": 9, "events": []})
    return lake


def test_all_four_tables_are_there_even_when_they_are_empty(tmp_path):
    lake = hl.Lake(tmp_path)
    lake.scenarios.save("s", {"patients": []})
    for table in ("profiles", "journeys", "profile_executions", "journey_executions"):
        assert lake.query(f"SELECT * FROM {table}").total_count == 0
        assert "id" in [one["name"] for one in lake.query(f"SELECT * FROM {table}").columns]


def test_documents_and_executions_can_be_joined(lake):
    one = lake.scenarios.get("one").id
    lake.profiles.executions.record("one", cohort_id=one, seed=7, metadata={"a": 1})
    lake.journeys.executions.record("j", cohort_id=one, start_date=date(2024, 1, 1))
    found = lake.query(
        """
        SELECT s.name AS scenario, p.name AS profile, p.entity_count, e.seed, e.metadata,
               j.duration_days, je.start_date
        FROM profile_executions e
        JOIN profiles p ON p.id = e.profile_id
        JOIN scenarios s ON s.scenario_id = e.cohort_id
        JOIN journey_executions je USING (cohort_id)
        JOIN journeys j ON j.id = je.journey_id
        """
    ).results
    assert found == [
        {
            "scenario": "one",
            "profile": "one",
            "entity_count": 3,
            "seed": 7,
            "metadata": '{"a":1}',
            "duration_days": 9.0,
            "start_date": "2024-01-01",
        }
    ]


def test_a_question_sees_an_execution_that_came_without_a_commit(lake):
    count = "SELECT count(*) AS n FROM profile_executions"
    runs = "SELECT execution_count AS n FROM profiles WHERE name = 'one'"
    for number in range(3):
        assert lake.query(count).results == [{"n": number}]
        assert lake.query(runs).results == [{"n": number}]
        lake.profiles.executions.record("one")


def test_pages_of_one_question_belong_together(lake):
    for number in range(5):
        lake.profiles.executions.record("one", seed=number)
    sql = "SELECT seed FROM profile_executions ORDER BY id"
    first = lake.query(sql, limit=3)
    lake.profiles.executions.record("one", seed=99)
    second = lake.query(sql, limit=3, offset=3)
    assert [row["seed"] for row in (*first.results, *second.results)] == [0, 1, 2, 3, 4]
    assert first.total_count == second.total_count == 5


def test_a_question_about_one_scenario_sees_only_what_led_to_it(lake):
    one, two = (lake.scenarios.get(name).id for name in ("one", "two"))
    lake.profiles.executions.record("one", cohort_id=one)
    lake.profiles.executions.record("two", cohort_id=two)
    lake.profiles.executions.record("two")
    ask = lambda sql: lake.query(sql, scenario="one").results  # noqa: E731
    assert ask("SELECT cohort_id FROM profile_executions") == [{"cohort_id": one}]
    assert ask("SELECT name FROM profiles") == [{"name": "one"}]
    assert ask("SELECT name FROM journeys") == []


def test_deleted_documents_are_not_shown(lake):
    lake.profiles.delete("one")
    assert lake.query("SELECT name FROM profiles").results == [{"name": "two"}]
