"""Questions to a lake: what is kept between them, and what is not."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest

from healthsim_lake import EntityType, FieldSpec, Lake
from healthsim_lake.errors import (
    DamagedCommitError,
    DataFileAlteredError,
    InvalidNameError,
    QueryError,
    QueryLimitError,
    ScenarioNotFoundError,
)
from healthsim_lake.query import CatalogTable
from healthsim_lake.query.engine import Engine, Limits
from healthsim_lake.query.guard import Question, examine
from healthsim_lake.query.kept import KeptAnswers, fingerprint
from healthsim_lake.query.questions import Questions


def people(*ids: str) -> dict[str, list[dict[str, str]]]:
    return {"patients": [{"id": one, "gender": "F"} for one in ids]}


@pytest.fixture
def lake(lake_url):
    with Lake(lake_url) as opened:
        opened.scenarios.save("a", people("p1", "p2", "p3"), tags=["Old", "x"])
        opened.scenarios.save("b", {**people("p1"), "claim": [], "encounters": [{"id": "e1"}]})
        yield opened


def ids(lake: Lake, **asked: object) -> list[str]:
    return [row["id"] for row in lake.query("SELECT id FROM patients ORDER BY 1", **asked).results]


# ---- pages


def test_all_pages_of_a_question_hold_every_row_once(lake):
    sql = "SELECT i % 5000 AS g, count(*) AS n FROM range(100000) t(i) GROUP BY 1"
    pages = [lake.query(sql, limit=1_000, offset=offset) for offset in range(0, 5_000, 1_000)]
    assert sorted(row["g"] for page in pages for row in page.results) == list(range(5_000))
    assert {page.total_count for page in pages} == {5_000}
    assert [page.has_more for page in pages] == [True] * 4 + [False]


def test_pages_come_from_the_run_of_the_first_one(lake):
    sql = "SELECT random() AS r FROM range(60)"
    first, second = lake.query(sql), lake.query(sql, offset=20)
    assert second.to_arrow().equals(first.to_arrow())
    shown = [row["r"] for row in first.results + second.results]
    assert shown == first.to_arrow()["r"].to_pylist()[:40]


def test_what_chance_or_the_clock_decides_is_asked_anew_from_its_first_page(lake):
    for sql in ("SELECT random() AS r", "SELECT now() AS r", "SELECT uuid() AS r"):
        assert lake.query(sql).results != lake.query(sql).results


def test_a_limit_in_the_sql_is_honoured(lake):
    page = lake.query("SELECT i FROM range(100) t(i) ORDER BY i LIMIT 30 OFFSET 5", limit=20)
    assert (page.total_count, page.has_more, page.results[0]) == (30, True, {"i": 5})


def test_a_page_beyond_the_end_is_an_error_and_changes_nothing(lake):
    with pytest.raises(QueryError, match="has 4 rows"):
        lake.query("SELECT * FROM patients", offset=4)
    assert lake.query("SELECT * FROM patients WHERE false").results == []
    assert len(lake.query("SELECT * FROM patients", offset=3).results) == 1


def test_an_answer_too_large_to_keep_says_so_and_is_paged_by_its_order(lake):
    sql = "SELECT i, repeat('x', 2000) AS text FROM range(70000) t(i)"
    first = lake.query(sql)
    assert not first.kept
    assert first.has_more
    with pytest.raises(QueryError, match="too large to be kept between its pages; add ORDER BY"):
        lake.query(sql, offset=20)
    page = lake.query(f"{sql} ORDER BY i", limit=2, offset=50_000)
    assert [row["i"] for row in page.results] == [50_000, 50_001]
    assert lake.query("SELECT 1").kept


def test_kept_answers_stay_within_their_bounds():
    kept = KeptAnswers(max_bytes=100_000, max_answers=3)

    def left() -> list[str]:
        return [key for key in "abcde" if kept.get((key,)) is not None]

    small, half = pa.table({"a": range(100)}), pa.table({"a": range(6_249)})
    assert not kept.put(("a",), pa.table({"a": range(10_000)}))
    for key in "abcd":
        assert kept.put((key,), small)
    assert left() == ["b", "c", "d"]
    assert kept.put(("b",), half)
    assert kept.put(("e",), half)
    assert left() == ["b", "e"]
    kept.forget("b")
    assert left() == ["e"]


def test_parameters_of_other_types_ask_something_else(lake):
    values = [lake.query("SELECT typeof($v) AS t", params={"v": v}) for v in (1, True, 1.0, "1")]
    assert len({page.results[0]["t"] for page in values}) == 4
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})


# ---- versions


def test_a_change_of_a_scenario_is_seen_by_the_next_question(lake):
    assert ids(lake) == ["p1", "p1", "p2", "p3"]
    lake.scenarios.add("a", people("p9"))
    assert ids(lake) == ["p1", "p1", "p2", "p3", "p9"]
    assert ids(lake, scenario="a") == ["p1", "p2", "p3", "p9"]
    lake.scenarios.delete("a")
    assert ids(lake) == ["p1"]
    with pytest.raises(ScenarioNotFoundError, match="deleted"):
        ids(lake, scenario="a")


def test_a_change_made_elsewhere_is_seen_too(lake):
    ids(lake, scenario="b")
    Lake(lake.url).scenarios.save("b", people("p7"), overwrite=True)
    assert ids(lake, scenario="b") == ["p7"]


def test_a_pinned_lake_answers_after_its_files_have_moved(lake):
    past = lake.at(version=1)
    assert ids(past) == ["p1", "p2", "p3"]
    lake.scenarios.delete("a")
    again = past.query("SELECT count(*) AS n FROM patients")
    assert again.results == [{"n": 3}]
    past.close()


def test_a_type_with_other_columns_is_seen_where_it_has_no_rows(lake):
    assert lake.query("SELECT * FROM members", scenario="a").total_count == 0
    narrow = EntityType(
        name="gadgets", singular="gadget", fields=(FieldSpec(id=1, name="size", type="int"),)
    )
    with pytest.raises(QueryError, match="no table gadgets"):
        lake.query("SELECT size FROM gadgets", scenario="a")
    lake.entities.declare(narrow)
    assert lake.query("SELECT size FROM gadgets", scenario="a").columns[0]["type"] == "BIGINT"


# ---- engines that are kept


SHADOWS = [
    "CREATE OR REPLACE TEMP VIEW patients AS SELECT 'shadow' AS id",
    "CREATE TEMP TABLE patients AS SELECT 'shadow' AS id",
    "CREATE OR REPLACE VIEW patients AS SELECT 'shadow' AS id",
    "CREATE TEMP MACRO lower(x) AS 'shadow'",
    "SET VARIABLE x = 'shadow'",
    "PREPARE q AS SELECT 'shadow'",
    "SET TimeZone = 'Asia/Tokyo'",
    "SET SESSION threads = 1",
    "USE temp",
    "COMMIT",
    "ROLLBACK",
    "COMMIT; BEGIN TRANSACTION; CREATE OR REPLACE TEMP VIEW patients AS SELECT 'shadow' AS id",
]


@pytest.mark.parametrize("sql", SHADOWS)
def test_nothing_that_slips_through_the_guard_reaches_the_next_question(sql, engine):
    """The second wall, on its own: the statement is run as if it had been let through."""
    asked = "SELECT lower(id) AS id, now()::VARCHAR LIKE '%+00' AS utc FROM patients ORDER BY 1"
    before = engine.run(asked)
    with suppress(QueryError, AttributeError):  # statements without rows have no reader
        engine.answer(Question(sql, frozenset({"patients"})))
    assert engine.run(asked).equals(before)
    with engine._session.connection.cursor() as cursor:
        assert cursor.execute("SELECT getvariable('x')").fetchone() == (None,)
        with pytest.raises(Exception, match=r"(?i)prepared|does not exist"):
            cursor.execute("EXECUTE q")
    assert engine.run("SHOW TABLES").column("name").to_pylist() == [
        "claims", "encounters", "patients", "scenarios"
    ]  # fmt: skip


def test_one_connection_serves_all_tables_of_a_scenario(place):
    paths = [source.path for view in place.views for source in view.files]
    with Engine(allowed=paths) as engine:
        opened = []
        for view in place.views:
            question = examine(f"SELECT count(*) FROM {view.name}", tables=[view.name])
            engine.answer(question, views=[view])
            opened.append(engine._session)
    assert len(set(opened)) == 1


def test_a_question_that_was_ended_leaves_the_next_one_alone(lake):
    endless = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range < 0"
    hungry = "SELECT list(i) FROM range(50000000) t(i)"
    for sql, limits in ((endless, {"timeout": 0.3}), (hungry, {"memory_mb": 100})):
        with pytest.raises(QueryLimitError):
            lake.query(sql, **limits)
        assert ids(lake, scenario="b") == ["p1"]
    with pytest.raises(QueryLimitError, match="more than 3 rows"):
        lake.query("SELECT id FROM patients", max_rows=3)
    assert lake.query("SELECT id FROM patients").total_count == 4


def test_threads_that_ask_together_are_all_answered(lake):
    answers: list[object] = []

    def ask(number: int) -> None:
        for name, count in (("a", 3), ("b", 1)):
            sql = f"SELECT {number} AS n, count(*) AS c FROM patients"
            answers.append(lake.query(sql, scenario=name).results == [{"n": number, "c": count}])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 16


def test_a_lake_can_be_closed_twice_and_asked_again(lake):
    assert len(ids(lake)) == 4
    lake.close()
    lake.close()
    assert len(ids(lake)) == 4


def test_a_file_cut_short_under_a_warm_engine_is_named(tmp_path):
    with Lake(tmp_path / "lake") as lake:
        lake.scenarios.save("a", people("p1"))
        assert ids(lake) == ["p1"]
        path = Path(lake.files("patients")[0])
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-30])
        with pytest.raises(DataFileAlteredError, match="patients") as caught:
            lake.query("SELECT gender FROM patients")
        assert str(tmp_path) not in str(caught.value)


FORKING = """
import os, sys
from healthsim_lake import Lake

