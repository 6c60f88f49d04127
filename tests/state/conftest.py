"""A default lake for the doors, forgotten afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from healthsim_lake import Lake, state, use_lake


@pytest.fixture
def in_force(tmp_path: Path) -> Iterator[Lake]:
    """A lake that is the default one."""
    with Lake(tmp_path / "default") as lake:
        use_lake(lake)
        yield lake
        use_lake(None)
        state.reset_manager()
        state.reset_service()
