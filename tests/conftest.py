"""What all tests share: places to put a lake, and the real data that lies beside a checkout."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

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


@pytest.fixture(params=["local", "memory"])
def lake_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a lake that is not there yet, on each kind of storage."""
    if request.param == "local":
        yield str(tmp_path / "lake")
    else:
        yield f"memory://{tmp_path.name}-{id(request)}/lake"


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
