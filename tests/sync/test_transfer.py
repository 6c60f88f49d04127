"""Single scenarios carried between lakes: ordinary saves that know where they are from."""

from __future__ import annotations

from pathlib import Path

import pytest

from healthsim_lake import Lake
from healthsim_lake.entities.types import EntityType
from healthsim_lake.errors import (
    InputError,
    NameTakenError,
    ScenarioNotFoundError,
    VersionConflictError,
)

PATIENTS = [{"id": f"p{n}", "gender": "FM"[n % 2]} for n in range(12)]


@pytest.fixture
def here(tmp_path):
    lake = Lake(tmp_path / "here")
    lake.scenarios.save(
        "one", {"patients": PATIENTS, "gizmos": [{"id": "g", "size": 3}]}, tags=["Keep"],
        description="first", metadata={"a": 1},
    )  # fmt: skip
    lake.scenarios.save("two", {"patients": PATIENTS[:3]}, tags=["keep"])
    lake.scenarios.save("three", {"patients": PATIENTS[:1]})
    return lake


@pytest.fixture(params=["local", "s3"])
def there(request, tmp_path):
    """Where the other lake is: URL and options; it has a history of its own."""
    place = str(tmp_path / "there"), {}
    if request.param == "s3":
        server = request.getfixturevalue("s3_server")
        place = f"s3://{server.bucket()}/there", server.options
    at(place).scenarios.save("own", {"patients": PATIENTS[:2]})
    return place


def at(place) -> Lake:
    return Lake(place[0], storage_options=place[1])


def push(lake, place, **options):
    return lake.push(place[0], storage_options=place[1], **options)


def test_a_scenario_comes_with_its_id_its_rows_and_its_words(here, there):
    report = push(here, there, scenario="one")
    assert [(one.name, one.outcome, one.version) for one in report.scenarios] == [
        ("one", "created", 1)
    ]
    lake, own = at(there), here.scenarios.get("one")
    found = lake.scenarios.get("one")
    assert (found.id, found.description, found.tags, found.metadata) == (
        own.id, "first", ("Keep",), {"a": 1}
    )  # fmt: skip
    assert lake.scenarios.load("one").entities == here.scenarios.load("one").entities
    assert found.origins[0].lake_id == here.id
    assert {one.name for one in lake.scenarios.list()} == {"own", "one"}
    assert lake.scenarios.summary("one").to_dict()["entity_counts"] == {"patients": 12, "gizmos": 1}
    assert lake.query("SELECT sum(size) AS n FROM gizmos").results == [{"n": 3}]


def test_a_tag_means_all_scenarios_that_carry_it(here, there):
    assert {one.name for one in push(here, there, tag="KEEP").scenarios} == {"one", "two"}
    with pytest.raises(ScenarioNotFoundError, match="nope"):
        push(here, there, tag="nope")
    with pytest.raises(ScenarioNotFoundError, match="nope"):
        push(here, there, scenario="nope")


def test_a_second_time_nothing_is_carried_and_a_change_is_an_update(here, there):
    push(here, there, scenario="one")
    before = at(there).version
    assert push(here, there, scenario="one").scenarios[0].outcome == "unchanged"
    assert at(there).version == before
    here.scenarios.add("one", {"patients": [{"id": "late"}]})
    here.scenarios.rename("one", "uno")
    here.tags.remove("uno", "Keep")
    report = push(here, there, scenario="uno")
    assert report.scenarios[0].outcome == "updated"
    lake = at(there)
    assert lake.scenarios.load("uno").entities == here.scenarios.load("uno").entities
    assert lake.scenarios.get("uno").tags == ()
    assert [one.version for one in lake.scenarios.history("uno")] == [2, 1]
    assert lake.scenarios.load("uno", version=1)["patients"] == PATIENTS


def test_a_change_there_alone_is_left_alone_and_can_be_fetched(here, there):
    push(here, there, scenario="two")
    other = at(there)
    other.scenarios.add("two", {"patients": [{"id": "theirs"}]})
    assert push(here, there, scenario="two").scenarios[0].outcome == "unchanged"
    fetched = here.pull(there[0], scenario="two", storage_options=there[1])
    assert fetched.scenarios[0].outcome == "updated"
    assert here.scenarios.load("two").entities == other.scenarios.load("two").entities
    here.scenarios.add("two", {"patients": [{"id": "ours"}]})
    assert push(here, there, scenario="two").scenarios[0].outcome == "updated"
    assert at(there).scenarios.load("two")["patients"][-1] == {"id": "ours"}


