"""SQL text to the tree that DuckDB's own parser makes of it, on a connection that is locked."""

from __future__ import annotations

import atexit
import contextlib
import json
import re
import threading
from typing import Any

import duckdb

from healthsim_lake._forks import across_forks
from healthsim_lake.errors import QueryError, QueryRefusedError
from healthsim_lake.query.scrub import scrub

Node = dict[str, Any]

MAX_CHARACTERS = 100_000
MAX_BRACKETS = 500
MAX_MATERIALIZED = 50
MAX_EXPRESSION_DEPTH = 250
MAX_TREE = 20_000_000

LOCKED_CONFIG = {
    "allow_community_extensions": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "temp_directory": "",
}
_SETTINGS = (
    # the machine's zone is nobody's business, and answers do not depend on where they are asked
    "SET GLOBAL TimeZone = 'UTC'",
    f"SET GLOBAL max_expression_depth = {MAX_EXPRESSION_DEPTH}",
    # DuckDB 2 refuses the arrow spelling of a lambda unless it is told otherwise
    "SET GLOBAL lambda_syntax = 'ENABLE_SINGLE_ARROW'",
)
_LOCK = ("SET enable_external_access = false", "SET lock_configuration = true")

_ONLY_QUESTIONS = (
    "only questions are answered here: SELECT (with WITH, FROM, VALUES, PIVOT ... IN, UNPIVOT), "
    "DESCRIBE, SUMMARIZE and SHOW TABLES"
)
_PLACE = ("query_location", "query_location_length")
_PIVOT = re.compile(r"\bpivot\b", re.IGNORECASE)


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Set what questions need to be read the same way everywhere, in every cursor to come."""
    for statement in _SETTINGS:
        # 1.4 knows the last two for a single session only; there its own defaults have to do, a
        # depth of 1,000 and both spellings.
        with contextlib.suppress(duckdb.CatalogException):
            connection.execute(statement)


def lock(connection: duckdb.DuckDBPyConnection) -> None:
    """Close the connection to files and settings; there is no way back."""
    for statement in _LOCK:
        connection.execute(statement)


def parse(sql: str) -> Node:
    """Return the query node of the one statement in `sql`.

    Raises:
        QueryError: Not SQL; says where.
        QueryRefusedError: Not a question, more than one statement, or too large to look at.
    """
    _check_extent(sql)
    text = _parser.serialized(sql)
    if len(text) > MAX_TREE:
        raise QueryRefusedError("the statement is too complicated to be checked")
    reply = json.loads(text, object_hook=_without_place)
    if reply.get("error", True):
        raise _complaint(reply, sql)
    statements = reply["statements"]
    if len(statements) != 1:
        found = "no statement" if not statements else f"{len(statements)} statements"
        raise QueryRefusedError(f"{found} given; send exactly one")
    node: Node = _unwrapped(statements[0])["node"]
    return node


def _without_place(node: Node) -> Node:
    # Where a node stands in the text differs between copies of one query, and nobody asks.
    return {key: value for key, value in node.items() if key not in _PLACE}


def _unwrapped(tree: Node) -> Node:
    """Take off what 1.4 writes around a query with materialized CTEs (before 1.4.2, with any).

    A CTE_NODE repeats the query of one CTE beside the body, which lists it, too. Where that is so,
    the body says it all.

    Raises:
        QueryRefusedError: A wrapper says something else than its body.
    """
    stack: list[Any] = [tree]
    while stack:
        container = stack.pop()
        for key in list(container) if isinstance(container, dict) else range(len(container)):
            while isinstance(container[key], dict) and container[key].get("type") == "CTE_NODE":
                container[key] = _body(container[key])
            if isinstance(container[key], (dict, list)):
                stack.append(container[key])
    return tree


def _body(wrapper: Node) -> Node:
    body: Node = wrapper["child"]
    queries = {entry["key"]: entry["value"]["query"] for entry in wrapper["cte_map"]["map"]}
    repeated = queries.get(wrapper["cte_name"], {}).get("node") == wrapper["query"]
    if not repeated or wrapper["modifiers"] or body["cte_map"] != wrapper["cte_map"]:
        raise QueryRefusedError("the statement's WITH was parsed into something unknown")
    return body


class _Parser:
    """A locked connection for parsing, kept open."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        atexit.register(self.close)
        across_forks(self._hold, self._lock.release)

    def serialized(self, sql: str) -> str:
        """Return what ``json_serialize_sql`` makes of `sql`."""
        with self._lock:
            if self._connection is None:
                self._connection = _locked()
            # A session of its own, so that threads need not wait for each other's statements.
            cursor = self._connection.cursor()
        with cursor:
            row = cursor.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
        return str(row[0]) if row else ""

    def close(self) -> None:
        """Close the connection; the next statement opens another."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _hold(self) -> None:
        self._lock.acquire()
        self._close()


def _locked() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        ":memory:", config={**LOCKED_CONFIG, "memory_limit": "1GB", "threads": 1}
    )
    prepare(connection)
    lock(connection)
    return connection


_parser = _Parser()


def _check_extent(sql: str) -> None:
    # Parsing cannot be interrupted, and its cost grows with the square of nesting (2.0: 4,000
    # open brackets take 15 s) or the cube of materialized CTEs (1.4: 200 take 11 s and 3.6 GB).
    if len(sql) > MAX_CHARACTERS:
        raise QueryRefusedError(
            f"the statement has {len(sql):,} characters, at most {MAX_CHARACTERS:,} are read; "
            "pass long lists of values as a parameter, e.g. WHERE id IN (SELECT unnest($ids))"
        )
    if sum(map(sql.count, "([{")) > MAX_BRACKETS:
        raise QueryRefusedError(
            f"the statement has more than {MAX_BRACKETS} opening brackets; pass values as "
            "parameters, or ask in several steps"
        )
    if len(re.findall("materialized", sql, re.IGNORECASE)) > MAX_MATERIALIZED:
        raise QueryRefusedError(f"more than {MAX_MATERIALIZED} materialized CTEs in one statement")
    if "\x00" in sql or any("\ud800" <= letter <= "\udfff" for letter in sql):
        raise QueryError("the statement holds characters that are not text (NUL or a surrogate)")


def _complaint(reply: Node, sql: str) -> QueryError:
    message = scrub(str(reply.get("error_message", "the statement cannot be parsed")))
    if reply.get("error_type") == "not implemented":
        if "parameters" in message:
            return QueryError(f"{message}; use either ? or $name")
        if _PIVOT.search(sql):
            return QueryRefusedError(
                "PIVOT without IN has to create a type first, which is a change; say which values "
                "become columns, e.g. PIVOT t ON a IN ('x', 'y') USING count(*)"
            )
        return QueryRefusedError(_ONLY_QUESTIONS)
    if "CTE" in message:  # a change inside of WITH, as most releases call it
        return QueryRefusedError(f"{message}; {_ONLY_QUESTIONS}")
    return QueryError(f"syntax error: {message}{_place(reply, sql)}")


def _place(reply: Node, sql: str) -> str:
    # 1.x says position "7", 2.0 says location "[7, 11]"; both count bytes.
    found = re.search(r"\d+", str(reply.get("position") or reply.get("location") or ""))
    if found is None:
        return ""
    before = sql.encode()[: int(found[0])].decode(errors="ignore")
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return f" (line {line}, column {column})"
