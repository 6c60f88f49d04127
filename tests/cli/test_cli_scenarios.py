"""Commands that find, show and change scenarios."""

from __future__ import annotations

import pytest

from healthsim_lake import Lake


def test_init_makes_a_lake_once(run, place):
    first, second = run("init", "--json"), run("init", "--json")
    assert first.json == {"url": str(place), "id": Lake(place).id, "created": True, "version": 0}
    assert second.json == {**first.json, "created": False}
    assert run("init").out == f"There is a lake at {place}, version 0\n"


def test_list_prints_records_as_json(run, lake):
    assert run("list", "--json").json == [lake.scenarios.get("cohort").to_dict()]


def test_list_prints_one_plain_line_for_each_scenario(run, lake):
    lake.scenarios.save("second one", {"patients": []})
    head, *lines = run("list").out.splitlines()
    assert head.split() == ["name", "rows", "version", "changed", "(UTC)", "tags"]
    assert [line.split("  ")[0] for line in lines] == ["second one", "cohort"]
    assert lines[1].endswith("Diabetes")


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--tag", "diabetes"], ["cohort"]),
        (["--tag", "diab"], []),
        (["--search", "PEOPLE"], ["cohort"]),
        (["--search", "_"], []),
        (["--product", "patientsim"], ["cohort"]),
        (["--limit", "1"], ["other"]),
        (["--limit", "1", "--offset", "1"], ["cohort"]),
    ],
)
def test_list_filters(run, lake, options, names):
    lake.scenarios.save("other", {})
    assert [one["name"] for one in run("list", "--json", *options).json] == names


@pytest.mark.usefixtures("lake")
def test_list_says_that_there_is_nothing_and_that_there_is_more(run):
    assert "more" not in run("list").err
    assert run("list", "--tag", "none").out == ""
    assert run("list", "--tag", "none").err.endswith(": no scenario is like that\n")
    assert run("list", "--tag", "none", "--json").json == []
    assert "--offset 1 goes on" in run("list", "--limit", "1").err


def test_show_prints_record_types_and_versions(run, lake):
    record = lake.scenarios.get("cohort")
    shown = run("show", "cohort", "--json").json
    assert shown.pop("versions")[0]["operation"] == "save"
    assert shown == record.to_dict()
    text = run("show", record.id).out
    assert record.id in text
    assert "Two people." in text
    assert [line.split() for line in text.splitlines() if line.startswith("diagnosis")] == [
        ["diagnosis", "1"]
    ]


def test_history_lists_versions_newest_first_even_of_a_deleted_scenario(run, lake):
    lake.scenarios.rename("cohort", "renamed")
    lake.scenarios.delete("renamed")
    versions = run("history", "renamed", "--json").json
    assert [one["operation"] for one in versions] == ["delete", "rename", "save"]
    assert [one["version"] for one in versions] == [3, 2, 1]
    assert len(run("history", "renamed").out.splitlines()) == 4


def test_rename_keeps_the_id(run, lake):
    before = lake.scenarios.get("cohort")
    assert run("rename", "cohort", "new name").out == "Renamed cohort to new name\n"
    assert run("rename", "new name", "third", "--json").json["id"] == before.id
    assert lake.scenarios.get("third").id == before.id


def test_tags_are_added_removed_and_counted(run, lake):
    assert run("tag", "add", "cohort", "medicare", "DIABETES").out == "Diabetes, medicare\n"
    assert run("tag", "list", "cohort").out == "Diabetes, medicare\n"
    assert run("tag", "list", "--json").json == [
        {"tag": "Diabetes", "count": 1},
        {"tag": "medicare", "count": 1},
    ]
    removed = run("tag", "remove", "cohort", "Medicare", "absent", "--json")
    assert removed.json == {"scenario": "cohort", "tags": ["Diabetes"]}
    assert run("tag", "remove", "cohort", "diabetes").out == "cohort has no tags\n"
    assert run("tag", "list").out == "tag  scenarios\n"
    assert lake.tags.of("cohort") == ()


def test_delete_and_restore(run, lake):
    record = lake.scenarios.get("cohort")
    deleted = run("delete", "cohort", "--yes")
    assert record.id in deleted.out
    assert run("list", "--json").json == []
    assert run("restore", "cohort", "--name", "back").out == "Restored back (3 rows)\n"
    assert run("delete", "back", "-y", "--json").json["id"] == record.id
    assert run("restore", record.id, "--json").json["name"] == "back"


def test_delete_without_a_terminal_asks_for_yes(run, lake):
    refused = run("delete", "cohort", typed="y\n")
    assert refused.code == 2
    assert refused.out == ""
    assert "give --yes" in refused.err
    assert lake.scenarios.exists("cohort")


def test_a_name_is_data_and_never_markup(run, lake):
    lake.scenarios.save("[red]x[/red]", {})
    assert "[red]x[/red]" in run("list").out
    assert "[red]x[/red]" in run("show", "[red]x[/red]").out


@pytest.mark.usefixtures("place")
def test_an_empty_lake_is_told_how_to_get_a_scenario(run):
    assert run("list").err.endswith(
        ": no scenario is there; healthsim-lake save or import puts one in\n"
    )
