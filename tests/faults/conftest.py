"""The lake that every case of the exams begins with, made once and copied."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import real_stores
from operations import make_small_things_large, prepare

from healthsim_lake import Lake
from healthsim_lake.storage import Storage, layout, open_storage

if TYPE_CHECKING:
    from s3_server import S3Server


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with some of everything."""
    place = tmp_path_factory.mktemp("template") / "lake"
    with pytest.MonkeyPatch.context() as patch:
        make_small_things_large(patch.setattr)
        prepare(Lake(place))
    return place


@pytest.fixture(autouse=True)
def _small_things_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    make_small_things_large(monkeypatch.setattr)


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


@pytest.fixture(scope="session")
def stored_template(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The same lake as it stands in an object store: its values by key."""
    with pytest.MonkeyPatch.context() as patch:
        make_small_things_large(patch.setattr)
        lake = Lake(f"memory://template-{tmp_path_factory.getbasetemp().name}/lake")
        prepare(lake)
    storage = lake._log.storage
    entries = [entry for room in layout.ROOMS for entry in storage.list(room)]
    return {entry.key: storage.read(entry.key) for entry in entries}


@pytest.fixture
def in_memory(stored_template: dict[str, bytes]) -> Callable[[], Storage]:
    """Give a new copy of the template in memory, whenever called."""
    return _copies(f"memory://exam-{uuid.uuid4().hex}", {}, stored_template)


@pytest.fixture
def on_s3(s3_server: S3Server, stored_template: dict[str, bytes]) -> Callable[[], Storage]:
    """Give a new copy of the template on S3, whenever called."""
    return _copies(f"s3://{s3_server.bucket()}", s3_server.options, stored_template)


@pytest.fixture(params=real_stores.STORES)
def really_stored(
    request: pytest.FixtureRequest, stored_template: dict[str, bytes]
) -> Callable[[], Storage]:
    """Give a new copy of the template in a real object store, whenever called."""
    store = real_stores.STORES[request.param]()
    return _copies(store.root, store.options, stored_template)


def _copies(
    root: str, options: dict[str, Any], template: dict[str, bytes]
) -> Callable[[], Storage]:
    numbers = itertools.count()

    def make() -> Storage:
        storage = open_storage(f"{root}/{next(numbers)}", options)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(storage.put, template, template.values()))
        return storage

    return make
