"""Save, add, load, list, rename, tag, delete, restore: what goes in comes out, whatever happens."""

from __future__ import annotations

import json
import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from pydantic import BaseModel

from healthsim_lake import EntityType, FieldSpec, Lake
from healthsim_lake.errors import (
    CommitStateUnknownError,
    DataFileAlteredError,
    DataFileMissingError,
    EntityTypeNotFoundError,
    InputError,
    InvalidEntityError,
    InvalidNameError,
    NameTakenError,
    NotALakeError,
    ReadOnlyError,
    ScenarioNotFoundError,
    StorageError,
    VersionConflictError,
    VersionNotFoundError,
)

PATIENTS = [
    {"id": "p1", "mrn": "M1", "given_name": "Ada", "birth_date": "1950-02-03", "gender": "F"},
    {"id": "p2", "mrn": "M2", "given_name": "José", "birth_date": "1961-12-31", "pets": ["cat"]},
]
ENCOUNTERS = [
    {"encounter_id": "e1", "patient_mrn": "M1", "admission_time": "2024-05-06T07:08:09Z"},
    {"encounter_id": "e2", "patient_mrn": "M2", "admission_time": "not known"},
]


def data_files(lake: Lake) -> list[str]:
    return [entry.key for entry in lake._log.storage.list("data")]


def test_rows_come_back_exactly_as_they_were_saved(lake):
    record = lake.scenarios.save("demo", {"patients": PATIENTS, "encounters": ENCOUNTERS})
    assert record.entity_counts == {"patients": 2, "encounters": 2}
    loaded = Lake(lake.url).scenarios.load("demo")
    assert loaded.entities == {"patients": PATIENTS, "encounters": ENCOUNTERS}
    assert json.dumps(loaded.entities) == json.dumps(
        {"patients": PATIENTS, "encounters": ENCOUNTERS}
    )


def test_a_scenario_is_found_by_name_and_by_id(lake):
    record = lake.scenarios.save("demo", {"patients": PATIENTS})
    assert lake.scenarios.get("demo") == lake.scenarios.get(record.id) == record
    assert lake.scenarios.exists("demo")
    assert lake.scenarios.exists(record.id)
    assert not lake.scenarios.exists("other")
    with pytest.raises(ScenarioNotFoundError, match="not found") as caught:
        lake.scenarios.load("other")
    assert isinstance(caught.value, LookupError)
    assert isinstance(caught.value, ValueError)


def test_saved_keys_are_kept_and_any_spelling_finds_them(lake):
    lake.scenarios.save("demo", {"Patient": PATIENTS, "diagnosis": [{"code": "E11.9"}]})
    loaded = lake.scenarios.load("demo")
    assert list(loaded) == ["Patient", "diagnosis"]
    assert loaded["patients"] == loaded["Patient"] == PATIENTS
    assert loaded["diagnoses"] == [{"code": "E11.9"}]
    assert "members" not in loaded
    with pytest.raises(EntityTypeNotFoundError, match="holds Patient, diagnosis"):
        loaded["members"]


def test_two_keys_for_one_table_are_an_error_that_names_both(lake):
    with pytest.raises(InputError, match="'patient' and 'patients'"):
        lake.scenarios.save("demo", {"patient": PATIENTS, "patients": PATIENTS})
    assert lake.version == 0


def test_empty_types_are_remembered(lake):
    lake.scenarios.save("demo", {"patients": [], "widgets": []})
    assert lake.scenarios.load("demo").entities == {"patients": [], "widgets": []}
    assert lake.scenarios.save("none", {}).entity_count == 0
    lake.scenarios.save("later", {"widgets": [{"colour": "red"}]})
    assert lake.query("SELECT colour FROM widgets").results == [{"colour": "red"}]


def test_repeated_rows_and_ids_are_kept(lake):
    lake.scenarios.save("demo", {"patients": [PATIENTS[0]] * 3})
    assert lake.scenarios.load("demo")["patients"] == [PATIENTS[0]] * 3


class Person(BaseModel):
    id: str
    birth_date: date


