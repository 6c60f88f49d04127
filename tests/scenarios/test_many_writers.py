"""Many processes and threads write to one lake: nothing is lost or twice, no reader sees a half."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from healthsim_lake import Lake
from healthsim_lake.errors import LakeReplacedError

# Everyday a few writers; with this variable set, eight of them with 25 commits each.
FULL = "HEALTHSIM_MANY_WRITERS" in os.environ
PROCESSES, ROUNDS = (8, 5) if FULL else (3, 1)
COMMITS = 5
"""Of a round: two saves, an add to what all share, a profile, and a batch of executions."""

WRITER = """
import sys
from healthsim_lake import Lake
url, number, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
lake = Lake(url)
for step in range(rounds):
    name = f"{number}-{step}"
    for part in "ab":
        lake.scenarios.save(
            f"{name}{part}",
            {"patients": [{"id": name}] * 3, "encounters": [{"encounter_id": name}] * 3},
        )
    lake.scenarios.add("shared", {"patients": [{"id": name}]})
    spec = {"id": "p", "name": "p", "demographics": {"count": 1}}
    lake.profiles.save(f"profile {name}", spec)
    lake.profiles.executions.record_many([{"profile_id": "shared", "seed": 1}] * 2)
    lake.profiles.executions.record("shared", seed=2)
"""

READER = """
import sys
from healthsim_lake import Lake
url, stop = sys.argv[1], sys.argv[2]
import os
lake = Lake(url)
looks, seen = 0, 0
while not os.path.exists(stop) or looks < 2:
    for record in lake.scenarios.list(limit=None)[:20]:
        if record.name != "shared":
            loaded = lake.scenarios.load(record.id)
            assert len(loaded["patients"]) == len(loaded["encounters"]) == 3, record
    sql = "SELECT p.n, e.n FROM (SELECT scenario_id, count(*) AS n FROM patients GROUP BY 1) p "
    sql += "FULL JOIN (SELECT scenario_id, count(*) AS n FROM encounters GROUP BY 1) e "
    sql += "USING (scenario_id) JOIN scenarios s ON s.scenario_id = p.scenario_id "
    sql += "WHERE s.name <> 'shared' AND (p.n, e.n) IS DISTINCT FROM (3, 3)"
    assert lake.query(sql).results == []
    frame = lake.scan("encounters").collect()
    assert len(frame) % 3 == 0
    runs = lake.profiles.executions.of("shared", limit=None)
    assert len({run.id for run in runs}) == len(runs)
    assert len(runs) >= seen
    assert sum(run.seed == 1 for run in runs) % 2 == 0
    seen, looks = len(runs), looks + 1
print(looks)
"""


@contextmanager
def programs(code: str, arguments: list[list[str]]) -> Iterator[list[subprocess.Popen[str]]]:
    """Run a program once for each list of arguments, at the same time."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, *own],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for own in arguments
    ]
    try:
        yield started
    finally:
        for one in started:
            one.kill()
            one.communicate()


def finished(program: subprocess.Popen[str]) -> str:
    output, complaint = program.communicate(timeout=600)
    assert program.returncode == 0, complaint
    return output


def check_log(lake: Lake, first: int) -> Counter[str]:
    """Check that the log has no gap and no transaction twice; return commits by operation."""
    log = sorted(Path(lake.url, "catalog", "log").iterdir())
    commits = [json.loads(path.read_bytes()) for path in log]
    assert [one["version"] for one in commits] == list(range(1, lake.version + 1))
    assert len({one["txn_id"] for one in commits}) == len(commits)
    return Counter(one["operation"] for one in commits[first:])


def check_folders(lake: Lake, patients: int) -> None:
    """Check that a glob over the folders is exactly the head."""
    folder = Path(lake.url) / "data" / "patients"
    with duckdb.connect() as connection:
        found = connection.sql(f"SELECT count(*) FROM '{folder}/**/*.parquet'").fetchall()
    assert found == [(patients,)]
    assert list(Path(lake.url, "staging").iterdir()) == []


