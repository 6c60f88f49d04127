"""Answers that are kept between their pages."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

import pyarrow as pa

from healthsim_lake.query.params import Values

MAX_BYTES = 128_000_000
"""What all kept answers of one lake may take; one alone may take half of it."""
MAX_ANSWERS = 64


Key = tuple[Hashable, ...]
"""What was asked; what it was asked about comes first."""


class KeptAnswers:
    """Whole answers by what was asked, within bounds; those not asked for longest go first."""

    def __init__(self, *, max_bytes: int = MAX_BYTES, max_answers: int = MAX_ANSWERS) -> None:
        self._max_bytes, self._max_answers = max_bytes, max_answers
        self._answers: OrderedDict[Key, pa.Table] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Key) -> pa.Table | None:
        """Return the answer that is kept under `key`, or None."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def put(self, key: Key, answer: pa.Table) -> bool:
        """Keep an answer in place of the former one, unless it is too large; return whether."""
        if not self.can_keep(answer):
            return False
        with self._lock:
            self._drop(key)
            self._answers[key] = answer
            self._bytes += _size(answer)
            while self._bytes > self._max_bytes or len(self._answers) > self._max_answers:
                self._drop(next(iter(self._answers)))
        return True

    def can_keep(self, answer: pa.Table) -> bool:
        """Return whether an answer is small enough to be kept."""
        return _size(answer) <= self._max_bytes // 2

    def forget(self, about: Any) -> None:
        """Forget the answers whose key begins with `about`."""
        with self._lock:
            for key in [key for key in self._answers if key[0] is about]:
                self._drop(key)

    def clear(self) -> None:
        """Forget all answers."""
        with self._lock:
            self._answers.clear()
            self._bytes = 0

    def _drop(self, key: Key) -> None:
        former = self._answers.pop(key, None)
        if former is not None:
            self._bytes -= _size(former)


def _size(answer: pa.Table) -> int:
    # of what is held in memory, where `nbytes` counts what of it is used
    size: int = answer.get_total_buffer_size()
    return size


def fingerprint(values: Values) -> bytes:
    """Return what tells parameters apart, their types included: 1, 1.0 and True are three."""
    ordered = sorted(values.items()) if isinstance(values, dict) else values
    return hashlib.sha256(repr(ordered).encode("utf-8", "surrogatepass")).digest()
