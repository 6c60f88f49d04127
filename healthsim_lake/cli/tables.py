"""Arranging cells: side by side where they fit without breaking a word, else one below another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

_GAP = 3  # what stands between two columns: a space, and a column's padding
_HEAD = "bold cyan"

Cells = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: Its heading.
        right: Whether its cells stand at the right, as numbers do.
    """

    name: str
    right: bool = False


def printable(text: str) -> str:
    """Return `text` on one line, with control characters (escape sequences among them) visible."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else _escaped(one) for one in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def plain_lines(columns: Sequence[Column], rows: Cells) -> Iterator[str]:
    """Yield the lines of a table without ornament: aligned, never wrapped, never cut off."""
    names = [column.name for column in columns]
    widths = [max(map(cell_len, texts)) for texts in zip(names, *rows, strict=True)]
    for row in (names, *rows):
        cells = (
            _padded(text, width, right=column.right)
            for text, width, column in zip(row, widths, columns, strict=True)
        )
        yield "  ".join(cells).rstrip()


def _padded(text: str, width: int, *, right: bool) -> str:
    room = " " * (width - cell_len(text))
    return room + text if right else text + room


def build(columns: Sequence[Column], rows: Cells, widths: Sequence[int]) -> Table:
    """Return a table for the terminal whose columns are as wide as `widths` says."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style=_HEAD)
    for column, width in zip(columns, widths, strict=True):
        justify: JustifyMethod = "right" if column.right else "left"
        table.add_column(Text(column.name), width=width, justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def column_widths(columns: Sequence[Column], rows: Cells, *, width: int) -> list[int] | None:
    """Return how wide each column becomes on a terminal of `width` columns.

    Only spaces are places to break a cell, so that an id can always be copied: None says that the
    longest words of all columns do not fit beside each other, see `records`.
    """
    texts = list(zip([column.name for column in columns], *rows, strict=True))
    wanted = [max(map(cell_len, column)) for column in texts]
    least = [max(map(_longest_word, column)) for column in texts]
    room = width - _GAP * (len(columns) - 1)
    if sum(least) > room:
        return None
    while sum(wanted) > room:
        slack = [want - need for want, need in zip(wanted, least, strict=True)]
        widest = max(range(len(slack)), key=lambda at: (slack[at] > 0, wanted[at]))
        wanted[widest] -= 1
    return wanted


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split(" ")), default=0)


def records(columns: Sequence[Column], rows: Cells) -> Iterator[Text]:
    """Yield the lines of a table too wide for the terminal: each row as a list of its cells."""
    widest = max(cell_len(column.name) for column in columns)
    for number, row in enumerate(rows, start=1):
        yield Text(f"── {number} ──", style="dim")
        for column, text in zip(columns, row, strict=True):
            name = _padded(column.name, widest, right=False)
            yield Text.assemble((name, _HEAD), "  ", text)
