"""The lake that every case of the exams begins with, made once and copied."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from operations import SMALL_LIMITS, prepare

from healthsim_lake import Lake
from healthsim_lake.storage import Storage, open_storage


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with some of everything."""
    place = tmp_path_factory.mktemp("template") / "lake"
    with pytest.MonkeyPatch.context() as patch:
        _make_small_things_large(patch)
        prepare(Lake(place))
    return place


def _make_small_things_large(patch: pytest.MonkeyPatch) -> None:
    for module, name, limit in SMALL_LIMITS:
        patch.setattr(module, name, limit)


@pytest.fixture(autouse=True)
def _small_things_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    _make_small_things_large(monkeypatch)


@pytest.fixture
def quick_place() -> Iterator[Path]:
    """A folder in memory where there is one, because a thousand cases wait for no disk."""
    memory = Path("/dev/shm")  # noqa: S108  # a folder of its own is made in it
    parent = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        yield Path(folder)


@pytest.fixture
def fresh(template: Path, quick_place: Path) -> Callable[[], Storage]:
    """Give a new copy of the template, whenever called."""
    place = quick_place / "lake"

    def make() -> Storage:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(template, place)
        return open_storage(place)

    return make
