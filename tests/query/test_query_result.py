"""Pages of an answer and their values."""

from __future__ import annotations

import json
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pytest

from healthsim_lake.errors import QueryError
from healthsim_lake.query.engine import Engine
from healthsim_lake.query.result import QueryResult


def _asked(sql: str, **page: int) -> QueryResult:
    with Engine([]) as engine:
        return QueryResult.of(engine.run(sql), sql=sql, **page)


def _values(sql: str) -> list[object]:
    return list(_asked(sql).results[0].values())


def test_a_page_knows_where_it_stands():
    sql = "SELECT i FROM range(25) t(i)"
    result = _asked(sql, limit=10, offset=20)
    assert [row["i"] for row in result.results] == [20, 21, 22, 23, 24]
    assert (result.page, result.page_size, result.offset) == (2, 10, 20)
    assert (result.total_count, result.has_more) == (25, False)
    assert _asked(sql, limit=10, offset=10).has_more is True
    assert result.query_executed == sql


def test_pages_of_one_answer_hold_every_row_once():
    with Engine([]) as engine:
        sql = "SELECT i % 5000 AS g, count(*) AS n FROM range(20000) t(i) GROUP BY 1"
        table = engine.run(sql)
    groups = [
        row["g"]
        for offset in range(0, 5_000, 1_000)
        for row in QueryResult.of(table, sql=sql, limit=1_000, offset=offset).results
    ]
    assert sorted(groups) == list(range(5_000))


def test_a_page_beyond_the_end_is_refused_with_the_number_of_rows():
    with pytest.raises(QueryError, match="has 1 rows, so there is no page from row 40 on"):
        _asked("SELECT 1", limit=20, offset=40)
    with pytest.raises(QueryError, match="has 0 rows"):
        _asked("SELECT 1 WHERE false", offset=1)


def test_the_first_page_of_an_empty_answer_is_empty():
    result = _asked("SELECT 1 AS a WHERE false")
    assert (result.results, result.has_more, result.total_count, result.page) == ([], False, 0, 0)
    assert result.columns == [{"name": "a", "type": "INTEGER"}]


@pytest.mark.parametrize(
    "page",
    [{"limit": 0}, {"limit": -5}, {"limit": 1_001}, {"offset": -1}, {"limit": 2.5}, {"limit": True},
     {"offset": "3"}, {"limit": None}],
)  # fmt: skip
def test_a_page_that_cannot_be_is_refused_by_name(page):
    with pytest.raises(QueryError, match=r"1,000|from 0|(limit|offset) has to be a whole number"):
        _asked("SELECT 1", **page)


def test_columns_have_names_and_sql_types():
    sql = (
        "SELECT 1::BIGINT AS a, 'x' AS b, 1.5::DECIMAL(4, 2) AS c, DATE '2024-01-01' AS d, "
        "TIMESTAMP '2024-01-01' AS e, now() AS f, [1] AS g, {'x': 'y'} AS h, MAP {'k': 1} AS i, "
        "true AS j"
    )
    assert [(c["name"], c["type"]) for c in _asked(sql).columns] == [
        ("a", "BIGINT"),
        ("b", "VARCHAR"),
        ("c", "DECIMAL(4,2)"),
        ("d", "DATE"),
        ("e", "TIMESTAMP"),
        ("f", "TIMESTAMP WITH TIME ZONE"),
        ("g", "INTEGER[]"),
        ("h", 'STRUCT("x" VARCHAR)'),
        ("i", "MAP(VARCHAR, INTEGER)"),
        ("j", "BOOLEAN"),
    ]


