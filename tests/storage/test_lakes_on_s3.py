"""Everything that works on a local lake works on S3, in few requests, and when they go wrong."""

from __future__ import annotations

import os

import polars as pl
import pytest
from four_writers import assert_four_writers_lose_nothing
from fsspec.implementations.memory import MemoryFileSystem
from s3_server import LATE

from healthsim_lake import Lake
from healthsim_lake.errors import (
    AccessError,
    CommitStateUnknownError,
    InvalidPathError,
    NotALakeError,
    ReadOnlyError,
    StorageError,
    UnsafeStoreError,
)

PATIENTS = [{"id": f"p{n}", "gender": "FM"[n % 2]} for n in range(40)]
ENCOUNTERS = [{"id": f"e{n}", "patient_id": f"p{n}"} for n in range(40)]
ROWS = {"patients": PATIENTS, "encounters": ENCOUNTERS}
FILES = 2


@pytest.fixture
def lake(s3_server, bucket):
    lake = s3_server.lake(bucket)
    lake.scenarios.save("one", ROWS)
    yield lake
    lake.close()


def test_rows_come_back_exactly_from_another_process_of_the_store(s3_server, bucket, lake):
    again = s3_server.lake(bucket)
    assert again.id == lake.id
    assert again.scenarios.load("one").entities == ROWS


def test_every_verb_works(lake):
    lake.scenarios.save("two", {"patients": PATIENTS[:3]}, tags=["t"])
    lake.scenarios.save("two", {"patients": PATIENTS[:2]}, overwrite=True)
    lake.scenarios.add("two", {"patients": PATIENTS[2:5]})
    assert lake.scenarios.load("two")["patients"] == PATIENTS[:5]
    assert lake.scenarios.load("two", version=1)["patients"] == PATIENTS[:3]
    lake.scenarios.clone("two", "three")
    assert lake.scenarios.load("three")["patients"] == PATIENTS[:5]
    lake.scenarios.delete("three")
    assert not lake.scenarios.exists("three")
    lake.scenarios.restore("three")
    assert lake.scenarios.load("three")["patients"] == PATIENTS[:5]
    lake.scenarios.merge(["one", "two"], "all")
    assert len(lake.scenarios.load("all")["patients"]) == 40
    lake.scenarios.rename("all", "everybody")
    assert lake.scenarios.summary("everybody").entity_counts["patients"] == 40
    lake.profiles.save("p", {"demographics": {"count": 3}})
    lake.profiles.executions.record("p", entity_count=3)
    assert [one.entity_count for one in lake.profiles.executions.of("p")] == [3]


def test_sql_and_frames_read_from_the_store(lake):
    lake.scenarios.save("two", {"patients": PATIENTS[:3]})
    assert lake.query(
        "SELECT gender, count(*) AS n FROM patients GROUP BY ALL ORDER BY ALL", scenario="one"
    ).results == [{"gender": "F", "n": 20}, {"gender": "M", "n": 20}]
    frame = lake.scan("patients").collect()
    assert frame.height == 43
    assert frame["scenario_id"].n_unique() == 2
    with pytest.raises(Exception, match=r"table|allowed"):
        lake.query("SELECT * FROM read_parquet('s3://*/some/lake/data/**')")


def test_large_files_are_read_in_blocks(lake):
    rows = [{"id": f"p{n}", "note": os.urandom(2_000).hex()} for n in range(5_000)]
    lake.scenarios.save("large", {"patients": rows})
    (path,) = lake.files("patients", scenario="large")
    assert lake._log.storage.filesystem.info(path)["size"] > 8 * 2**20
    found = lake.query("SELECT max(id) AS m, count(extra) AS n FROM patients", scenario="large")
    assert found.results == [{"m": "p999", "n": 5_000}]


def test_a_forked_process_has_connections_of_its_own(lake):
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(write, lake.scenarios.load("one")["patients"][0]["id"].encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 10) == b"p0"
    assert lake.scenarios.exists("one")


def test_a_scan_of_a_few_columns_of_a_large_file_fetches_little_more_than_those(s3_server, lake):
    rows = [
        {"id": f"p{n}", "gender": "FM"[n % 2], "note": os.urandom(1_000).hex()}
        for n in range(9_000)
    ]
    lake.scenarios.save("large", {"patients": rows})
    everything = lake.scan("patients").collect()
    narrow = lake.scan("patients").select("gender", "scenario_id")
    with s3_server.counted() as requests:
        found = narrow.collect()
    assert found.equals(everything.select("gender", "scenario_id"))
    ranges = [one for one in requests if one.length is not None]
    assert sum(one.length for one in ranges) < 2**20
    assert 0 < len(ranges) <= 3
    females = lake.scan("patients").filter(pl.col("gender") == "F").select("id").collect()
    assert females.equals(everything.filter(pl.col("gender") == "F").select("id"))
    ids = lake.scan("patients").select("scenario_id").collect()
    assert ids.equals(everything.select("scenario_id"))
    assert lake.scan("patients").head(45).collect().equals(everything.head(45))


