"""Processes are killed (SIGKILL) at storage operations: no handler runs, nothing is cleaned up."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from exam import examine, examine_next_writer
from faulty import READS
from operations import OPERATIONS
from rehearsal import FULL, Rehearsal

SAMPLE = 2
"""Cases of each operation in the everyday run."""


@pytest.fixture(scope="module")
def zygote() -> Iterator[subprocess.Popen[str]]:
    """A process that forks the ones to be killed."""
    command = [sys.executable, str(Path(__file__).parent / "zygote.py")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_killed_process_leaves_a_whole_lake(operation, fresh, zygote):
    rehearsal = Rehearsal(fresh, operation)
    writes = [at for at, name in enumerate(rehearsal.steps) if name not in READS]
    cases = [(at, done) for at in writes for done in (False, True)]
    if not FULL:
        cases = random.Random(operation).sample(cases, min(SAMPLE, len(cases)))
    killed = 0
    for number, (step, done) in enumerate(cases):
        storage = fresh()
        case = {"url": storage.url, "operation": operation, "step": step, "done": done}
        zygote.stdin.write(json.dumps(case) + "\n")
        zygote.stdin.flush()
        answer = json.loads(zygote.stdout.readline())
        killed += answer["signal"] == signal.SIGKILL
        allowed = {rehearsal.after}
        if not answer["acknowledged"]:
            assert answer["signal"] == signal.SIGKILL, f"{operation} failed instead of dying"
            allowed.add(rehearsal.before)
        try:
            examine(storage, allowed, repairs=number % 2 == 0)
            examine_next_writer(storage)
        except BaseException as error:
            error.add_note(f"{operation}: killed at {rehearsal.steps[step]} {step}; {answer}")
            raise
    assert killed
