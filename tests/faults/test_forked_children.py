"""Processes fork while another of their threads is in the midst of writing."""

from __future__ import annotations

import os
import signal
import threading
import warnings

import pytest
from faulty import Meanwhile, lake_on
from operations import OPERATIONS
from rehearsal import Rehearsal

PATIENCE = 60
"""Seconds after which whoever waits for a lock is taken to wait for ever."""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="SKIPPED: there is no fork here")
def test_a_child_finds_no_lock_held_by_a_thread_that_stayed_behind(fresh):
    steps = Rehearsal(fresh, "save").steps
    assert {"read", "create", "move"} <= set(steps)
    for step, name in enumerate(steps):
        reached, go_on = threading.Event(), threading.Event()

        def pause(reached=reached, go_on=go_on):
            reached.set()
            assert go_on.wait(2 * PATIENCE)

        lake = lake_on(Meanwhile(fresh(), step, pause))
        writer = threading.Thread(target=OPERATIONS["save"], args=(lake,))
        writer.start()
        assert reached.wait(PATIENCE)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that there are threads
            child = os.fork()
        if child == 0:
            signal.alarm(PATIENCE)
            lake.scenarios.rename("kept", "renamed")
            os._exit(0)
        ended = os.waitpid(child, 0)[1]
        go_on.set()
        writer.join()
        assert ended == 0, f"before {name} {step} of {steps}"
        assert lake.scenarios.get("renamed").name == "renamed"
