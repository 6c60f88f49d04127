"""The small export that ships with the package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path


@contextmanager
def demo_export() -> Iterator[Path]:
    """Give the folder of the shipped export for the length of a ``with`` block.

    The export is in Synthea's CSV layout, but made by this project: 70 invented people, many of
    them diabetics of Medicare age. The folder may be a temporary copy, gone after the block.
    """
    shipped = resources.files("healthsim_lake.builtin").joinpath("demo")
    with resources.as_file(shipped) as folder:
        yield folder
