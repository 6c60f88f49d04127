"""The same attacks where DuckDB reads through the filesystem of an object store.

Judged by the requests that the store got: nothing is written, and nothing is read but what belongs
to the scenario that was asked.
"""

from __future__ import annotations

import json
import os
from urllib.parse import unquote

import pytest
from test_attacks_on_a_lake import ATTACKS, SECRET

from healthsim_lake import Lake
from healthsim_lake.errors import QueryError
from healthsim_lake.storage import layout

ROOT = "some/lake"


@pytest.fixture(scope="module")
def stored(s3_server):
    bucket = s3_server.bucket()
    with s3_server.lake(bucket) as lake:
        lake.scenarios.save("mine", {"patients": [{"id": "old", "gender": "F"}]})
        lake.scenarios.save("mine", {"patients": [{"id": "p1", "gender": "F"}]}, overwrite=True)
        lake.scenarios.save(
            f"other {SECRET}", {"patients": [{"id": SECRET, "gender": SECRET}]}, tags=[SECRET]
        )
        storage = lake._log.storage
        storage._client.pipe_file(f"{bucket}/outside.txt", SECRET.encode())
        yield lake, bucket


def written(lake: Lake, bucket: str, sql: str) -> str:
    """Put the names of this lake into an attack."""
    storage = lake._log.storage
    (mine,) = lake.files("patients", scenario="mine")
    (other,) = lake.files("patients", scenario=f"other {SECRET}")
    names = {
        "mine": mine,
        "other": other,
        "past": storage.location(next(iter(storage.list("history"))).key),
        "root": lake.url,
        "log": storage.location(layout.commit(1)),
        "outside": f"s3://{bucket}/outside.txt",
        "my_id": lake.scenarios.get("mine").id,
        "other_id": lake.scenarios.get(f"other {SECRET}").id,
        "mark": SECRET[::-1],
    }
    for name, value in names.items():
        sql = sql.replace(f"{{{name}}}", str(value))
    return sql.replace("{{", "{").replace("}}", "}")


def test_a_question_about_one_scenario_does_no_harm_there(s3_server, stored):
    lake, bucket = stored
    mine = lake.scenarios.get("mine").id
    full = os.environ.get("HEALTHSIM_EXAM") == "full"
    for attack in ATTACKS if full else ATTACKS[::4]:
        sql = written(lake, bucket, attack)
        with s3_server.counted() as requests:
            try:
                page = lake.query(sql, scenario="mine", timeout=20)
            except QueryError as error:
                told = str(error)
                assert SECRET[::-1] not in told, attack
            else:
                told = json.dumps([page.results, page.columns], default=str)
                assert '"old"' not in told, attack
        assert SECRET not in told, attack
        assert bucket not in told, attack
        for one in requests:
            key = unquote(one.path).removeprefix(f"/{bucket}/{ROOT}/")
            assert one.method in {"GET", "HEAD"}, (attack, str(one))
            found = layout.data_file(key)
            if "list-type" in one.query:  # the catalog looks for what was recorded one by one
                assert f"prefix={ROOT}/catalog/" in unquote(one.query), (attack, one.query)
                continue
            own = found is not None and found[2] == mine and found[0] == layout.DATA
            assert own or key.startswith(layout.LOG), (attack, str(one))
