"""Bars on standard error that show how far a long command got; none where nobody looks."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sized
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn
from rich.progress import TimeRemainingColumn as TimeLeft


@contextlib.contextmanager
def bytes_read() -> Iterator[Callable[[str, int, int], None]]:
    """Give a function to be told (what is being read, bytes so far, bytes in all)."""
    with _bar(DownloadColumn()) as bar:
        task = bar.add_task("reading", total=None)

        def tell(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield tell


@contextlib.contextmanager
def rows_saved(entities: Mapping[str, Any]) -> Iterator[Callable[[str, int], None]]:
    """Give a function to be told (entity key, its rows so far)."""
    total = sum(len(rows) for rows in entities.values() if isinstance(rows, Sized))
    done: dict[str, int] = {}
    with _bar(MofNCompleteColumn()) as bar:
        task = bar.add_task("saving", total=total)

        def tell(key: str, rows: int) -> None:
            done[key] = rows
            bar.update(task, description=key, completed=sum(done.values()))

        yield tell


def _bar(amount: DownloadColumn | MofNCompleteColumn) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        amount,
        TimeLeft(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
