"""Shapes of questions that have to work, with their answers."""

# ruff: noqa: ISC004  # a statement and its answer, entry by entry, read best unbroken

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from healthsim_lake.errors import QueryError

ANSWERS: dict[str, tuple[str, list[tuple[object, ...]]]] = {
    "constant": ("SELECT 1", [(1,)]),
    "trailing semicolon": ("SELECT 1;", [(1,)]),
    "comments": ("/* a /* b */ c */ SELECT 1 -- the end", [(1,)]),
    "lower case": ("select count(*) from patients", [(4,)]),
    "upper case table": ("SELECT count(*) FROM PATIENTS", [(4,)]),
    "own schema": ("SELECT count(*) FROM main.patients", [(4,)]),
    "quoted table": ('SELECT count(*) FROM "patients"', [(4,)]),
    "where": ("SELECT given_name FROM patients WHERE state = 'MA'", [("Cléo",)]),
    "unicode": ("SELECT id AS \"Größe\" FROM patients WHERE given_name = 'Cléo'", [("p3",)]),
    "word of a statement in a text": ("SELECT 'UPDATE; DROP TABLE x; COPY'", [("UPDATE; DROP TABLE x; COPY",)]),
    "file name in a text": ("SELECT '/etc/passwd.parquet'", [("/etc/passwd.parquet",)]),
    "scenario_id": (
        "SELECT scenario_id, count(*) FROM patients GROUP BY ALL ORDER BY 1",
        [("s-one", 3), ("s-two", 1)],
    ),
    "where scenario_id": ("SELECT given_name FROM patients WHERE scenario_id = 's-two'", [("Dan",)]),
    "empty table": ("SELECT claim_id, total_paid, scenario_id FROM claims", []),
    "table in memory": ("SELECT name FROM scenarios ORDER BY name", [("first",), ("second",)]),
    "join": (
        "SELECT given_name, sum(charge) FROM patients p JOIN encounters e ON p.id = e.patient_id "
        "AND p.scenario_id = e.scenario_id GROUP BY 1 ORDER BY 1",
        [("Ada", Decimal("150.15")), ("Cléo", Decimal("700.00"))],
    ),
    "left join using": (
        "SELECT id, encounter_id FROM patients LEFT JOIN encounters USING (scenario_id) "
        "WHERE scenario_id = 's-two'",
        [("p1", None)],
    ),
    "natural join": ("SELECT count(*) FROM patients NATURAL JOIN scenarios", [(4,)]),
    "cross join": ("SELECT count(*) FROM patients CROSS JOIN scenarios", [(8,)]),
    "semi join": ("SELECT count(*) FROM patients SEMI JOIN encounters USING (scenario_id)", [(3,)]),
    "anti join": ("SELECT count(*) FROM patients ANTI JOIN encounters USING (scenario_id)", [(1,)]),
    "positional join": (
        "SELECT a.x, b.y FROM (VALUES (1), (2)) a(x) POSITIONAL JOIN (VALUES (3), (4)) b(y)",
        [(1, 3), (2, 4)],
    ),
    "asof join": (
        "SELECT e.encounter_id FROM (SELECT 'p1' AS patient_id, TIMESTAMP '2024-02-01' AS at) q "
        "ASOF JOIN encounters e ON q.patient_id = e.patient_id AND q.at >= e.admission_time",
        [("e1",)],
    ),
    "lateral": (
        "SELECT e.encounter_id, l.double FROM encounters e, LATERAL (SELECT e.days * 2 AS double) l "
        "ORDER BY 1",
        [("e1", 4), ("e2", 0), ("e3", 10)],
    ),
    "lateral range": (
        "SELECT encounter_id, r.day FROM encounters, range(days) r(day) WHERE encounter_id = 'e1' "
        "ORDER BY 2",
        [("e1", 0), ("e1", 1)],
    ),
    "days of a stay": (
        "SELECT count(*) FROM encounters, generate_series(admission_time::DATE, "
        "admission_time::DATE + to_days(days::INT), INTERVAL 1 DAY) s(day)",
        [(10,)],
    ),
    "correlated subquery": (
        "SELECT id, (SELECT count(*) FROM encounters e WHERE e.patient_id = p.id) FROM patients p "
        "WHERE scenario_id = 's-one' ORDER BY 1",
        [("p1", 2), ("p2", 0), ("p3", 1)],
    ),
    "in subquery": (
        "SELECT given_name FROM patients WHERE id IN (SELECT patient_id FROM encounters WHERE "
        "days > 4)",
        [("Cléo",)],
    ),
    "exists": (
        "SELECT count(*) FROM patients p WHERE EXISTS (FROM encounters e WHERE e.patient_id = p.id)",
        [(3,)],
    ),
    "any and all": ("SELECT 2 = ANY (SELECT 2), 3 > ALL (SELECT 2)", [(True, True)]),
    "array of a subquery": ("SELECT ARRAY(SELECT x FROM (VALUES (1), (2)) t(x))", [([1, 2],)]),
    "CTE": ("WITH x AS (SELECT 1 AS a), y AS (SELECT a + 1 AS b FROM x) SELECT b FROM y", [(2,)]),
    "materialized CTE": (
        "WITH x AS MATERIALIZED (SELECT 1 AS a), y AS MATERIALIZED (SELECT * FROM x) "
        "SELECT * FROM x JOIN y USING (a)",
        [(1,)],
    ),
    "inlined CTE": ("WITH x AS NOT MATERIALIZED (SELECT 7) FROM x", [(7,)]),
    "CTE named like a table": (
        "WITH patients AS (SELECT * FROM patients WHERE state = 'TX') SELECT count(*) FROM patients",
        [(2,)],
    ),
    "CTE in a subquery": ("SELECT (WITH x AS (SELECT 5 AS a) SELECT a FROM x)", [(5,)]),
    "recursive CTE": (
        "WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t WHERE i < 5) "
        "SELECT sum(i) FROM t",
        [(15,)],
    ),
    "recursive CTE of texts": (
        "WITH RECURSIVE t(s, i) AS (SELECT 'a', 1 UNION SELECT s || 'b', i + 1 FROM t WHERE i < 3) "
        "SELECT max(s) FROM t",
        [("abb",)],
    ),
    "window": (
        "SELECT encounter_id, row_number() OVER (PARTITION BY patient_id ORDER BY days) "
        "FROM encounters ORDER BY 1",
        [("e1", 2), ("e2", 1), ("e3", 1)],
    ),
    "named window": (
        "SELECT sum(days) OVER w FROM encounters WINDOW w AS (ORDER BY encounter_id "
        "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) ORDER BY 1",
        [(2,), (2,), (7,)],
    ),
    "lag and first_value": (
        "SELECT lag(days, 1, -1) OVER (ORDER BY encounter_id), first_value(days) OVER (ORDER BY "
        "encounter_id) FROM encounters ORDER BY encounter_id",
        [(-1, 2), (2, 2), (0, 2)],
    ),
    "qualify": (
        "SELECT encounter_id FROM encounters QUALIFY row_number() OVER (PARTITION BY patient_id "
        "ORDER BY charge DESC) = 1 ORDER BY 1",
        [("e1",), ("e3",)],
    ),
    "filter": ("SELECT count(*) FILTER (WHERE days > 1), count(*) FROM encounters", [(2, 3)]),
    "grouping sets": (
        "SELECT patient_id, count(*) FROM encounters GROUP BY GROUPING SETS ((patient_id), ()) "
        "ORDER BY 1 NULLS LAST",
        [("p1", 2), ("p3", 1), (None, 3)],
    ),
    "rollup": (
        "SELECT patient_id, grouping(patient_id), count(*) FROM encounters GROUP BY ROLLUP "
        "(patient_id) ORDER BY 2, 1",
        [("p1", 0, 2), ("p3", 0, 1), (None, 1, 3)],
    ),
    "cube": ("SELECT count(*) FROM (SELECT 1 FROM encounters GROUP BY CUBE (days, charge))", [(10,)]),
    "having": ("SELECT patient_id FROM encounters GROUP BY ALL HAVING count(*) > 1", [("p1",)]),
    "distinct on": (
        "SELECT DISTINCT ON (patient_id) patient_id, days FROM encounters ORDER BY patient_id, days",
        [("p1", 0), ("p3", 5)],
    ),
    "order by all, limit, offset": ("SELECT id FROM patients ORDER BY ALL LIMIT 1 OFFSET 3", [("p3",)]),
    "limit percent": ("SELECT count(*) FROM (FROM range(100) LIMIT 10%)", [(10,)]),
    "exclude": ("SELECT * EXCLUDE (admission_time, charge, scenario_id) FROM encounters LIMIT 1",
                [("e1", "p1", 2)]),
    "replace": ("SELECT * REPLACE (upper(name) AS name) FROM scenarios ORDER BY 1",
                [("s-one", "FIRST"), ("s-two", "SECOND")]),
    "columns": ("SELECT max(COLUMNS(['days', 'charge'])) FROM encounters", [(5, Decimal("700.00"))]),
    "columns by a lambda": (
        "SELECT COLUMNS(lambda c: c LIKE 'enc%') FROM encounters ORDER BY 1 LIMIT 1", [("e1",)]
    ),
    "columns by a pattern": ("SELECT COLUMNS('^da') FROM encounters ORDER BY 1", [(0,), (2,), (5,)]),
    "from first": ("FROM encounters SELECT encounter_id WHERE days = 5", [("e3",)]),
    "from alone": ("FROM scenarios ORDER BY 1 LIMIT 1", [("s-one", "first")]),
    "table statement": ("TABLE claims", []),
    "values": ("VALUES (1, 'a'), (2, 'b')", [(1, "a"), (2, "b")]),
    "union": ("SELECT 1 UNION SELECT 1 UNION ALL SELECT 2 ORDER BY 1", [(1,), (2,)]),
    "union by name": ("SELECT 1 AS a, 2 AS b UNION ALL BY NAME SELECT 3 AS b, 4 AS a ORDER BY a",
                      [(1, 2), (4, 3)]),
    "except and intersect": ("SELECT 1 EXCEPT SELECT 2 INTERSECT SELECT 2", [(1,)]),
    "brackets around selects": ("(SELECT 1) UNION ALL (SELECT 2 ORDER BY 1 LIMIT 1) ORDER BY 1",
                                [(1,), (2,)]),
    "pivot": (
        "PIVOT (SELECT state, scenario_id FROM patients) ON state IN ('TX', 'NY') USING count(*) "
        "GROUP BY scenario_id ORDER BY scenario_id",
        [("s-one", 2, 0), ("s-two", 0, 1)],
    ),
    "pivot in FROM": (
        "FROM (SELECT state FROM patients) PIVOT (count(*) FOR state IN ('TX', 'MA'))", [(2, 1)]
    ),
    "unpivot": (
        "UNPIVOT (SELECT 1 AS a, 2 AS b) ON a, b INTO NAME n VALUE v ORDER BY n", [("a", 1), ("b", 2)]
    ),
    "unpivot columns": (
        "UNPIVOT (SELECT 0 AS id, 1 AS a, 2 AS b) ON COLUMNS(* EXCLUDE id) INTO NAME n VALUE v "
        "ORDER BY n",
        [(0, "a", 1), (0, "b", 2)],
    ),
    "describe": (
        "SELECT column_name, column_type FROM (DESCRIBE claims)",
        [("claim_id", "VARCHAR"), ("total_paid", "DECIMAL(12,2)"), ("scenario_id", "VARCHAR")],
    ),
    "summarize": (
        "SELECT column_name, min, max FROM (SUMMARIZE SELECT days FROM encounters)", [("days", "0", "5")]
    ),
    "show tables": ("SHOW TABLES", [("claims",), ("encounters",), ("patients",), ("scenarios",)]),
    "unnest": ("SELECT unnest([1, 2])", [(1,), (2,)]),
    "unnest a struct": ("SELECT unnest({'a': 1, 'b': 2})", [(1, 2)]),
    "unnest in FROM": ("SELECT x FROM unnest([3, 4]) AS u(x)", [(3,), (4,)]),
    "lambda arrow": ("SELECT list_transform([1, 2], x -> x + 1)", [([2, 3],)]),
    "lambda keyword": ("SELECT list_filter([1, 2, 3], lambda x: x > 1)", [([2, 3],)]),
    "lambda of texts": (
        "SELECT list_transform(string_split('a b', ' '), lambda w: upper(w[1]) || w[2:] || '.')",
        [(["A.", "B."],)],
    ),
    "list comprehension": ("SELECT [x * 2 FOR x IN [1, 2, 3] IF x > 1]", [([4, 6],)]),
    "reduce": ("SELECT list_reduce(['a', 'b', 'c'], lambda a, b: a || '-' || b)", [("a-b-c",)]),
    "reduce to the largest": (
        "SELECT list_reduce([1, 3, 2], lambda a, b: CASE WHEN a > b THEN a ELSE b END)", [(3,)]
    ),
    "list, struct, map": (
        "SELECT [1, 2][1], {'a': 5}.a, map {'k': 7}['k'], [1, 2, 3][2:], row(1, 2)[1]",
        [(1, 5, 7, [2, 3], 1)],
    ),
    "list functions": (
        "SELECT len([1, 2]), list_sum([1, 2]), list_contains([1], 1), list_sort([2, 1]), "
        "list_distinct([1, 1]), list_aggregate([1, 2], 'max')",
        [(2, 3, True, [1, 2], [1], 2)],
    ),
    "json text": ("SELECT extra->>'eye' FROM patients WHERE id = 'p3'", [("green",)]),
    "json value": ("SELECT (extra->'pets'->>1) FROM patients WHERE given_name = 'Ada'", [("dog",)]),
    "json path": (
        "SELECT json_extract_string(extra, '$.pets[0]'), json_array_length(extra, '$.pets') "
        "FROM patients WHERE given_name = 'Ada'",
        [("cat", 2)],
    ),
    "json_each": (
        "SELECT j.key FROM patients p, json_each(p.extra) j WHERE p.id = 'p3'", [("eye",)]
    ),
    "json building": ("SELECT json_object('a', 1)::VARCHAR, to_json([1])::VARCHAR", [('{"a":1}', "[1]")]),
    "dates": (
        "SELECT date_diff('year', birth_date, DATE '2024-01-01'), extract(year FROM birth_date), "
        "birth_date + INTERVAL 1 MONTH, date_trunc('month', birth_date)::DATE, "
        "strftime(birth_date, '%d.%m.%Y'), dayname(birth_date) FROM patients WHERE id = 'p2'",
        [(34, 1990, datetime(1990, 2, 28), date(1990, 1, 1), "31.01.1990", "Wednesday")],  # noqa: DTZ001
    ),
    "age": ("SELECT age(DATE '2024-01-02', DATE '2024-01-01') = INTERVAL 1 DAY", [(True,)]),
    "interval arithmetic": ("SELECT DATE '2024-01-31' - 30, INTERVAL '2' DAY + INTERVAL 1 HOUR = "
                            "INTERVAL '2 days 1 hour'", [(date(2024, 1, 1), True)]),
    "current date": ("SELECT current_date > DATE '2020-01-01', now() > TIMESTAMPTZ '2020-01-01'",
                     [(True, True)]),
    "regexp": (
        "SELECT regexp_matches('abc', 'b.'), regexp_replace('abc', 'b', 'x'), "
        "regexp_extract('a12', '[0-9]+'), 'abc' ~ 'a.*', 'abc' SIMILAR TO 'a.c'",
        [(True, "axc", "12", True, True)],
    ),
    "texts": (
        "SELECT lower('A') || upper('b'), substring('abc' FROM 2 FOR 1), trim('  a '), "
        "replace('a-b', '-', '+'), split_part('a,b', ',', 2), lpad('7', 3, '0'), left('abc', 2), "
        "concat_ws(',', 'a', 'b'), 'abc'[1], position('b' IN 'abc')",
        [("aB", "b", "a", "a+b", "b", "007", "ab", "a,b", "a", 2)],
    ),
    "method": ("SELECT given_name.upper() FROM patients WHERE id = 'p2'", [("BOB",)]),
    "like": ("SELECT 'abc' LIKE 'a%', 'abc' ILIKE 'A%', 'abc' NOT LIKE 'b%', 'abc' GLOB 'a*'",
             [(True, True, True, True)]),
    "numbers": ("SELECT 7 // 2, 7 % 2, 2 ** 3, round(2.567, 1), abs(-1), -(-1), 5 & 4, greatest(1, 2)",
                [(3, 1, 8.0, Decimal("2.6"), 1, 1, 4, 2)]),
    "conditions": (
        "SELECT CASE WHEN 1 > 2 THEN 'a' ELSE 'b' END, coalesce(NULL, 1), nullif(1, 1), if(true, 1, 2), "
        "1 IS DISTINCT FROM NULL, 2 BETWEEN 1 AND 3, 1 IN (1, 2), 1 NOT IN (2), NULL IS NULL, "
        "NOT false",
        [("b", 1, None, 1, True, True, True, True, True, True)],
    ),
    "casts": ("SELECT '1'::INT, CAST('1.5' AS DECIMAL(4, 2)), TRY_CAST('x' AS INT), '[1]'::INT[], "
              "TRY(1 / 0)", [(1, Decimal("1.50"), None, [1], float("inf"))]),
    "aggregates": (
        "SELECT count(DISTINCT patient_id), sum(charge), avg(days), median(days), "
        "string_agg(encounter_id, ',' ORDER BY encounter_id DESC), list(days ORDER BY days), "
        "arg_max(encounter_id, charge), quantile_cont(days, 0.5), mode(patient_id) FROM encounters",
        [(2, Decimal("850.15"), pytest.approx(7 / 3), 2.0, "e3,e2,e1", [0, 2, 5], "e3", 2.0, "p1")],
    ),
    "within group": (
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY days) FROM encounters", [(2.0,)]
    ),
    "alias of another item": ("SELECT days AS d, d + 1 FROM encounters WHERE d = 5", [(5, 6)]),
    "sample": ("SELECT count(*) FROM (FROM range(1000) TABLESAMPLE reservoir(10 ROWS))", [(10,)]),
    "sample percent": ("SELECT count(*) < 900 FROM range(1000) TABLESAMPLE 50% (bernoulli)", [(True,)]),
    "using sample": ("SELECT count(*) FROM (FROM range(100) USING SAMPLE 5)", [(5,)]),
    "range": ("SELECT sum(i) FROM range(0, 10, 2) r(i)", [(20,)]),
    "large range in FROM": ("SELECT count(*) FROM range(3000000)", [(3_000_000,)]),
    "scalar range": ("SELECT range(3), len(range(1000000)), generate_series(1, 3)",
                     [([0, 1, 2], 1_000_000, [1, 2, 3])]),
    "repeat": ("SELECT repeat('ab', 2), length(repeat('x', 1000000))", [("abab", 1_000_000)]),
    "bounded repeat": ("SELECT repeat('#', least(days, 3)) FROM encounters ORDER BY encounter_id",
                       [("##",), ("",), ("###",)]),
    "format": ("SELECT format('{:>5}|{}', 'a', 1), printf('%05d', 42)", [("    a|1", "00042")]),
    "collate": ("SELECT 'A' = 'a' COLLATE NOCASE", [(True,)]),
    "literals": ("SELECT 1_000, 1e3, E'a\\tb', $$it's$$, 'it''s', x'6162'::BLOB::VARCHAR LIKE '%'",
                 [(1000, 1000.0, "a\tb", "it's", "it's", True)]),
    "quotes within a name": ('SELECT 1 AS "a""b.c"', [(1,)]),
    "unicode escape": ("SELECT chr(233), '\u00e9' = chr(233)", [("é", True)]),
    "positional reference": ("SELECT days FROM encounters ORDER BY #1 DESC LIMIT 1", [(5,)]),
    "nested": ("SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT 1)))", [(1,)]),
    "many joins": (
        "SELECT count(*) FROM " + ", ".join(f"scenarios s{i}" for i in range(8)),
        [(256,)],
    ),
    "all tables counted": (
        " UNION ALL ".join(["SELECT count(*) FROM claims"] * 100) + " LIMIT 1",
        [(0,)],
    ),
    "chain of CTEs": (
        "WITH a0 AS (SELECT 1 AS i), "
        + ", ".join(f"a{i} AS (SELECT x.i FROM a{i - 1} x JOIN a{i - 1} y USING (i) GROUP BY 1)" for i in range(1, 8))
        + " SELECT * FROM a7",
        [(1,)],
    ),
    "lambda over a list of rows": (
        "SELECT list_transform(list(id ORDER BY id), x -> upper(x) || '!') FROM patients "
        "WHERE scenario_id = 's-one'",
        [(["P1!", "P2!", "P3!"],)],
    ),
    "list comprehension of a range": ("SELECT [x for x in range(5) if x % 2 = 0]", [([0, 2, 4],)]),
    "distinct values as one text": (
        "SELECT state, array_to_string(list_sort(list_distinct(list(given_name))), '|') "
        "FROM patients GROUP BY state ORDER BY state LIMIT 2",
        [("MA", "Cléo"), ("NY", "Dan")],
    ),
    "whole rows": (
        "SELECT s.name, to_json(s)::VARCHAR LIKE '%s-one%', count(DISTINCT s) FROM scenarios s "
        "WHERE name = 'first' GROUP BY ALL",
        [("first", True, 1)],
    ),
    "rows of rows": ("SELECT t.s.name FROM (SELECT s FROM scenarios s) t ORDER BY 1",
                     [("first",), ("second",)]),
    "list of structs": (
        "SELECT list({'n': name} ORDER BY name) FROM scenarios", [([{"n": "first"}, {"n": "second"}],)]
    ),
    "columns as arguments": (
        "SELECT concat_ws(' ', *COLUMNS(['scenario_id', 'name'])), coalesce(*COLUMNS('^(name|id)$')) "
        "FROM scenarios ORDER BY 1 LIMIT 1",
        [("s-one first", "first")],
    ),
    "many tables in a chain of queries": (
        "WITH a AS (SELECT * FROM patients), b AS (SELECT a.*, e.* EXCLUDE (scenario_id) FROM a LEFT "
        "JOIN encounters e ON a.id = e.patient_id), c AS (SELECT b.*, p.* FROM b JOIN patients p USING "
        "(id)), d AS (SELECT * FROM c UNION ALL SELECT * FROM c), e AS (SELECT d.*, x.* FROM d JOIN "
        "(SELECT * FROM patients) x USING (id)), f AS (SELECT *, row_number() OVER (PARTITION BY id) "
        "AS rn FROM e) SELECT count(DISTINCT id) FROM f",
        [(3,)],
    ),
    "similar names": (
        "SELECT p.id, q.id FROM patients p JOIN patients q ON p.given_name < q.given_name AND "
        "levenshtein(p.given_name || p.state, q.given_name || q.state) < 4 ORDER BY ALL",
        [("p1", "p2")],
    ),
    "dollars": ("SELECT printf('$%d of %s', 5, 'x'), format('{:,}', 1234567)", [("$5 of x", "1,234,567")]),
    "JSON as a struct": (
        "SELECT from_json(extra, '{\"eye\": \"VARCHAR\", \"pets\": [\"VARCHAR\"]}').pets FROM patients "
        "WHERE given_name = 'Ada'",
        [(["cat", "dog"],)],
    ),
    "pivot of two aggregates": (
        "PIVOT (SELECT state, id FROM patients) ON state IN ('TX', 'MA') USING count(*) AS n, min(id) AS m",
        [(2, "p1", 1, "p3")],
    ),
    "window over days": (
        "SELECT sum(days) OVER (ORDER BY admission_time RANGE BETWEEN INTERVAL 35 DAYS PRECEDING AND "
        "CURRENT ROW) FROM encounters ORDER BY admission_time",
        [(2,), (2,), (5,)],
    ),
    "months": (
        "SELECT time_bucket(INTERVAL 1 MONTH, admission_time)::DATE AS m, count(*) FROM encounters "
        "GROUP BY m ORDER BY m LIMIT 1",
        [(date(2024, 1, 1), 1)],
    ),
    "quantiles": ("SELECT quantile_cont(days, [0.0, 0.5, 1.0]) FROM encounters", [([0.0, 2.0, 5.0],)]),
    "histogram": (
        "SELECT unnest(map_entries(histogram(state)), recursive := true) FROM patients "
        "ORDER BY ALL LIMIT 1",
        [("MA", 1)],
    ),
    "long list": ("SELECT 5 IN (" + ", ".join(map(str, range(5_000))) + ")", [(True,)]),
}  # fmt: skip