# Budgets: requests, apart from data files.


def test_saving_costs_the_files_the_statistics_and_three_requests(s3_server, lake):
    with s3_server.counted() as requests:
        lake.scenarios.save("two", ROWS)
    assert len(requests) == FILES + 1 + 3, requests


def test_replacing_costs_two_more_for_each_old_file(s3_server, lake):
    with s3_server.counted() as requests:
        lake.scenarios.save("one", ROWS, overwrite=True)
    assert len(requests) == FILES + 1 + 3 + 2 * FILES, requests


def test_loading_costs_the_files_and_one_request(s3_server, lake):
    with s3_server.counted() as requests:
        lake.scenarios.load("one")
    assert len(requests) == FILES + 1, requests


def test_lists_and_idle_looks_cost_one_request(s3_server, lake):
    for look in (lake.scenarios.list, lambda: lake.version, lambda: lake.scenarios.get("one")):
        with s3_server.counted() as requests:
            look()
        assert len(requests) == 1, requests


def test_a_summary_costs_three_requests(s3_server, lake):
    with s3_server.counted() as requests:
        lake.scenarios.summary("one")
    assert len(requests) == 3, requests


def test_a_question_costs_the_files_and_one_request_and_then_one(s3_server, lake):
    sql = "SELECT count(*) AS n FROM patients JOIN encounters USING (scenario_id)"
    with s3_server.counted() as requests:
        lake.query(sql, scenario="one")
    assert len(requests) == 1 + FILES, requests
    with s3_server.counted() as requests:
        lake.query(sql + " WHERE gender = 'F'", scenario="one")
    assert len(requests) == 1, requests


def test_a_clone_copies_inside_the_store(s3_server, lake):
    with s3_server.counted() as requests:
        lake.scenarios.clone("one", "two")
    data = [one for one in requests if "/data/" in one.path]
    assert [one.method for one in data] == ["PUT"] * FILES
    assert len(requests) <= FILES + 8, requests


def test_changes_without_rows_cost_four_requests(s3_server, lake):
    with s3_server.counted() as requests:
        lake.scenarios.rename("one", "eins")
    assert len(requests) == 4, requests


def test_opening_asks_for_many_commits_at_once(s3_server, bucket, lake):
    for number in range(20):
        lake.tags.add("one", f"t{number}")
    fresh = s3_server.lake(bucket)
    with s3_server.counted() as requests:
        assert fresh.version == 21
    assert len(requests) <= 21 + 14, requests


# Troubles.


def commits(request):
    return request.method == "PUT" and "/catalog/log/" in request.path


def first(kind, matches=commits, *, times=1):
    left = [times]

    def trouble(request):
        if matches(request) and left[0]:
            left[0] -= 1
            return kind
        return None

    return trouble


@pytest.mark.parametrize("kind", ["lost", "lost-500", "409", "dropped", "500", "503"])
def test_whatever_happens_to_a_commit_it_is_made_once_and_the_caller_is_told(
    s3_server, bucket, lake, kind
):
    with s3_server.troubled(first(kind)):
        record = lake.scenarios.save("two", ROWS)
    assert record.name == "two"
    fresh = s3_server.lake(bucket)
    assert fresh.version == 2
    assert fresh.scenarios.load("two").entities == ROWS


def test_a_commit_whose_answer_comes_too_late_is_made_once(s3_server, bucket, lake):
    hasty = {**s3_server.options, "config_kwargs": {"read_timeout": LATE / 4}}
    with (
        Lake(lake.url, storage_options=hasty) as writer,
        s3_server.troubled(first("late")),
    ):
        assert writer.scenarios.save("two", ROWS).name == "two"
    fresh = s3_server.lake(bucket)
    assert fresh.version == 2
    assert fresh.scenarios.load("two").entities == ROWS


def test_a_slow_store_is_waited_for(s3_server, bucket, lake):
    with s3_server.troubled(lambda _request: "slow"):
        lake.scenarios.save("two", ROWS)
        assert lake.scenarios.load("two").entities == ROWS
    assert s3_server.lake(bucket).version == 2


