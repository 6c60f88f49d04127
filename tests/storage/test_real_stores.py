"""The same exam on real servers, where the environment names some; see `real_stores`."""

from __future__ import annotations

import os
import threading
import time

import pytest
import real_stores
from four_writers import assert_four_writers_lose_nothing
from test_storage_contract import StorageContract

from healthsim_lake import Lake
from healthsim_lake.errors import (
    AccessError,
    ForeignLakeError,
    KeyExistsError,
    NotALakeError,
    StorageError,
    UnsafeStoreError,
)
from healthsim_lake.storage import open_storage

pytestmark = [
    pytest.mark.real_store,
    # The client of Azure hands aiohttp what aiohttp would rather not have.
    pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning"),
]
PATIENTS = [{"id": f"p{n}"} for n in range(20)]


@pytest.fixture(scope="module", params=real_stores.STORES)
def store(request):
    return real_stores.STORES[request.param]()


class TestRealStores(StorageContract):
    @pytest.fixture
    def storage(self, store):
        return open_storage(store.url(), store.options)

    def test_what_was_written_just_now_is_young(self, storage):
        storage.put("data/f", b"x")
        (listed,) = storage.list("data")
        found = storage.stat("data/f")
        assert all(abs(one.modified - time.time()) < 60 for one in (listed, found))


def test_of_many_writers_exactly_one_wins_every_time(store):
    storage = open_storage(store.url(), store.options)
    for round_number in range(20):
        won: list[int] = []
        barrier = threading.Barrier(8)

        def race(number, won=won, barrier=barrier, round_number=round_number):
            barrier.wait()
            try:
                storage.create(f"catalog/r{round_number}.json", str(number).encode())
            except KeyExistsError:
                return
            won.append(number)

        threads = [threading.Thread(target=race, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        assert storage.read(f"catalog/r{round_number}.json") == str(won[0]).encode()


def test_four_writers_of_25_commits_lose_nothing(store):
    url = store.url()
    assert_four_writers_lose_nothing(lambda: store.lake(url), 25)


def test_every_verb_works_there(store):
    lake = store.lake(store.url())
    lake.scenarios.save("one", {"patients": PATIENTS})
    lake.scenarios.add("one", {"patients": [{"id": "late"}]})
    lake.scenarios.save("one", {"patients": PATIENTS[:3]}, overwrite=True)
    lake.scenarios.clone("one", "two", version=1)
    lake.scenarios.delete("one")
    lake.scenarios.restore("one")
    assert lake.query("SELECT count(*) AS n FROM patients").results == [{"n": 23}]
    assert lake.scan("patients").collect().height == 23
    lake.scenarios.merge(["one", "two"], "all")
    assert lake.scenarios.summary("all").entity_counts["patients"] == 23
    lake.profiles.save("p", {"demographics": {"count": 3}, "note": "x" * 20_000})
    lake.profiles.executions.record("p", entity_count=3)
    assert [one.entity_count for one in lake.profiles.executions.of("p")] == [3]
    lake.maintenance.vacuum(keep_versions=1)
    lake.maintenance.purge("two")
    lake.maintenance.compact()
    assert lake.maintenance.verify().ok
    again = store.lake(lake.url)
    assert again.scenarios.load("one")["patients"] == PATIENTS[:3]
    lake.close()


def test_large_files_are_read_in_blocks(store):
    lake = store.lake(store.url())
    rows = [{"id": f"p{n}", "note": os.urandom(2_000).hex()} for n in range(5_000)]
    lake.scenarios.save("large", {"patients": rows})
    (path,) = lake.files("patients", scenario="large")
    assert lake._log.storage.filesystem.info(path)["size"] > 8 * 2**20
    found = lake.query("SELECT max(id) AS m, count(extra) AS n FROM patients", scenario="large")
    assert found.results == [{"m": "p999", "n": 5_000}]
    assert lake.scan("patients").select("id").collect().height == 5_000


def test_a_lake_is_carried_there_and_back(store, tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.scenarios.save("one", {"patients": PATIENTS})
    lake.scenarios.save("one", {"patients": PATIENTS[:3]}, overwrite=True)
    url = store.url()
    lake.push(url, storage_options=store.options)
    mirror = store.lake(url)
    assert mirror.scenarios.load("one").entities == {"patients": PATIENTS[:3]}
    assert mirror.scenarios.load("one", version=1).entities == {"patients": PATIENTS}
    assert lake.push(url, storage_options=store.options).files == 0
    mirror.scenarios.save("two", {"patients": PATIENTS[:2]})
    lake.pull(url, storage_options=store.options)
    assert lake.scenarios.load("two").entities == {"patients": PATIENTS[:2]}
    other = Lake(tmp_path / "other")
    other.scenarios.save("own", {"patients": PATIENTS[:1]})
    other.push(url, scenario="own", storage_options=store.options)
    assert store.lake(url).scenarios.load("own").entities == {"patients": PATIENTS[:1]}
    with pytest.raises(ForeignLakeError):
        other.push(url, storage_options=store.options)


def test_a_store_that_only_says_that_it_keeps_its_word_is_found_out(tmp_path):
    store = real_stores.on_a_liar()
    lake = store.lake(store.url())
    with pytest.raises(UnsafeStoreError, match="single_writer=True"):
        lake.create()
    with pytest.raises(UnsafeStoreError):
        lake.scenarios.save("one", {"patients": PATIENTS})
    origin = Lake(tmp_path / "lake")
    origin.scenarios.save("one", {"patients": PATIENTS})
    with pytest.raises(UnsafeStoreError):
        origin.push(lake.url, storage_options=store.options)
    storage = lake._log.storage
    assert [one for room in ("catalog", "staging") for one in storage.list(room)] == []
    alone = store.lake(lake.url, single_writer=True)
    alone.scenarios.save("one", {"patients": PATIENTS})
    assert lake.scenarios.load("one").entities == {"patients": PATIENTS}


# Bad input.


def test_a_bucket_that_is_not_there_is_named(store):
    lake = store.lake("/".join([*store.root.split("/")[:2], "healthsim-none", "lake"]))
    for use in (lake.scenarios.list, lake.create, lambda: lake.scenarios.save("x", {})):
        with pytest.raises(StorageError, match=r"healthsim-none.*does not exist"):
            use()


def test_who_is_not_known_is_told_so(store):
    wrong = dict(store.options)
    if "secret" in wrong:
        wrong |= {"secret": "wrong"}
    else:
        wrong["connection_string"] = wrong["connection_string"].replace(
            "AccountKey=E", "AccountKey=A"
        )
    lake = Lake(store.url(), storage_options=wrong)
    for use in (lake.scenarios.list, lambda: lake.scenarios.save("x", {"patients": PATIENTS})):
        with pytest.raises(AccessError, match="credentials"):
            use()


def test_a_prefix_that_holds_something_else_is_no_lake(store):
    url = store.url()
    lake = store.lake(url)
    lake._log.storage._put(f"{lake._log.storage._prefix}/report.txt", b"x")
    with pytest.raises(NotALakeError, match=r"report\.txt"):
        lake.scenarios.save("one", {"patients": PATIENTS})
