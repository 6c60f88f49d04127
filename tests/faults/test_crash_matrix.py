"""Every writing operation, with a fault before and after every single storage operation of it."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator

import pytest
from exam import examine, examine_next_writer
from faulty import READS, Crash, Dying, Failing, Faulty, lake_on
from operations import OPERATIONS
from rehearsal import FULL, Rehearsal
from remembered import looked_at

from healthsim_lake.errors import LakeError
from healthsim_lake.storage import Storage


def faults(steps: list[str]) -> Iterator[tuple[str, Callable[[Storage], Faulty]]]:
    """Yield all faults worth trying, with what to call them.

    A process that dies at a read, or before a write, leaves what one leaves that dies after the
    write before it; and whether a read failed, or its answer was lost, is the same. Of reads every
    eighth fails. The full exam has every read fail, and processes die before every write, too.
    """
    first_write = next((step for step, name in enumerate(steps) if name not in READS), None)
    for step, name in enumerate(steps):
        if name in READS and step % 8 and not FULL:
            continue
        yield f"{name} {step} fails", lambda s, at=step: Failing(s, at, done=False)
        if name in READS:
            continue
        yield f"answer of {name} {step} is lost", lambda s, at=step: Failing(s, at, done=True)
        if FULL or step == first_write:
            yield f"death before {name} {step}", lambda s, at=step: Dying(s, at, done=False)
        yield f"death after {name} {step}", lambda s, at=step: Dying(s, at, done=True)


SAMPLE, FEW = 10, 2
"""Cases of each operation in the everyday run: on disks, and in object stores."""
EVERYDAY = ["save", "overwrite", "clone", "delete for good", "vacuum"]
"""Operations that are put to the exam in a store with a server every day; requests take long."""


def run(operation: str, fresh: Callable[[], Storage], *, most: int) -> None:
    """Put an operation to the exam: with all faults in the full one, else with a sample."""
    rehearsal = Rehearsal(fresh, operation)
    cases = list(faults(rehearsal.steps))
    if not FULL:
        cases = random.Random(operation).sample(cases, min(most, len(cases)))
    for number, (name, fault) in enumerate(cases):
        storage = fresh()
        acknowledged = False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a commit is not published yet is said so
            try:
                OPERATIONS[operation](lake_on(fault(storage)))
                acknowledged = True
            except (LakeError, Crash):
                pass
        allowed = {rehearsal.after} if acknowledged else {rehearsal.before, rehearsal.after}
        try:
            seen = looked_at(storage)
            examine(seen, allowed, repairs=number % 2 == 0)
            examine_next_writer(seen)
        except BaseException as error:
            error.add_note(f"{operation}: {name} of {rehearsal.steps}; {acknowledged=}")
            raise


@pytest.mark.parametrize("operation", OPERATIONS)
def test_whatever_fails_and_wherever_it_dies_the_lake_is_whole(operation, fresh):
    run(operation, fresh, most=SAMPLE)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_same_holds_in_a_store_without_rename(operation, in_memory):
    run(operation, in_memory, most=FEW)


@pytest.mark.parametrize("operation", OPERATIONS if FULL else EVERYDAY)
def test_the_same_holds_on_s3(operation, on_s3):
    run(operation, on_s3, most=FEW)


@pytest.mark.real_store
@pytest.mark.parametrize("operation", OPERATIONS if FULL else EVERYDAY)
def test_the_same_holds_in_real_object_stores(operation, really_stored):
    run(operation, really_stored, most=FEW)