def test_changes_on_both_sides_are_a_conflict_that_names_all_of_them_and_changes_nothing(
    here, there
):
    push(here, there, scenario=["one", "two", "three"])
    other = at(there)
    for lake in (here, other):
        lake.tags.add("one", "x")
        lake.scenarios.add("two", {"patients": [{"id": "both"}]})
    here.scenarios.add("three", {"patients": [{"id": "alone"}]})
    before = other.version
    with pytest.raises(
        VersionConflictError, match=r"'one' \(version 2 here, version 2 there.*'two'"
    ):
        push(here, there, scenario=["one", "two", "three"])
    assert at(there).version == before
    assert push(here, there, scenario="three").scenarios[0].outcome == "updated"


def test_what_was_deleted_there_is_a_conflict_too(here, there):
    push(here, there, scenario="one")
    at(there).scenarios.delete("one")
    here.tags.add("one", "x")
    with pytest.raises(VersionConflictError, match="deleted there"):
        push(here, there, scenario="one")


def test_mirrors_that_forked_exchange_scenarios(here, tmp_path):
    here.push(tmp_path / "fork")
    fork = Lake(tmp_path / "fork")
    fork.scenarios.add("one", {"patients": [{"id": "forked"}]})
    here.tags.add("two", "here")
    fork.scenarios.save("new", {"patients": PATIENTS})
    here.pull(fork.url, scenario=["one", "new"])
    assert here.scenarios.load("one").entities == fork.scenarios.load("one").entities
    assert here.scenarios.load("new").entities == fork.scenarios.load("new").entities
    assert here.push(fork.url, scenario="two").scenarios[0].outcome == "updated"
    assert "here" in fork.scenarios.get("two").tags


def test_a_name_of_another_scenario_is_taken(here, there):
    at(there).scenarios.save("one", {"patients": PATIENTS[:1]})
    before = at(there).version
    for dry_run in (True, False):
        with pytest.raises(NameTakenError, match="one"):
            push(here, there, scenario=["two", "one"], dry_run=dry_run)
    assert at(there).version == before


def test_a_name_that_becomes_free_on_the_way_is_free(here, there):
    push(here, there, scenario=["one", "two"])
    here.scenarios.rename("one", "other")
    here.scenarios.rename("two", "one")
    for dry_run in (True, False):
        with pytest.raises(NameTakenError, match="one"):
            push(here, there, scenario=["one", "other"], dry_run=dry_run)
    for dry_run in (True, False):
        found = push(here, there, scenario=["other", "one"], dry_run=dry_run).scenarios
        assert [one.outcome for one in found] == ["updated", "updated"]
    assert {one.name for one in at(there).scenarios.list()} == {"own", "other", "one"}


def test_rows_fit_the_columns_that_the_table_has_there(here, there):
    at(there).entities.declare(
        EntityType.model_validate(
            {"name": "gizmos", "singular": "gizmo", "key": "id",
             "fields": [{"id": 1, "name": "id", "type": "text"}, {"id": 2, "name": "size", "type": "text"}]}
        )
    )  # fmt: skip
    push(here, there, scenario="one")
    lake = at(there)
    assert lake.scenarios.load("one").entities == here.scenarios.load("one").entities
    assert lake.query("SELECT size FROM gizmos").results == [{"size": "3"}]


def test_a_dry_run_changes_nothing(here, there):
    before = at(there).version
    report = push(here, there, tag="keep", dry_run=True)
    assert report.dry_run
    assert report.bytes > 0
    assert [one.outcome for one in report.scenarios] == ["created", "created"]
    assert at(there).version == before


def test_a_lake_that_is_not_there_yet_is_made_and_itself_is_refused(here, tmp_path):
    here.push(tmp_path / "fresh", scenario="two")
    fresh = Lake(tmp_path / "fresh")
    assert fresh.id != here.id
    assert fresh.scenarios.load("two")["patients"] == PATIENTS[:3]
    for url, what in ((here.url, "itself"), (f"{here.url}/data/mirror", "a part of itself")):
        for scenario in ("two", None):
            with pytest.raises(InputError, match=what):
                here.push(url, scenario=scenario)
    assert not (Path(here.url) / "data" / "mirror").exists()
