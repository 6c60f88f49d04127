"""What all tests share: places to put a lake, and the real data that lies beside a checkout."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from healthsim_lake import Lake

if TYPE_CHECKING:
    from s3_server import S3Server

settings.register_profile(
    "everyday",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("everyday")

REPOSITORY = Path(__file__).parent.parent
SHARED_DATA = Path(os.environ.get("HEALTHSIM_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the lake of whoever runs it."""
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.delenv("HEALTHSIM_LAKE", raising=False)


PLACES = ["local", "memory", *(["s3"] if os.environ.get("HEALTHSIM_TEST_ALL_ON_S3") else [])]
"""Kinds of storage that every test of lakes runs on; S3 takes long, and has its own tests."""


@pytest.fixture(params=PLACES)
def lake_url(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The URL of a lake that is not there yet, on each kind of storage."""
    if request.param == "local":
        yield str(tmp_path / "lake")
    elif request.param == "s3":
        server: S3Server = request.getfixturevalue("s3_server")
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.options["endpoint_url"])
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.options["key"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.options["secret"])
        yield f"s3://{server.bucket()}/some/lake"
    else:
        yield f"memory://{tmp_path.name}-{id(request)}/lake"


@pytest.fixture
def lake(lake_url: str) -> Iterator[Lake]:
    """A lake without anything in it, on each kind of storage."""
    with Lake(lake_url) as one:
        yield one


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Lake]:
    """A lake without anything in it, on a disk."""
    with Lake(tmp_path / "lake") as one:
        yield one


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """A server of S3 that runs in this process; tests without one do not wait for it."""
    server = pytest.importorskip("s3_server", exc_type=ImportError).S3Server()
    yield server
    server.close()


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    """A bucket of one's own."""
    return s3_server.bucket()


@pytest.fixture
def synthea_folder() -> Path:
    """A real Synthea export, made by other people."""
    folder = SHARED_DATA / "synthea_csv" / "ohdsi-dbt-synthea"
    if not folder.is_dir():
        pytest.skip(
            f"SKIPPED WITHOUT REAL DATA: {folder} is not there; "
            "set HEALTHSIM_SHARED_DATA to the folder that holds synthea_csv"
        )
    return folder