@pytest.mark.parametrize(
    "source",
    [
        lambda: iter([{"id": "1", "birth_date": "1950-01-01"}]),
        lambda: [{"id": "1", "birth_date": date(1950, 1, 1)}],
        lambda: [Person(id="1", birth_date=date(1950, 1, 1))],
        lambda: pl.DataFrame({"id": ["1"], "birth_date": [date(1950, 1, 1)]}),
        lambda: pa.table({"id": ["1"], "birth_date": [date(1950, 1, 1)]}),
        lambda: pa.table({"id": ["1"], "birth_date": [date(1950, 1, 1)]}).to_reader(),
        lambda: iter(pa.table({"id": ["1"], "birth_date": [date(1950, 1, 1)]}).to_batches()),
        lambda: pa.table({"id": ["1"], "birth_date": [date(1950, 1, 1)]}).to_batches()[0],
        lambda: pd.DataFrame({"id": ["1"], "birth_date": [date(1950, 1, 1)]}),
    ],
    ids=[
        "generator",
        "dates",
        "models",
        "polars",
        "arrow",
        "reader",
        "batches",
        "batch",
        "pandas",
    ],
)
def test_every_kind_of_source_is_taken(lake, source):
    lake.scenarios.save("demo", {"patients": source()})
    loaded = lake.scenarios.load("demo")
    assert loaded["patients"] == [{"id": "1", "birth_date": "1950-01-01"}]
    assert loaded.to_polars("patients")["birth_date"].to_list() == [date(1950, 1, 1)]
    assert loaded.to_arrow("patients")["birth_date"].to_pylist() == [date(1950, 1, 1)]


@pytest.mark.parametrize("source", ["text", {"id": "1"}, 7, b"bytes", None])
def test_what_is_no_collection_of_rows_is_refused(lake, source):
    with pytest.raises(InvalidEntityError, match="expected rows"):
        lake.scenarios.save("demo", {"patients": source})
    with pytest.raises(InputError, match="mapping of entity type to rows"):
        lake.scenarios.save("demo", [("patients", [])])


def test_streams_of_many_chunks_keep_their_order(local, monkeypatch):
    monkeypatch.setattr("healthsim_lake.scenarios.writing.sources.STREAMED_ROWS_PER_CHUNK", 100)
    rows = [{"id": str(number)} for number in range(1_234)]
    seen = []
    local.scenarios.save(
        "demo", {"patients": iter(rows)}, on_progress=lambda key, done: seen.append((key, done))
    )
    assert local.scenarios.load("demo")["patients"] == rows
    assert len(data_files(local)) == 13
    assert seen[-1] == ("patients", 1_234)


def test_arrow_batches_of_other_types_than_those_before_are_kept_exactly(lake):
    rows = [{"a": None}, {"a": 1}, {"a": "x"}, {"a": 2.5}, {"a": 3}]
    lake.scenarios.save("x", {"things": (pa.RecordBatch.from_pylist([row]) for row in rows)})
    assert lake.scenarios.load("x")["things"] == rows


@pytest.mark.parametrize("other", [{"a": 2}, None])
def test_what_is_no_arrow_batch_among_such_batches_is_named(lake, other):
    batches = iter([pa.RecordBatch.from_pylist([{"a": 1}]), other])
    with pytest.raises(InvalidEntityError, match=f"things.*{type(other).__name__}"):
        lake.scenarios.save("x", {"things": batches})


def test_two_columns_of_one_name_in_two_arrow_batches_are_named(lake):
    twice = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(InvalidEntityError, match="two columns have one name"):
        lake.scenarios.save("x", {"things": iter([twice, twice])})


def test_a_bad_row_is_named_and_nothing_is_kept(lake):
    rows = [{"id": "1"}, {"id": "2", "weight": float("nan")}]
    with pytest.raises(InvalidEntityError) as caught:
        lake.scenarios.save("demo", {"encounters": ENCOUNTERS, "patients": rows})
    assert (caught.value.table, caught.value.row) == ("patients", 1)
    assert "weight" in str(caught.value)
    assert lake.scenarios.list() == []
    assert [e.key for f in ("staging", "data") for e in lake._log.storage.list(f)] == []


def test_a_bad_row_deep_in_a_stream_is_named_by_its_place(local, monkeypatch):
    monkeypatch.setattr("healthsim_lake.scenarios.writing.sources.STREAMED_ROWS_PER_CHUNK", 10)
    rows = ({"id": str(number)} if number != 25 else "no mapping" for number in range(50))
    with pytest.raises(InvalidEntityError, match=r"patients\[25\]"):
        local.scenarios.save("demo", {"patients": rows})
    assert not local.scenarios.exists("demo")
    assert list(local._log.storage.list("staging")) == []


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 201, "a\nb", "a\0b", "01234567-89ab-cdef-0123-456789abcdef", None, 7]
)
def test_bad_names_are_refused(lake, name):
    with pytest.raises(InvalidNameError):
        lake.scenarios.save(name, {})
    assert lake.version == 0


