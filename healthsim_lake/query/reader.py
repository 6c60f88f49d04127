"""Queries: what each table name means where it stands.

The second of two looks at the parsed tree. It walks queries the way they are bound: a CTE is known
to those after it and to the body, a derived table to its right-hand neighbours. A name that is
neither a CTE in scope nor one of our tables would fall through to the engine's own catalog, so it
is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar

from healthsim_lake.errors import QueryError, QueryRefusedError
from healthsim_lake.query import bounds
from healthsim_lake.query.bounds import CELL, COLLECTED, NOTHING, Size
from healthsim_lake.query.parse import Node
from healthsim_lake.query.scopes import Cte, Scope, folded
from healthsim_lake.query.scrub import listed, scrub, suggest
from healthsim_lake.query.values import Values

# Planning cannot be interrupted. On 1.x, 50 tables joined by USING plan for 2 s and 100 for a
# minute; so do 25 nested scalar subqueries. On 2.0, 50 lateral joins in a row plan for minutes.
MAX_NESTING = 50
MAX_SUBQUERY_NESTING = 12
MAX_JOINED = 50
MAX_DERIVED = 30
MAX_SOURCES = 2_000
_FUNCTION_COLUMNS = 10.0
_FILE_MARKS = frozenset("./\\:*?")
_LISTINGS = frozenset({'"tables"', "__show_tables_expanded"})
_SELECT_DONE = frozenset({"select_list", "from_table", "cte_map", "sample"})


@dataclass(slots=True)
class Reader:
    """Walks one statement.

    Attributes:
        tables: The tables that may be read, as given.
        read: Those of them that the statement reads.
        lists_tables: Whether the statement lists the tables.
        judged: How many nodes that name tables were judged; has to be all that there are.
        sources: How many tables the engine may see once CTEs are put in their places.
    """

    tables: Collection[str]
    read: set[str] = field(default_factory=set)
    lists_tables: bool = False
    judged: int = 0
    sources: int = 0
    _values: Values = field(init=False)
    _joined: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._values = Values(self.query)

    def query(self, node: Node, scope: Scope) -> Size:
        """Return the size of the largest value that a query node returns.

        Raises:
            QueryRefusedError: It names what is not ours, is nested too deeply, or builds values
                that are too large.
            QueryError: It names a table that is not there.
        """
        if scope.nesting > MAX_NESTING or scope.subqueries > MAX_SUBQUERY_NESTING:
            raise QueryRefusedError(
                f"queries are nested too deeply (at most {MAX_NESTING} levels, "
                f"{MAX_SUBQUERY_NESTING} inside expressions)"
            )
        scope = self._with_ctes(node, replace(scope, nesting=scope.nesting + 1))
        return self._QUERIES[node["type"]](self, node, scope)

    def _with_ctes(self, node: Node, scope: Scope) -> Scope:
        for entry in node["cte_map"]["map"]:
            value = entry["value"]
            body = value["query_node"] if value.get("query_node") else value["query"]["node"]
            before = self.sources
            size = self.query(body, scope)
            # 1.5 does not say which CTEs are to be inlined, so any may be that is not to be kept.
            kept = value["materialized"] == "CTE_MATERIALIZE_ALWAYS"
            cte = Cte(
                size,
                sources=1 if kept else max(1, self.sources - before),
                joined=1 if kept else self._joined.get(id(body), 1),
            )
            scope = scope.knowing(entry["key"], cte)
        return scope

    def _select(self, node: Node, scope: Scope) -> Size:
        if _derived(node["from_table"]) > MAX_DERIVED:
            raise QueryRefusedError(f"more than {MAX_DERIVED} derived tables in one FROM")
        size = self._source(node["from_table"], scope)
        self._note_joined(node, scope)
        scope = scope.beside(size, _relations(node["from_table"]))
        sizes = []
        for item in node["select_list"]:
            sizes.append(self._values.of(item, scope))
            if item["alias"]:
                # Later items and WHERE may use the alias.
                scope = scope.calling(item["alias"], sizes[-1])
        rest = [value for key, value in node.items() if key not in _SELECT_DONE]
        self._values.within(rest, scope)
        return bounds.selected(sizes)

    def _note_joined(self, node: Node, scope: Scope) -> None:
        joined = self._relations(node["from_table"], scope)
        if joined > MAX_JOINED:
            raise QueryRefusedError(
                f"more than {MAX_JOINED} tables are joined with each other, counting those within "
                "CTEs and subqueries; aggregate some of them first"
            )
        # A query that groups, sorts or cuts is planned on its own.
        apart = node["group_expressions"] or node["modifiers"]
        self._joined[id(node)] = 1 if apart else max(1, joined)

    def _relations(self, node: Node, scope: Scope) -> int:
        match node["type"]:
            case "JOIN":
                return self._relations(node["left"], scope) + self._relations(node["right"], scope)
            case "SUBQUERY":
                return self._joined.get(id(node["subquery"]["node"]), 1)
            case "BASE_TABLE" if not node["schema_name"]:
                cte = scope.ctes.get(folded(node["table_name"]))
                return 1 if cte is None else cte.joined
        return 1

    def _set_operation(self, node: Node, scope: Scope) -> Size:
        sides = [node[side] for side in ("left", "right") if node.get(side)]
        branches = [*(node.get("children") or []), *sides]
        # 1.4 writes a chain of UNIONs as a tree; its depth is no nesting.
        level = replace(scope, nesting=scope.nesting - 1)
        sizes = [self.query(branch, level) for branch in branches]
        by_name = node["setop_type"] == "UNION_BY_NAME"
        size = (bounds.beside(sizes) if by_name else bounds.largest(sizes))._replace(varies=True)
        self._values.within([node["modifiers"]], scope.beside(size))
        return size

    def _recursive(self, node: Node, scope: Scope) -> Size:
        left = self.query(node["left"], scope)
        itself = Cte(bounds.largest([left, COLLECTED]), sources=1, joined=1)
        inside = scope.knowing(node["cte_name"], itself)
        right = self.query(node["right"], inside)
        self._values.within([node["key_targets"], node["modifiers"]], inside.beside(right))
        return bounds.largest([itself.size, right])

    _QUERIES: ClassVar[dict[str, Callable[[Reader, Node, Scope], Size]]] = {
        "RECURSIVE_CTE_NODE": _recursive,
        "SELECT_NODE": _select,
        "SET_OPERATION_NODE": _set_operation,
    }

    def _source(self, node: Node, scope: Scope) -> Size:
        return self._SOURCES[node["type"]](self, node, scope)

    def _nothing(self, _node: Node, _scope: Scope) -> Size:
        return NOTHING

    def _join(self, node: Node, scope: Scope) -> Size:
        left = self._source(node["left"], scope)
        right = self._source(node["right"], scope.beside(left, _relations(node["left"])))
        both = bounds.beside([left, right])
        self._values.within([node["condition"]], scope.beside(both, _relations(node)))
        return both

    def _derived_table(self, node: Node, scope: Scope) -> Size:
        return self.query(node["subquery"]["node"], scope)

    def _table_function(self, node: Node, scope: Scope) -> Size:
        self._count(1)
        given = bounds.arguments(node["function"])
        size = bounds.total([self._values.of(argument, scope) for argument in given])
        parts = max(size.parts, _FUNCTION_COLUMNS)
        return Size(max(bounds.SMALL_SIZE, size.most), varies=True, parts=size.parts, row=parts)

    def _literal_rows(self, node: Node, scope: Scope) -> Size:
        rows = [[self._values.of(value, scope) for value in row] for row in node["values"]]
        size = bounds.largest([bounds.selected(row) for row in rows])
        return size._replace(varies=size.varies or len(rows) > 1)

    def _pivot(self, node: Node, scope: Scope) -> Size:
        size = self._source(node["source"], scope)
        inside = scope.beside(size, _relations(node["source"]))
        made = self._values.within([node["aggregates"], node["pivots"]], inside)
        columns = len(node["aggregates"]) or 1
        for pivot in node["pivots"]:
            columns *= max(1, len(pivot["entries"]))
        return bounds.beside([size, made._replace(varies=True, row=columns * made.parts)])

    def _base_table(self, node: Node, scope: Scope) -> Size:
        name, schema, catalog = node["table_name"], node["schema_name"], node["catalog_name"]
        path = [part for part in (catalog, schema, name) if part]
        if catalog or folded(schema) not in ("", "main") or _path(node) not in ([], path):
            raise self._foreign(path)
        cte = None if schema else scope.ctes.get(folded(name))
        if cte is not None:
            self._count(cte.sources)
            return cte.size
        self._count(1)
        self._read(name)
        return CELL

    def _show(self, node: Node, scope: Scope) -> Size:
        self._count(1)
        if node["query"]:
            self.query(node["query"], scope)
            return CELL
        name = node["table_name"]
        if node["catalog_name"] or node["schema_name"] or _path(node) not in ([], [name]):
            raise self._foreign([node["catalog_name"], node["schema_name"], name])
        if name in _LISTINGS:
            self.lists_tables = True
        elif name.startswith('"'):
            raise QueryRefusedError(
                f"SHOW {name.strip(chr(34))[:80]} is not allowed here; SHOW TABLES is"
            )
        else:
            self._read(name)
        return CELL

    _SOURCES: ClassVar[dict[str, Callable[[Reader, Node, Scope], Size]]] = {
        "BASE_TABLE": _base_table,
        "EMPTY": _nothing,
        "EXPRESSION_LIST": _literal_rows,
        "JOIN": _join,
        "PIVOT": _pivot,
        "SHOW_REF": _show,
        "SUBQUERY": _derived_table,
        "TABLE_FUNCTION": _table_function,
    }

    def _count(self, sources: int) -> None:
        self.judged += 1
        self.sources += sources
        if self.sources > MAX_SOURCES:
            raise QueryRefusedError(f"the statement reads more than {MAX_SOURCES} tables")

    def _read(self, name: str) -> None:
        table = next((known for known in self.tables if folded(known) == folded(name)), None)
        if table is None:
            if _FILE_MARKS.intersection(name):
                raise self._foreign([name])
            raise QueryError(
                f"no table {scrub(name)} here{suggest(name, self.tables) or ';'} "
                f"tables: {listed(self.tables)}"
            )
        self.read.add(table)

    def _foreign(self, path: Iterable[str]) -> QueryRefusedError:
        name = scrub(".".join(part for part in path if part))
        return QueryRefusedError(
            f"{name} is not a table of the lake; files, catalogs and other schemas cannot be read "
            f"here; tables: {listed(self.tables)}"
        )


def _path(node: Node) -> list[str]:
    path: list[str] = (node.get("qualified_name") or {}).get("path", [])
    return path


def _relations(node: Node) -> Iterator[str]:
    """Yield the names that whole rows of what stands in FROM can be named by."""
    if node["type"] == "JOIN":
        yield from _relations(node["left"])
        yield from _relations(node["right"])
    # Without an alias, a table goes by its own name, and a function by the function's.
    function = node.get("function") or {}
    yield node["alias"] or node.get("table_name") or function.get("function_name", "")


def _derived(node: Node) -> int:
    if node["type"] == "JOIN":
        return _derived(node["left"]) + _derived(node["right"])
    return int(node["type"] in ("SUBQUERY", "TABLE_FUNCTION"))
