"""Expressions: what they may call, and how large the values are that they build."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from healthsim_lake.errors import QueryRefusedError
from healthsim_lake.query import bounds
from healthsim_lake.query.bounds import COLLECTED, GROWN, Size
from healthsim_lake.query.functions import (
    AGGREGATING,
    ALLOWED,
    BUILDERS,
    FOLDING,
    FORMATS,
    MAPPING,
    SIZED,
    UNFOLDED,
)
from healthsim_lake.query.parse import Node
from healthsim_lake.query.scopes import Scope, folded
from healthsim_lake.query.shapes import TABLES

_SYSTEM_SCHEMAS = frozenset({"system", "temp", "memory", "pg_catalog", "information_schema"})
_MAX_PATH = 100
_MAX_LAMBDAS = 4  # each is judged up to three times, with all that is nested in it
_RANKED = {"min": 1, "max": 1}
"""How many arguments these take before they return lists; the arg_min family takes one more."""


@dataclass(frozen=True, slots=True)
class Values:
    """Judges expressions.

    Attributes:
        query: Judges the query of a subquery.
    """

    query: Callable[[Node, Scope], Size]

    def within(self, parts: Iterable[Any], scope: Scope) -> Size:
        """Return the largest size of all expressions in plain containers.

        Nodes that name tables are left alone: a query that stands where none is expected is
        found by the number of tables that nobody judged.
        """
        sizes = []
        stack = list(parts)
        while stack:
            part = stack.pop()
            if isinstance(part, list):
                stack.extend(part)
            elif isinstance(part, dict):
                if "class" in part:
                    sizes.append(self.of(part, scope))
                elif not (isinstance(part.get("type"), str) and part["type"] in TABLES):
                    stack.extend(part.values())
        return bounds.largest(sizes)

    def of(self, node: Node, scope: Scope) -> Size:
        """Return the size of the values of one expression.

        Raises:
            QueryRefusedError: It could build values that are too large.
        """
        rule = self._RULES.get(node["class"], Values._inside)
        return rule(self, node, scope)

    def _inside(self, node: Node, scope: Scope) -> Size:
        return self.within(node.values(), scope)

    def _constant(self, node: Node, _scope: Scope) -> Size:
        return Size(float(len(bounds.literal_text(node) or "")), varies=False)

    def _parameter(self, _node: Node, _scope: Scope) -> Size:
        return Size(bounds.PARAMETER_SIZE, varies=False)

    def _column(self, node: Node, scope: Scope) -> Size:
        names = node["column_names"]
        if len(names) > _MAX_PATH:
            raise QueryRefusedError(f"a name of {len(names):,} parts; at most {_MAX_PATH} are read")
        return scope.column(names)

    def _any_column(self, node: Node, scope: Scope) -> Size:
        return bounds.largest(
            [scope.columns, *scope.aliases.values(), self.within(node.values(), scope)]
        )

    def _star(self, node: Node, scope: Scope) -> Size:
        # As many items as there are columns, each made of at most so many parts.
        return self._any_column(node, scope)._replace(parts=max(1.0, scope.row))

    def _cast(self, node: Node, scope: Scope) -> Size:
        kind = str(node.get("type_expr") or node.get("cast_type"))
        if "'VARIANT'" in kind.upper():
            # The engine crashes over JSON that is nested 20,000 times and becomes a variant.
            raise QueryRefusedError(bounds.NO_VARIANT)
        # The fields of a struct are named in the text of the statement, so they are not many.
        fields = kind.count("'type")
        size = self.of(node["child"], scope)
        return size._replace(parts=max(1.0, size.parts, fields))

    def _truth(self, node: Node, scope: Scope) -> Size:
        return Size(bounds.SMALL_SIZE, self._inside(node, scope).varies)

    def _operator(self, node: Node, scope: Scope) -> Size:
        sizes = [self.of(child, scope) for child in node["children"]]
        if node["type"] == "OPERATOR_UNPACK":
            return bounds.whole(bounds.largest(sizes), scope.row)
        listing = node["type"] == "ARRAY_CONSTRUCTOR"
        return bounds.total(sizes) if listing else bounds.largest(sizes)

    def _subquery(self, node: Node, scope: Scope) -> Size:
        child = self.within([node["child"]], scope)
        inner = replace(scope, subqueries=scope.subqueries + 1)
        return bounds.largest([child, self.query(node["subquery"]["node"], inner)])

    def _function(self, node: Node, scope: Scope) -> Size:
        name = folded(node["function_name"])
        nodes = _owner(node) + bounds.arguments(node)
        self.within([node["filter"], node["order_bys"]], scope)
        if name in MAPPING | FOLDING:
            return bounds.check(name, self._higher(name, nodes, scope))
        if name in AGGREGATING:
            _check_aggregate(name, nodes)
        sizes = [self.of(argument, scope) for argument in nodes]
        if name in BUILDERS:
            return bounds.largest([COLLECTED, *sizes])
        if name in UNFOLDED and scope.columns.varies:
            sizes = [size._replace(varies=True) for size in sizes]
        return bounds.check(name, _rule(name)(name, nodes, sizes))

    def _higher(self, name: str, nodes: list[Node], scope: Scope) -> Size:
        items = bounds.total([self.of(n, scope) for n in nodes if n["class"] != "LAMBDA"])
        items = items._replace(varies=items.varies or scope.columns.varies)
        if scope.lambdas >= _MAX_LAMBDAS:
            raise QueryRefusedError(
                f"lambdas are nested too deeply (at most {_MAX_LAMBDAS} levels)"
            )
        inner = replace(scope, lambdas=scope.lambdas + 1)
        for node in nodes:
            if node["class"] != "LAMBDA":
                continue
            names = _parameters(node)
            if name in FOLDING:
                once = self.of(node["expr"], inner.giving(names, 1.0).giving(names[:1], GROWN))
                _check_folding(name, once)
            # Whatever a body makes of its parameter, it makes the most of all items if one of them
            # holds everything; what it makes of nothing, it makes for each of them.
            largest = self.of(node["expr"], inner.giving(names, items.most))
            least = self.of(node["expr"], inner.giving(names, 0.0))
            if "filter" not in name:
                items = bounds.total([bounds.times(items, least), largest])
        return items

    def _window(self, node: Node, scope: Scope) -> Size:
        name = folded(node["function_name"])
        nodes = _owner(node) + bounds.arguments(node)
        if name in BUILDERS or _returns_list(name, nodes):
            raise QueryRefusedError(
                f"{name}() collects rows and cannot be used with OVER here, where every row would "
                "hold its own copy; use GROUP BY and join"
            )
        self._inside(node, scope)
        sizes = [self.of(argument, scope) for argument in nodes]
        return bounds.check(name, bounds.of_call(name, nodes, sizes))

    _RULES: ClassVar[dict[str, Callable[[Values, Node, Scope], Size]]] = {
        "BETWEEN": _truth,
        "CAST": _cast,
        "COLUMN_REF": _column,
        "COMPARISON": _truth,
        "CONJUNCTION": _truth,
        "CONSTANT": _constant,
        "FUNCTION": _function,
        "OPERATOR": _operator,
        "PARAMETER": _parameter,
        "POSITIONAL_REFERENCE": _any_column,
        "STAR": _star,
        "SUBQUERY": _subquery,
        "WINDOW": _window,
    }


def _rule(name: str) -> Callable[[str, list[Node], list[Size]], Size]:
    if name in SIZED:
        return bounds.of_sized
    return bounds.of_format if name in FORMATS else bounds.of_call


def _returns_list(name: str, nodes: list[Node]) -> bool:
    if name.startswith("arg_") or name.endswith("_by"):
        return len(nodes) > 2  # noqa: PLR2004  # value, key, and how many
    return len(nodes) > _RANKED.get(name, len(nodes))


def _check_aggregate(name: str, nodes: list[Node]) -> None:
    aggregate = bounds.literal_text(nodes[1]) if len(nodes) > 1 else ""
    if aggregate is None or folded(aggregate) not in ALLOWED:
        raise QueryRefusedError(
            f"{name}() takes only the literal name of an allowed aggregate here"
        )


def _check_folding(name: str, body: Size) -> None:
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


def _owner(node: Node) -> list[Node]:
    # text.upper() reads as function upper of a schema "text"; the engine takes it for a column
    # where there is no such schema.
    owners = [folded(part) for part in (node["catalog"], node["schema"]) if part]
    if _SYSTEM_SCHEMAS.intersection(owners):
        raise QueryRefusedError(f"functions of the schema {'.'.join(owners)} are not allowed here")
    if owners in ([], ["main"]):
        return []
    return [{"class": "COLUMN_REF", "type": "COLUMN_REF", "alias": "", "column_names": owners}]