@pytest.mark.parametrize("key", ["a/b", "", "scenarios", "../x", "x" * 80])
def test_bad_table_names_are_refused(lake, key):
    with pytest.raises(InvalidNameError):
        lake.scenarios.save("demo", {key: [{"id": "1"}]})
    assert lake.scenarios.list() == []


def test_names_are_kept_as_given_in_composed_form(lake):
    record = lake.scenarios.save("Café – 100% 'quoted'", {})
    assert record.name == "Café – 100% 'quoted'"
    assert lake.scenarios.exists("Café – 100% 'quoted'")


def test_a_taken_name_is_an_error_and_changes_nothing(lake):
    lake.scenarios.save("demo", {"patients": PATIENTS})
    with pytest.raises(NameTakenError, match="already exists") as caught:
        lake.scenarios.save("demo", {"patients": []})
    assert isinstance(caught.value, ValueError)
    assert lake.scenarios.load("demo")["patients"] == PATIENTS


def test_overwriting_keeps_the_id_and_what_is_not_given(lake):
    first = lake.scenarios.save("demo", {"patients": PATIENTS}, description="d", tags=["a", "b"])
    second = lake.scenarios.save(
        "demo", {"members": [{"id": "m"}]}, overwrite=True, tags=["B", "c"]
    )
    assert second.id == first.id
    assert second.created_at == first.created_at
    assert second.description == "d"
    assert second.tags == ("b", "c")
    assert second.version == 2
    assert lake.scenarios.load("demo").entities == {"members": [{"id": "m"}]}


def test_every_version_stays_loadable_by_number_and_by_time(lake):
    first = lake.scenarios.save("demo", {"patients": PATIENTS}, message="the first")
    lake.scenarios.save("demo", {"patients": PATIENTS[:1]}, overwrite=True, author="me")
    lake.scenarios.rename("demo", "renamed")
    assert lake.scenarios.load("renamed", version=1)["patients"] == PATIENTS
    assert lake.scenarios.load("renamed", version=1).record.entity_counts == {"patients": 2}
    assert lake.scenarios.load("renamed", as_of=first.updated_at)["patients"] == PATIENTS
    assert lake.scenarios.load("renamed", as_of=first.updated_at).record.name == "demo"
    assert lake.scenarios.load("renamed")["patients"] == PATIENTS[:1]
    history = lake.scenarios.history("renamed")
    assert [one.operation for one in history] == ["rename", "save", "save"]
    assert [one.version for one in history] == [3, 2, 1]
    assert (history[2].message, history[1].author) == ("the first", "me")
    with pytest.raises(VersionNotFoundError, match="1 to 3"):
        lake.scenarios.load("renamed", version=4)
    with pytest.raises(VersionNotFoundError):
        lake.scenarios.load("renamed", as_of=datetime(2001, 1, 1))  # noqa: DTZ001  # naive on purpose
    with pytest.raises(InputError, match="not both"):
        lake.scenarios.load("renamed", version=1, as_of=first.updated_at)


def test_an_expected_version_is_checked(lake):
    lake.scenarios.save("demo", {"patients": PATIENTS})
    lake.scenarios.describe("demo", "changed meanwhile")
    with pytest.raises(VersionConflictError, match="at version 2, not 1"):
        lake.scenarios.save("demo", {}, overwrite=True, expected_version=1)
    assert lake.scenarios.save("demo", {}, overwrite=True, expected_version=2).version == 3
    with pytest.raises(VersionConflictError, match="not there"):
        lake.scenarios.save("other", {}, overwrite=True, expected_version=2)


def test_a_repeated_request_with_one_key_is_done_once(lake):
    first = lake.scenarios.save("demo", {"patients": PATIENTS}, idempotency_key="request 7")
    again = lake.scenarios.save("demo", {"patients": PATIENTS}, idempotency_key="request 7")
    assert again == first
    assert lake.version == 1
    lake.scenarios.add("demo", {"patients": PATIENTS}, idempotency_key="request 8")
    lake.scenarios.add("demo", {"patients": PATIENTS}, idempotency_key="request 8")
    assert lake.scenarios.get("demo").entity_count == 4
    assert list(lake._log.storage.list("staging")) == []


def test_added_rows_stand_behind_the_old_ones(lake):
    lake.scenarios.save("demo", {"patients": PATIENTS[:1]})
    record = lake.scenarios.add("demo", {"patient": PATIENTS[1:], "encounters": ENCOUNTERS})
    assert record.entity_counts == {"patients": 2, "encounters": 2}
    assert lake.scenarios.load("demo").entities == {"patients": PATIENTS, "encounters": ENCOUNTERS}
    assert lake.scenarios.load("demo", version=1).entities == {"patients": PATIENTS[:1]}
    with pytest.raises(ScenarioNotFoundError):
        lake.scenarios.add("other", {"patients": PATIENTS})