sql = "SELECT count(*) AS n FROM patients"
lakes = [Lake(sys.argv[1]) for _ in range(3)]  # more than one has an instance opened ahead
for lake in lakes:
    assert lake.query(sql).results == [{"n": 1}]
child = os.fork()
if child == 0:
    assert lake.query("SELECT count(*) + 1 AS n FROM patients").results == [{"n": 2}]
    if sys.argv[2] == "close":
        lake.close()
    print("asked", flush=True)
    sys.exit(7)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
assert code == 7, code
assert lake.query(sql).results == [{"n": 1}]
"""


@pytest.mark.parametrize("end", ["close", "leave"])
def test_a_forked_child_has_engines_of_its_own_and_ends(tmp_path, end):
    Lake(tmp_path / "lake").scenarios.save("a", people("p1"))
    command = [sys.executable, "-c", FORKING, str(tmp_path / "lake"), end]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "asked\n", "")


LEAVING = """
import sys
from healthsim_lake import Lake

lakes = [Lake(sys.argv[1]) for _ in range(3)]
for lake in lakes:
    lake.query("FROM patients")
"""


def test_a_process_that_closes_nothing_ends_in_silence(tmp_path):
    Lake(tmp_path / "lake").scenarios.save("a", people("p1"))
    command = [sys.executable, "-c", LEAVING, str(tmp_path / "lake")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# ---- tables of the catalog


def test_the_catalog_can_be_asked_beside_the_rows(lake):
    a, b = (lake.scenarios.get(name).id for name in "ab")
    assert lake.query("SELECT scenario_id, tag FROM scenario_tags ORDER BY ALL").results == [
        {"scenario_id": a, "tag": "Old"}, {"scenario_id": a, "tag": "x"}
    ]  # fmt: skip
    held = "SELECT * FROM scenario_entities ORDER BY entity_type"
    assert lake.query(held, scenario="b").results == [
        {"scenario_id": b, "entity_type": "claims", "key": "claim", "rows": 0},
        {"scenario_id": b, "entity_type": "encounters", "key": "encounters", "rows": 1},
        {"scenario_id": b, "entity_type": "patients", "key": "patients", "rows": 1},
    ]
    joined = lake.query(
        "SELECT s.name, count(*) AS n FROM patients JOIN scenarios s USING (scenario_id) "
        "GROUP BY 1 ORDER BY 1"
    )
    assert joined.results == [{"name": "a", "n": 3}, {"name": "b", "n": 1}]


def test_the_catalog_is_asked_as_it_is_now(lake):
    assert lake.query("SELECT name FROM scenarios", scenario="a").results == [{"name": "a"}]
    lake.scenarios.rename("a", "c")
    assert lake.query("SELECT name FROM scenarios", scenario="c").results == [{"name": "c"}]
    lake.tags.remove("c", "x")
    assert lake.query("SELECT tag FROM scenario_tags").results == [{"tag": "Old"}]


def test_catalog_tables_of_an_empty_lake_are_empty(tmp_path):
    with Lake(tmp_path / "none") as lake:
        for table in ("scenarios", "scenario_tags", "scenario_entities"):
            assert lake.query(f"SELECT * FROM {table}").total_count == 0


def test_a_catalog_table_of_ones_own_is_told_which_scenarios_are_meant(lake):
    schema = pa.schema([("version", pa.int64()), ("meant", pa.list_(pa.string()))])
    calls = []

    def rows(snapshot, chosen):
        meant = None if chosen is None else [one.record.name for one in chosen]
        calls.append(meant)
        return pa.table({"version": [snapshot.version], "meant": [meant]}, schema=schema)

    runs = CatalogTable("profile_executions", schema, rows)
    questions = Questions(lake._log, lake._snapshot, lake.entities.registry, [runs])
    sql = "SELECT version, meant FROM profile_executions"
    assert questions.ask("SELECT 1 FROM patients", scenario="a").total_count == 3
    assert calls == []  # nobody asked for it
    assert questions.ask(sql).results == [{"version": 2, "meant": None}]
    assert questions.ask(sql, scenario="a").results == [{"version": 2, "meant": ["a"]}]
    lake.scenarios.save("c", {})
    assert questions.ask(sql, scenario="a").results == [{"version": 3, "meant": ["a"]}]
    assert questions.ask(sql, scenarios=["a", "c"]).results[0]["meant"] == ["a", "c"]
    with pytest.raises(QueryError, match=r"did you mean profile_executions\?"):
        questions.ask("SELECT * FROM profile_execution")
    questions.close()


@pytest.mark.parametrize("name", ["scenarios", "scenario_tags", "profiles", "journey_executions"])
def test_no_entity_type_takes_the_name_of_a_catalog_table(lake, name):
    fields = (FieldSpec(id=1, name="id", type="text"),)
    with pytest.raises(InvalidNameError, match="the lake's own catalog"):
        lake.scenarios.save("x", {name: [{"id": "1"}]})
    with pytest.raises(InvalidNameError, match="the lake's own catalog"):
        lake.entities.declare(EntityType(name=name, singular="thing", fields=fields))
    with pytest.raises(InvalidNameError, match="the lake's own catalog"):
        lake.entities.declare(
            EntityType(name="things", singular="thing", aliases=(name,), fields=fields)
        )
    assert not lake.scenarios.exists("x")


# ---- what is not read


def test_manifests_of_scenarios_that_are_not_chosen_are_not_read(tmp_path):
    with Lake(tmp_path / "lake") as lake:
        lake.scenarios.save("small", people("p1"))
        many = {f"thing{number}s": [{"id": "1"}] for number in range(80)}
        large = lake.scenarios.save("large", many)
        folder = tmp_path / "lake" / "catalog" / "scenarios" / large.id
        (manifest,) = (path for path in folder.iterdir() if "statistics" not in path.name)
        manifest.chmod(0o644)
        manifest.write_bytes(b"{}")
        assert ids(lake, scenario="small") == ["p1"]
        assert lake.query("SELECT name FROM scenarios").total_count == 2
        with pytest.raises(DamagedCommitError):
            ids(lake)


# ---- limits


@pytest.mark.parametrize(
    "limits",
    [{"timeout": float("nan")}, {"timeout": "5"}, {"timeout": 0}, {"max_rows": 0},
     {"max_rows": 1.5}, {"memory_mb": True}],
)  # fmt: skip
def test_a_limit_that_is_none_is_refused_by_name(lake, limits):
    with pytest.raises(QueryError, match="numbers of more than zero"):
        lake.query("SELECT 1", **limits)


def test_limits_are_part_of_what_was_asked():
    assert Limits(rows=3) != Limits(rows=4)
