"""Ctrl-C at any moment of what takes locks: whoever comes next, in any thread, finds them free."""

from __future__ import annotations

import contextlib
import gc
import subprocess
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from faulty import lake_on
from operations import OPERATIONS
from rehearsal import FULL

from healthsim_lake.catalog import creation, head, transaction, uncollected
from healthsim_lake.tables import committer, publish, underway, writer

WATCHED = {
    one.__file__
    for one in (
        contextlib,
        creation,
        head,
        transaction,
        uncollected,
        committer,
        publish,
        underway,
        writer,
    )
}
PATIENCE = 60
"""Seconds after which whoever waits for a lock is taken to wait for ever."""


class Interrupting:
    """Raises KeyboardInterrupt where Python looks for signals: as functions begin, and after calls.

    Args:
        at: At which of these moments, from 0; None to only note them.

    Attributes:
        moments: What was going on at each.
    """

    def __init__(self, at: int | None = None) -> None:
        self._at = at
        self.moments: list[str] = []

    def run(self, work: Callable[[], Any]) -> None:
        sys.setprofile(self._profile)
        try:
            work()
        finally:
            sys.setprofile(None)

    def _profile(self, frame: FrameType, event: str, _arg: object) -> None:
        if event not in {"call", "c_return"} or frame.f_code.co_filename not in WATCHED:
            return
        self.moments.append(f"{event} at {frame.f_code.co_filename}:{frame.f_lineno}")
        if len(self.moments) - 1 == self._at:
            sys.setprofile(None)
            raise KeyboardInterrupt


@pytest.mark.parametrize("operation", ["delete", *(["save", "add", "vacuum"] if FULL else [])])
def test_an_interrupt_leaves_no_lock_held_and_the_collector_on(fresh, operation):
    whole = Interrupting()
    whole.run(lambda: OPERATIONS[operation](lake_on(fresh())))
    # Every moment once: most come very often
    for at in {moment: at for at, moment in enumerate(whole.moments)}.values():
        lake = lake_on(fresh())
        interrupting = Interrupting(at)
        with contextlib.suppress(KeyboardInterrupt):
            interrupting.run(lambda lake=lake: OPERATIONS[operation](lake))
            assert len(interrupting.moments) <= at, f"swallowed: {interrupting.moments[at]}"
        last = interrupting.moments[-1]
        assert gc.isenabled(), last
        other = threading.Thread(
            target=lambda lake=lake: lake.scenarios.rename("small", "renamed"), daemon=True
        )
        other.start()
        other.join(PATIENCE)
        assert not other.is_alive(), f"a lock is held since {last}"
        assert lake.scenarios.get("renamed").name == "renamed"


def test_a_program_that_is_interrupted_while_its_first_helper_starts_ends(tmp_path):
    program = """
import sys, threading
from healthsim_lake import Lake
start = threading.Thread.start
def interrupted(self):
    start(self)
    if self.name.startswith("healthsim-write"):
        threading.Thread.start = start
        raise KeyboardInterrupt
threading.Thread.start = interrupted
try:
    Lake(sys.argv[1]).scenarios.save("first", {"things": [{"id": 1}]})
except KeyboardInterrupt:
    Lake(sys.argv[1]).scenarios.save("second", {"things": [{"id": 2}]})
    print([one.name for one in Lake(sys.argv[1]).scenarios.list()])
"""
    command = [sys.executable, "-c", program, str(tmp_path / "lake")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "['second']\n", "")
