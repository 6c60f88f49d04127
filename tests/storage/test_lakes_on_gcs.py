"""Lakes on Google Cloud Storage: the requests that are made, against a server of this process."""

from __future__ import annotations

import os
import time

import pytest
from gcs_server import GCSServer
from test_storage_contract import StorageContract

from healthsim_lake import Lake
from healthsim_lake.errors import (
    AccessError,
    InvalidPathError,
    KeyExistsError,
    ReadOnlyError,
    StorageError,
    UnsafeStoreError,
)
from healthsim_lake.storage import open_storage

pytest.importorskip("gcsfs", reason="SKIPPED WITHOUT THE CLIENT OF GOOGLE'S STORE: gcsfs")
pytestmark = pytest.mark.real_store
PATIENTS = [{"id": f"p{n}"} for n in range(20)]


@pytest.fixture
def server():
    server = GCSServer()
    server.buckets["bucket"] = {}
    yield server
    server.close()


@pytest.fixture
def storage(server):
    return open_storage("gs://bucket/some/lake", server.options)


def lake_on(server) -> Lake:
    return Lake("gs://bucket/some/lake", storage_options=server.options)


class TestGCSStorage(StorageContract):
    @pytest.fixture
    def storage(self, storage):
        return storage


def test_a_create_is_one_upload_on_condition_that_there_is_no_generation(server, storage):
    storage.create("catalog/first.json", b"x")
    before = len(server.requests)
    storage.create("catalog/a.json", b"x")
    (asked,) = server.requests[before:]
    assert asked.startswith("POST /upload/storage/v1/b/bucket/o?")
    assert "ifGenerationMatch=0" in asked
    assert "uploadType=media" in asked
    assert "name=some/lake/catalog/a.json" in asked.replace("%2F", "/")
    with pytest.raises(KeyExistsError):
        storage.create("catalog/a.json", b"y")


def test_every_operation_is_one_request(server, storage):
    storage.put("data/f", b"12345")
    for operation in (
        lambda: storage.read("data/f"),
        lambda: storage.stat("data/f"),
        lambda: storage.stat("data/none"),
        lambda: list(storage.list("data")),
        storage.names,
        lambda: storage.put("data/g", b"x"),
        lambda: storage.delete("data/g"),
    ):
        before = len(server.requests)
        operation()
        assert len(server.requests) == before + 1


def test_what_was_written_just_now_is_young(storage):
    storage.put("data/f", b"x")
    assert abs(storage.stat("data/f").modified - time.time()) < 60


def test_a_store_that_ignores_generations_is_refused(server):
    server.honest = False
    lake = lake_on(server)
    with pytest.raises(UnsafeStoreError, match="single_writer=True"):
        lake.scenarios.save("one", {"patients": PATIENTS})


def test_a_lake_lives_there(server, tmp_path):
    lake = lake_on(server)
    lake.scenarios.save("one", {"patients": PATIENTS})
    lake.scenarios.clone("one", "two")
    lake.scenarios.delete("one")
    lake.scenarios.restore("one")
    rows = [{"id": f"p{n}", "note": os.urandom(2_000).hex()} for n in range(5_000)]
    lake.scenarios.save("large", {"patients": rows})
    assert lake.query("SELECT count(*) AS n, count(extra) AS m FROM patients").results == [
        {"n": 5_040, "m": 5_000}
    ]
    assert lake.scan("patients").select("id").collect().height == 5_040
    lake.maintenance.vacuum(keep_versions=1)
    assert lake.maintenance.verify().ok
    copy = Lake(tmp_path / "copy")
    copy.clone_from(lake.url, storage_options=server.options)
    assert copy.scenarios.load("two").entities == {"patients": PATIENTS}
    copy.scenarios.rename("two", "second")
    copy.push(lake.url, storage_options=server.options)
    assert lake.scenarios.exists("second")
    lake.close()


def test_refusals_say_why(server):
    nowhere = Lake("gs://no-such-bucket/lake", storage_options=server.options)
    for use in (nowhere.scenarios.list, lambda: nowhere.scenarios.save("x", {})):
        with pytest.raises(StorageError, match=r"no-such-bucket.*does not exist"):
            use()
    lake = lake_on(server)
    server.refusing = 403
    with pytest.raises(AccessError, match="permission"):
        lake.scenarios.list()
    with pytest.raises(ReadOnlyError, match="write"):
        lake._log.storage.put("data/f", b"x")
    server.refusing = 401
    with pytest.raises(AccessError, match="credentials"):
        lake.scenarios.list()
    with pytest.raises(InvalidPathError, match="bucket"):
        Lake("gs://", storage_options=server.options)
