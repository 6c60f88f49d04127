"""What each name in a question means, where it stands; and how large values can get on the way.

The second of two looks at the parsed tree. It walks queries the way they are bound: a CTE is known
to those after it and to the body, a derived table to its right-hand neighbours, a lambda's
parameter to its body. A name that is neither a CTE in scope nor one of our tables would fall
through to the engine's own catalog, so it is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from healthsim_lake.errors import QueryError, QueryRefusedError
from healthsim_lake.query import bounds
from healthsim_lake.query.bounds import CELL, COLLECTED, GROWN, NOTHING, Size
from healthsim_lake.query.functions import BUILDERS, FOLDING, FORMATS, MAPPING, SIZED
from healthsim_lake.query.parse import Node
from healthsim_lake.query.scrub import listed, scrub, suggest

MAX_NESTING = 50
MAX_SUBQUERY_NESTING = 12
MAX_SOURCES = 300
MAX_DERIVED = 30
_OWN_SCHEMAS = ("", "main")
_SYSTEM_SCHEMAS = frozenset({"system", "temp", "memory", "pg_catalog", "information_schema"})
_LISTINGS = frozenset({'"tables"', "__show_tables_expanded"})
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def folded(name: str) -> str:
    """Return `name` as the engine compares names: ASCII letters in lower case, no others."""
    return name.translate(_ASCII_LOWER)


@dataclass(frozen=True, slots=True)
class _Cte:
    size: Size
    sources: int


@dataclass(frozen=True, slots=True)
class Scope:
    """What can be named at one place of the statement."""

    ctes: Mapping[str, _Cte] = field(default_factory=dict)
    columns: Size = NOTHING
    aliases: Mapping[str, Size] = field(default_factory=dict)
    parameters: Mapping[str, Size] = field(default_factory=dict)
    nesting: int = 0
    subqueries: int = 0

    def beside(self, size: Size) -> Scope:
        """Return the scope that sees columns of `size`, too."""
        return replace(self, columns=bounds.largest([self.columns, size]))


@dataclass(slots=True)
class Reader:
    """Walks one statement.

    Attributes:
        tables: The tables that may be read, as given.
        read: Those of them that the statement reads.
        lists_tables: Whether the statement lists the tables.
        judged: How many table nodes were judged; has to be all that there are.
        sources: How many tables the engine will see once CTEs are put in their places.
    """

    tables: Collection[str]
    read: set[str] = field(default_factory=set)
    lists_tables: bool = False
    judged: int = 0
    sources: int = 0

    # ---- queries

    def query(self, node: Node, scope: Scope) -> Size:
        """Return the size of the largest value that a query node returns."""
        if scope.nesting > MAX_NESTING or scope.subqueries > MAX_SUBQUERY_NESTING:
            raise QueryRefusedError(
                f"queries are nested too deeply (at most {MAX_NESTING} levels, "
                f"{MAX_SUBQUERY_NESTING} inside expressions)"
            )
        scope = self._with_ctes(node, replace(scope, nesting=scope.nesting + 1))
        match node["type"]:
            case "SELECT_NODE":
                return self._select(node, scope)
            case "SET_OPERATION_NODE":
                given = node.get("children") or []
                branches = [*given, *(node[side] for side in ("left", "right") if node.get(side))]
                size = bounds.largest([self.query(branch, scope) for branch in branches])
                self._expressions([node["modifiers"]], scope.beside(size))
                return size
            case "RECURSIVE_CTE_NODE":
                return self._recursive(node, scope)
            case "CTE_NODE":  # 1.4 writes a materialized CTE once more around its body
                self.query(node["query"], scope)
                return self.query(node["child"], scope)
        raise QueryRefusedError(f"a query of kind {node['type']} is not allowed here")

    def _with_ctes(self, node: Node, scope: Scope) -> Scope:
        for entry in node["cte_map"]["map"]:
            value = entry["value"]
            body = value["query_node"] if value.get("query_node") else value["query"]["node"]
            before = self.sources
            size = self.query(body, scope)
            inlined = value["materialized"] == "CTE_MATERIALIZE_NEVER"
            cte = _Cte(size, sources=self.sources - before if inlined else 1)
            scope = replace(scope, ctes={**scope.ctes, folded(entry["key"]): cte})
        return scope

    def _recursive(self, node: Node, scope: Scope) -> Size:
        left = self.query(node["left"], scope)
        itself = _Cte(bounds.largest([left, COLLECTED]), sources=1)
        inside = replace(scope, ctes={**scope.ctes, folded(node["cte_name"]): itself})
        right = self.query(node["right"], inside)
        self._expressions([node.get("key_targets"), node["modifiers"]], inside.beside(right))
        return bounds.largest([left, right, COLLECTED])

    def _select(self, node: Node, scope: Scope) -> Size:
        derived = _derived(node["from_table"])
        if derived > MAX_DERIVED:
            raise QueryRefusedError(f"more than {MAX_DERIVED} derived tables in one FROM")
        scope = scope.beside(self._source(node["from_table"], scope))
        sizes = []
        for item in node["select_list"]:
            size = self._expression(item, scope)
            sizes.append(size)
            if item["alias"]:
                # A later item, and WHERE, may use the alias.
                scope = replace(scope, aliases={**scope.aliases, folded(item["alias"]): size})
        done = ("select_list", "from_table", "cte_map", "sample")
        self._expressions([value for key, value in node.items() if key not in done], scope)
        return bounds.largest(sizes)

    # ---- tables

    def _source(self, node: Node, scope: Scope) -> Size:
        match node["type"]:
            case "EMPTY":
                return NOTHING
            case "BASE_TABLE":
                return self._base_table(node, scope)
            case "SHOW_REF":
                return self._show(node, scope)
            case "JOIN":
                left = self._source(node["left"], scope)
                both = bounds.largest([left, self._source(node["right"], scope.beside(left))])
                self._expressions([node["condition"]], scope.beside(both))
                return both
            case "SUBQUERY":
                return self.query(node["subquery"]["node"], scope)
            case "TABLE_FUNCTION":
                self._count_source(1)
                values = [self._expression(a, scope) for a in bounds.arguments(node["function"])]
                return Size(max(64.0, bounds.total(values).most), varies=True)
            case "EXPRESSION_LIST":
                return self._expressions([node["values"]], scope)
            case "PIVOT":
                size = self._source(node["source"], scope)
                inside = scope.beside(size)
                made = self._expressions([node["aggregates"], node["pivots"]], inside)
                return bounds.largest([size, made])
        raise QueryRefusedError(f"a table of kind {node['type']} is not allowed here")

    def _count_source(self, sources: int) -> None:
        self.judged += 1
        self.sources += sources
        if self.sources > MAX_SOURCES:
            raise QueryRefusedError(f"the statement reads more than {MAX_SOURCES} tables")

    def _base_table(self, node: Node, scope: Scope) -> Size:
        name, schema, catalog = node["table_name"], node["schema_name"], node["catalog_name"]
        path = [part for part in (catalog, schema, name) if part]
        if catalog or folded(schema) not in _OWN_SCHEMAS or _path(node) not in ([], path):
            raise self._foreign(path)
        cte = None if schema else scope.ctes.get(folded(name))
        if cte is not None:
            self._count_source(cte.sources)
            return cte.size
        self._count_source(1)
        self._read(name)
        return CELL

    def _read(self, name: str) -> None:
        table = next((known for known in self.tables if folded(known) == folded(name)), None)
        if table is None:
            if any(mark in name for mark in "./\\:*?"):
                raise self._foreign([name])
            raise QueryError(
                f"no table {scrub(name)} here{suggest(name, self.tables) or ';'} "
                f"tables: {listed(self.tables)}"
            )
        self.read.add(table)

    def _foreign(self, path: Iterable[str]) -> QueryRefusedError:
        return QueryRefusedError(
            f"{scrub('.'.join(path))} is not a table of the lake; files, catalogs and other "
            f"schemas cannot be read here; tables: {listed(self.tables)}"
        )

    def _show(self, node: Node, scope: Scope) -> Size:
        if node["query"]:
            self.judged += 1
            self.query(node["query"], scope)
            return CELL
        name = node["table_name"]
        self._count_source(1)
        if node["catalog_name"] or node["schema_name"] or _path(node) not in ([], [name]):
            raise self._foreign([node["catalog_name"], node["schema_name"], name])
        if name in _LISTINGS:
            self.lists_tables = True
        elif folded(name) not in scope.ctes:
            self._read(name)
        return CELL

    # ---- expressions

    def _expressions(self, parts: Iterable[Any], scope: Scope) -> Size:
        """Return the largest size of all expressions within plain containers."""
        sizes = []
        stack = list(parts)
        while stack:
            part = stack.pop()
            if isinstance(part, list):
                stack.extend(part)
            elif isinstance(part, dict):
                if "class" in part:
                    sizes.append(self._expression(part, scope))
                elif part.get("type") not in ("BASE_TABLE", "SHOW_REF", "TABLE_FUNCTION"):
                    stack.extend(part.values())
        return bounds.largest(sizes)

    def _expression(self, node: Node, scope: Scope) -> Size:
        match node["class"]:
            case "CONSTANT":
                return Size(float(len(bounds.literal_text(node) or "")), varies=False)
            case "PARAMETER":
                return Size(bounds.PARAMETER_SIZE, varies=False)
            case "COLUMN_REF":
                return _column(node, scope)
            case "POSITIONAL_REFERENCE":
                return bounds.largest([scope.columns, *scope.aliases.values()])
            case "STAR":
                return bounds.largest([scope.columns, self._children(node, scope)])
            case "FUNCTION":
                return self._function(node, scope)
            case "WINDOW":
                return self._window(node, scope)
            case "SUBQUERY":
                child = self._expressions([node["child"]], scope)
                inner = replace(scope, subqueries=scope.subqueries + 1)
                return bounds.largest([child, self.query(node["subquery"]["node"], inner)])
            case "COMPARISON" | "CONJUNCTION" | "BETWEEN":
                return Size(bounds.SMALL_SIZE, self._children(node, scope).varies)
            case "OPERATOR" if node["type"] == "ARRAY_CONSTRUCTOR":
                return bounds.total([self._expression(child, scope) for child in node["children"]])
        return self._children(node, scope)

    def _children(self, node: Node, scope: Scope) -> Size:
        return self._expressions(
            [v for k, v in node.items() if k not in ("value", "literal")], scope
        )

    def _function(self, node: Node, scope: Scope) -> Size:
        name = folded(node["function_name"])
        nodes = _arguments_of_method(node) + bounds.arguments(node)
        self._expressions([node["filter"], node["order_bys"]], scope)
        if name in MAPPING | FOLDING:
            return bounds.check(f"{name}()", self._higher(name, nodes, scope))
        sizes = [self._expression(argument, scope) for argument in nodes]
        if name in BUILDERS:
            return bounds.largest([COLLECTED, *sizes])
        rule = (
            bounds.of_sized
            if name in SIZED
            else bounds.of_format
            if name in FORMATS
            else bounds.of_call
        )
        return bounds.check(f"{name}()", rule(name, nodes, sizes))

    def _higher(self, name: str, nodes: list[Node], scope: Scope) -> Size:
        values = [self._expression(n, scope) for n in nodes if n["class"] != "LAMBDA"]
        items = bounds.total(values)
        for node in nodes:
            if node["class"] != "LAMBDA":
                continue
            names = _parameters(node)
            if name in FOLDING:
                _check_folding(
                    self._expression(node["expr"], _given(scope, names[:1], GROWN)), name
                )
            body = self._expression(node["expr"], _given(scope, names, items.most))
            if "filter" not in name:
                items = bounds.times(items, body)
        return items

    def _window(self, node: Node, scope: Scope) -> Size:
        name = folded(node["function_name"])
        nodes = bounds.arguments(node)
        many = len(nodes) > (1 if name in ("min", "max") else 2) and name.lstrip("arg_")[:3] in (
            "min",
            "max",
        )
        if name in BUILDERS or many:
            raise QueryRefusedError(
                f"{name}() collects rows and cannot be used with OVER here, where every row would "
                "hold its own copy; use GROUP BY and join"
            )
        self._expressions([value for key, value in node.items() if key != "type"], scope)
        sizes = [self._expression(argument, scope) for argument in nodes]
        return bounds.check(f"{name}()", bounds.of_call(name, nodes, sizes))


def _column(node: Node, scope: Scope) -> Size:
    names = [folded(name) for name in node["column_names"]]
    if names[0] in scope.parameters:
        return scope.parameters[names[0]]
    return bounds.largest([scope.columns, *(scope.aliases.get(name, NOTHING) for name in names)])


def _given(scope: Scope, names: Iterable[str], most: float) -> Scope:
    size = Size(most, scope.columns.varies)
    return replace(scope, parameters={**scope.parameters, **dict.fromkeys(names, size)})


def _check_folding(body: Size, name: str) -> None:
    # Each round starts from the result of the last: a body that holds it twice doubles it.
    if body.most >= 2 * GROWN:
        raise QueryRefusedError(
            f"the lambda of {name}() may use its first parameter only once where it builds text or "
            "lists"
        )


def _parameters(node: Node) -> list[str]:
    left = node["lhs"]
    many = bounds.arguments(left) if left["class"] == "FUNCTION" else [left]
    return [folded(parameter["column_names"][0]) for parameter in many]


def _path(node: Node) -> list[str]:
    path: list[str] = (node.get("qualified_name") or {}).get("path", [])
    return path


def _arguments_of_method(node: Node) -> list[Node]:
    # text.upper() reads as function upper of a schema "text"; the engine takes it for a column
    # where there is no such schema.
    owners = [folded(part) for part in (node["catalog"], node["schema"]) if part]
    if _SYSTEM_SCHEMAS.intersection(owners):
        raise QueryRefusedError(f"functions of the schema {'.'.join(owners)} are not allowed here")
    if owners in ([], ["main"]):
        return []
    return [{"class": "COLUMN_REF", "type": "COLUMN_REF", "alias": "", "column_names": owners}]


def _derived(node: Node) -> int:
    if node["type"] == "JOIN":
        return _derived(node["left"]) + _derived(node["right"])
    return int(node["type"] in ("SUBQUERY", "TABLE_FUNCTION"))
