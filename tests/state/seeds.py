"""The specifications as they lie beside the project: nothing of them is kept in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

SEEDS = Path(
    os.environ.get("HEALTHSIM_SEEDS", Path(__file__).resolve().parents[3] / "shared" / "seeds")
)


def text_of(document: str) -> str:
    path = SEEDS / f"{document}.md"
    if not path.is_file():
        pytest.skip(f"SKIPPED WITHOUT THE SPECIFICATIONS: {path} is not there; set HEALTHSIM_SEEDS")
    return path.read_text(encoding="utf-8")


def blocks(document: str) -> Iterator[tuple[int, str]]:
    found = re.findall(r"^ *```python\n(.*?)```", text_of(document), re.DOTALL | re.MULTILINE)
    yield from enumerate(map(dedent, found))
