"""The lake that every case of the exams begins with, made once and copied."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from exam import content
from faulty import Faulty, lake_on
from operations import OPERATIONS, make_small_things_large, prepare

from healthsim_lake import Lake
from healthsim_lake.catalog import checkpoint
from healthsim_lake.scenarios import manifests
from healthsim_lake.storage import Storage, open_storage

FULL = os.environ.get("HEALTHSIM_EXAM") == "full"
"""Whether to run every case, and not only a sample of those that take long."""


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with some of everything."""
    kept = manifests.INLINE_BYTES, checkpoint.LEAST_BYTES
    make_small_things_large()
    try:
        place = tmp_path_factory.mktemp("template") / "lake"
        prepare(Lake(place))
    finally:
        manifests.INLINE_BYTES, checkpoint.LEAST_BYTES = kept
    return place


@pytest.fixture(autouse=True)
def _small_things_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "INLINE_BYTES", 700)
    monkeypatch.setattr(checkpoint, "LEAST_BYTES", 6_000)


@pytest.fixture
def fresh(template: Path, tmp_path: Path) -> Callable[[], Storage]:
    """Give a new copy of the template, whenever called."""
    place = tmp_path / "lake"

    def make() -> Storage:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(template, place)
        return open_storage(place)

    return make


class Rehearsal:
    """What an operation does where nothing goes wrong.

    Attributes:
        steps: Names of the storage operations, in order.
        before: What the lake reads before.
        after: What it reads afterwards.
    """

    def __init__(self, make: Callable[[], Storage], operation: str) -> None:
        storage = Faulty(make())
        self.before = content(lake_on(storage.inner))
        OPERATIONS[operation](lake_on(storage))
        self.steps = list(storage.steps)
        self.after = content(lake_on(storage.inner))