@pytest.mark.parametrize("shape", ANSWERS)
def test_a_question_of_this_shape_is_answered(shape, standing_engine):
    sql, expected = ANSWERS[shape]
    table = standing_engine.run(sql)
    columns = [column.to_pylist() for column in table.columns]
    assert list(zip(*columns, strict=True)) == expected


def test_describe_and_summarize_show_all_columns_of_a_table(engine):
    described = engine.run("DESCRIBE patients").column(0).to_pylist()
    assert described == ["id", "given_name", "birth_date", "state", "extra", "scenario_id"]
    assert engine.run("SUMMARIZE patients").column(0).to_pylist() == described
    assert engine.run("SHOW patients").column(0).to_pylist() == described
    assert engine.run("DESCRIBE SELECT 1 AS a").column(0).to_pylist() == ["a"]
    assert len(engine.run("SUMMARIZE claims")) == 3


def test_patterns_and_texts_to_compare_with_may_be_parameters(engine):
    sql = (
        "SELECT given_name FROM patients WHERE regexp_matches(given_name, '^' || $pattern) AND "
        "levenshtein(given_name, $name) < 2 AND levenshtein($name, $other) = 1 AND "
        "strptime($day, $format) > birth_date"
    )
    given = {"pattern": "A", "name": "Ava", "other": "Eva", "day": "2024", "format": "%Y"}
    assert engine.run(sql, given).column(0).to_pylist() == ["Ada"]


def test_an_error_does_not_repeat_a_long_statement(engine):
    for sql in (
        f"SELECT {'a' * 90_000} FROM patients",
        f"FROM {'a' * 90_000}",
        "SELECT strptime(repeat('1', 60000), repeat('%Y', 30000))",
        f"SELECT 1 FROM patients WHERE {' ' * 90_000} id::DATE > 1",
    ):
        with pytest.raises(QueryError) as caught:
            engine.run(sql)
        assert len(str(caught.value)) < 3_000
