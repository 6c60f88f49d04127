"""Whether somebody agrees to what cannot easily be undone."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def agreed(context: typer.Context, question: str) -> bool:
    """Ask on the terminal, and return whether the answer was yes.

    Raises:
        UsageError: Nobody can be asked.
    """
    if not sys.stdin.isatty():
        context.fail("Nobody can be asked here (standard input is no terminal): give --yes.")
    return typer.confirm(question, default=False, err=True)
