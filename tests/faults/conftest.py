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

import pytest
import real_stores
from operations import make_small_things_large, prepare

from healthsim_lake import Lake
from healthsim_lake.catalog import checkpoint
from healthsim_lake.scenarios.writing import manifests
from healthsim_lake.storage import Storage, layout, open_storage


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
    kept = manifests.INLINE_BYTES, checkpoint.LEAST_BYTES
    make_small_things_large()
    try:
        lake = Lake(f"memory://template-{tmp_path_factory.getbasetemp().name}/lake")
        prepare(lake)
    finally:
        manifests.INLINE_BYTES, checkpoint.LEAST_BYTES = kept
    storage = lake._log.storage
    entries = [entry for room in layout.ROOMS for entry in storage.list(room)]
    return {entry.key: storage.read(entry.key) for entry in entries}


STORES = [
    "memory",
    "s3",
    *(pytest.param(f"real {one}", marks=pytest.mark.real_store) for one in real_stores.STORES),
]
"""Object stores for the exams: in memory, in this process, and real ones."""


@pytest.fixture(params=STORES)
def stored(
    request: pytest.FixtureRequest, stored_template: dict[str, bytes]
) -> Callable[[], Storage]:
    """Give a new copy of the template in an object store, whenever called."""
    kind = request.param
    if kind == "memory":
        root, options = f"memory://exam-{uuid.uuid4().hex}", {}
    elif kind == "s3":
        server = request.getfixturevalue("s3_server")
        root, options = f"s3://{server.bucket()}", server.options
    else:
        store = real_stores.STORES[kind.removeprefix("real ")]()
        root, options = store.root, store.options
    numbers = itertools.count()

    def make() -> Storage:
        storage = open_storage(f"{root}/{next(numbers)}", options)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(storage.put, stored_template, stored_template.values()))
        return storage

    return make