@pytest.mark.parametrize("kind", ["lost", "409", "503"])
def test_lost_answers_hurt_no_other_create(s3_server, bucket, kind):
    lake = s3_server.lake(bucket)

    def creates(request):
        return request.method == "PUT" and "/catalog/" in request.path

    with s3_server.troubled(first(kind, creates)):
        lake.create()
    lake.profiles.save("p", {"name": "p", "note": "x" * 20_000})
    with s3_server.troubled(first(kind, creates)):
        lake.profiles.executions.record("p", entity_count=3)
    assert len(lake.profiles.executions.of("p")) == 1


def test_a_commit_that_nobody_can_tell_of_is_said_to_be_unknown_and_keeps_its_files(
    s3_server, bucket, lake
):
    def trouble(request):
        if commits(request):
            return "lost"
        return (
            "500" if request.method == "GET" and "/catalog/log/" in request.path and armed else None
        )

    armed = False

    def arming(request):
        nonlocal armed
        answer = trouble(request)
        armed = armed or commits(request)
        return answer

    with s3_server.troubled(arming), pytest.raises(CommitStateUnknownError):
        lake.scenarios.save("two", ROWS)
    assert s3_server.lake(bucket).scenarios.load("two").entities == ROWS


def test_a_store_that_ignores_conditions_is_refused_and_left_empty(s3_server, bucket):
    options = {**s3_server.options, "session": None, "max_concurrency": 7}  # never proven before
    with s3_server.troubled(lambda _request: "ignored"):
        lake = Lake(f"s3://{bucket}/lake", storage_options=options)
        with pytest.raises(UnsafeStoreError, match="single_writer=True"):
            lake.create()
        with pytest.raises(UnsafeStoreError):
            lake.scenarios.save("one", ROWS)
        assert list(lake._log.storage.names()) == []
        alone = Lake(f"s3://{bucket}/lake", storage_options=options, single_writer=True)
        alone.scenarios.save("one", ROWS)
        assert lake.scenarios.load("one").entities == ROWS


@pytest.mark.parametrize(
    ("kind", "error", "says"),
    [
        ("key", AccessError, "credentials"),
        ("403", AccessError, "permission"),
        ("clock", StorageError, "clock"),
    ],
)
def test_refusals_say_why(s3_server, lake, kind, error, says):
    with s3_server.troubled(lambda _request: kind), pytest.raises(error, match=says):
        lake.scenarios.list()


def test_no_permission_to_write_is_told_apart_from_none_to_read(s3_server, lake):
    with (
        s3_server.troubled(lambda request: "403" if request.method == "PUT" else None),
        pytest.raises(ReadOnlyError, match="write"),
    ):
        lake.scenarios.save("two", ROWS)
    assert [one.name for one in lake.scenarios.list()] == ["one"]
    assert lake.scenarios.load("one").entities == ROWS


def test_a_bucket_that_is_not_there_is_named(s3_server):
    lake = s3_server.lake("no-such-bucket")
    for use in (lake.scenarios.list, lake.create, lambda: lake.scenarios.save("x", ROWS)):
        with pytest.raises(StorageError, match=r"no-such-bucket.*does not exist"):
            use()


def test_a_bucket_that_vanishes_under_a_lake_is_named(s3_server, lake):
    with s3_server.troubled(lambda _request: "gone"):
        for use in (lake.scenarios.list, lambda: lake.scenarios.save("x", ROWS)):
            with pytest.raises(StorageError, match="does not exist"):
                use()
    assert [one.name for one in lake.scenarios.list()] == ["one"]


def test_missing_credentials_are_named(s3_server, bucket, monkeypatch):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    options = {"endpoint_url": s3_server.options["endpoint_url"]}
    with pytest.raises(AccessError, match="credentials"):
        Lake(f"s3://{bucket}/x", storage_options=options).scenarios.list()


def test_a_prefix_that_holds_something_else_is_no_lake(s3_server, bucket):
    lake = s3_server.lake(bucket)
    lake._log.storage._client.pipe_file(f"{bucket}/some/lake/report.txt", b"x")
    with pytest.raises(NotALakeError, match=r"report\.txt"):
        lake.scenarios.save("one", ROWS)


def test_urls_without_a_bucket_and_unknown_options_are_refused(s3_server):
    with pytest.raises(InvalidPathError, match="bucket"):
        Lake("s3://", storage_options=s3_server.options)


def test_four_writers_lose_nothing(s3_server, bucket):
    commits_each = 25 if os.environ.get("HEALTHSIM_EXAM") == "full" else 5
    assert_four_writers_lose_nothing(lambda: s3_server.lake(bucket), commits_each)


def test_memory_needs_no_proof():
    assert "memory" in MemoryFileSystem.protocol
    assert Lake("memory://proof/lake").create()
