"""Reading a catalog leaves the garbage collector as it was."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from healthsim_lake.catalog.uncollected import uncollected


@pytest.fixture(autouse=True)
def _collector_on() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_nothing_is_collected_within_and_the_collector_goes_on_after():
    with uncollected():
        assert not gc.isenabled()
        made = [[] for _ in range(10)]
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    old = {id(one) for one in gc.get_objects(generation=2)}
    assert {id(one) for one in made} <= old, "what was made counts as old"


def test_the_collector_goes_on_after_an_error():
    with pytest.raises(KeyError), uncollected():
        raise KeyError
    assert gc.isenabled()


def test_a_collector_that_the_caller_stopped_stays_stopped():
    gc.disable()
    with uncollected():
        pass
    assert not gc.isenabled()


def test_what_the_caller_froze_stays_frozen():
    kept: list[list[int]] = [[]]
    gc.freeze()
    with uncollected():
        pass
    assert not any(one is kept for one in gc.get_objects()), "the collector knows it no more"
    assert gc.isenabled()
