"""The ledgers of what was run."""

from __future__ import annotations

import multiprocessing
from collections import OrderedDict
from datetime import UTC, date, datetime, timedelta

import pytest

import healthsim_lake as hl
from healthsim_lake.catalog.ledgers import MAX_EXECUTION_ID
from healthsim_lake.errors import (
    DamagedCommitError,
    DataFileAlteredError,
    DocumentNotFoundError,
    ExecutionNotFoundError,
    InputError,
)
from healthsim_lake.library import files, ids

SPEC = {"name": "p", "demographics": {"count": 10}}
JOURNEY = {"journey_id": "j", "name": "J", "duration_days": 1, "events": []}


@pytest.fixture
def lake(lake_url: str) -> hl.Lake:
    lake = hl.Lake(lake_url)
    lake.profiles.save("p", SPEC)
    lake.journeys.save("j", JOURNEY)
    return lake


def test_an_execution_comes_back_with_all_that_was_given(lake):
    profile = lake.profiles.load("p")
    before = datetime.now(UTC)
    given = {
        "cohort_id": "c",
        "entity_count": 1000,
        "seed": -(2**63),
        "duration_ms": 1500,
        "status": "success",
        "error_message": "é\x00",
        "metadata": {"a": [1, {"b": None}]},
    }
    execution_id = lake.profiles.executions.record(profile.id, **given)
    (found,) = lake.profiles.executions.of("p")
    assert {name: getattr(found, name) for name in given} == given
    assert (found.id, found.profile_id, found.version) == (execution_id, profile.id, 1)
    assert before <= found.executed_at <= datetime.now(UTC)


def test_a_journey_execution_keeps_days_and_links(lake):
    start, end = date(2024, 1, 1), datetime(2024, 12, 31, 12, tzinfo=UTC)
    given = {"profile_id": "any", "cohort_id": "c", "entity_id": "e", "events_generated": 48}
    lake.journeys.executions.record("j", start_date=start, end_date=end, **given)
    lake.journeys.executions.record("j", entity_id="other")
    (found,) = lake.journeys.executions.of_entity("e")
    assert (found.start_date, found.end_date) == (start, date(2024, 12, 31))
    assert {name: getattr(found, name) for name in given} == given
    assert found.status == "completed"
    assert found.to_dict()["start_date"] == "2024-01-01"


def test_executions_come_newest_first_even_of_one_instant(lake):
    given = [lake.profiles.executions.record("p", entity_count=n) for n in range(30)]
    found = [one.id for one in lake.profiles.executions.of("p", limit=None)]
    assert len(set(given)) == 30
    assert found == sorted(given, reverse=True)
    assert len(lake.profiles.executions.of("p")) == 20
    with pytest.raises(InputError, match="negative"):
        lake.profiles.executions.of("p", limit=-1)


def test_a_batch_is_one_file_and_one_commit(lake):
    before = lake.version
    rows = [{"profile_id": "p", "cohort_id": f"c{n}", "entity_count": n} for n in range(20_000)]
    given = lake.profiles.executions.record_many(rows)
    assert lake.version == before + 1
    assert len(set(given)) == len(rows)
    assert given == sorted(given)
    assert given[-1] <= MAX_EXECUTION_ID
    assert len(list(lake._log.storage.list("catalog/ledger/profiles/files"))) == 1
    assert lake.profiles.executions.of("p", limit=1)[0].entity_count == 19_999
    assert lake.profiles.executions.of_cohort("c7").id == given[7]
    assert lake.profiles.list()[0].execution_count == 20_000


