"""Many processes write to one lake: nothing is lost, nothing is twice, readers never see a half."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb

from healthsim_lake import Lake

WRITER = """
import sys
from healthsim_lake import Lake
url, number = sys.argv[1], sys.argv[2]
lake = Lake(url)
for step in range(6):
    lake.scenarios.save(f"{number}-{step}", {"patients": [{"id": f"{number}-{step}"}] * 3})
    lake.scenarios.add("shared", {"patients": [{"id": f"{number}-{step}"}]})
"""


def test_four_processes_lose_nothing(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.scenarios.save("shared", {"patients": []})
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, lake.url, str(number)], stderr=subprocess.PIPE, text=True
        )
        for number in range(4)
    ]
    while any(writer.poll() is None for writer in writers):
        for record in lake.scenarios.list(limit=None):
            rows = lake.scenarios.load(record.id)["patients"]
            assert record.name == "shared" or len(rows) == 3
    for writer in writers:
        _, complaint = writer.communicate()
        assert writer.returncode == 0, complaint

    names = {f"{number}-{step}" for number in range(4) for step in range(6)}
    assert {record.name for record in lake.scenarios.list(limit=None)} == names | {"shared"}
    shared = lake.scenarios.load("shared")["patients"]
    assert sorted(row["id"] for row in shared) == sorted(names)
    assert lake.version == 1 + 2 * 24
    folder = Path(lake.url) / "data" / "patients"
    with duckdb.connect() as connection:
        found = connection.sql(f"SELECT count(*) FROM '{folder}/**/*.parquet'").fetchall()
    assert found == [(24 * 3 + 24,)]
    assert list(Path(lake.url, "staging").iterdir()) == []
