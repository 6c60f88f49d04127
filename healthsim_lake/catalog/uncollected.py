"""Reading what lives on, without the garbage collector looking for garbage in it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Make many objects that live on, without the collector walking over them again and again.

    It starts for every so many new objects, on the guess that most of them are garbage already.
    While a catalog is read none is, and finding that out takes three quarters of the time.
    Reference counts still free what is dropped; only cycles wait until the end.
    """
    if not gc.isenabled():  # by the caller, or by another thread that is in here
        yield
        return
    try:
        gc.disable()
        yield
    finally:
        gc.enable()  # first, or an interrupt would leave it off for good
        if not gc.get_freeze_count():  # what the caller froze stays frozen
            # Into the oldest generation and back: what was made counts as old, unwalked.
            gc.freeze()
            gc.unfreeze()
