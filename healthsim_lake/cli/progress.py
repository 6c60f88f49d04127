"""Bars on standard error that show how far a long command got; none where nobody looks."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sized
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

_Step = Callable[[str, int, int | None], None]
"""Called with what is being worked on, how much is done, and how much there is."""


@contextlib.contextmanager
def bytes_read() -> Iterator[_Step]:
    """Give a function to be told (what is being read, bytes so far, bytes in all)."""
    with _bar(DownloadColumn()) as step:
        yield step


@contextlib.contextmanager
def bytes_carried() -> Iterator[_Step]:
    """Give a function to be told (what was carried, bytes so far, bytes in all)."""
    with _bar(DownloadColumn()) as step:
        yield step


@contextlib.contextmanager
def rows_saved(entities: Mapping[str, Any]) -> Iterator[Callable[[str, int], None]]:
    """Give a function to be told (entity key, its rows so far)."""
    total = sum(len(rows) for rows in entities.values() if isinstance(rows, Sized))
    with rows_moved(total) as tell:
        yield tell


@contextlib.contextmanager
def rows_moved(total: int | None) -> Iterator[Callable[[str, int], None]]:
    """Give a function to be told (entity key, its rows so far).

    Args:
        total: Rows of all types, or None if nobody knows.
    """
    done: dict[str, int] = {}
    with _bar(MofNCompleteColumn()) as step:

        def tell(key: str, rows: int) -> None:
            done[key] = rows
            step(key, sum(done.values()), total)

        yield tell


@contextlib.contextmanager
def steps() -> Iterator[_Step]:
    """Give a function to be told (what is being done, how much is done, how much there is)."""
    with _bar(MofNCompleteColumn()) as step:
        yield step


@contextlib.contextmanager
def _bar(amount: DownloadColumn | MofNCompleteColumn) -> Iterator[_Step]:
    if not sys.stderr.isatty():
        yield lambda _what, _done, _total: None
        return
    name = TextColumn("{task.description}", markup=False)
    columns = (name, BarColumn(), amount, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda what, done, total: bar.update(
            task, description=what, completed=done, total=total
        )
