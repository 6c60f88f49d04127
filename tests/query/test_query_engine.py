"""Parameters, limits, errors and files of the engine."""

from __future__ import annotations

import signal
import threading
import traceback
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthsim_lake.errors import (
    DataFileAlteredError,
    DataFileMissingError,
    QueryError,
    QueryLimitError,
    QueryRefusedError,
)
from healthsim_lake.query.engine import Engine, Limits
from healthsim_lake.query.guard import check, examine
from healthsim_lake.query.views import FileSource, View

# ---- parameters


def test_positional_parameters_are_values_not_sql(engine):
    sql = "SELECT count(*) FROM patients WHERE given_name = ? AND birth_date > ?"
    assert engine.run(sql, ["Ada", date(1970, 1, 1)]).column(0).to_pylist() == [1]
    assert engine.run(sql, ["' OR 1 = 1 --", date(1970, 1, 1)]).column(0).to_pylist() == [0]


def test_named_parameters_can_be_used_twice(engine):
    sql = "SELECT $state || $state WHERE $limit > 1"
    assert engine.run(sql, {"state": "TX", "limit": 2}).column(0).to_pylist() == ["TXTX"]


@pytest.mark.parametrize(
    "value",
    [
        1,
        1.5,
        "é'\"",
        True,
        None,
        date(2024, 1, 2),
        datetime(2024, 1, 2, 3, 4),  # noqa: DTZ001  # the lake's timestamps have no zone
        Decimal("1.25"),
        b"ab",
        [1, 2],
        ["a", "b"],
    ],
)
def test_a_parameter_comes_back_as_it_was_given(value, engine):
    assert engine.run("SELECT ? AS v", [value]).column(0).to_pylist() == [value]


def test_a_list_parameter_stands_for_many_values(engine):
    sql = "SELECT count(*) FROM patients WHERE id IN (SELECT unnest($ids))"
    assert engine.run(sql, {"ids": ["p1", "p3", "p9"]}).column(0).to_pylist() == [3]


def test_a_uuid_parameter_compares_with_text(engine):
    given_id = "0b8c9a4e-6a43-4b0e-9d38-0a2f7d9b1c55"
    sql = "SELECT ?::VARCHAR = ?"
    assert engine.run(sql, [UUID(given_id), given_id]).column(0).to_pylist() == [True]


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ([object()], "number 1"),
        ({"x": pa.table({"a": [1]})}, r"\$x"),
        (["a" * 70_000], "70,000"),
        ("text", "list"),
        (7, "list"),
        ([{"a": 1}], "number 1"),
    ],
)
def test_a_parameter_of_another_kind_is_refused_by_name(params, named, engine):
    with pytest.raises(QueryError, match=named):
        engine.run("SELECT ?", params)


@pytest.mark.parametrize(
    ("sql", "params"),
    [("SELECT ?", None), ("SELECT ?", []), ("SELECT ?, ?", [1]), ("SELECT 1", [1]),
     ("SELECT $a", {"b": 1}), ("SELECT ?, $a", [1])],
)  # fmt: skip
def test_missing_or_surplus_parameters_are_an_error(sql, params, engine):
    with pytest.raises(QueryError):
        engine.run(sql, params)
    assert engine.run("SELECT 1").num_rows == 1


# ---- limits


@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE t AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM t) SELECT count(*) FROM t",
        "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range < 0",
        "SELECT a.range FROM range(1000000) a, range(1000000) b WHERE a.range + b.range < 0",
        "SELECT count(*) FROM range(100000000000000)",
        "SELECT max(sin(a.range + b.range)) FROM range(1000000) a, range(1000000) b",
    ],
)
def test_what_would_not_end_is_ended(sql, place):
    with place.engine(seconds=0.5) as engine:
        with pytest.raises(QueryLimitError, match=r"longer than 0\.5 seconds"):
            engine.run(sql)
        assert engine.run("SELECT count(*) FROM patients").column(0).to_pylist() == [4]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range < 0",
        "SELECT a.range FROM range(1000000) a, range(1000000) b WHERE a.range + b.range < 0",
    ],
)
def test_control_c_ends_a_question_long_before_its_limit(sql, place, request):
    # A program that was started in the background has been told to ignore it.
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, former))
    with place.engine(seconds=60) as engine:
        engine.run("SELECT 1")
        threading.Timer(0.2, signal.raise_signal, [signal.SIGINT]).start()
        with pytest.raises(KeyboardInterrupt):
            engine.run(sql)
        assert engine.run("SELECT count(*) FROM patients").column(0).to_pylist() == [4]