@pytest.mark.parametrize(
    ("strategy", "names"),
    [("keep", ["Ada", "José", "Eva"]), ("replace", ["José", "Eva"])],
)
def test_rows_with_a_taken_key_are_kept_or_replaced(lake, strategy, names):
    lake.scenarios.save("demo", {"patients": PATIENTS})
    new = [{"id": "p1", "given_name": "Eva", "unknown": {"a": [1]}}]
    lake.scenarios.add("demo", {"patients": new}, on_duplicate=strategy)
    loaded = lake.scenarios.load("demo")["patients"]
    assert [row["given_name"] for row in loaded] == names
    assert loaded[-1] == new[0]
    lake.scenarios.add("demo", {"patients": new}, on_duplicate="replace")
    assert [r["given_name"] for r in lake.scenarios.load("demo")["patients"]] == ["José", "Eva"]


def test_a_taken_key_can_be_an_error(lake):
    lake.scenarios.save("demo", {"patients": PATIENTS})
    with pytest.raises(InvalidEntityError, match="'p1'"):
        lake.scenarios.add("demo", {"patients": PATIENTS[:1]}, on_duplicate="error")
    lake.scenarios.add("demo", {"patients": [{"id": "p3"}]}, on_duplicate="error")
    assert lake.scenarios.get("demo").entity_count == 3
    with pytest.raises(InputError, match="keep, replace, error"):
        lake.scenarios.add("demo", {"patients": []}, on_duplicate="whatever")


def test_many_small_adds_leave_few_files_and_the_right_order(local):
    local.scenarios.save("demo", {"patients": []})
    rows = [{"id": str(n), **({"odd": n} if n % 3 else {})} for n in range(100)]
    for row in rows:
        local.scenarios.add("demo", {"patients": [row]})
    assert local.scenarios.load("demo")["patients"] == rows
    assert len(data_files(local)) <= 24
    assert local.scenarios.load("demo", version=31)["patients"] == rows[:30]


def test_listing_filters_and_orders(lake):
    lake.scenarios.save("Alpha_1", {"patients": PATIENTS}, tags=["Diabetes"])
    lake.scenarios.save("beta", {"members": [{"id": "m"}]}, description="100% of alpha")
    lake.scenarios.save("gamma", {}, tags=["diabetes", "x"], metadata={"product": "trialsim"})

    def names(**given):
        return [record.name for record in lake.scenarios.list(**given)]

    assert names() == ["gamma", "beta", "Alpha_1"]
    lake.scenarios.describe("Alpha_1", "now newest")
    assert names() == ["Alpha_1", "gamma", "beta"]
    assert names(tag="DIABETES") == ["Alpha_1", "gamma"]
    assert names(search="ALPHA") == ["Alpha_1", "beta"]
    assert names(search="%") == ["beta"]
    assert names(search="_") == ["Alpha_1"]
    assert names(tag="diabetes", search="gam") == ["gamma"]
    assert names(product="membersim") == ["beta"]
    assert names(product="trialsim") == ["gamma"]
    assert names(limit=1) == ["Alpha_1"]
    assert names(limit=None, offset=2) == ["beta"]
    with pytest.raises(InputError, match="negative"):
        names(limit=-1)


def test_rename_refuses_a_taken_name_and_frees_the_old_one(lake):
    first = lake.scenarios.save("a", {})
    lake.scenarios.save("b", {})
    with pytest.raises(NameTakenError):
        lake.scenarios.rename("a", "b")
    assert lake.scenarios.rename("a", "c").id == first.id
    assert lake.scenarios.rename("c", "c").name == "c"
    assert not lake.scenarios.exists("a")


def test_tags_are_compared_without_case_and_kept_as_given(lake):
    lake.scenarios.save("demo", {}, tags=[" Diabetes ", "diabetes", "x"])
    assert lake.tags.of("demo") == ("Diabetes", "x")
    assert lake.tags.add("demo", "DIABETES", "New") == ("Diabetes", "x", "New")
    assert lake.tags.remove("demo", "diabetes", "absent") == ("x", "New")
    assert lake.tags.count() == {"New": 1, "x": 1}
    for bad in ("", "  ", "a\nb"):
        with pytest.raises(InvalidNameError):
            lake.tags.add("demo", bad)
    with pytest.raises(InvalidNameError, match="list"):
        lake.scenarios.save("other", {}, tags="text")


