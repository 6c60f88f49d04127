"""How answers look: JSON for programs, tables on a terminal, plain columns elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from healthsim_lake import _clock, _json
from healthsim_lake.cli import tables
from healthsim_lake.cli.tables import Column


def print_json(value: Any) -> None:
    """Print `value` as JSON: indented on a terminal, on one line elsewhere."""
    text = _json.dumps(value).decode("ascii")
    if sys.stdout.isatty():
        Console().print_json(text)
    else:
        sys.stdout.write(text + "\n")


def print_line(text: str) -> None:
    """Print one line of plain text."""
    sys.stdout.write(tables.printable(text) + "\n")


def print_heading(text: str) -> None:
    """Print what the next table is about; on a terminal only, columns elsewhere stay pure."""
    if sys.stdout.isatty():
        Console().print(Text(f"\n{text}", style="bold"))


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows under their columns' names; no value is ever cut off."""
    texts = [[cell(value) for value in row] for row in rows]
    if not sys.stdout.isatty():
        sys.stdout.writelines(line + "\n" for line in tables.plain_lines(columns, texts))
        return
    console = Console(highlight=False)
    widths = tables.column_widths(columns, texts, width=console.width)
    if widths is not None:
        console.print(tables.build(columns, texts, widths))
        return
    for line in tables.records(columns, texts):
        console.print(line, soft_wrap=True)


def note(text: str, *, style: str = "dim") -> None:
    """Say something beside the answer: one line on standard error."""
    line = tables.printable(text)
    if sys.stderr.isatty():
        Console(stderr=True, highlight=False).print(Text(line, style=style), soft_wrap=True)
    else:
        sys.stderr.write(line + "\n")


def cell(value: Any) -> str:
    """Return a value as the text of a table's cell; control characters become visible."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case datetime():
            return _clock.to_utc(value).strftime("%Y-%m-%d %H:%M:%S")
        case dict() | list() | tuple():
            return tables.printable(_json.dumps(value).decode("ascii"))
    return tables.printable(str(value))
