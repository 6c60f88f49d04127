"""Clones: the same rows under another name, or the same rows with other identifiers."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from uuid import uuid4

import pytest
from copy_cases import TARGETS, entities, is_id, own_places, pairs, places, walk
from hypothesis import given, settings

from healthsim_lake import EntityType, FieldSpec, Lake
from healthsim_lake.errors import (
    DataFileMissingError,
    EntityTypeNotFoundError,
    InputError,
    InvalidNameError,
    LakeError,
    NameTakenError,
    ReadOnlyError,
    ScenarioNotFoundError,
    StorageFullError,
    VersionNotFoundError,
)
from healthsim_lake.formats import synthea

COHORT = {
    "patients": [
        {"id": "p1", "mrn": "M1", "given_name": "Ada"},
        {"id": "p2", "mrn": "M2", "pets": ["cat"]},
    ],
    "encounter": [{"encounter_id": "e1", "patient_mrn": "M1"}],
    "claims": [],
}


@pytest.fixture
def lake(lake_url):
    with Lake(lake_url) as one:
        one.scenarios.save(
            "cohort", COHORT, description="Two people.", tags=["Mine"], metadata={"n": 1}
        )
        yield one


@pytest.fixture
def local(tmp_path):
    with Lake(tmp_path / "lake") as one:
        one.scenarios.save("cohort", COHORT)
        yield one


def rows(lake: Lake, ref: str, **options) -> dict:
    return lake.scenarios.load(ref, **options).entities


def files(lake: Lake) -> set[str]:
    root = Path(lake.url)
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_a_clone_has_the_rows_and_what_is_said_of_them(lake):
    source = lake.scenarios.get("cohort")
    told = lake.scenarios.clone("cohort")
    clone = lake.scenarios.get(told.new_scenario_id)
    assert rows(lake, clone.id) == COHORT
    assert (clone.name, clone.description, clone.tags) == ("cohort-copy", "Two people.", ("Mine",))
    assert (clone.metadata, clone.products) == ({"n": 1}, source.products)
    assert clone.id != source.id
    assert told.to_dict() == {
        "source_scenario_id": source.id,
        "source_scenario_name": "cohort",
        "new_scenario_id": clone.id,
        "new_scenario_name": "cohort-copy",
        "entities_cloned": {"patients": 2, "encounter": 1, "claims": 0},
        "total_entities": 3,
    }
    (origin,) = clone.origins
    assert (origin.operation, origin.scenario_id, origin.version) == ("clone", source.id, 1)


def test_what_is_given_takes_the_place_of_what_the_source_has(lake):
    told = lake.scenarios.clone(
        "cohort", "mine", description="", tags=[], metadata={}, author="eva", message="why"
    )
    clone = lake.scenarios.get("mine")
    assert told.new_scenario_name == "mine"
    assert (clone.description, clone.tags, clone.metadata) == ("", (), {})
    (version,) = lake.scenarios.history("mine")
    assert (version.operation, version.author, version.message) == ("clone", "eva", "why")


def test_names_that_nobody_gave_are_made_unique(lake):
    names = [lake.scenarios.clone("cohort").new_scenario_name for _ in range(3)]
    assert names == ["cohort-copy", "cohort-copy-2", "cohort-copy-3"]
    lake.scenarios.rename("cohort", "é" * 200)
    clone = lake.scenarios.clone("é" * 200).new_scenario_name
    assert clone == "é" * 195 + "-copy"


def test_both_go_their_own_way(lake):
    lake.scenarios.clone("cohort", "mine")
    lake.scenarios.add("mine", {"patients": [{"id": "p3"}]})
    lake.scenarios.save("cohort", {"patients": []}, overwrite=True)
    assert [row["id"] for row in rows(lake, "mine")["patients"]] == ["p1", "p2", "p3"]
    lake.scenarios.delete("cohort")
    assert lake.query("SELECT count(*) AS n FROM patients").results == [{"n": 3}]


def test_only_some_types_and_any_earlier_state_can_be_cloned(lake):
    saved = lake.scenarios.get("cohort")
    lake.scenarios.save("cohort", {"patients": [{"id": "new"}]}, overwrite=True)
    assert lake.scenarios.clone("cohort", types=["patient"]).entities_cloned == {"patients": 1}
    lake.scenarios.clone("cohort", "first", version=1, types=["patients", "Patient", "claims"])
    assert rows(lake, "first") == {"patients": COHORT["patients"], "claims": []}
    assert lake.scenarios.get("first").origins[0].version == 1
    lake.scenarios.delete("cohort")
    lake.scenarios.clone(saved.id, "then", as_of=saved.updated_at)
    assert rows(lake, "then") == COHORT


def test_a_past_state_gets_the_columns_that_its_tables_have_now(lake):
    extra = FieldSpec(id=500, name="pets", type="json")
    current = lake.entities.get("patients")
    wider = current.model_copy(update={"fields": (*current.fields, extra)})
    before = lake.scenarios.get("cohort").updated_at
    lake.entities.upgrade("patients", EntityType.model_validate(wider.document()))
    lake.scenarios.clone("cohort", "then", as_of=before)
    lake.scenarios.clone("cohort", "renumbered", as_of=before, new_ids=True)
    assert rows(lake, "then") == COHORT
    found = lake.query("SELECT pets FROM patients WHERE pets IS NOT NULL", scenario="then")
    assert [json.loads(row["pets"]) for row in found.results] == [["cat"]]
    schemas = {
        str(lake.scenarios.load(one).to_arrow("patients").schema)
        for one in ("then", "cohort", "renumbered")
    }
    assert len(schemas) == 1


def test_a_clone_shares_the_bytes_of_its_files(local):
    told = local.scenarios.clone("cohort")
    for table in ("patients", "encounters"):
        (old,) = local.files(table, scenario="cohort")
        (new,) = local.files(table, scenario=told.new_scenario_id)
        assert old != new
        assert Path(old).samefile(new)


def test_a_second_clone_with_the_same_key_is_the_first(lake):
    first = lake.scenarios.clone("cohort", idempotency_key="k")
    version = lake.version
    assert lake.scenarios.clone("cohort", idempotency_key="k") == first
    assert lake.version == version
    lake.scenarios.save("other", {"patients": []}, idempotency_key="s")
    with pytest.raises(InputError, match="another key"):
        lake.scenarios.clone("cohort", idempotency_key="s")


REFUSED = [
    ({"ref": "nobody"}, ScenarioNotFoundError, "not found"),
    ({"name": "taken"}, NameTakenError, "already exists"),
    ({"name": " "}, InvalidNameError, "empty"),
    ({"tags": "text"}, InvalidNameError, "list"),
    ({"types": ["patients", "nonsense"]}, EntityTypeNotFoundError, "holds no 'nonsense'"),
    ({"types": ["members"]}, EntityTypeNotFoundError, "holds no 'members'"),
    ({"version": 2}, VersionNotFoundError, "no version 2"),
    ({"metadata": {"n": float("nan")}}, InputError, "JSON"),
]


@pytest.mark.parametrize(("given", "error", "words"), REFUSED)
@pytest.mark.parametrize("new_ids", [False, True])
def test_what_is_refused_leaves_everything_as_it_was(local, given, error, words, new_ids):
    local.scenarios.save("taken", {"patients": [{"id": "x"}]})
    version, there = local.version, files(local)
    arguments = {"ref": "cohort", **given}
    with pytest.raises(error, match=words):
        local.scenarios.clone(**arguments, new_ids=new_ids)
    assert (local.version, files(local)) == (version, there)


def test_both_version_and_time_are_refused_and_so_is_a_lake_of_the_past(local):
    moment = local.scenarios.get("cohort").updated_at
    with pytest.raises(InputError, match="not both"):
        local.scenarios.clone("cohort", version=1, as_of=moment)
    with pytest.raises(ReadOnlyError):
        local.at(version=1).scenarios.clone("cohort")


def meanwhile(lake: Lake, monkeypatch, action) -> None:
    """Have another writer be faster: `action` is done between the copying and the commit."""
    real, done = Lake(lake.url), []
    create = lake._log.create_lake

    def late() -> bool:
        if not done:
            done.append(True)
            action(real)
        return create()

    monkeypatch.setattr(lake._log, "create_lake", late)


@pytest.mark.parametrize("new_ids", [False, True])
def test_a_source_deleted_meanwhile_is_an_error_and_leaves_no_file(local, monkeypatch, new_ids):
    meanwhile(local, monkeypatch, lambda other: other.scenarios.delete("cohort"))
    with pytest.raises(ScenarioNotFoundError, match="deleted"):
        local.scenarios.clone("cohort", new_ids=new_ids)
    assert not [one for one in files(local) if one.startswith(("staging", "data"))]


def test_a_source_overwritten_meanwhile_is_cloned_as_it_is_then(local, monkeypatch):
    new = {"patients": [{"id": "p9"}]}
    meanwhile(local, monkeypatch, lambda other: other.scenarios.save("cohort", new, overwrite=True))
    local.scenarios.clone("cohort", "mine")
    assert rows(local, "mine") == new
    assert not list(Path(local.url, "staging").iterdir())


def test_a_past_state_follows_a_table_that_changes_meanwhile(local, monkeypatch):
    local.scenarios.save("cohort", {"patients": []}, overwrite=True)

    def widen(other: Lake) -> None:
        current = other.entities.get("patients")
        fields = (*current.fields, FieldSpec(id=500, name="pets", type="json"))
        other.entities.upgrade("patients", current.model_copy(update={"fields": fields}))

    meanwhile(local, monkeypatch, widen)
    local.scenarios.clone("cohort", "then", version=1)
    assert rows(local, "then") == COHORT
    assert "pets" in local.scenarios.load("then").to_arrow("patients").column_names
    assert local.query("SELECT count(pets) AS n FROM patients").results == [{"n": 1}]


def test_a_source_renamed_meanwhile_is_still_the_one_that_was_meant(local, monkeypatch):
    def swap(other: Lake) -> None:
        other.scenarios.rename("cohort", "elsewhere")
        other.scenarios.save("cohort", {"patients": []})

    meanwhile(local, monkeypatch, swap)
    assert local.scenarios.clone("cohort", "mine").source_scenario_name == "elsewhere"
    assert rows(local, "mine") == COHORT


def test_a_name_taken_meanwhile_is_refused_and_leaves_no_file(local, monkeypatch):
    meanwhile(local, monkeypatch, lambda other: other.scenarios.save("mine", {"patients": []}))
    before = files(local)
    with pytest.raises(NameTakenError):
        local.scenarios.clone("cohort", "mine")
    assert {one for one in files(local) if not one.startswith("catalog/log")} == {
        one for one in before if not one.startswith("catalog/log")
    }


def test_files_that_move_while_they_are_copied_are_found(local, monkeypatch):
    storage, moves = local._log.storage, []
    real = storage.copy

    def copy(source: str, target: str) -> None:
        if len(moves) < 2:
            moves.append(source)
            assert storage.move(source, source.replace("data/", "history/"))
        real(source, target)

    monkeypatch.setattr(storage, "copy", copy)
    local.scenarios.clone("cohort", "mine")
    assert len(moves) == 2
    assert rows(local, "mine") == COHORT


@pytest.mark.parametrize("new_ids", [False, True])
def test_a_missing_file_and_a_full_disk_leave_nothing(local, monkeypatch, new_ids):
    there = files(local)
    with monkeypatch.context() as patch:

        def full(*_: object) -> None:
            raise StorageFullError(28, "the disk is full")

        patch.setattr(local._log.storage, "put" if new_ids else "copy", full)
        with pytest.raises(StorageFullError):
            local.scenarios.clone("cohort", new_ids=new_ids)
    assert files(local) == there
    Path(local.files("encounters")[0]).unlink()
    with pytest.raises(DataFileMissingError):
        local.scenarios.clone("cohort", new_ids=new_ids)
    assert not list(Path(local.url, "staging").iterdir())


CLONER = """
import sys
from healthsim_lake import Lake
for _ in range(5):
    print(Lake(sys.argv[1]).scenarios.clone("cohort").new_scenario_name)
