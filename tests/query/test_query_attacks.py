"""Statements that ask for more than a question may."""

from __future__ import annotations

import pytest

from healthsim_lake.errors import QueryError, QueryRefusedError


def nested(levels: int, around: str, inner: str) -> str:
    """Return `inner` within so many levels of `around`, where it takes the place of @."""
    for _ in range(levels):
        inner = around.replace("@", inner)
    return inner


# {data}: a data file that questions may read; {secret}, {csv}, {json}, {other}: files that they may
# not; {root}: the folder of all of them. Each has to be refused by the guard, not by the engine.
REFUSED = {
    "write a data file": "COPY (SELECT 1) TO '{data}' (USE_TMP_FILE false)",
    "write a new file": "COPY (SELECT 1) TO '{root}/new.parquet'",
    "write from a table": "COPY patients TO '{data}'",
    "read into a table": "COPY patients FROM '{csv}'",
    "COPY in a CTE": "WITH x AS (COPY (SELECT 1) TO '{data}' (USE_TMP_FILE false)) SELECT * FROM x",
    "INSERT in a CTE": "WITH x AS (INSERT INTO patients VALUES (1) RETURNING *) SELECT * FROM x",
    "UPDATE in a CTE": "WITH x AS (UPDATE patients SET id = 1 RETURNING *) SELECT * FROM x",
    "DELETE in a CTE": "WITH x AS (DELETE FROM patients RETURNING *) SELECT * FROM x",
    "INSERT": "INSERT INTO patients SELECT * FROM patients",
    "UPDATE": "UPDATE patients SET id = 'x'",
    "DELETE": "DELETE FROM patients",
    "TRUNCATE": "TRUNCATE patients",
    "replace a view": "CREATE OR REPLACE VIEW patients AS SELECT 1",
    "temporary view": "CREATE TEMP VIEW patients AS SELECT 1",
    "temporary table": "CREATE TEMP TABLE t AS SELECT 1",
    "macro": "CREATE MACRO m() AS 1",
    "type": "CREATE TYPE t AS ENUM ('a')",
    "sequence": "CREATE SEQUENCE s",
    "schema": "CREATE SCHEMA s",
    "secret": "CREATE SECRET s (TYPE s3)",
    "index": "CREATE INDEX i ON patients (id)",
    "drop": "DROP VIEW patients",
    "alter": "ALTER VIEW patients RENAME TO p",
    "comment on": "COMMENT ON VIEW patients IS 'x'",
    "set": "SET threads = 64",
    "set variable": "SET VARIABLE x = 1",
    "reset": "RESET memory_limit",
    "use": "USE memory",
    "pragma": "PRAGMA database_list",
    "pragma with argument": "PRAGMA memory_limit('64GB')",
    "attach": "ATTACH '{root}/x.db' AS x",
    "detach": "DETACH memory",
    "install": "INSTALL httpfs",
    "load": "LOAD httpfs",
    "call": "CALL pragma_version()",
    "checkpoint": "CHECKPOINT",
    "vacuum": "VACUUM",
    "export": "EXPORT DATABASE '{root}/out'",
    "import": "IMPORT DATABASE '{root}/out'",
    "begin": "BEGIN TRANSACTION",
    "commit": "COMMIT",
    "explain": "EXPLAIN SELECT * FROM patients",
    "explain analyze": "EXPLAIN ANALYZE SELECT * FROM patients",
    "prepare": "PREPARE q AS SELECT 1",
    "execute": "EXECUTE q",
    "two statements": "SELECT 1; SELECT 2",
    "a statement behind a comment": "SELECT 1; /* x */ DROP VIEW patients --",
    "two statements, one empty between": "SELECT 1;; SELECT 2",
    "read_text": "SELECT * FROM read_text('{secret}')",
    "read_blob": "SELECT * FROM read_blob('{secret}')",
    "read_csv": "SELECT * FROM read_csv('{csv}')",
    "read_csv_auto": "SELECT * FROM read_csv_auto('{csv}')",
    "read_json": "SELECT * FROM read_json('{json}')",
    "read_parquet": "SELECT * FROM read_parquet('{other}')",
    "read_parquet of an own file": "SELECT row_shape FROM read_parquet('{data}')",
    "parquet_scan": "SELECT * FROM parquet_scan('{other}')",
    "parquet_metadata": "SELECT * FROM parquet_metadata('{data}')",
    "parquet_schema": "SELECT * FROM parquet_schema('{data}')",
    "parquet_kv_metadata": "SELECT * FROM parquet_kv_metadata('{data}')",
    "glob": "SELECT * FROM glob('{root}/**')",
    "sniff_csv": "SELECT * FROM sniff_csv('{csv}')",
    "file name in quotes": "SELECT * FROM '{other}'",
    "file name in double quotes": 'SELECT * FROM "{other}"',
    "own file by name": "SELECT * FROM '{data}'",
    "csv by name": "SELECT * FROM '{csv}'",
    "relative file": "SELECT * FROM '../secret.parquet'",
    "url": "SELECT * FROM 'https://example.org/x.parquet'",
    "s3": "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
    "file in a join": "SELECT * FROM patients JOIN '{other}' USING (id)",
    "file in a subquery": "SELECT (SELECT max(id) FROM '{other}') FROM patients",
    "file in a lateral": "SELECT * FROM patients, LATERAL (SELECT * FROM '{other}') x",
    "file in IN": "SELECT * FROM patients WHERE id IN (FROM '{other}' SELECT id)",
    "file in EXISTS": "SELECT EXISTS (FROM '{other}')",
    "file in ORDER BY": "SELECT 1 ORDER BY (SELECT id FROM '{other}')",
    "file in LIMIT": "SELECT 1 LIMIT (SELECT count(*) FROM '{other}')",
    "file in a FILTER": "SELECT count(*) FILTER (WHERE EXISTS (FROM '{other}')) FROM patients",
    "file in a window": "SELECT sum((SELECT 1 FROM '{other}')) OVER () FROM patients",
    "file in a lambda": "SELECT list_transform([1], lambda x: (SELECT 1 FROM '{other}'))",
    "file in PIVOT": "PIVOT '{other}' ON state IN ('TX') USING count(*)",
    "file in UNPIVOT": "UNPIVOT '{other}' ON id, state INTO NAME n VALUE v",
    "file in DESCRIBE": "DESCRIBE '{other}'",
    "file in SUMMARIZE": "SUMMARIZE '{other}'",
    "file in DESCRIBE of a query": "DESCRIBE SELECT * FROM '{other}'",
    "file in VALUES": "VALUES ((SELECT max(id) FROM '{other}'))",
    "file in a set operation": "SELECT 1 UNION ALL SELECT 1 FROM '{other}'",
    "file in HAVING": "SELECT 1 FROM patients GROUP BY id HAVING EXISTS (FROM '{other}')",
    "file in QUALIFY": (
        "SELECT 1 FROM patients QUALIFY row_number() OVER () < (SELECT 3 FROM '{other}')"
    ),
    "file in a join condition": (
        "SELECT 1 FROM patients p JOIN patients q ON p.id = (SELECT id FROM '{other}')"
    ),
    "file in a table function": "SELECT * FROM range((SELECT count(*) FROM '{other}'))",
    "file in a recursion": (
        "WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT 1 FROM t, '{other}') SELECT * FROM t"
    ),
    "file behind FROM first": "FROM '{other}' SELECT id",
    "file by TABLE": "TABLE '{other}'",
    "dollar quotes": "SELECT * FROM read_text($$ {secret} $$)",
    "escaped string": "SELECT * FROM read_text(E'{secret}')",
    "settings": "SELECT * FROM duckdb_settings()",
    "setting": "SELECT current_setting('allowed_paths')",
    "views": "SELECT sql FROM duckdb_views()",
    "tables": "SELECT * FROM duckdb_tables()",
    "columns": "SELECT * FROM duckdb_columns()",
    "databases": "SELECT * FROM duckdb_databases()",
    "extensions": "SELECT * FROM duckdb_extensions()",
    "secrets": "SELECT * FROM duckdb_secrets()",
    "memory": "SELECT * FROM duckdb_memory()",
    "logs": "SELECT * FROM duckdb_logs()",
    "functions": "SELECT * FROM duckdb_functions()",
    "temporary files": "SELECT * FROM duckdb_temporary_files()",
    "pragma as a function": "SELECT * FROM pragma_database_size()",
    "platform": "SELECT * FROM pragma_platform()",
    "storage": "SELECT * FROM pragma_storage_info('patients')",
    "information schema": "SELECT * FROM information_schema.tables",
    "pg_catalog": "SELECT * FROM pg_catalog.pg_class",
    "other catalog": "SELECT * FROM system.main.duckdb_views",
    "own catalog": "SELECT * FROM memory.main.patients",
    "temp catalog": "SELECT * FROM temp.patients",
    "environment": "SELECT getenv('HOME')",
    "variable": "SELECT getvariable('x')",
    "current query": "SELECT current_query()",
    "log writing": "SELECT write_log('x')",
    "sleep": "SELECT sleep_ms(100000)",
    "pg_sleep": "SELECT pg_sleep(100)",
    "seed": "SELECT setseed(0.5)",
    "sequence value": "SELECT nextval('s')",
    "version": "SELECT version()",
    "system schema of a function": "SELECT system.main.lower('X')",
    "pg_catalog function": "SELECT pg_catalog.version()",
    "SQL in a string": "SELECT * FROM query('SELECT 1')",
    "table in a string": "SELECT * FROM query_table('duckdb_settings')",
    "serialised SQL": "SELECT * FROM json_execute_serialized_sql('{{}}')",
    "plans": "SELECT json_serialize_plan('SELECT * FROM patients')",
    "pointers": "SELECT * FROM arrow_scan(1, 2, 3)",
    "pandas pointers": "SELECT * FROM pandas_scan(1)",
    "python": "SELECT * FROM python_map_function(1)",
    "raw scan": "SELECT * FROM seq_scan('patients')",
    "all types": "SELECT * FROM test_all_types()",
    "repeat_row": "SELECT * FROM repeat_row(1, num_rows := 1000000000)",
    "show databases": "SHOW DATABASES",
    "show variables": "SHOW VARIABLES",
    "show from": "SHOW TABLES FROM main",
    "time travel": "SELECT * FROM patients AT (VERSION => 1)",
    "pivot without values": "PIVOT patients ON state USING count(*)",
    "nothing": "",
    "a semicolon": ";",
    "a comment": "-- nothing",
    # what a function may build
    "repeat": "SELECT repeat('x', 2000000000)",
    "repeat by a row": "SELECT repeat('x', days) FROM encounters",
    "repeat by a sum": "SELECT repeat('x', 1000000 + 1000000000)",
    "repeat by a parameter": "SELECT repeat('x', ?)",
    "repeat by a subquery": "SELECT repeat('x', (SELECT 1000000000))",
    "repeat by a cast": "SELECT repeat('x', '2000000000'::INT)",
    "repeat in upper case": "SELECT REPEAT('x', 2000000000)",
    "repeat in quotes": "SELECT \"repeat\"('x', 2000000000)",
    "repeat of the schema": "SELECT main.repeat('x', 2000000000)",
    "repeat as a method": "SELECT given_name.repeat(2000000000) FROM patients",
    "repeat in repeat": "SELECT repeat(repeat('x', 1000000), 1000000)",
    "repeat through a subquery": (
        "SELECT repeat(s, 1000000) FROM (SELECT repeat('x', 1000000) AS s)"
    ),
    "repeat through a CTE": (
        "WITH a AS (SELECT repeat('x', 1000000) AS s) SELECT repeat(s, 1000000) FROM a"
    ),
    "repeat through an alias": "SELECT repeat('x', 1000000) AS s, repeat(s, 1000000)",
    "repeat through a lambda": (
        "SELECT list_transform([repeat('x', 1000000)], lambda s: repeat(s, 1000000))"
    ),
    "repeat through a scalar subquery": "SELECT repeat((SELECT repeat('x', 1000000)), 1000000)",
    "repeat through VALUES": (
        "SELECT repeat(s, 1000000) FROM (VALUES (repeat('x', 1000000))) AS t(s)"
    ),
    "repeat through UNION": (
        "SELECT repeat(s, 1000000) FROM (SELECT 'a' AS s UNION SELECT repeat('x', 1000000))"
    ),
    "repeat for every row": "SELECT repeat(given_name, 1000000) FROM patients",
    "repeat of a list": "SELECT repeat([1], 2000000000)",
    "lpad": "SELECT lpad('x', 2000000000, 'y')",
    "rpad": "SELECT rpad('x', 2000000000, 'y')",
    "range": "SELECT range(2000000000)",
    "range with a start": "SELECT range(-1000000000, 1000000000)",
    "range of rows": "SELECT range(days) FROM encounters",
    "range in unnest": "SELECT unnest(range(2000000000))",
    "generate_series": "SELECT generate_series(1, 2000000000)",
    "range in a lambda": (
        "SELECT list_transform(range(100000), lambda i: list_transform(range(100000), "
        "lambda j: i + j))"
    ),
    "list_resize": "SELECT list_resize([1], 2000000000)",
    "list_resize with a value": "SELECT list_resize([], 100000, repeat('x', 100000))",
    "array_resize": "SELECT array_resize([1], 2000000000)",
    "bitstring": "SELECT bitstring('1', 2000000000)",
    "printf": "SELECT printf('%2000000000d', 1)",
    "printf by an argument": "SELECT printf('%*d', 2000000000, 1)",
    "format": "SELECT format('{{:2000000000d}}', 1)",
    "format by an argument": "SELECT format('{{:{{}}}}', 1, 2000000000)",
    "format from a row": "SELECT format(given_name, 1) FROM patients",
    "replace": "SELECT replace(repeat('a', 100000), 'a', repeat('b', 100000))",
    "regexp_replace": "SELECT regexp_replace(repeat('a', 100000), 'a', repeat('b', 100000), 'g')",
    "array_to_string": "SELECT array_to_string(range(100000), repeat('b', 100000))",
    "hex of hex": "SELECT " + "hex(" * 40 + "'a'" + ")" * 40,
    "json_quote of json_quote": "SELECT " + "json_quote(" * 40 + "'\"'" + ")" * 40,
    "doubling list_reduce": "SELECT list_reduce(['a', 'b'], lambda a, b: a || a)",
    "concat through CTEs": "WITH a0 AS (SELECT repeat('x', 1000) AS s), "
    + ", ".join(f"a{i} AS (SELECT s || s AS s FROM a{i - 1})" for i in range(1, 30))
    + " SELECT length(s) FROM a29",
    "string_agg in a window": "SELECT string_agg(id, '') OVER (ORDER BY id) FROM patients",
    "list in a window": "SELECT list(id) OVER (ORDER BY id) FROM patients",
    "max of many in a window": "SELECT max(id, 1000000) OVER () FROM patients",
    "list_aggregate of a bit string": "SELECT list_aggregate([1], 'bitstring_agg', 0, 1000000000)",
    "list_aggregate by a row": "SELECT list_aggregate([1], given_name) FROM patients",
    "equi_width_bins": "SELECT equi_width_bins(0, 10, 2000000000, false)",
    "damerau_levenshtein": "SELECT damerau_levenshtein('a', 'b')",
    # what parsing and planning would cost
    "open brackets": "SELECT " + "(" * 20_000,
    "brackets in FROM": "SELECT * FROM " + "(" * 20_000 + "patients" + ")" * 20_000,
    "many materialized CTEs": "WITH "
    + ", ".join(f"a{i} AS MATERIALIZED (SELECT 1)" for i in range(200))
    + " SELECT 1",
    "nested scalar subqueries": "SELECT " + "(SELECT " * 40 + "1" + ")" * 40,
    "many laterals": "SELECT * FROM patients t0"
    + "".join(f", LATERAL (SELECT t{i}.id) t{i + 1}(id)" for i in range(100)),
    "CTEs that multiply": "WITH a0 AS NOT MATERIALIZED (SELECT 1 AS i), "
    + ", ".join(
        f"a{i} AS NOT MATERIALIZED (SELECT a.i FROM a{i - 1} a, a{i - 1} b)" for i in range(1, 25)
    )
    + " SELECT count(*) FROM a24",
    "many joins": "SELECT count(*) FROM patients p0"
    + "".join(f" JOIN patients p{i} USING (id)" for i in range(1, 100)),
    "many joins through CTEs": "WITH a AS NOT MATERIALIZED (SELECT p0.id FROM patients p0"
    + "".join(f" JOIN patients p{i} USING (id)" for i in range(1, 30))
    + ") SELECT count(*) FROM a x JOIN a y USING (id) JOIN (SELECT * FROM a) z USING (id)",
    "a long statement": "SELECT 1 IN (" + "1, " * 50_000 + "1)",
    # what neither a timer nor a limit on memory ends
    "concat of columns through subqueries": nested(
        9,
        "SELECT " + ", ".join(f"concat(*COLUMNS(*)) AS c{i}" for i in range(10)) + " FROM (@)",
        "SELECT 'a' AS x",
    ),
    "rows within rows": nested(
        9, "SELECT " + ", ".join(f"t AS c{i}" for i in range(10)) + " FROM (@) t", "SELECT 1 AS x"
    ),
    "structs within structs": nested(
        20, "SELECT {{'a': a, 'b': a}} AS a FROM (@)", "SELECT 1 AS a"
    ),
    "stars of stars": nested(9, "SELECT *, *, *, *, *, *, *, *, *, * FROM (@)", "SELECT 1 AS x"),
    "stars of a table": nested(4, "SELECT *, *, *, *, *, *, *, * FROM (@)", "FROM patients"),
    "columns by PIVOT": "PIVOT (SELECT 1 AS a, 2 AS b) ON a IN ({many}), b IN ({many}) USING count(*)".replace(
        "{many}", ", ".join(map(str, range(250)))
    ),
    "long texts compared": "SELECT levenshtein(repeat('a', 1000000), repeat('b', 1000000))",
    "long texts compared for every row": (
        "SELECT levenshtein(repeat(id, 10000), repeat('b', 10000)) FROM patients"
    ),
    "jaro_winkler_similarity": (
        "SELECT jaro_winkler_similarity(repeat('a', 1000000), repeat('b', 1000000))"
    ),
    "printf by the numbers of arguments": "SELECT printf('%1$s%1$s%1$s%1$s', repeat('x', 1000000))",
    "a regular expression of much": "SELECT regexp_matches('a', repeat('a?', 100000))",
    "a regular expression for every row": (
        "SELECT regexp_matches(id, repeat('a?', 10000) || id) FROM patients"
    ),
    "a regular expression by an operator": "SELECT 'a' ~ repeat('a?', 100000)",
    "a regular expression by SIMILAR TO": "SELECT 'a' SIMILAR TO '" + "a?" * 35_000 + "'",
    "a format of much": "SELECT strptime(repeat('1', 100000), repeat('%Y', 50000))",
    "a name of many parts": "SELECT a" + ".a" * 40_000,
    "chance for every row": "SELECT repeat(random()::VARCHAR, 100000) FROM range(3000)",
    "a text for each of some values": (
        "SELECT repeat(s, 1000000) FROM (VALUES ('a'), ('b')) t(s), (VALUES (1), (2)) u(i)"
    ),
    "a text for each item": "SELECT repeat(s, 1000000) FROM (SELECT unnest(['a', 'b']) AS s)",
    "a text for each branch": "SELECT repeat(s, 1000000) FROM (SELECT 'a' AS s UNION SELECT 'b')",
    "a long list as text for every row": "SELECT array_to_string(range(1000000), ',') FROM patients",
    "a long text in a lambda for every row": (
        "SELECT list_transform([1], lambda x: repeat('x', 1000000)) FROM patients"
    ),
    "lambdas in lambdas": nested(40, "list_reduce([1], lambda a, b: @)", "a + b").join(
        ["SELECT ", ""]
    ),
    # what crashes the engine
    "a deep structure of JSON": (
        "SELECT from_json('[]', repeat('[', 100000) || '\"INT\"' || repeat(']', 100000))"
    ),
    "a deep structure of JSON as a parameter": "SELECT json_transform('[]', ?::VARCHAR)",
    "a deep structure of JSON in escapes": (
        "SELECT from_json('[]', E'" + r"\x5b" * 10_000 + '"INT"' + r"\x5d" * 10_000 + "')"
    ),
    "deep JSON that contains": (
        "SELECT json_contains(repeat('[', 200000) || repeat(']', 200000), '[7]')"
    ),
    "rows of deep JSON that contain": "SELECT json_contains(id, '7') FROM patients",
    "deep JSON as a variant": (
        "SELECT (repeat('[', 30000) || repeat(']', 30000))::JSON::VARIANT::VARCHAR"
    ),
    "a variant within a type": "SELECT TRY_CAST('[]' AS STRUCT(a variant[]))",
    "a variant by a structure": "SELECT from_json('[]', '\"VARIANT\"')",
}