def test_more_rows_than_allowed_are_an_error_that_says_what_to_do(place):
    with place.engine(rows=10) as engine:
        with pytest.raises(QueryLimitError, match="more than 10 rows; add LIMIT"):
            engine.run("SELECT * FROM range(100000000)")
        assert engine.run("SELECT * FROM range(10)").num_rows == 10
        assert engine.run("SELECT * FROM range(20)", limits=Limits(rows=20)).num_rows == 20


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(DISTINCT md5(range::VARCHAR)) FROM range(20000000)",
        "SELECT string_agg(repeat('x', 1000), '') FROM range(1000000)",
        "SELECT list(range) FROM range(50000000)",
        "WITH RECURSIVE t AS (SELECT 'x' AS s UNION ALL SELECT s || s FROM t) SELECT max(s) FROM t",
        "SELECT repeat('x', 10000) || range FROM range(100000)",
    ],
)
def test_what_would_take_too_much_memory_is_an_error(sql, place):
    with place.engine(memory_mb=100) as engine:
        with pytest.raises(QueryLimitError, match="100 MB"):
            engine.run(sql)
        assert engine.run("SELECT count(*) FROM patients").column(0).to_pylist() == [4]


@pytest.mark.parametrize("limits", [{"seconds": 0}, {"rows": 0}, {"memory_mb": -1}])
def test_a_limit_of_nothing_is_refused(limits):
    with pytest.raises(QueryError, match="more than zero"):
        Limits(**limits)


# ---- errors


def test_a_wrong_column_is_answered_with_the_columns_there_are(engine):
    with pytest.raises(QueryError) as caught:
        engine.run("SELECT birthDate FROM patients")
    assert str(caught.value) == (
        "no column birthDate in patients; did you mean birth_date? columns of patients: "
        "id, given_name, birth_date, state, extra, scenario_id"
    )


def test_a_wrong_column_behind_an_alias_is_found_in_the_table_behind_it(engine):
    with pytest.raises(QueryError, match=r"no column dayz .*did you mean days\?.*columns of enc"):
        engine.run("SELECT e.dayz FROM encounters e JOIN patients p ON p.id = e.patient_id")


def test_a_wrong_table_is_answered_with_the_tables_there_are(engine):
    with pytest.raises(QueryError) as caught:
        engine.run("SELECT * FROM patient")
    assert str(caught.value) == (
        "no table patient here; did you mean patients? "
        "tables: patients, encounters, claims, scenarios"
    )


def test_a_syntax_error_says_where(engine):
    with pytest.raises(QueryError, match=r"syntax error.*line 2, column \d+"):
        engine.run("SELECT *\nFROM patients WHERE )")


def test_a_refused_function_comes_with_another_one(engine):
    with pytest.raises(QueryRefusedError, match=r"list_contains\(text ->> '\$\[\*\]'"):
        engine.run("SELECT json_contains(id, '7') FROM patients")
    engine.run("SELECT list_contains('[7, 8]' ->> '$[*]', '7')")


def test_a_refused_function_is_named(engine):
    with pytest.raises(QueryRefusedError, match=r"'read_csv'.*generate_series"):
        engine.run("SELECT * FROM read_csv('x')")
    with pytest.raises(QueryRefusedError, match="'current_setting'"):
        engine.run("SELECT current_setting('threads')")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT '{path}'::INT",
        "SELECT CAST('{path}' AS DATE)",
        'SELECT "{path}" FROM patients',
        "SELECT nosuch('{path}')",
        "SELECT * FROM '{path}'",
        'SELECT * FROM "{path}"',
        "SELECT * FROM read_parquet('{path}')",
        "COPY patients TO '{path}'",
        "ATTACH '{path}'",
        "SELECT '{path}' FROM nosuch",
        "SELEC '{path}'",
        "SELECT 1 + '{path}'",
        "SELECT strptime('{path}', '%Y')",
        "SELECT '{path}'::STRUCT(a INT)",
        "SELECT ('{path}')::JSON",
        'SELECT id."{path}" FROM patients',
        "SELECT unnest('{path}')",
    ],
)
def test_no_error_text_contains_a_path(sql, place, engine):
    path = str(next(place.root.rglob("secret.parquet"))).replace("'", "")
    with pytest.raises(QueryError) as caught:
        engine.run(sql.format(path=path))
    text = str(caught.value)
    assert "s-three" not in text
    assert "secret.parquet" not in text
    assert str(place.root.parent) not in text
    assert "s-three" not in _last_line_of_each_error(caught.value)