def test_an_empty_batch_writes_nothing(lake):
    before = lake.version
    assert lake.profiles.executions.record_many([]) == []
    assert lake.version == before


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"profile_id": "p", "sed": 1}, r"executions\[1\]: 'sed' is not known"),
        ({"profile_id": "p", "seed": "x"}, r"executions\[1\]: seed must be an integer"),
        ({"profile_id": "p", "seed": 2**63}, r"executions\[1\]: seed must be an integer"),
        ({"profile_id": "p", "entity_count": -1}, r"entity_count must be .* not below zero"),
        ({"profile_id": "p", "metadata": [1]}, r"metadata must be a mapping"),
        ({"profile_id": "p", "metadata": {"a": float("nan")}}, r"metadata must be a mapping"),
        ({"profile_id": "p", "cohort_id": 5}, r"cohort_id must be text"),
        ({}, "give profile_id"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_of_the_batch_is_kept(lake, row, said):
    before = lake.version
    with pytest.raises(InputError, match=said):
        lake.profiles.executions.record_many([{"profile_id": "p"}, row])
    assert lake.version == before
    assert lake.profiles.executions.of("p") == []


def test_an_unknown_or_deleted_document_takes_no_executions(lake):
    with pytest.raises(DocumentNotFoundError):
        lake.profiles.executions.record("q")
    lake.profiles.delete("p")
    with pytest.raises(DocumentNotFoundError, match="deleted"):
        lake.profiles.executions.record("p")
    with pytest.raises(DocumentNotFoundError):
        lake.profiles.executions.record_many([{"profile_id": "p"}])


def test_the_specification_that_was_run_is_found_whatever_became_of_it(lake):
    lake.profiles.executions.record("p", cohort_id="c1", seed=1)
    lake.profiles.update("p", {**SPEC, "x": 1}, bump_version=False)
    execution_id = lake.profiles.executions.record("p", cohort_id="c2", seed=2)
    lake.profiles.update("p", {**SPEC, "x": 2})
    lake.profiles.delete("p")
    execution, spec = lake.profiles.executions.spec_of("c1")
    assert (execution.seed, spec) == (1, SPEC)
    assert lake.profiles.executions.spec_of(execution_id)[1] == {**SPEC, "x": 1}
    assert lake.profiles.of_cohort("c2").profile_spec == {**SPEC, "x": 1}
    assert lake.profiles.of_cohort("nobody") is None
    with pytest.raises(ExecutionNotFoundError, match="not found"):
        lake.profiles.executions.spec_of("nobody")
    with pytest.raises(ExecutionNotFoundError, match="not found"):
        lake.profiles.executions.spec_of(5)


def test_a_profile_is_run_again_for_the_products_of_then(lake):
    lake.profiles.update("p", products=["a"])
    lake.profiles.update("p", tags=["x"])
    lake.profiles.executions.record("p", cohort_id="c1", seed=1)
    lake.profiles.update("p", products=["b", "c"], bump_version=False)
    lake.profiles.executions.record("p", cohort_id="c2")
    lake.profiles.rename("p", "q")
    then, now = lake.profiles.as_executed("c1"), lake.profiles.as_executed("c2")
    assert then == {"profile_spec": SPEC, "products": ["a"], "seed": 1}
    assert now == {"profile_spec": SPEC, "products": ["b", "c"], "seed": None}
    assert lake.profiles.of_cohort("c1").products == ["a"]
    assert lake.profiles.of_cohort("c1").name == "q"


def test_deleting_keeps_executions_or_drops_them(lake):
    saved = lake.profiles.load("p")
    lake.profiles.executions.record("p")
    lake.profiles.executions.record_many([{"profile_id": "p"}] * 3)
    lake.profiles.delete("p")
    assert len(lake.profiles.executions.of(saved.id)) == 4
    lake.profiles.restore("p")
    lake.profiles.delete("p", drop_executions=True)
    assert lake.profiles.executions.of(saved.id) == []
    lake.profiles.restore("p")
    assert lake.profiles.list()[0].execution_count == 0
    lake.profiles.executions.record("p")
    assert lake.profiles.list()[0].execution_count == 1
    lake.profiles.executions.fold()
    assert lake.profiles.list()[0].execution_count == 1
    assert len(lake.profiles.executions.of("p")) == 1


def answers(lake: hl.Lake) -> list[object]:
    return [
        lake.profiles.executions.of("p", limit=None),
        lake.journeys.executions.of_entity("e"),
        lake.profiles.list(),
        lake.journeys.list(),
    ]


def test_a_fold_changes_no_answer_and_leaves_one_file(lake, lake_url):
    for number in range(40):
        lake.profiles.executions.record("p", seed=number, metadata={"n": number})
    lake.profiles.executions.record_many([{"profile_id": "p", "seed": n} for n in range(5)])
    lake.journeys.executions.record("j", entity_id="e", start_date=date(2024, 2, 29))
    before = answers(lake)
    assert lake.profiles.executions.fold() == 40
    assert lake.journeys.executions.fold() == 1
    assert lake.profiles.executions.fold() == 0
    assert answers(lake) == before
    assert answers(hl.Lake(lake_url)) == before
    assert list(lake._log.storage.list("catalog/ledger/profiles/segments")) == []


def test_segments_that_a_crashed_fold_left_are_counted_once_and_removed_later(lake, monkeypatch):
    for number in range(5):
        lake.profiles.executions.record("p", seed=number)
    segments = lake.profiles._ledger._segments
    monkeypatch.setattr(type(segments), "delete", lambda *_: None)
    lake.profiles.executions.fold()
    monkeypatch.undo()
    assert len(segments.listed()) == 5
    assert len(lake.profiles.executions.of("p")) == 5
    assert lake.profiles.list()[0].execution_count == 5
    lake.profiles.executions.record("p")
    lake.profiles.executions.fold()
    assert segments.listed() == []
    lake.profiles.executions.record("p")
    lake.profiles.executions.fold()
    assert len(lake._log.refresh().state.ledgers["profiles"].folded) == 1
    assert lake.profiles.list()[0].execution_count == 7


def test_many_batches_leave_few_files(lake):
    for _ in range(30):
        lake.profiles.executions.record_many([{"profile_id": "p"}] * 3)
    state = lake._log.refresh().state.ledgers["profiles"]
    assert len(state.files) <= files.MOST_FILES + 1
    stored = list(lake._log.storage.list("catalog/ledger/profiles/files"))
    assert len(stored) == len(state.files)
    assert lake.profiles.list()[0].execution_count == 90
    found = [one.id for one in lake.profiles.executions.of("p", limit=None)]
    assert len(set(found)) == 90


def test_the_counts_of_a_list_come_without_reading_files(lake, monkeypatch):
    lake.profiles.executions.record_many([{"profile_id": "p"}] * 3)
    monkeypatch.setattr(files.LedgerFiles, "_read_file", lambda *_: pytest.fail("was read"))
    assert lake.profiles.list()[0].execution_count == 3


def test_a_past_lake_shows_what_was_recorded_by_then(lake):
    lake.profiles.executions.record_many([{"profile_id": "p", "seed": 1}])
    then = lake.version
    lake.profiles.executions.record_many([{"profile_id": "p", "seed": 2}])

    def seeds(version):
        return [one.seed for one in lake.at(version=version).profiles.executions.of("p")]

    assert [seeds(then - 1), seeds(then), seeds(then + 1)] == [[], [1], [2, 1]]


def test_an_altered_file_or_a_torn_segment_is_noticed(tmp_path):
    lake = hl.Lake(tmp_path)
    lake.profiles.save("p", SPEC)
    lake.profiles.executions.record_many([{"profile_id": "p"}])
    (file,) = (tmp_path / "catalog/ledger/profiles/files").iterdir()
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(DataFileAlteredError):
        lake.profiles.executions.of("p")
    file.unlink()
    lake.profiles.executions.record("p")
    (segment,) = (tmp_path / "catalog/ledger/profiles/segments").iterdir()
    segment.write_bytes(segment.read_bytes()[:-5])
    with pytest.raises(DamagedCommitError, match="cannot be read"):
        hl.Lake(tmp_path).profiles.list()


def _record_many_times(url: str, number: int) -> None:
    lake = hl.Lake(url)
    for one in range(125):
        lake.profiles.executions.record("p", seed=number * 1000 + one)
        if one % 25 == 0:
            lake.profiles.executions.record_many([{"profile_id": "p", "seed": -1}] * 2)


def test_a_thousand_executions_by_eight_processes_at_once_are_all_there(tmp_path):
    lake = hl.Lake(tmp_path)
    lake.profiles.save("p", SPEC)
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=_record_many_times, args=(str(tmp_path), n)) for n in range(8)
    ]
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        lake.profiles.executions.of("p", limit=None)  # readers never fail meanwhile
        workers[0].join(0.05)
    assert [worker.exitcode for worker in workers] == [0] * 8
    found = lake.profiles.executions.of("p", limit=None)
    assert len({one.id for one in found}) == len(found) == 1_080
    seeds = sorted(one.seed for one in found if one.seed >= 0)
    assert seeds == sorted(n * 1000 + one for n in range(8) for one in range(125))
    lake.profiles.executions.fold()
    assert lake.profiles.executions.of("p", limit=None) == found
    assert lake.profiles.list()[0].execution_count == 1_080


