"""What may run: questions, made of nodes, tables and functions that are on a list.

A statement is parsed by DuckDB itself on a locked connection, and its tree is looked at twice:
`shapes` visits every node and knows no names, `reader` follows names the way the engine binds
them. Both have to agree on how many tables there are. What is not known means no, and so does
anything unexpected while looking.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from healthsim_lake.errors import QueryError, QueryRefusedError
from healthsim_lake.query.parse import parse
from healthsim_lake.query.reader import Reader
from healthsim_lake.query.scopes import Scope
from healthsim_lake.query.shapes import Census


@dataclass(frozen=True, slots=True)
class Question:
    """A statement that may run.

    Attributes:
        sql: The text that was looked at, unchanged.
        reads: Names of the tables it reads, as they were given.
        volatile: Whether the same tables may give another answer later: clocks, chance, samples.
        ordered: Whether it says in which order its rows come.
    """

    sql: str
    reads: frozenset[str]
    volatile: bool = False
    ordered: bool = False


def check(sql: str, *, tables: Collection[str]) -> None:
    """Raise unless `sql` is one question about `tables`.

    Raises:
        QueryRefusedError: It asks for more than a question may; says what, and what is allowed.
        QueryError: It is not SQL, or names a table that is not there.
    """
    examine(sql, tables=tables)


def examine(sql: str, *, tables: Collection[str]) -> Question:
    """Return the question that `sql` is; see `check`."""
    if not isinstance(sql, str):
        raise QueryError(f"SQL has to be text, not {type(sql).__name__}")
    return _examined(sql, tuple(tables))


@lru_cache(maxsize=64)  # the pages of one answer, and one text with many parameters
def _examined(sql: str, tables: tuple[str, ...]) -> Question:
    try:
        node = parse(sql)
        census = Census.of(node)
        reader = Reader(tables)
        reader.query(node, Scope())
    except QueryError:
        raise
    except RecursionError as error:
        raise QueryRefusedError("the statement is nested too deeply to be checked") from error
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        # A tree of another shape than both looks expect: not understood, so not allowed.
        raise QueryRefusedError(
            "the statement was parsed into something that cannot be checked, so it is not run"
        ) from error
    if census.tables != reader.judged:
        raise QueryRefusedError("the statement names tables at a place that cannot be checked")
    return Question(
        sql,
        reads=frozenset(tables if reader.lists_tables else reader.read),
        volatile=census.volatile,
        ordered=any(one["type"] == "ORDER_MODIFIER" for one in node["modifiers"]),
    )