def test_names_that_repeat_lose_no_column():
    result = _asked("SELECT 1 AS a, 2 AS a, 3 AS a_1, 4 AS a")
    assert result.results == [{"a": 1, "a_2": 2, "a_1": 3, "a_3": 4}]
    assert result.to_polars().columns == ["a", "a_2", "a_1", "a_3"]


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("NULL", None),
        ("true", True),
        ("DATE '2024-02-29'", "2024-02-29"),
        ("TIMESTAMP '2024-02-29 01:02:03'", "2024-02-29T01:02:03"),
        ("TIMESTAMP '2024-02-29 01:02:03.000004'", "2024-02-29T01:02:03.000004"),
        ("TIMESTAMPTZ '2024-02-29 01:02:03+01'", "2024-02-29T00:02:03Z"),
        ("TIMESTAMP_NS '2024-02-29 01:02:03.123456789'", "2024-02-29T01:02:03.123456789"),
        ("TIMESTAMP '20000-01-01'", "20000-01-01T00:00:00.000000"),
        ("TIME '01:02:03'", "01:02:03"),
        ("INTERVAL '1 month 3 days 1.5 seconds'", "P1M3DT1.5S"),
        ("INTERVAL 0 DAYS", "PT0S"),
        ("'\\x00\\xFF'::BLOB", "00ff"),
        ("'NaN'::DOUBLE", "NaN"),
        ("'-Infinity'::DOUBLE", "-Infinity"),
        ("-0.0::DOUBLE", -0.0),
        ("[1, NULL]", [1, None]),
        ("{'a': DATE '2024-01-01', 'b': ['x']}", {"a": "2024-01-01", "b": ["x"]}),
        ("MAP {'k': 1.5::DOUBLE}", {"k": 1.5}),
        ("[1.25::DECIMAL(4, 2)]", [1.25]),
        ("'{\"a\": 1}'::JSON", '{"a": 1}'),
        ("170141183460469231731687303715884105727::HUGEINT", 2**127 - 1),
    ],
)
def test_a_value_becomes_plain_json(sql, value):
    found = _values(f"SELECT {sql} AS v")
    assert found == [value]
    assert type(found[0]) is type(value)
    json.dumps(found, allow_nan=False)


def test_a_sum_of_integers_is_an_integer():
    assert _values("SELECT sum(i) FROM range(4) t(i)") == [6]
    assert type(_values("SELECT sum(i) FROM range(4) t(i)")[0]) is int


def test_decimals_that_a_double_keeps_are_numbers():
    assert _values("SELECT sum(x) FROM (VALUES (0.10), (999999999999.20)) t(x)") == [999999999999.3]
    assert _values("SELECT 12345.67::DECIMAL(12, 2)") == [12345.67]


def test_one_decimal_that_a_double_loses_makes_the_column_exact_text():
    sql = (
        "SELECT x::DECIMAL(38, 2) AS x "
        "FROM (VALUES ('1.5'), (NULL), ('123456789012345678.25')) t(x)"
    )
    rows = [row["x"] for row in _asked(sql).results]
    assert rows == ["1.50", None, "123456789012345678.25"]
    first_page = [row["x"] for row in _asked(sql, limit=1).results]
    assert first_page == ["1.50"]


def test_the_whole_answer_is_there_as_arrow_and_polars():
    result = _asked("SELECT i, INTERVAL 1 DAY AS d FROM range(50) t(i)", limit=5)
    assert isinstance(result.to_arrow(), pa.Table)
    assert result.to_arrow().num_rows == 50
    frame = result.to_polars()
    assert isinstance(frame, pl.DataFrame)
    assert frame.height == 50
    assert frame["d"][0] == "P1D"


def test_a_page_is_one_json_object():
    result = _asked("SELECT 1 AS a")
    assert json.loads(json.dumps(result.to_dict())) == {
        "results": [{"a": 1}],
        "columns": [{"name": "a", "type": "INTEGER"}],
        "total_count": 1,
        "page": 0,
        "page_size": 20,
        "has_more": False,
        "query_executed": "SELECT 1 AS a",
    }


def test_arrow_decimals_stay_exact():
    table = _asked("SELECT 123456789012345678.25::DECIMAL(38, 2) AS x").to_arrow()
    assert table.column("x").to_pylist() == [Decimal("123456789012345678.25")]
