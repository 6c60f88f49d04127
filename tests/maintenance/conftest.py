"""Lakes to look after."""

from __future__ import annotations

import pytest

from healthsim_lake import Lake


@pytest.fixture
def lake(lake_url):
    with Lake(lake_url) as one:
        yield one


@pytest.fixture
def local(tmp_path):
    with Lake(tmp_path / "lake") as one:
        yield one