def test_describe_changes_what_is_given(lake):
    lake.scenarios.save("demo", {}, metadata={"a": None, "b": [1]})
    assert lake.scenarios.get("demo").metadata == {"a": None, "b": [1]}
    assert lake.scenarios.describe("demo", "text").metadata == {"a": None, "b": [1]}
    assert lake.scenarios.describe("demo", metadata={"c": 1}).description == "text"
    with pytest.raises(InputError):
        lake.scenarios.describe("demo")
    for bad in ({"x": float("nan")}, {1: 2}, [1], {"x": object()}):
        with pytest.raises(InputError):
            lake.scenarios.describe("demo", metadata=bad)


def test_a_deleted_scenario_is_gone_and_can_be_restored(lake):
    record = lake.scenarios.save("demo", {"patients": PATIENTS}, tags=["t"])
    lake.scenarios.save("demo", {"patients": PATIENTS[:1]}, overwrite=True)
    assert lake.scenarios.delete("demo").id == record.id
    assert lake.scenarios.list() == []
    assert data_files(lake) == []
    with pytest.raises(ScenarioNotFoundError, match="restore"):
        lake.scenarios.load("demo")
    with pytest.raises(ScenarioNotFoundError):
        lake.scenarios.delete("demo")
    assert lake.scenarios.delete("demo", missing_ok=True) is None
    restored = lake.scenarios.restore("demo")
    assert (restored.id, restored.tags) == (record.id, ("t",))
    assert lake.scenarios.load("demo")["patients"] == PATIENTS[:1]
    assert lake.scenarios.load("demo", version=1)["patients"] == PATIENTS
    assert [one.operation for one in lake.scenarios.history("demo")] == [
        "restore",
        "delete",
        "save",
        "save",
    ]
    with pytest.raises(ScenarioNotFoundError, match="not deleted"):
        lake.scenarios.restore("demo")


def test_of_many_deleted_scenarios_with_one_name_the_last_comes_back(lake):
    first = lake.scenarios.save("demo", {"patients": PATIENTS[:1]})
    lake.scenarios.delete("demo")
    second = lake.scenarios.save("demo", {"patients": PATIENTS})
    lake.scenarios.delete("demo")
    assert lake.scenarios.restore("demo").id == second.id
    with pytest.raises(NameTakenError):
        lake.scenarios.restore(first.id)
    assert lake.scenarios.restore(first.id, name="older").name == "older"
    assert lake.scenarios.load("older")["patients"] == PATIENTS[:1]
    assert len(lake.scenarios.history("older")) == 3


def test_a_lake_as_it_was_is_readable_and_cannot_be_changed(lake):
    lake.scenarios.save("demo", {"patients": PATIENTS})
    lake.scenarios.delete("demo")
    lake.scenarios.save("other", {})
    past = lake.at(version=1)
    assert [record.name for record in past.scenarios.list()] == ["demo"]
    assert past.scenarios.load("demo")["patients"] == PATIENTS
    assert past.query("SELECT count(*) AS n FROM patients").results == [{"n": 2}]
    assert len(past.scan("patients").collect()) == 2
    for change in (
        lambda: past.scenarios.save("x", {}),
        lambda: past.scenarios.delete("demo"),
        lambda: past.tags.add("demo", "t"),
        past.create,
    ):
        with pytest.raises(ReadOnlyError):
            change()


def test_the_folder_holds_the_head_and_nothing_else(local):
    for number in range(3):
        local.scenarios.save(f"s{number}", {"patients": PATIENTS})
    local.scenarios.save("s0", {"patients": PATIENTS[:1]}, overwrite=True)
    local.scenarios.delete("s1")
    folder = Path(local.url) / "data" / "patients"
    rows = duckdb.sql(f"SELECT scenario_id, id FROM '{folder}/**/*.parquet'").fetchall()
    ids = [local.scenarios.get(name).id for name in ("s0", "s2")]
    assert sorted(rows) == sorted([(ids[0], "p1"), (ids[1], "p1"), (ids[1], "p2")])
    assert list(local._log.storage.list("staging")) == []


def test_other_tools_read_the_folder_without_this_package(local):
    local.scenarios.save("demo", {"patients": PATIENTS, "claims": [{"total_charge": "12.34"}]})
    scenario_id = local.scenarios.get("demo").id
    folder = Path(local.url) / "data" / "patients"
    polars = pl.scan_parquet(folder, hive_partitioning=True).collect()
    arrow = ds.dataset(folder, partitioning="hive").to_table()
    pandas = pd.read_parquet(folder)
    for found in (polars["id"].to_list(), arrow["id"].to_pylist(), list(pandas["id"])):
        assert found == ["p1", "p2"]
    assert polars["scenario_id"].to_list() == [scenario_id] * 2
    assert polars["birth_date"].to_list() == [date(1950, 2, 3), date(1961, 12, 31)]
    claims = pl.read_parquet(Path(local.url) / "data" / "claims")
    assert claims["total_charge"].to_list() == [Decimal("12.34")]