def test_ids_grow_with_time_and_batches_never_meet():
    now = datetime.now(UTC)
    assert ids.alone(now) < ids.alone(now + timedelta(microseconds=1))
    first = ids.batch(now, 40_000, above=0)
    second = ids.batch(now, 10, above=first[-1])
    assert len(set(first)) == 40_000
    assert first[-1] < second[0] < MAX_EXECUTION_ID
    assert set(first).isdisjoint(ids.alone(now + timedelta(microseconds=n)) for n in range(50_000))
    assert ids.last_until(now) > ids.alone(now)
    assert ids.alone(datetime(2095, 1, 1, tzinfo=UTC)) < MAX_EXECUTION_ID


def test_two_executions_of_one_moment_get_two_ids_in_order(lake, monkeypatch):
    moment = datetime.now(UTC)
    monkeypatch.setattr("healthsim_lake._clock.now", lambda: moment)
    given = [lake.profiles.executions.record("p", seed=n) for n in range(5)]
    assert given == sorted(set(given))
    assert [one.seed for one in lake.profiles.executions.of("p")] == [4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"entity_count": 1.5}, "entity_count must be an integer of 64 bits"),
        ({"seed": True}, "seed must be an integer of 64 bits"),
        ({"seed": 1.0}, "seed must be an integer of 64 bits"),
        ({"cohort_id": b"x"}, "cohort_id must be text"),
        ({"error_message": "\ud800"}, "error_message must be text"),
        ({"metadata": {"a": "\ud800"}}, "metadata must be a mapping of JSON values"),
        ({"seed": 10**5000}, "seed must be an integer of 64 bits"),
    ],
)
def test_nothing_is_rounded_or_guessed_one_by_one_or_in_a_batch(lake, values, said):
    with pytest.raises(InputError, match=f"^{said}"):
        lake.profiles.executions.record("p", **values)
    with pytest.raises(InputError, match=rf"^executions\[1\]: {said}"):
        lake.profiles.executions.record_many([{"profile_id": "p"}, {"profile_id": "p", **values}])
    assert lake.profiles.executions.of("p") == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (None, "must be a list of mappings, not NoneType"),
        ("p", "must be a list of mappings, not str"),
        ({"profile_id": "p"}, "must be a list of mappings, not dict"),
        ([{"profile_id": "p"}, None], r"executions\[1\]: must be a mapping"),
        ([{"profile_id": ["p"]}], r"executions\[0\]: give profile_id"),
        ([{"profile_id": "p", 5: 5}], r"executions\[0\]: 5 is not known"),
    ],
)
def test_a_batch_that_is_none_is_refused_by_name(lake, rows, said):
    with pytest.raises(InputError, match=said):
        lake.profiles.executions.record_many(rows)


