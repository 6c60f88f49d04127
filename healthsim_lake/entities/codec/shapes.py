"""Shapes: which keys a row had, in which order, and how each cell turns back into its value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from healthsim_lake import _json
from healthsim_lake.errors import NewerFormatError

MAX_SHAPES = 32
_FORM = re.compile(
    r"text|int|bool|float|whole|number|json|date|text:(whole|\d+)"
    r"|[T ]:(m|0|3|6|iso):(Z|[+-]\d\d:\d\d)?"
)


class Entry(NamedTuple):
    """One key of a row.

    Attributes:
        path: The keys that lead to the value; more than one inside a nested object.
        column: The column that holds the value; None when the value is in ``extra``, or null.
        form: How the cell turns back into the value; None without a column.
    """

    path: tuple[str, ...]
    column: str | None
    form: str | None


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys of a row.

    Attributes:
        entries: The keys in order.
        sparse: Whether a null cell means that the key is absent, rather than null.
    """

    entries: tuple[Entry, ...]
    sparse: bool = False


def shapes_to_json(shapes: Sequence[Shape]) -> bytes:
    """Return shapes as JSON, for the footer of a data file."""
    return _json.dumps(
        [
            {"keys": [[list(entry.path), entry.column, entry.form] for entry in shape.entries]}
            | ({"sparse": True} if shape.sparse else {})
            for shape in shapes
        ]
    )


def shapes_from_json(data: bytes | str) -> tuple[Shape, ...]:
    """Read the JSON that `shapes_to_json` wrote.

    Raises:
        NewerFormatError: It names a form that this release does not know.
    """
    return tuple(
        Shape(
            tuple(Entry(tuple(path), column, _known(form)) for path, column, form in shape["keys"]),
            sparse=shape.get("sparse", False),
        )
        for shape in _json.loads(data)
    )


def _known(form: str | None) -> str | None:
    if form is not None and not _FORM.fullmatch(form):
        raise NewerFormatError(
            f"a data file uses the form {form!r}, which this release does not know; "
            "install a newer release of healthsim-lake"
        )
    return form