def test_files_of_a_table_have_one_schema_whatever_wrote_them(local):
    many = [{"id": str(n), "birth_date": "1950-01-01"} for n in range(5_000)]
    local.scenarios.save("small", {"patients": PATIENTS})
    local.scenarios.save("large", {"patients": many})
    local.scenarios.save("frame", {"patients": pl.DataFrame(many)})
    local.scenarios.save("other keys", {"patients": [{"zzz": 1}]})
    import pyarrow.parquet as pq  # noqa: PLC0415  # only this test looks so deep

    found = set()
    for path in Path(local.url).glob("data/patients/**/*.parquet"):
        columns = pq.ParquetFile(path).schema
        found.add(
            tuple(
                (
                    columns.column(i).path,
                    str(columns.column(i).logical_type),
                    columns.column(i).physical_type,
                )
                for i in range(len(columns))
            )
        )
        ids = [f.metadata[b"PARQUET:field_id"] for f in pq.ParquetFile(path).schema_arrow]
        assert len(set(ids)) == len(ids)
    assert len(found) == 1


def test_a_missing_or_altered_data_file_is_named(local):
    local.scenarios.save("demo", {"patients": PATIENTS})
    path = Path(local.files("patients", scenario="demo")[0])
    whole = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(whole[:-20] + b"x" + whole[-19:])
    with pytest.raises(DataFileAlteredError, match="patients"):
        local.scenarios.load("demo")
    path.write_bytes(whole[:-20])
    for read in (
        lambda: local.scenarios.load("demo"),
        lambda: local.query("SELECT * FROM patients"),
    ):
        with pytest.raises(DataFileAlteredError):
            read()
    path.unlink()
    for read in (
        lambda: local.scenarios.load("demo"),
        lambda: local.query("SELECT * FROM patients"),
        lambda: local.files("patients"),
    ):
        with pytest.raises(DataFileMissingError, match="patients"):
            read()
    assert local.scenarios.get("demo").entity_count == 2


def test_a_crash_between_commit_and_publish_is_mended_by_the_next_writer(local, monkeypatch):
    local.scenarios.save("old", {"patients": PATIENTS})
    publisher = type(local._committer._publisher)
    with monkeypatch.context() as patch:
        patch.setattr(publisher, "publish", lambda _self, _commit: None)
        local.scenarios.save("crashed", {"patients": PATIENTS})
        local.scenarios.save("old", {"patients": PATIENTS[:1]}, overwrite=True)
    # The second save has mended what the first one left; its own files still wait.
    assert len(list(local._log.storage.list("staging"))) == 1
    fresh = Lake(local.url)
    assert fresh.scenarios.load("crashed")["patients"] == PATIENTS
    assert fresh.scenarios.load("old")["patients"] == PATIENTS[:1]
    assert fresh.query("SELECT count(*) AS n FROM patients").results == [{"n": 3}]
    assert len(fresh.scan("patients").collect()) == 3
    fresh.scenarios.save("next", {})
    assert list(local._log.storage.list("staging")) == []
    assert len(data_files(local)) == 2
    assert len(list(local._log.storage.list("history"))) == 1
    assert fresh.scenarios.load("old", version=1)["patients"] == PATIENTS


def test_what_may_have_been_committed_is_never_removed(local, monkeypatch):
    local.scenarios.save("first", {})
    storage = local._log.storage
    real = storage.create

    def vanishing(key, data):
        if key.startswith("catalog/log"):
            monkeypatch.setattr(storage, "read", failing)
            raise StorageError(5, "the disk went away")
        real(key, data)

    def failing(key):
        raise StorageError(5, f"the disk went away: {key}")

    monkeypatch.setattr(storage, "create", vanishing)
    with pytest.raises(CommitStateUnknownError):
        local.scenarios.save("unknown", {"patients": PATIENTS})
    assert len(list(storage.list("staging"))) == 1