def test_a_batch_takes_any_iterable_and_each_kind_of_value(lake):
    text = 'a,"b" \\u0000 \U0001f600'
    metadata = [
        None,
        {},
        {"a": None},
        {"t": text, "n": [1, {"m": [[], {}]}]},
        {1: 2},
        OrderedDict(),
    ]
    rows = ({"profile_id": "p", "seed": np_like(n), "metadata": m} for n, m in enumerate(metadata))
    lake.profiles.executions.record_many(rows)
    for one in metadata:
        lake.profiles.executions.record("p", seed=5, metadata=one)
    found = lake.profiles.executions.of("p", limit=None)[::-1]
    kept = [None, {}, {"a": None}, {"t": text, "n": [1, {"m": [[], {}]}]}, {"1": 2}, {}]
    assert [one.metadata for one in found] == kept * 2
    assert [one.seed for one in found] == [0, 1, 2, 3, 4, 5] + [5] * 6
    assert lake.profiles.executions.fold() == 6
    assert lake.profiles.executions.of("p", limit=None)[::-1] == found


def np_like(number: int) -> object:
    """An integer of another library's type."""
    return type("Integer", (), {"__index__": lambda _: number})()


def test_batches_name_documents_in_any_mixture_of_names_and_ids(lake):
    first = lake.profiles.load("p").id
    second = lake.profiles.save("q", SPEC).id
    refs = ["q", "p", first, second, "q"]
    lake.profiles.executions.record_many([{"profile_id": ref} for ref in refs])
    found = [one.profile_id for one in lake.profiles.executions._ledger.find()][::-1]
    assert found == [second, first, first, second, second]


@pytest.mark.parametrize("wrong", [5, None, ["c"]])
def test_asking_for_what_is_no_text_is_refused_by_name(lake, wrong):
    with pytest.raises(InputError, match="cohort_id must be text"):
        lake.profiles.of_cohort(wrong)
    with pytest.raises(InputError, match="entity_id must be text"):
        lake.journeys.executions.of_entity(wrong)
    with pytest.raises(InputError, match="limit must be an integer"):
        lake.profiles.executions.of("p", limit="x")
