"""What a stranger may try with the questions of one scenario, on a whole lake.

Each is refused, or answered without doing harm: judged by what it did, not by what it said.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from healthsim_lake import Lake
from healthsim_lake.errors import NotFoundError, QueryError

SECRET = "SENTINEL-0815"  # noqa: S105  # the word that no answer may hold

# {mine}, {other}, {past}: data files of the scenario asked, of another one, and of its own past;
# {root}: the lake; {log}: a commit; {outside}: a file beside the lake.
ATTACKS = [
    # other scenarios, by their rows
    "SELECT * FROM patients",
    "SELECT * FROM patients WHERE 1 = 1 OR scenario_id <> ''",
    "SELECT * FROM patients UNION ALL SELECT * FROM main.patients",
    "SELECT * FROM patients p, LATERAL (SELECT * FROM patients q WHERE q.scenario_id <> p.scenario_id)",
    "SELECT * FROM patients WHERE scenario_id = '{other_id}'",
    "SELECT * FROM patients --' AND scenario_id = '{my_id}'",
    "SELECT * FROM patients /* AND scenario_id = '{my_id}' */",
    "SELECT * FROM patients; SELECT * FROM patients",
    "SELECT * FROM (FROM patients) t(a, b, c)",
    'SELECT * FROM "patients" AS "x\'; DROP VIEW patients; --"',
    "WITH patients AS (SELECT * FROM patients) FROM patients",
    "WITH RECURSIVE r AS (FROM patients UNION FROM r) FROM r",
    "SELECT COLUMNS(*) FROM patients",
    "SELECT p FROM patients p",
    "SELECT to_json(p) FROM patients p",
    "SELECT list(p) FROM patients p",
    "SUMMARIZE patients",
    "DESCRIBE patients",
    "SHOW ALL TABLES",
    "FROM patients TABLESAMPLE 100%",
    # other scenarios, by the catalog
    "FROM scenarios",
    "FROM scenario_tags",
    "FROM scenario_entities",
    "FROM profiles",
    "FROM journeys",
    "FROM profile_executions",
    "FROM journey_executions",
    "SELECT name FROM scenarios WHERE id <> '{my_id}' OR true",
    # other files
    "FROM read_parquet('{other}')",
    "FROM read_parquet(['{mine}', '{other}'])",
    "FROM read_parquet('{root}/data/patients/*/*.parquet', hive_partitioning = true)",
    "FROM '{root}/data/patients/**/*.parquet'",
    "FROM '{past}'",
    "FROM read_json('{log}')",
    "FROM read_json_auto('{root}/catalog/log/*.json')",
    "FROM read_ndjson('{log}')",
    "FROM read_json_objects('{log}')",
    "FROM read_ndjson_objects('{log}')",
    "FROM read_text('{log}')",
    "FROM read_blob('{root}/catalog/**')",
    "FROM read_csv('{outside}', header = false)",
    "FROM read_csv('/proc/self/environ')",
    "FROM read_text('/proc/self/cmdline')",
    "FROM '/proc/self/maps'",
    "FROM '/dev/stdin'",
    "FROM read_text('file://{outside}')",
    "FROM read_text('{root}/../outside.txt')",
    "FROM read_text('{root}/data/../../outside.txt')",
    "FROM 'outside.txt'",
    "FROM '~/.ssh/id_rsa'",
    "FROM read_parquet('{mine}', filename = true)",
    "FROM parquet_file_metadata('{other}')",
    "FROM parquet_bloom_probe('{other}', 'id', 'x')",
    "FROM parquet_full_metadata('{other}')",
    "FROM sqlite_scan('{outside}', 't')",
    "FROM postgres_scan('host=localhost', 'public', 't')",
    "FROM mysql_query('x', 'SELECT 1')",
    "FROM iceberg_scan('{root}')",
    "FROM delta_scan('{root}')",
    "FROM read_xlsx('{outside}')",
    "FROM st_read('{outside}')",
    "FROM read_duckdb('{outside}')",
    "SELECT (FROM read_text('{outside}') SELECT content)",
    "SELECT * FROM patients ORDER BY (SELECT content FROM read_text('{outside}'))",
    "SELECT CASE WHEN true THEN (SELECT max(id) FROM '{other}') END",
    "SELECT [(SELECT max(id) FROM '{other}')]",
    "SELECT {{'a': (SELECT max(id) FROM '{other}')}}",
    "SELECT MAP {{'a': (SELECT max(id) FROM '{other}')}}",
    "SELECT count(DISTINCT (SELECT max(id) FROM '{other}')) FROM patients",
    "SELECT id FROM patients GROUP BY ROLLUP (id, (SELECT max(id) FROM '{other}'))",
    "SELECT * EXCLUDE (id) REPLACE ((SELECT max(id) FROM '{other}') AS gender) FROM patients",
    "SELECT first_value(id) OVER (PARTITION BY (SELECT max(id) FROM '{other}')) FROM patients",
    "SELECT * FROM patients LIMIT (SELECT length(content) FROM read_text('{outside}'))",
    "VALUES (1), ((SELECT count(*) FROM '{other}'))",
    "(FROM '{other}')",
    "SELECT * FROM ((((SELECT * FROM '{other}'))))",
    "FROM patients EXCEPT FROM '{other}'",
    "FROM patients INTERSECT BY NAME FROM '{other}'",
    "PIVOT (FROM '{other}') ON gender IN ('F') USING count(*)",
    "WITH a AS MATERIALIZED (FROM '{other}') FROM a",
    # writing
    "COPY patients TO '{root}/data/patients/new.parquet'",
    "COPY (FROM patients) TO '{mine}' (FORMAT parquet, USE_TMP_FILE false)",
    "COPY (SELECT 1) TO '{log}' (FORMAT csv)",
    "COPY (SELECT 1 AS a) TO '{root}' (FORMAT parquet, PARTITION_BY (a), OVERWRITE_OR_IGNORE)",
    "COPY FROM DATABASE memory TO x",
    "WITH c AS (COPY (SELECT 1) TO '{mine}') FROM c",
    "WITH a AS (SELECT 1), c AS (COPY (FROM a) TO '{outside}') FROM a",
    "WITH i AS (INSERT INTO patients SELECT * FROM patients RETURNING id) FROM i",
    "WITH d AS (DELETE FROM patients RETURNING *) FROM d",
    "WITH u AS (UPDATE patients SET id = 'x' RETURNING *) FROM u",
    "WITH t AS (CREATE TABLE t AS SELECT 1) FROM t",
    "SELECT * FROM (INSERT INTO patients VALUES ('x') RETURNING *)",
    "MERGE INTO patients USING patients p ON true WHEN MATCHED THEN DELETE",
    "CREATE OR REPLACE VIEW patients AS SELECT '{mark}' AS id",
    "CREATE OR REPLACE TEMPORARY VIEW patients AS SELECT '{mark}' AS id",
    "CREATE OR REPLACE MACRO count(x) AS 0",
    "CREATE OR REPLACE FUNCTION lower(x) AS '{mark}'",
    "CREATE TABLE IF NOT EXISTS main.patients AS SELECT 1",
    "CREATE SECRET s (TYPE http, BEARER_TOKEN 'x')",
    "CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')",
    "DROP SCHEMA main CASCADE",
    "EXPORT DATABASE '{root}/data'",
    "ATTACH '{root}/x.duckdb' AS x (READ_ONLY)",
    "ATTACH ':memory:' AS y",
    "ATTACH 'ducklake:{root}' AS z",
    # settings, the machine
    "SET allowed_directories = ['/']",
    "SET GLOBAL lock_configuration = false",
    "SET SESSION enable_external_access = true",
    "SET home_directory = '/'",
    "SET log_query_path = '{root}/log'",
    "PRAGMA enable_profiling = 'json'",
    "PRAGMA profiling_output = '{root}/profile.json'",
    "PRAGMA enable_object_cache",
    "PRAGMA show_tables",
    "PRAGMA table_info('patients')",
    "CALL enable_logging()",
    "CALL dbgen(sf = 1)",
    "CALL force_checkpoint()",
    "SELECT current_setting('home_directory')",
    "SELECT current_setting('secret_directory')",
    "SELECT getenv('PATH')",
    "SELECT current_user, session_user, user, current_database(), current_schemas(true)",
    "SELECT current_catalog()",
    "SELECT pg_backend_pid()",
    "SELECT inet_server_addr()",
    "SELECT txid_current()",
    "SELECT in_search_path('main', 'main')",
    "SELECT add_parquet_key('k', '0123456789112345')",
    "PRAGMA add_parquet_key('k', '0123456789112345')",
    "FROM duckdb_optimizers()",
    "FROM duckdb_keywords()",
    "FROM duckdb_types()",
    "FROM duckdb_constraints()",
    "FROM duckdb_schemas()",
    "FROM duckdb_variables()",
    "FROM duckdb_prepared_statements()",
    "FROM duckdb_log_contexts()",
    "FROM duckdb_external_file_cache()",
    "FROM duckdb_which_secret('{root}', 's3')",
    "FROM duckdb_approx_database_count()",
    "FROM duckdb_connection_count()",
    "FROM pragma_user_agent()",
    "FROM pragma_version()",
    "FROM pragma_collations()",
    "FROM pragma_last_profiling_output()",
    "FROM information_schema.columns",
    "FROM system.information_schema.schemata",
    "FROM pg_catalog.pg_tables",
    "FROM pg_views",
    "FROM sqlite_schema",
    "FROM checkpoint()",
    "FROM enable_logging()",
    "FROM icu_calendar_names()",
    "FROM which_secret('s3://x', 's3')",
    "FROM summary((FROM patients))",
    "FROM unnest_rewriter()",
    "FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "FROM from_substrait('x'::BLOB)",
    "FROM sql_auto_complete('SEL')",
    "FROM parse_duckdb_log_message('x', 'y')",
    "SELECT json_deserialize_sql(json_serialize_sql('SELECT 1'))",
    "SELECT can_cast_implicitly(1, 2), stats(id) FROM patients",
    "SELECT error('{mark}')",
    # extensions
    "INSTALL spatial",
    "FORCE INSTALL httpfs FROM community",
    "LOAD '{outside}'",
    "UPDATE EXTENSIONS",
    "FROM load_aws_credentials()",
    "FROM 'http://127.0.0.1:1/x.parquet'",
    "FROM read_csv('https://127.0.0.1:1/x')",
    "FROM 's3://bucket/x.parquet'",
    "FROM 'hf://datasets/x/y.parquet'",
    # parser tricks
    "SELECT * FROM patients;/**/;/**/",
    "SELECT 1 /* unterminated",
    "SELECT 'unterminated",
    'SELECT * FROM "unterminated',
    "SELECT $$unterminated",
    "SELECT $tag$ x $tag$; DROP VIEW patients",
    "SELECT \"'\" FROM patients; --'",
    "SELECT '\\'; DROP VIEW patients; --'",
    "SELECT E'\\'; DROP VIEW patients; --'",
    "SELECT X'00'; COPY patients TO '{outside}'",
    "SELECT\u00a0*\u00a0FROM\u00a0duckdb_settings()",
    "SELECT * FROM duckdb_settings\u200b()",
    "\ufeffSELECT * FROM duckdb_settings()",
    "SELECT * FROM DuckDB_Settings()",
    'SELECT * FROM "duckdb_settings"()',
    "SELECT * FROM/**/duckdb_settings/**/()",
    "SELECT * FROM patients\x00; DROP VIEW patients",
    "SELECT 1 FROM patients WHERE id = '\ud800'",
    "EXECUTE IMMEDIATE 'SELECT 1'",
    "SELECT * FROM query(concat('FROM duckdb_', 'settings()'))",
    "SELECT * FROM query_table(['patients', 'duckdb_settings'])",
    "FROM patients |> SELECT 1",
    "LOCK TABLE patients",
    "GRANT ALL ON patients TO public",
    "DECLARE c CURSOR FOR SELECT 1",
    "LISTEN x",
    ".read {outside}",
    ".shell id",
    "\\! id",
    "SELECT 1 INTO OUTFILE '{outside}'",
    "SELECT * INTO x FROM patients",
    "SELECT * FROM patients FOR UPDATE",
    "SELECT " + "-" * 5_000 + "1",
    "SELECT " + "NOT " * 5_000 + "true",
    "SELECT 1" + "+1" * 20_000,
    "SELECT " + "[" * 3_000 + "]" * 3_000,
    "SELECT CASE" + " WHEN true THEN CASE" * 2_000,
    "SELECT * FROM patients" + " UNION ALL SELECT * FROM patients" * 3_000,
    "SELECT '" + "x" * 2_000_000 + "'",
]

# Ended by a limit, or refused before: never an answer, never a hang, never the machine's memory.
BOMBS = [
    "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range * b.range = 7",
    "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT max(i) FROM r",
    "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i FROM r, range(2)) SELECT count(*) FROM r",
    "SELECT list(a.range) FROM range(100000000) a",
    "SELECT string_agg(a.range::VARCHAR, ',') FROM range(1000000000) a",
    "SELECT * FROM range(1000000000)",
    "SELECT count(DISTINCT hash(a.range, b.range)) FROM range(100000) a, range(100000) b",
    "SELECT a.range FROM range(1000000000) a ORDER BY hash(a.range) LIMIT 1 OFFSET 900000000",
    "SELECT regexp_matches(repeat('a', 1000000), '(a+)+$'), * FROM range(1000000000)",
    "SELECT sum(a.range) OVER (ORDER BY hash(a.range)) FROM range(1000000000) a",
    "SELECT * FROM generate_series(1, 1000000000000)",
    "SELECT unnest([1, 2, 3]), * FROM range(1000000000)",
    "SELECT histogram(a.range) FROM range(1000000000) a",
    "SELECT factorial(20000)",
    "SELECT list_transform(range(1000000), lambda x: repeat('y', 1000000))",
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    folder = tmp_path_factory.mktemp("attacked")
    (folder / "outside.txt").write_text(SECRET)
    with Lake(folder / "lake") as opened:
        opened.scenarios.save("mine", {"patients": [{"id": "old", "gender": "F"}]})
        opened.scenarios.save("mine", {"patients": [{"id": "p1", "gender": "F"}]}, overwrite=True)
        opened.scenarios.save(
            f"other {SECRET}",
            {"patients": [{"id": SECRET, "gender": SECRET}]},
            tags=[SECRET],
            description=SECRET,
        )
        spec = {"id": "hidden", "name": "hidden", "demographics": {"count": 3}}
        opened.profiles.save(f"profile {SECRET}", spec)
        yield opened


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def written(lake: Lake, sql: str) -> str:
    """Put the names of this lake into an attack."""
    root = Path(lake.url)
    mine, other = (
        lake.files("patients", scenario=ref)[0]
        for ref in ("mine", next(r.id for r in lake.scenarios.list() if r.name != "mine"))
    )
    names = {
        "mine": mine,
        "other": other,
        "past": next((root / "history").rglob("*.parquet")),
        "root": root,
        "log": next((root / "catalog" / "log").iterdir()),
        "outside": root.parent / "outside.txt",
        "my_id": lake.scenarios.get("mine").id,
        "other_id": Path(other).parent.name.removeprefix("scenario_id="),
        "mark": SECRET[::-1],
    }
    for name, value in names.items():
        sql = sql.replace(f"{{{name}}}", str(value))
    return sql.replace("{{", "{").replace("}}", "}")


@pytest.mark.parametrize("number", range(len(ATTACKS)))
def test_a_question_about_one_scenario_does_no_harm(lake, number):
    sql, root = written(lake, ATTACKS[number]), Path(lake.url)
    before, here = digests(root.parent), sorted(os.listdir())  # noqa: PTH208  # names only
    try:
        page = lake.query(sql, scenario="mine", timeout=20)
    except QueryError as error:
        named = str(error)
        assert str(root.parent) not in named
        assert SECRET not in named
        assert SECRET[::-1] not in named
        assert len(named) < 2_000
    else:
        told = json.dumps([page.results, page.columns], default=str)
        assert SECRET not in told
        assert str(root.parent) not in told
        assert str(Path.home()) not in told
        assert '"old"' not in told
    assert digests(root.parent) == before
    assert sorted(os.listdir()) == here  # noqa: PTH208  # names only
    assert lake.query("FROM patients SELECT id", scenario="mine").results == [{"id": "p1"}]


@pytest.mark.parametrize("sql", BOMBS)
def test_a_bomb_meets_a_limit(lake, sql):
    with pytest.raises(QueryError) as caught:
        lake.query(sql, scenario="mine", timeout=1.5, max_rows=100_000, memory_mb=200)
    assert str(Path(lake.url)) not in str(caught.value)
    assert lake.query("FROM patients SELECT id", scenario="mine").results == [{"id": "p1"}]


@pytest.mark.parametrize(
    "ref",
    ["", "mine' OR '1'='1", "../other", "%", "*", "mine\x00", "\ud800", "x" * 100_000, 7, [], {}],
)
def test_a_reference_to_a_scenario_is_no_pattern(lake, ref):
    with pytest.raises(NotFoundError):
        lake.query("SELECT 1 FROM patients", scenario=ref)


@pytest.mark.parametrize(
    "value",
    ["' OR 1=1 --", "'; COPY patients TO 'x'; --", "\x00", "$1", "?", '"', "x" * 60_000],
)
def test_a_parameter_is_a_value_and_never_sql(lake, value):
    asked = lake.query("SELECT ? AS v, id FROM patients", params=[value], scenario="mine")
    assert asked.results == [{"v": value, "id": "p1"}]
    found = lake.query("FROM patients WHERE id = $v", params={"v": value}, scenario="mine")
    assert found.total_count == 0


@pytest.mark.parametrize(
    "sql",
    [None, 7, b"SELECT 1", ["SELECT 1"], "SELECT " + "x" * 10_000_000],
    ids=["none", "number", "bytes", "list", "ten megabytes"],
)
def test_what_is_no_sql_text_is_named(lake, sql):
    with pytest.raises(QueryError):
        lake.query(sql, scenario="mine")