def test_threads_sharing_a_lake_lose_nothing(local):
    errors = []

    def work(number):
        try:
            local.scenarios.save(f"s{number}", {"patients": PATIENTS})
            local.scenarios.add("shared", {"patients": [{"id": str(number)}]})
        except Exception as error:  # noqa: BLE001  # collected, and shown by the assertion
            errors.append(error)

    local.scenarios.save("shared", {"patients": []})
    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert local.version == 25
    ids = {row["id"] for row in local.scenarios.load("shared")["patients"]}
    assert ids == {str(number) for number in range(12)}
    assert len(local.scenarios.list()) == 13


def test_two_lakes_on_one_folder_see_each_other(local):
    other = Lake(local.url)
    local.scenarios.save("a", {"widgets": [{"size": 1}]})
    other.scenarios.save("b", {"widgets": [{"size": 2.5, "new": "x"}]})
    local.scenarios.add("b", {"widgets": [{"size": 3}]})
    assert other.scenarios.load("b")["widgets"] == [{"size": 2.5, "new": "x"}, {"size": 3}]
    assert {one.name for one in local.scenarios.list()} == {"a", "b"}


def test_a_table_declared_by_somebody_else_meanwhile_takes_the_winners_columns(local):
    rival = Lake(local.url)

    def rows():
        yield {"size": 1, "colour": "red"}
        rival.scenarios.save("theirs", {"widgets": [{"weight": 1.5}]})
        yield {"size": 2, "colour": "blue"}

    local.scenarios.save("ours", {"widgets": rows()})
    assert local.scenarios.load("ours")["widgets"] == [
        {"size": 1, "colour": "red"},
        {"size": 2, "colour": "blue"},
    ]
    assert local.scenarios.load("theirs")["widgets"] == [{"weight": 1.5}]
    columns = [one["name"] for one in local.entities.describe("widgets")["columns"]]
    assert "weight" in columns
    assert "colour" not in columns
    assert local.scan("widgets").collect().height == 3


def test_the_callers_own_type_and_an_upgrade(local):
    mine = EntityType(
        name="gadgets",
        singular="gadget",
        key="id",
        fields=(
            FieldSpec(id=1, name="id", type="text"),
            FieldSpec(id=2, name="price", type="decimal(8,2)"),
        ),
    )
    local.entities.declare(mine)
    local.entities.declare(mine)
    rows = [{"id": "g1", "price": "9.99", "made": "2024-01-02"}, {"price": 5}]
    local.scenarios.save("demo", {"gadget": rows})
    before = local.scenarios.load("demo").to_polars("gadgets")
    assert local.entities.describe("gadget")["origin"] == "declared"
    assert "made" not in local.scan("gadgets").collect_schema()
    wider = mine.model_copy(
        update={"fields": (*mine.fields, FieldSpec(id=3, name="made", type="date"))}
    )
    with pytest.raises(InputError, match="upgrade"):
        local.entities.declare(wider)
    local.entities.upgrade("gadgets", wider)
    after = local.scenarios.load("demo")
    assert after["gadgets"] == rows
    assert after.to_polars("gadgets")["made"].to_list() == [date(2024, 1, 2), None]
    assert after.to_polars("gadgets")["id"].to_list() == before["id"].to_list()
    assert after.to_polars("gadgets")["created_at"].to_list() == before["created_at"].to_list()
    assert local.scenarios.load("demo", version=1)["gadgets"] == rows
    clash = mine.model_copy(update={"fields": (FieldSpec(id=2, name="id", type="text"),)})
    with pytest.raises(InputError, match="ids of existing columns"):
        local.entities.upgrade("gadgets", clash)


def test_provenance_comes_from_the_row_else_from_the_call_else_from_the_type(lake):
    rows = [
        {"id": "1"},
        {"id": "2", "_provenance": {"source_type": "derived", "seed": 7}},
        {"id": "3", "created_at": "2020-01-02T03:04:05Z", "source_system": "mine"},
    ]
    lake.scenarios.save("demo", {"patients": rows}, provenance={"skill_used": "cohorts"})
    frame = lake.scenarios.load("demo").to_polars("patients")
    assert frame["source_type"].to_list() == ["generated", "derived", "generated"]
    assert frame["generation_seed"].to_list() == [None, 7, None]
    assert frame["source_system"].to_list() == ["patientsim", "patientsim", "mine"]
    assert frame["skill_used"].to_list() == ["cohorts"] * 3
    assert frame["created_at"][2] == datetime(2020, 1, 2, 3, 4, 5)  # noqa: DTZ001  # as stored: UTC
    assert lake.scenarios.load("demo")["patients"] == rows