@pytest.mark.parametrize("attack", REFUSED)
def test_a_statement_that_is_no_question_is_refused(attack, standing_place, standing_engine):
    place, engine = standing_place, standing_engine
    data = place.views[0].files[0].path
    sql = REFUSED[attack].format(
        data=data.replace("'", "''"),
        root=str(place.root).replace("'", "''"),
        secret=str(place.secret).replace("'", "''"),
        csv=str(place.root / "secret.csv").replace("'", "''"),
        json=str(place.root / "secret.json").replace("'", "''"),
        other=str(next(place.root.rglob("secret.parquet"))).replace("'", "''"),
    )
    before = place.digests()
    with pytest.raises(QueryRefusedError) as caught:
        engine.run(sql, [5] if "?" in sql else None)
    assert place.digests() == before
    assert str(place.root) not in str(caught.value)
    assert place.hidden_word not in str(caught.value)
    assert len(engine.run("SELECT * FROM patients")) == 4


# Unknown to the engine of some release, or no SQL at all: refused one way or the other.
NOT_ANSWERED = [
    "SELECT * FROM main.duckdb_views",
    "SELECT * FROM main.sqlite_master",
    "SELECT repeat('x', 0x7fffffff)",
    "WITH x AS (MERGE INTO patients USING claims ON true WHEN MATCHED THEN DELETE) FROM x",
    "SELECT * FROM duckdb_settings",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM pg_class",
    "SELECT * FROM PATIENTS_OF_SOMEBODY",
    'SELECT * FROM "duckdb_settings"',
    'SELECT * FROM U&"duckdb\\005fsettings"',
    "WITH duckdb_settings AS (SELECT * FROM duckdb_settings) SELECT * FROM duckdb_settings",
    "WITH RECURSIVE duckdb_views AS (SELECT * FROM duckdb_views) SELECT * FROM duckdb_views",
    "WITH a AS (SELECT * FROM duckdb_views), duckdb_views AS (SELECT 1) SELECT * FROM a",
    "SELECT * FROM (WITH duckdb_views AS (SELECT 1) SELECT 1) x, duckdb_views",
    "WITH RECURSIVE pg_class AS (SELECT relname FROM pg_class UNION SELECT 'a') FROM pg_class",
    # The engine compares names by ASCII letters alone: these are two different names.
    "WITH du\u017fckdb AS (SELECT 1) SELECT * FROM dusckdb",
    "WITH \u212alm AS (SELECT 1) SELECT * FROM klm",
    "SELECT filename FROM patients",
    'SELECT "#file" FROM patients',
    "SELECT row_shape FROM patients",
    "SELECT * FROM scenario_three",
    "SELECT * FROM df",
    "SELECT * FROM views",
    "SELECT * FROM self",
]


