"""How much a packed file may unpack to: a few bytes can stand for more than any disk holds."""

from __future__ import annotations

import io
import os
from typing import Any, Protocol

from healthsim_lake.errors import FormatError, InputError

ENVIRONMENT = "HEALTHSIM_UNPACK_RATIO"
"""Names the variable that sets another ratio."""
RATIO = 250
"""Times its size a file may unpack to. Rows of JSON or CSV pack 10 to 60 times, very uniform ones
200 times; what gzip can be made to say is 1,030 times its size."""
ALWAYS = 256 * 1024 * 1024
"""Bytes that any file may unpack to."""


class _Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...

    def close(self) -> Any: ...


def check_unpacked(size: int, packed: int, where: str) -> None:
    """Refuse what unpacks to more than its size can explain.

    Args:
        size: Bytes that it unpacks to, or has unpacked to so far.
        packed: Bytes of the packed file.
        where: What to call it in errors.

    Raises:
        FormatError: It is too much.
        InputError: The environment's ratio is no number.
    """
    if size > ALWAYS and size > (ratio := _ratio()) * packed:
        raise FormatError(
            f"{where}: unpacks to more than {ratio:g} times its {packed:,} bytes, as a file does "
            "that was made to fill a disk; if its rows are all alike, unpack it first, or set "
            f"{ENVIRONMENT} to a larger number"
        )


class Unpacking(io.RawIOBase):
    """Unpacked bytes, as they are read; ends in an error where they become too many.

    Args:
        stream: Unpacks them; closed together with this one.
        packed: Bytes of the packed file.
        where: What to call it in errors.
    """

    def __init__(self, stream: _Readable, packed: int, where: str) -> None:
        self._stream, self._packed, self._where = stream, packed, where
        self._size = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most `size`; none at the end.

        Raises:
            FormatError: They are too many.
        """
        data = self._stream.read(size)
        self._size += len(data)
        check_unpacked(self._size, self._packed, self._where)
        return data

    def close(self) -> None:
        """Close the stream that unpacks."""
        if not self.closed:
            self._stream.close()
        super().close()


def _ratio() -> float:
    text = os.environ.get(ENVIRONMENT, "")
    if not text:
        return RATIO
    try:
        ratio = float(text)
    except ValueError:
        ratio = 0
    if not ratio >= 1:
        raise InputError(f"{ENVIRONMENT} must be a number from 1 on, not {text[:30]!r}")
    return ratio