def test_processes_lose_nothing_and_readers_never_see_a_half(tmp_path):
    lake, stop = Lake(tmp_path / "lake"), tmp_path / "stop"
    lake.scenarios.save("shared", {"patients": []})
    lake.profiles.save("shared", {"id": "p", "name": "p", "demographics": {"count": 1}})
    before = lake.version
    writers = [[lake.url, str(number), str(ROUNDS)] for number in range(PROCESSES)]
    readers = [[lake.url, str(stop)]] * (2 if FULL else 1)
    with programs(READER, readers) as reading, programs(WRITER, writers) as writing:
        for writer in writing:
            finished(writer)
        stop.touch()
        assert all(int(finished(reader)) >= 2 for reader in reading)

    rounds = [f"{number}-{step}" for number in range(PROCESSES) for step in range(ROUNDS)]
    names = [f"{name}{part}" for name in rounds for part in "ab"]
    assert sorted(one.name for one in lake.scenarios.list(limit=None)) == sorted([*names, "shared"])
    assert sorted(row["id"] for row in lake.scenarios.load("shared")["patients"]) == sorted(rounds)
    assert len(lake.profiles.list(limit=None)) == 1 + len(rounds)
    runs = lake.profiles.executions.of("shared", limit=None)
    assert Counter(run.seed for run in runs) == {1: 2 * len(rounds), 2: len(rounds)}
    operations = check_log(lake, before)
    del operations["fold"]  # made now and then beside what was asked for
    assert sum(operations.values()) == COMMITS * len(rounds)
    check_folders(lake, 3 * len(names) + len(rounds))


def test_threads_share_one_lake(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.scenarios.save("shared", {"patients": []})
    complaints: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for step in range(3):
                name = f"{number}-{step}"
                lake.scenarios.save(name, {"patients": [{"id": name}] * 3})
                lake.scenarios.add("shared", {"patients": [{"id": name}]})
                assert len(lake.scenarios.load(name)["patients"]) == 3
                counted = lake.query("SELECT count(*) AS n FROM patients", scenario=name)
                assert counted.results == [{"n": 3}]
        except BaseException as error:  # noqa: BLE001  # told by the main thread
            complaints.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert complaints == []
    names = sorted(f"{number}-{step}" for number in range(8) for step in range(3))
    assert sorted(row["id"] for row in lake.scenarios.load("shared")["patients"]) == names
    assert check_log(lake, 0) == {"save": 25, "add": 24}
    check_folders(lake, 24 * 3 + 24)
    lake.close()


def test_of_two_that_want_one_name_at_the_same_moment_one_gets_it(tmp_path):
    code = """
import sys
from healthsim_lake import Lake
from healthsim_lake.errors import NameTakenError
try:
    Lake(sys.argv[1]).scenarios.save("wanted", {"patients": [{"id": sys.argv[2]}]})
    print("got it")
except NameTakenError:
    print("taken")
"""
    url = str(tmp_path / "lake")
    with programs(code, [[url, str(number)] for number in range(4)]) as racing:
        told = sorted(finished(one).strip() for one in racing)
    assert told == ["got it", "taken", "taken", "taken"]
    lake = Lake(url)
    assert lake.version == 1
    check_folders(lake, 1)


def test_processes_that_persist_with_one_context_get_names_of_their_own(tmp_path):
    code = """
import sys, time
from healthsim_lake import Lake
url, number, start = sys.argv[1], sys.argv[2], sys.argv[3]
from pathlib import Path
lake = Lake(url)
lake.scenarios.list()
print("ready", flush=True)
while not Path(start).exists():
    time.sleep(0.001)
done = lake.scenarios.persist({"patients": [{"id": number}]}, context="diabetic seniors in Ohio")
print(done.record.name, done.is_new)
"""
    url, start = str(tmp_path / "lake"), tmp_path / "start"
    lake = Lake(url)
    lake.create()
    with programs(code, [[url, str(number), str(start)] for number in range(4)]) as racing:
        for one in racing:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        start.touch()
        told = [finished(one).split() for one in racing]
    names = sorted(name for name, _ in told)
    base = names[0]
    assert names == sorted([base, *(f"{base}-{number}" for number in (2, 3, 4))])
    assert {new for _, new in told} == {"True"}
    for number, (name, _) in enumerate(told):
        assert lake.scenarios.load(name)["patients"] == [{"id": str(number)}]
    assert check_log(lake, 0) == {"save": 4}
    check_folders(lake, 4)


def test_who_outlives_a_restore_from_a_backup_moves_no_file_of_it(tmp_path):
    place, backup = tmp_path / "lake", tmp_path / "backup"
    lake = Lake(place)
    lake.scenarios.save("kept", {"patients": [{"id": "1"}]})
    shutil.copytree(place, backup)
    Lake(place).scenarios.save("kept", {"patients": [{"id": "2"}]}, overwrite=True)
    assert lake.scenarios.get("kept").version == 2
    shutil.rmtree(place)
    shutil.copytree(backup, place)
    with pytest.raises(LakeReplacedError, match="nothing was written"):
        lake.scenarios.save("lost", {})
    (file,) = (place / "data").rglob("*.parquet")
    assert duckdb.sql(f"SELECT id FROM '{file}'").fetchall() == [("1",)]