@pytest.mark.parametrize("sql", NOT_ANSWERED)
def test_a_name_that_is_not_ours_is_not_answered(sql, standing_place, standing_engine):
    place, engine = standing_place, standing_engine
    before = place.digests()
    df = views = None  # names of Python that a replacement scan would find
    with pytest.raises(QueryError):
        engine.run(sql)
    assert df is views is None
    assert place.digests() == before


def test_another_scenario_is_not_reached_through_conditions(standing_engine):
    for sql in (
        "SELECT scenario_id FROM encounters WHERE 1 = 1 OR scenario_id = 's-two'",
        "SELECT scenario_id FROM encounters UNION SELECT scenario_id FROM encounters --",
        "SELECT scenario_id FROM encounters /* WHERE */ -- AND 1 = 0",
    ):
        assert set(standing_engine.run(sql).column(0).to_pylist()) == {"s-one"}


def test_the_engine_stays_as_it_was_after_every_refusal(place, engine):
    for sql in ("CREATE OR REPLACE VIEW patients AS SELECT 1 AS id", "DROP VIEW patients"):
        with pytest.raises(QueryRefusedError):
            engine.run(sql)
    assert engine.run("SELECT count(*) FROM patients").column(0).to_pylist() == [4]
    assert sorted(path.name for path in place.root.iterdir()) == [
        "data", "secret.csv", "secret.json", "secret.txt", "staging"
    ]  # fmt: skip