def _last_line_of_each_error(error: BaseException) -> str:
    # A traceback also quotes the line of this test, which names the path itself.
    return "".join(traceback.format_exception_only(error)) + str(error.__cause__)


def test_a_traceback_does_not_print_the_engines_own_text(place, engine):
    path = str(place.root)
    with pytest.raises(QueryError) as caught:
        engine.run("SELECT ?::INT", [path])
    assert "Could not convert" in str(caught.value)
    assert path not in "".join(traceback.format_exception(caught.value))


def test_an_error_in_the_middle_of_the_rows_leaves_the_engine_usable(engine):
    sql = "SELECT CASE WHEN range = 90000 THEN 'x' ELSE '1' END::INT FROM range(100000)"
    for _ in range(2):
        with pytest.raises(QueryError, match="Conversion Error"):
            engine.run(sql)
        assert engine.run("SELECT 1").num_rows == 1


WORDS = (
    "SELECT FROM WHERE patients id ( ) , * 1 'a' || -> lambda x : WITH AS RECURSIVE UNION ALL "
    "repeat range unnest [ ] { } OVER ORDER BY PIVOT ON IN USING COPY TO INSERT INTO VALUES "
    'DESCRIBE SHOW TABLES ; -- $$ ? $a :: INT . " é CASE WHEN END'
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS.split()), max_size=25).map(" ".join))
def test_whatever_is_written_is_either_a_question_or_a_query_error(sql):
    try:
        question = examine(sql, tables=["patients"])
    except QueryError:
        return
    assert question.reads <= {"patients"}


@given(st.text(max_size=60))
def test_any_text_at_all_is_either_a_question_or_a_query_error(sql):
    try:
        check(sql, tables=[])
    except QueryError:
        return
    assert not any(mark in sql for mark in "\x00")


# ---- files and views


def test_rows_of_a_shared_file_belong_to_each_scenario_that_has_it(tmp_path):
    path = str(tmp_path / "x.parquet")
    pq.write_table(pa.table({"id": ["a", "b"]}), path)
    files = (FileSource(path, "s1"), FileSource(path, "s2"))
    with Engine([View("t", pa.schema([("id", pa.string())]), files)]) as engine:
        rows = engine.run("SELECT scenario_id, id FROM t ORDER BY ALL").to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("s1", "a"), ("s1", "b"), ("s2", "a"), ("s2", "b")
    ]  # fmt: skip


def test_hive_folders_neither_add_columns_nor_change_the_scenario(tmp_path):
    files = []
    for number in (1, 2):
        path = tmp_path / f"scenario_id={number}" / f"year=200{number}" / "x.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(pa.table({"id": [number]}), path)
        files.append(FileSource(str(path), f"real-{number}"))
    schema = pa.schema([("id", pa.int64())])
    for chosen in (files[:1], files):
        with Engine([View("t", schema, tuple(chosen))]) as engine:
            rows = engine.run("SELECT * FROM t ORDER BY ALL").to_pylist()
        assert rows == [{"id": n + 1, "scenario_id": f.scenario_id} for n, f in enumerate(chosen)]


def test_many_scenarios_in_one_view_each_keep_their_rows(tmp_path):
    files = []
    for number in range(300):
        path = tmp_path / f"{number}.parquet"
        pq.write_table(pa.table({"n": [number, number]}), path)
        files.append(FileSource(str(path), f"s{number}"))
    with Engine([View("t", pa.schema([("n", pa.int64())]), tuple(files))]) as engine:
        wrong = engine.run("SELECT count(*) FROM t WHERE scenario_id IS DISTINCT FROM 's' || n")
        assert wrong.column(0).to_pylist() == [0]
        one = engine.run("SELECT n FROM t WHERE scenario_id = 's77'")
        assert one.column(0).to_pylist() == [77, 77]


