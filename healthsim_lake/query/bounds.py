"""How large a value an expression may build, judged before anything runs.

Neither a timer nor ``memory_limit`` stops a function while it builds one huge value
(``repeat('x', 4e9)`` ran for 20 s and took 7.7 GB under a limit of 1 GB and 5 s), and one call
builds 2,048 values at a time in each thread. So sizes have to be literals, and sizes multiply:
``repeat(repeat('x', 1000), 1000)`` counts as a million.

A size is a number of characters or bytes, where a value of a table counts as one; what comes out
of an aggregate that collects rows, or of the previous round of a recursion, counts as `GROWN`,
so that little more can be made of it. These are estimates for refusing bombs, not a proof about
memory; what rows add up to is the business of ``memory_limit``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from healthsim_lake.errors import QueryRefusedError
from healthsim_lake.query.functions import FACTORS, SEPARATED, SMALL
from healthsim_lake.query.parse import Node

MAX_LITERAL = 1_000_000
"""Largest number that a size may be given as."""
MAX_CONSTANT = 10_000_000
"""Largest value that is built once for a statement."""
MAX_PER_ROW = 100_000
"""Largest value that is built for every row."""
GROWN = 10_000.0
SMALL_SIZE = 64.0
PARAMETER_SIZE = 65_536.0
"""Longest text that may be passed as a parameter; see `healthsim_lake.query.params`."""
_FORMAT_DIGITS = re.compile(r"\d+")


class Size(NamedTuple):
    """An upper estimate of a value's size.

    Attributes:
        most: In characters or bytes.
        varies: Whether it is built for every row, rather than once.
    """

    most: float
    varies: bool


NOTHING = Size(0.0, varies=False)
CELL = Size(1.0, varies=True)
COLLECTED = Size(GROWN, varies=True)


def total(sizes: Sequence[Size]) -> Size:
    """Return the size of all values together."""
    return Size(sum(size.most for size in sizes), any(size.varies for size in sizes))


def largest(sizes: Sequence[Size]) -> Size:
    """Return the size of whichever value is largest."""
    return Size(max((size.most for size in sizes), default=0.0), any(s.varies for s in sizes))


def times(left: Size, right: Size) -> Size:
    """Return the size of `left` repeated for each part of `right`."""
    return Size(max(1.0, left.most) * max(1.0, right.most), left.varies or right.varies)


def of_call(name: str, _nodes: Sequence[Node], sizes: Sequence[Size]) -> Size:
    """Return the size of what a plain function returns.

    Args:
        name: Name of the function, in lower case.
        sizes: Sizes of its arguments.
    """
    everything = total(sizes)
    if name in SMALL:
        return Size(SMALL_SIZE, everything.varies)
    if name in SEPARATED:
        at = SEPARATED[name]
        rest = total([size for index, size in enumerate(sizes) if index != at])
        return times(rest, sizes[at]) if at < len(sizes) else rest
    if name in FACTORS:
        return Size(everything.most * FACTORS[name], everything.varies)
    return everything


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
    text = literal_text(nodes[0]) if nodes else ""
    if text is None:
        raise QueryRefusedError(f"{name}() takes only a literal as its format here")
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