def test_the_connection_is_locked_even_where_the_guard_is_passed_by(place, engine):
    """The second wall, on its own."""
    engine.run("SELECT 1 FROM patients")
    connection = engine._session.connection
    data = place.views[0].files[0].path.replace("'", "''")
    other = str(next(place.root.rglob("secret.parquet"))).replace("'", "''")
    for sql in (
        f"SELECT * FROM read_parquet('{other}')",
        f"SELECT * FROM read_text('{place.secret}')".replace("'x", "''x"),
        f"FROM '{other}'",
        f"COPY (SELECT 1) TO '{place.root}/new.csv'".replace("'x", "''x"),
        "SET threads = 1",
        "SET allowed_paths = ['/']",
        "SET enable_external_access = true",
        "SET temp_directory = '/tmp'",
        "ATTACH '/tmp/x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
    ):
        with pytest.raises(Exception, match=r"disabled|locked|Cannot|cannot"):
            connection.execute(sql)
    connection.execute("BEGIN TRANSACTION READ ONLY")
    with pytest.raises(Exception, match="read-only"):
        connection.execute("CREATE OR REPLACE VIEW patients AS SELECT 1")
    connection.execute("ROLLBACK")
    assert len(connection.execute(f"FROM '{data}'").fetchall()) == 3