def test_rows_without_a_key_get_one_in_the_column_only(lake):
    lake.scenarios.save("demo", {"patients": [{"given_name": "Ada"}, {"given_name": "Eva"}]})
    loaded = lake.scenarios.load("demo")
    assert loaded["patients"] == [{"given_name": "Ada"}, {"given_name": "Eva"}]
    ids = loaded.to_polars("patients")["id"].to_list()
    assert len(set(ids)) == 2
    assert all(len(one) == 36 for one in ids)


def test_a_scan_finds_its_files_when_it_is_collected(local):
    local.scenarios.save("demo", {"patients": PATIENTS})
    lazy = local.scan("patient", scenario="demo").filter(pl.col("id") == "p1").select("given_name")
    assert lazy.collect()["given_name"].to_list() == ["Ada"]
    local.scenarios.save("demo", {"patients": PATIENTS[:1] * 2}, overwrite=True)
    assert lazy.collect()["given_name"].to_list() == ["Ada", "Ada"]
    assert local.scan("patients").head(1).collect().height == 1
    assert local.scan("members").collect().height == 0
    with pytest.raises(ScenarioNotFoundError):
        local.scan("patients", scenario="other")
    with pytest.raises(EntityTypeNotFoundError):
        local.scan("nonsense")


def test_reading_an_absent_lake_makes_nothing(tmp_path):
    lake = Lake(tmp_path / "nothing")
    assert lake.scenarios.list() == []
    assert lake.query("SELECT count(*) AS n FROM patients").results == [{"n": 0}]
    assert not (tmp_path / "nothing").exists()


def test_a_folder_of_something_else_is_refused_and_untouched(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"...")
    lake = Lake(tmp_path)
    for use in (lake.scenarios.list, lambda: lake.scenarios.save("x", {"patients": PATIENTS})):
        with pytest.raises(NotALakeError, match="not a lake"):
            use()
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_every_named_time_is_utc(local):
    before = datetime.now(UTC)
    record = local.scenarios.save("demo", {})
    assert before <= record.created_at <= datetime.now(UTC) + timedelta(seconds=1)
    assert record.created_at.utcoffset() == timedelta(0)
    assert record.to_dict()["created_at"].endswith("Z")


def test_large_manifests_stand_in_documents_of_their_own(local, monkeypatch):
    monkeypatch.setattr("healthsim_lake.scenarios.writing.sources.ROWS_PER_CHUNK", 1)
    rows = [{"id": str(n)} for n in range(100)]
    local.scenarios.save("demo", {"patients": rows})
    keys = [entry.key for entry in local._log.storage.list("catalog/scenarios")]
    assert len([key for key in keys if not key.endswith(".statistics.json")]) == 1
    local.scenarios.save("demo", {"patients": rows[:1]}, overwrite=True)
    assert Lake(local.url).scenarios.load("demo", version=1)["patients"] == rows


def test_what_is_kept_for_ever_never_holds_rows(local):
    local.scenarios.save("demo", {"patients": [{"id": "1", "given_name": "Zebedee"}]})
    paths = [
        path
        for folder in ("log", "checkpoint")
        for path in Path(local.url, "catalog", folder).rglob("*.json")
    ]
    assert paths
    assert not [path for path in paths if b"Zebedee" in path.read_bytes()]


def test_a_name_that_is_not_there_brings_up_the_ones_that_are_like_it(lake):
    for name in ("Boston", "boston-2020", "texas"):
        lake.scenarios.save(name, {"patients": PATIENTS})
    lake.profiles.save("medicare", {"name": "medicare"})
    with pytest.raises(
        LookupError, match=r"'bostn' not found in the lake; did you mean 'Boston'\?"
    ):
        lake.scenarios.load("bostn")
    with pytest.raises(LookupError, match=r"found in the lake; did you mean 'medicare'\?"):
        lake.profiles.load("medicar")
    for unlike in ("x", "y" * 100_000):
        with pytest.raises(LookupError, match=r"found in the lake$"):
            lake.scenarios.load(unlike)


def test_a_time_that_is_a_text_is_refused_with_what_would_be_right(lake):
    lake.scenarios.save("demo", {"patients": PATIENTS})
    for ask in (
        lambda: lake.scenarios.load("demo", as_of="2026-11-21"),
        lambda: lake.scenarios.clone("demo", as_of="2026-11-21"),
        lambda: lake.at(timestamp="2026-11-21"),
    ):
        with pytest.raises(InputError, match=r"must be a datetime, such as .*, not '2026-11-21'"):
            ask()


def test_a_lake_of_the_past_says_so(lake):
    lake.scenarios.save("demo", {"patients": PATIENTS})
    assert repr(lake) == f"<Lake {lake.url}>"
    assert repr(lake.at(version=1)) == f"<Lake {lake.url} at version 1>"