"""


def test_processes_and_threads_that_clone_at_once_get_names_of_their_own(local):
    others = [
        subprocess.Popen(
            [sys.executable, "-c", CLONER, local.url], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    names: list[str] = []

    def clone() -> None:
        for _ in range(5):
            names.append(local.scenarios.clone("cohort").new_scenario_name)

    threads = [threading.Thread(target=clone) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        names += other.communicate()[0].split()
        assert other.returncode == 0
    expected = {"cohort-copy"} | {f"cohort-copy-{number}" for number in range(2, 21)}
    assert sorted(names) == sorted(expected)
    assert {one.name for one in local.scenarios.list(limit=None)} == expected | {"cohort"}


# ---- new identifiers ----


@settings(max_examples=60)
@given(entities())
def test_new_ids_change_identifiers_one_to_one_and_nothing_else(given):
    lake = Lake(f"memory://{uuid4()}/lake")
    lake.scenarios.save("source", given)
    lake.scenarios.clone("source", "clone", new_ids=True)
    old, new = lake.scenarios.load("source"), lake.scenarios.load("clone")
    assert old.entities == given
    assert {key: len(one) for key, one in new.items()} == {
        key: len(one) for key, one in given.items()
    }

    changed: dict[object, object] = {}
    for key in given:

        def see(path, before, after, key=key):
            assert type(before) is type(after)
            if before != after:
                assert path in places(key)
                assert changed.setdefault(before, after) == after
            elif is_id(before):
                assert path not in own_places(key)

        for before, after in zip(given[key], new[key], strict=True):
            walk(before, after, (), see)
    assert len({str(one) for one in changed.values()}) == len({str(one) for one in changed})
    assert not {str(one) for one in changed} & {str(one) for one in changed.values()}

    for pointing, target in TARGETS.items():
        assert pairs(old, *pointing, *target) == pairs(new, *pointing, *target)


def test_references_to_what_the_clone_does_not_hold_stay(lake):
    lake.scenarios.save(
        "claims",
        {
            "claims": [
                {"claim_id": "c1", "primary_payer_id": "y1", "secondary_payer_id": "0"},
                {"claim_id": "c2", "primary_payer_id": "gone", "member_id": "m1"},
            ],
            "payers": [{"payer_id": "y1"}],
            "members": [{"id": "1", "member_id": "m1"}],
        },
    )
    lake.scenarios.clone("claims", "all", new_ids=True)
    lake.scenarios.clone("claims", "some", new_ids=True, types=["claims", "payers"])
    first, second = rows(lake, "all")["claims"]
    assert first["primary_payer_id"] == rows(lake, "all")["payers"][0]["payer_id"] != "y1"
    assert (first["secondary_payer_id"], second["primary_payer_id"]) == ("0", "gone")
    assert second["member_id"] == rows(lake, "all")["members"][0]["member_id"] != "m1"
    assert rows(lake, "some")["claims"][1]["member_id"] == "m1"


def test_large_tables_with_and_without_residue_keep_every_join(lake):
    people = [{"id": f"p{n}", "mrn": f"MRN{n:06d}", "vip": n % 7 == 0} for n in range(3_000)]
    visits = [
        {"encounter_id": n, "patient_mrn": f"MRN{n % 3_500:06d}"}
        | ({"patient_id": f"p{n % 3_500}"} if n % 11 == 0 else {})
        | ({"context": {"id": n}} if n % 3 == 0 else {})
        for n in range(6_000)
    ]
    lake.scenarios.save("large", {"patients": people, "encounters": visits})
    lake.scenarios.clone("large", "clone", new_ids=True)
    old, new = lake.scenarios.load("large"), lake.scenarios.load("clone")
    join = ("encounters", "patient_mrn", "patients", "mrn")
    assert pairs(old, *join) == pairs(new, *join)
    new_of = dict(zip((p["id"] for p in people), (p["id"] for p in new["patients"]), strict=True))
    for before, after in zip(visits, new["encounters"], strict=True):
        assert type(after["encounter_id"]) is int
        assert after["encounter_id"] != before["encounter_id"]
        if "patient_id" in before:
            assert after["patient_id"] == new_of.get(before["patient_id"], before["patient_id"])
        assert after.get("context") == before.get("context")


def test_rows_without_a_key_keep_having_none_and_get_a_new_one_in_the_column(lake):
    people = [{"mrn": "M1"}, {"mrn": "M2", "patient_id": "x", "id": None}]
    lake.scenarios.save("some", {"patients": people, "diagnoses": [{"code": "E11"}]})
    lake.scenarios.clone("some", "clone", new_ids=True)
    old, new = lake.scenarios.load("some"), lake.scenarios.load("clone")
    assert [set(row) for row in new["patients"]] == [{"mrn"}, {"mrn", "patient_id", "id"}]
    assert new["diagnoses"] == [{"code": "E11"}]
    for table in ("patients", "diagnoses"):
        before, after = old.to_polars(table)["id"], new.to_polars(table)["id"]
        assert after.null_count() == 0
        assert not (before == after).any()


def test_what_was_noted_when_rows_were_first_written_stays(lake):
    rows_in = [{"id": "p1", "provenance": {"source_type": "loaded"}}, {"id": "p2", "patientId": 3}]
    lake.scenarios.save("some", {"patients": rows_in}, provenance={"skill_used": "maker"})
    lake.scenarios.clone("some", "clone", new_ids=True)
    columns = ["created_at", "source_type", "source_system", "skill_used"]
    old, new = (lake.scenarios.load(one).to_polars("patients") for one in ("some", "clone"))
    assert old.select(columns).equals(new.select(columns))


def test_clones_of_one_source_have_nothing_in_common(lake):
    ids = []
    for _ in range(2):
        clone = lake.scenarios.clone("cohort", new_ids=True).new_scenario_id
        ids.append({row["id"] for row in rows(lake, clone)["patients"]})
    assert not ids[0] & ids[1]
    assert not (ids[0] | ids[1]) & {"p1", "p2"}


def test_a_real_export_keeps_every_join_under_new_ids(tmp_path, synthea_folder):
    lake = Lake(tmp_path / "lake")
    lake.scenarios.save("real", synthea.read(synthea_folder))
    lake.scenarios.clone("real", "clone", new_ids=True)
    record = lake.scenarios.get("real")
    assert lake.scenarios.get("clone").entity_counts == record.entity_counts
    registry = lake.entities.registry()
    compared = 0
    for table in record.entity_counts:
        for one in registry.references_of(table):
            if one.target_table not in record.entity_counts:
                continue
            sql = (
                f"SELECT count(*) AS n, count(DISTINCT a.{one.column}) AS d FROM {table} a "
                f"JOIN {one.target_table} b ON a.{one.column} = b.{one.target_column}"
            )
            found = [lake.query(sql, scenario=name).results for name in ("real", "clone")]
            assert found[0] == found[1], one
            compared += found[0][0]["n"] > 0
    assert compared > 10
    three = (
        "SELECT count(*) AS n FROM patients p JOIN encounters e ON e.patient_mrn = p.mrn "
        "JOIN diagnoses d ON d.encounter_id = e.encounter_id AND d.patient_mrn = p.mrn"
    )
    found = [lake.query(three, scenario=name).results for name in ("real", "clone")]
    assert found[0] == found[1] != [{"n": 0}]
    shared = lake.query(
        "SELECT count(*) AS n FROM patients a JOIN patients b ON a.id = b.id "
        "AND a.scenario_id <> b.scenario_id"
    )
    assert shared.results == [{"n": 0}]


def test_every_error_of_a_clone_is_one_of_ours():
    assert all(issubclass(error, LakeError) for _, error, _ in REFUSED)