def test_an_empty_view_has_all_columns_and_types(engine):
    schema = engine.run("SELECT * FROM claims").schema
    assert schema.names == ["claim_id", "total_paid", "scenario_id"]
    assert schema.field("total_paid").type == pa.decimal128(12, 2)


def test_a_missing_file_is_an_error_of_its_own(place):
    Path(place.views[0].files[1].path).unlink()
    with place.engine() as engine:
        with pytest.raises(DataFileMissingError, match=r"patients \(scenario s-two\)") as caught:
            engine.run("SELECT * FROM patients")
        assert str(place.root) not in "".join(traceback.format_exception(caught.value))
        assert engine.run("SELECT count(*) FROM encounters").column(0).to_pylist() == [3]


def test_a_file_that_vanishes_between_two_questions_is_missed(place):
    with place.engine() as engine:
        engine.run("SELECT * FROM patients")
        Path(place.views[0].files[0].path).unlink()
        with pytest.raises(DataFileMissingError) as caught:
            engine.run("SELECT * FROM patients")
        assert str(place.root) not in "".join(traceback.format_exception(caught.value))
        assert engine.run("SELECT count(*) FROM encounters").column(0).to_pylist() == [3]


def test_a_file_that_is_no_parquet_is_an_error_of_its_own(place):
    Path(place.views[1].files[0].path).write_bytes(b"not a parquet file at all")
    with place.engine() as engine, pytest.raises(DataFileAlteredError) as caught:
        engine.run("SELECT * FROM encounters")
    assert str(place.root) not in str(caught.value)


def test_a_file_without_a_column_of_its_table_is_an_error(place):
    pq.write_table(pa.table({"encounter_id": ["e1"]}), place.views[1].files[0].path)
    with place.engine() as engine, pytest.raises(DataFileAlteredError):
        engine.run("SELECT encounter_id FROM encounters")


@pytest.mark.parametrize("count", [1, 2])
def test_files_behind_fsspec_are_read_with_nothing_else_allowed(count):
    filesystem = fsspec.filesystem("memory")
    for name in ("a", "b", "secret"):
        with filesystem.open(f"/query-lake/{name}.parquet", "wb") as sink:
            pq.write_table(pa.table({"id": [name]}), sink)
    files = tuple(
        FileSource(f"memory://query-lake/{name}.parquet", f"s-{name}") for name in "ab"[:count]
    )
    view = View("t", pa.schema([("id", pa.string())]), files)
    with Engine([view], filesystem=filesystem) as engine:
        rows = engine.run("SELECT id, scenario_id FROM t ORDER BY 1").to_pylist()
        assert rows == [{"id": n, "scenario_id": f"s-{n}"} for n in "ab"[:count]]
        with pytest.raises(Exception, match=r"disabled|Cannot"):
            engine._session.connection.execute(
                "FROM read_parquet('memory://query-lake/secret.parquet')"
            )
        filesystem.rm("/query-lake/a.parquet")
        with pytest.raises(DataFileMissingError, match="s-a"):
            engine.run("SELECT * FROM t")


def test_closing_twice_is_harmless_and_a_question_opens_again(place):
    engine = place.engine()
    engine.run("SELECT * FROM patients")
    engine.close()
    engine.close()
    assert engine.run("SELECT count(*) FROM patients").column(0).to_pylist() == [4]
    engine.close()


def test_questions_from_several_threads_are_all_answered(engine):
    answers: list[int] = []

    def ask(number: int) -> None:
        sql = f"SELECT {number} + count(*) FROM patients"
        answers.extend(engine.run(sql).column(0).to_pylist())

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(4, 12))


def test_answers_do_not_depend_on_the_zone_of_the_machine(engine, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    table = engine.run("SELECT TIMESTAMPTZ '2024-01-01 00:00:00' AS t, now() AS n")
    assert table.schema.field("t").type.tz == "UTC"
    assert table.column("t").cast(pa.timestamp("us")).to_pylist()[0].hour == 0


def test_the_tables_that_a_question_reads_are_known_before_it_runs():
    tables = ["patients", "encounters", "claims"]
    sql = "WITH claims AS (SELECT 1) SELECT * FROM claims, Patients WHERE EXISTS (FROM encounters)"
    assert examine(sql, tables=tables).reads == {"patients", "encounters"}
    assert examine("SHOW TABLES", tables=tables).reads == set(tables)
    assert examine("SELECT 1", tables=tables).reads == frozenset()
