"""The same exam on a real server of S3, where the environment names one.

HEALTHSIM_TEST_S3 is its endpoint, HEALTHSIM_TEST_S3_KEY and _SECRET who is asking.
"""

from __future__ import annotations

import os
import threading
import uuid

import fsspec
import pytest
from test_storage_contract import StorageContract

from healthsim_lake import Lake
from healthsim_lake.errors import KeyExistsError
from healthsim_lake.storage import open_storage

ENDPOINT = os.environ.get("HEALTHSIM_TEST_S3")
pytestmark = [
    pytest.mark.real_store,
    pytest.mark.skipif(
        not ENDPOINT, reason="SKIPPED WITHOUT A REAL STORE: HEALTHSIM_TEST_S3 names no endpoint"
    ),
]
PATIENTS = [{"id": f"p{n}"} for n in range(20)]


@pytest.fixture(scope="module")
def options():
    return {
        "endpoint_url": ENDPOINT,
        "key": os.environ.get("HEALTHSIM_TEST_S3_KEY", "testkey"),
        "secret": os.environ.get("HEALTHSIM_TEST_S3_SECRET", "testsecret"),
        "client_kwargs": {"region_name": "us-east-1"},
    }


@pytest.fixture(scope="module")
def real_bucket(options):
    name = f"healthsim-{uuid.uuid4().hex[:12]}"
    fsspec.filesystem("s3", **options).call_s3("create_bucket", Bucket=name)
    return name


@pytest.fixture
def url(real_bucket):
    return f"s3://{real_bucket}/{uuid.uuid4().hex[:8]}"


class TestRealS3(StorageContract):
    @pytest.fixture
    def storage(self, url, options):
        return open_storage(url, options)


def test_of_many_writers_exactly_one_wins_every_time(url, options):
    storage = open_storage(url, options)
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


def test_a_lake_lives_there_and_is_carried(url, options, tmp_path):
    lake = Lake(f"{url}/lake", storage_options=options)
    lake.scenarios.save("one", {"patients": PATIENTS})
    lake.scenarios.add("one", {"patients": [{"id": "late"}]})
    lake.scenarios.save("one", {"patients": PATIENTS[:3]}, overwrite=True)
    lake.scenarios.clone("one", "two", version=1)
    lake.scenarios.delete("one")
    lake.scenarios.restore("one")
    assert lake.query("SELECT count(*) AS n FROM patients").results == [{"n": 23}]
    assert lake.scan("patients").collect().height == 23
    copy = Lake(tmp_path / "copy")
    copy.clone_from(lake.url, storage_options=options)
    copy.push(f"{url}/mirror", storage_options=options)
    mirror = Lake(f"{url}/mirror", storage_options=options)
    for name in ("one", "two"):
        assert mirror.scenarios.load(name).entities == lake.scenarios.load(name).entities
    lake.close()
