"""How large a value an expression may build, judged before anything runs.

Neither a timer nor ``memory_limit`` stops a function while it builds one huge value
(``repeat('x', 4e9)`` ran for 20 s and took 7.7 GB under a limit of 1 GB and 5 s), and one call
builds 2,048 values at a time in each thread. So sizes have to be literals, and sizes multiply:
``repeat(repeat('x', 1000), 1000)`` counts as a million.

A size is a number of characters or bytes, where a value of a table counts as one; what comes out
of an aggregate that collects rows, or of the previous round of a recursion, counts as `GROWN`,
so that little more can be made of it. Beside how long values get, it is judged how many parts
their types have: columns and fields of structs double as easily as text does (``SELECT t AS a, t
AS b FROM (…) t``), and planning, which takes the more time the more there are, cannot be ended
either. These are estimates for refusing bombs, not a proof about memory; what rows add up to is the
business of ``memory_limit``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from healthsim_lake.errors import QueryRefusedError
from healthsim_lake.query.functions import (
    FACTORS,
    PAIRED,
    PATTERNED,
    RANDOM,
    SEPARATED,
    SMALL,
    STRUCTURED,
    TYPED,
)
from healthsim_lake.query.parse import MAX_BRACKETS, Node

MAX_LITERAL = 1_000_000
"""Largest number that a size may be given as."""
MAX_CONSTANT = 10_000_000
"""Largest value that is built once for a statement."""
MAX_PER_ROW = 100_000
"""Largest value that is built for every row."""
MAX_PARTS = 20_000
"""Most columns, and fields of structs within them, that a query may return."""
GROWN = 10_000.0
SMALL_SIZE = 64.0
PARAMETER_SIZE = 65_536.0
"""Longest text that may be passed as a parameter; see `healthsim_lake.query.params`."""
MAX_PAIRS = PARAMETER_SIZE**2
"""Most pairs of characters that are compared once for a statement; takes some seconds."""
MAX_PAIRS_PER_ROW = 10_000_000
MAX_PATTERN = PARAMETER_SIZE + 1_000
"""Longest regular expression, or format of dates, that is read once for a statement."""
MAX_PATTERN_PER_ROW = GROWN + 1_000
TABLE_COLUMNS = 100.0
"""About as many columns as a table of the lake has."""
NO_VARIANT = "the type VARIANT is not allowed here; JSON is"
_NUMBERED = re.compile(r"%\d+\$")
_FORMAT_DIGITS = re.compile(r"\d+")


class Size(NamedTuple):
    """An upper estimate of a value's size, or of the largest value of a query's rows.

    Attributes:
        most: In characters or bytes.
        varies: Whether it is built for every row, rather than once.
        parts: Of how many fields its type is made.
        row: How many parts all columns of the query have together.
    """

    most: float
    varies: bool
    parts: float = 1.0
    row: float = 0.0


NOTHING = Size(0.0, varies=False)
CELL = Size(1.0, varies=True, row=TABLE_COLUMNS)
COLLECTED = Size(GROWN, varies=True)


def total(sizes: Sequence[Size]) -> Size:
    """Return the size of all values together."""
    return Size(
        sum(size.most for size in sizes),
        any(size.varies for size in sizes),
        max((size.parts for size in sizes), default=1.0),
    )


def largest(sizes: Sequence[Size]) -> Size:
    """Return the size of whichever value is largest."""
    return Size(
        max((size.most for size in sizes), default=0.0),
        any(size.varies for size in sizes),
        max((size.parts for size in sizes), default=1.0),
        max((size.row for size in sizes), default=0.0),
    )


def beside(sizes: Sequence[Size]) -> Size:
    """Return the size of rows that stand side by side.

    Raises:
        QueryRefusedError: They have too many columns together.
    """
    return _check_parts(largest(sizes)._replace(row=sum(size.row for size in sizes)))


def selected(items: Sequence[Size]) -> Size:
    """Return the size of rows with these items.

    Raises:
        QueryRefusedError: They are too many, or made of too many parts.
    """
    return _check_parts(largest(items)._replace(row=sum(size.parts for size in items)))


def whole(columns: Size, row: float) -> Size:
    """Return the size of a whole row as one value."""
    return Size(columns.most * max(1.0, row), columns.varies, max(1.0, row))


def _check_parts(size: Size) -> Size:
    if max(size.parts, size.row) > MAX_PARTS:
        raise QueryRefusedError(
            f"a query within the statement could have more than {MAX_PARTS:,} columns, counting "
            "the fields of structs; select fewer of them, by name"
        )
    return size


def times(left: Size, right: Size) -> Size:
    """Return the size of `left` repeated for each part of `right`."""
    return Size(max(1.0, left.most) * max(1.0, right.most), left.varies or right.varies)


def of_call(name: str, nodes: Sequence[Node], sizes: Sequence[Size]) -> Size:
    """Return the size of what a plain function returns.

    Args:
        name: Name of the function, in lower case.
        nodes: Its arguments.
        sizes: Sizes of its arguments.

    Raises:
        QueryRefusedError: It would take too long, or make too many columns.
    """
    everything = total(sizes)
    if name in PAIRED:
        _check_pairs(name, sizes)
    if name in PATTERNED:
        _check_pattern(name, sizes)
    if name in SMALL:
        return Size(SMALL_SIZE, everything.varies or name in RANDOM)
    if name in STRUCTURED:
        return _check_parts(everything._replace(parts=sum(size.parts for size in sizes)))
    if name in TYPED:
        return _check_parts(everything._replace(parts=_fields_named(name, nodes)))
    if name == "unnest":
        return everything._replace(varies=True)
    if name in SEPARATED:
        at = SEPARATED[name]
        rest = total([size for index, size in enumerate(sizes) if index != at])
        return times(rest, sizes[at]) if at < len(sizes) else rest
    if name in FACTORS:
        return Size(everything.most * FACTORS[name], everything.varies)
    return everything


def _fields_named(name: str, nodes: Sequence[Node]) -> float:
    # The engine crashes over a structure that is nested 10,000 times; any function may build one.
    text = _written(name, nodes, 1, "structure")
    if sum(map(text.count, "([{")) > MAX_BRACKETS:
        raise QueryRefusedError(f"the structure of {name}() has more than {MAX_BRACKETS} brackets")
    if "variant" in text.lower():
        raise QueryRefusedError(NO_VARIANT)
    return 1.0 + text.count(":") + text.count(",")


def _check_pattern(name: str, sizes: Sequence[Size]) -> None:
    pattern = sizes[1] if len(sizes) > 1 else NOTHING
    allowed = MAX_PATTERN_PER_ROW if pattern.varies else MAX_PATTERN
    if pattern.most > allowed:
        raise QueryRefusedError(f"{name}() takes only patterns up to {allowed:,.0f} characters")


def _check_pairs(name: str, sizes: Sequence[Size]) -> None:
    pairs = times(*sizes[:2]) if len(sizes) > 1 else NOTHING
    allowed = MAX_PAIRS_PER_ROW if pairs.varies else MAX_PAIRS
    if pairs.most > allowed:
        each = " for every row" if pairs.varies else ""
        raise QueryRefusedError(
            f"{name}() could compare {pairs.most:,.0f} pairs of characters{each}, at most "
            f"{allowed:,.0f} are allowed; use shorter texts"
        )


def of_sized(name: str, nodes: Sequence[Node], sizes: Sequence[Size]) -> Size:
    """Return the size of what a function returns that is told by a number how much to make.

    Raises:
        QueryRefusedError: The number is no literal, or too large.
    """
    varies = any(size.varies for size in sizes)
    if name in ("range", "generate_series"):
        return Size(8.0 * _count(name, nodes), varies)
    if len(nodes) < 2:  # noqa: PLR2004  # the engine will say which arguments are missing
        return total(sizes)
    number = Size(float(_literal_size(name, nodes[1])), varies=False)
    if name == "repeat":
        return times(sizes[0], number)
    if name in ("list_resize", "array_resize"):
        return total([sizes[0], times(number, Size(16.0 + sum(s.most for s in sizes[2:]), varies))])
    return Size(number.most, varies)


def of_format(name: str, nodes: Sequence[Node], sizes: Sequence[Size]) -> Size:
    """Return the size of what ``format`` or ``printf`` returns.

    Raises:
        QueryRefusedError: The format is no literal, or takes a width from its arguments.
    """
    text = _written(name, nodes, 0, "format")
    if name == "printf" and _NUMBERED.search(text):
        raise QueryRefusedError("printf() takes its arguments in order here: %s, not %1$s")
    if (name == "printf" and "*" in text) or (name == "format" and re.search(r"\{[^}]*\{", text)):
        raise QueryRefusedError(f"{name}() takes only widths that stand in its format here")
    widths = sum(_checked(name, int(digits[:12])) for digits in _FORMAT_DIGITS.findall(text))
    everything = total(sizes)
    return Size(everything.most * (1 + text.count("{")) + widths, everything.varies)


def check(name: str, size: Size) -> Size:
    """Return `size` if a function may build values of it.

    Raises:
        QueryRefusedError: It may not.
    """
    allowed = MAX_PER_ROW if size.varies else MAX_CONSTANT
    if size.most > allowed:
        each = " for every row" if size.varies else ""
        raise QueryRefusedError(
            f"{name}() could build values of {size.most:,.0f} characters{each}, at most "
            f"{allowed:,} are allowed; use smaller sizes"
        )
    return size


def _written(name: str, nodes: Sequence[Node], at: int, what: str) -> str:
    """Return the text of an argument that has to be a literal; none if it is not there."""
    text = literal_text(nodes[at]) if len(nodes) > at else ""
    if text is None:
        raise QueryRefusedError(f"{name}() takes only a literal as its {what} here")
    return text


def literal_text(node: Node) -> str | None:
    """Return the text of a literal, as both generations of the parser write it, else None."""
    if node.get("class") != "CONSTANT":
        return None
    # 1.x: a typed value; 2.0: the literal as it was written.
    found = node["literal"]["text"] if node.get("literal") else node["value"].get("value")
    return "" if found is None else str(found)


def _literal_number(node: Node) -> int | None:
    if node.get("class") == "CAST":
        return _literal_number(node["child"])
    text = literal_text(node)
    return int(text) if text is not None and re.fullmatch(r"-?\d[\d_]*\d|-?\d", text) else None


def _literal_size(name: str, node: Node) -> int:
    number = _literal_number(node)
    if number is None and str(node.get("function_name", "")).lower() == "least":
        numbers = [_literal_number(child) for child in arguments(node)]
        number = min((value for value in numbers if value is not None), default=None)
    if number is None:
        raise QueryRefusedError(
            f"{name}() takes only literal sizes up to {MAX_LITERAL:,} here; write a number, or "
            "least(<expression>, <number>)" + _series_hint(name)
        )
    return _checked(name, number)


def _checked(name: str, number: int) -> int:
    if number > MAX_LITERAL:
        raise QueryRefusedError(
            f"{name}() takes only sizes up to {MAX_LITERAL:,} here, not {number:,}"
            + _series_hint(name)
        )
    return max(number, 0)


def _count(name: str, nodes: Sequence[Node]) -> int:
    numbers = [_literal_number(node) for node in nodes]
    if len(nodes) == 1:
        return _literal_size(name, nodes[0])
    if not nodes or None in numbers:
        raise QueryRefusedError(f"{name}() takes only literal numbers here" + _series_hint(name))
    start, stop, *step = (number for number in numbers if number is not None)
    inclusive = 1 if name == "generate_series" else 0
    return _checked(name, abs(stop - start) // max(1, abs(step[0]) if step else 1) + inclusive)


def _series_hint(name: str) -> str:
    if name not in ("range", "generate_series"):
        return ""
    return f"; in FROM it takes anything: FROM t, {name}(t.a, t.b) s(x)"


def arguments(node: Node) -> list[Node]:
    """Return the arguments of a function, as both generations of the parser write them."""
    if "arguments" in node:
        return [argument["expression"] for argument in node["arguments"]]
    children: list[Node] = node["children"]
    return children
