"""The nodes a question may be made of; whatever is not named here is refused.

The first of two looks at the parsed tree. This one knows nothing of names and scopes: it visits
every node there is, asks whether its kind and each of its keys are known, and counts. It is the
look that a new release of DuckDB with new kinds of node runs into.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from healthsim_lake.errors import QueryRefusedError
from healthsim_lake.query.functions import ALLOWED, INSTEAD, TABLE_FUNCTIONS, VOLATILE
from healthsim_lake.query.parse import Node

_FUNCTIONS = "allowed are functions that compute a value from their arguments alone"


def _keys(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EXPRESSION = _keys("class type alias")
_TABLE = _keys("type alias sample")
_QUERY = _keys("type modifiers cte_map")

_EXPRESSIONS = {
    "BETWEEN": _keys("input lower upper"),
    "CASE": _keys("case_checks else_expr"),
    "CAST": _keys("child cast_type type_expr try_cast"),
    "COLLATE": _keys("child collation"),
    "COLUMN_REF": _keys("column_names"),
    "COMPARISON": _keys("left right"),
    "CONJUNCTION": _keys("children"),
    "CONSTANT": _keys("value literal"),
    "FUNCTION": _keys(
        "function_name schema catalog qualified_name children arguments filter order_bys distinct "
        "is_operator"
    ),
    "LAMBDA": _keys("lhs expr syntax_type"),
    "OPERATOR": _keys("children"),
    "PARAMETER": _keys("identifier"),
    "POSITIONAL_REFERENCE": _keys("index"),
    "STAR": _keys(
        "relation_name exclude_list qualified_exclude_list replace_list rename_list columns expr"
    ),
    "SUBQUERY": _keys("subquery subquery_type child comparison_type"),
    "TYPE": _keys("type_name schema catalog qualified_name children"),
    "WINDOW": _keys(
        "function_name schema catalog qualified_name children arguments partitions orders "
        "start end start_expr end_expr offset_expr default_expr exclude_clause filter_expr "
        "distinct ignore_nulls has_ignore_nulls arg_orders"
    ),
}
_OPERATORS = _keys(
    "ARRAY_CONSTRUCTOR ARRAY_EXTRACT ARRAY_SLICE COMPARE_IN COMPARE_NOT_IN GROUPING_FUNCTION "
    "OPERATOR_COALESCE OPERATOR_IS_NOT_NULL OPERATOR_IS_NULL OPERATOR_NOT OPERATOR_TRY "
    "OPERATOR_UNPACK STRUCT_EXTRACT"
)
_TYPED = {
    "SELECT_NODE": _QUERY
    | _keys(
        "select_list from_table where_clause group_expressions group_sets aggregate_handling "
        "having sample qualify"
    ),
    "SET_OPERATION_NODE": _QUERY | _keys("setop_type setop_all left right children"),
    "RECURSIVE_CTE_NODE": _QUERY | _keys("cte_name union_all left right aliases key_targets"),
    "BASE_TABLE": _TABLE
    | _keys("schema_name table_name catalog_name qualified_name column_name_alias"),
    "EMPTY": _TABLE,
    "EXPRESSION_LIST": _TABLE | _keys("expected_names expected_types values"),
    "JOIN": _TABLE
    | _keys(
        "condition left right join_type ref_type using_columns delim_flipped is_implicit "
        "duplicate_eliminated_columns nearest_count nearest_order_type"
    ),
    "PIVOT": _TABLE
    | _keys("source aggregates unpivot_names pivots groups column_name_alias include_nulls"),
    "SHOW_REF": _TABLE
    | _keys("table_name query show_type catalog_name schema_name qualified_name"),
    "SUBQUERY": _TABLE | _keys("subquery column_name_alias"),
    "TABLE_FUNCTION": _TABLE | _keys("function column_name_alias with_ordinality"),
    "LIMIT_MODIFIER": _keys("type limit offset limit_type"),
    "LIMIT_PERCENT_MODIFIER": _keys("type limit offset"),
    "ORDER_MODIFIER": _keys("type orders"),
    "DISTINCT_MODIFIER": _keys("type distinct_on_targets"),
    **dict.fromkeys(
        ("ORDER_DEFAULT", "ASCENDING", "DESCENDING"), _keys("type null_order expression")
    ),
}
_UNTYPED = {
    "arguments": _keys("name expression"),
    "case_checks": _keys("when_expr then_expr"),
    "cte_map": _keys("map"),
    "entries": _keys("alias star_expr values"),
    "key": _keys("catalog schema table column"),
    "map": _keys("key value"),
    "pivots": _keys("pivot_expressions unpivot_names entries"),
    "qualified_exclude_list": _keys("catalog schema table column"),
    "qualified_name": _keys("path"),
    "query": _keys("node named_param_map"),
    "rename_list": _keys("key value"),
    "replace_list": _keys("key value"),
    "subquery": _keys("node named_param_map"),
    "value": _keys("aliases query query_node materialized key_targets payload_aggregates"),
}
_SAMPLE = _keys("sample_size is_percentage method seed repeatable sample_rate")
_VALUE = _keys("type is_null value")
_DATA = _keys("literal cast_type")
"""Keys under which there is data alone: literals, and the types of 1.x."""

TABLES = frozenset({"BASE_TABLE", "SHOW_REF", "TABLE_FUNCTION"})


@dataclass(slots=True)
class Census:
    """What was met on the way.

    Attributes:
        tables: How many nodes name a table or call a table function.
        volatile: Whether the same rows may give another answer tomorrow: clocks, chance, samples.
    """

    tables: int = 0
    volatile: bool = False
    _stack: list[tuple[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, tree: Node) -> Census:
        """Visit every node of `tree`.

        Raises:
            QueryRefusedError: A kind of node, a key or a function is not on the list.
        """
        census = cls()
        census._stack.append(("node", tree))
        while census._stack:
            key, value = census._stack.pop()
            if isinstance(value, dict):
                census._visit(key, value)
            elif isinstance(value, list):
                census._stack.extend((key, item) for item in value)
        return census

    def _visit(self, key: str, node: Node) -> None:
        if key == "sample":
            _check_keys(node, _SAMPLE, "SAMPLE")
            self.volatile = True
            return
        if node.keys() == _VALUE and isinstance(node["type"], dict):
            return
        kind = node.get("type")
        _check_keys(node, _known_keys(key, node), str(node.get("class") or kind or key))
        if kind in TABLES and "class" not in node:
            self.tables += 1
        if node.get("class") in ("FUNCTION", "WINDOW"):
            _check_function(node, table=key == "function")
            self.volatile |= str(node["function_name"]).lower() in VOLATILE
        self._stack.extend(_children(node))


def _children(node: Node) -> Iterator[tuple[str, Any]]:
    constant = node.get("class") == "CONSTANT"
    for key, value in node.items():
        if key not in _DATA and not constant:
            yield key, value


def _known_keys(key: str, node: Node) -> frozenset[str]:
    kind, group = node.get("type"), node.get("class")
    if group is not None:
        if group not in _EXPRESSIONS or (group == "OPERATOR" and kind not in _OPERATORS):
            raise _unknown(f"{group} {kind}")
        return _EXPRESSION | _EXPRESSIONS[group]
    if kind is not None:
        if kind not in _TYPED:
            raise _unknown(str(kind))
        return _TYPED[kind]
    if key not in _UNTYPED:
        raise _unknown(key)
    return _UNTYPED[key]


def _check_keys(node: Node, known: frozenset[str], what: str) -> None:
    for key, value in node.items():
        # A key that says nothing (null, false, empty) is an option that was not used.
        if key not in known and value not in (None, False, "", 0, [], {}):
            raise _unknown(f"{what} with {key}")


def _unknown(what: str) -> QueryRefusedError:
    return QueryRefusedError(
        f"the statement uses what is not allowed here ({what.lower().replace('_', ' ')}); only "
        "questions that read the tables of the lake are"
    )


def _check_function(node: Node, *, table: bool) -> None:
    name = str(node["function_name"])
    if name.lower() in (TABLE_FUNCTIONS if table else ALLOWED):
        return
    if table:
        kind, advice = "table function", f"allowed are {', '.join(sorted(TABLE_FUNCTIONS))}"
    else:
        kind, advice = "function", INSTEAD.get(name.lower(), _FUNCTIONS)
    raise QueryRefusedError(f"the {kind} {name[:80]!r} is not allowed here; {advice}")
