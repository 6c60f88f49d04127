"""A JSON text taken piece by piece, so that a file of any size needs little memory."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import IO, Any, NoReturn

from healthsim_lake import _json
from healthsim_lake._shown import shown
from healthsim_lake.errors import FormatError

CHUNK = 1024 * 1024
LONGEST_VALUE = 256 * CHUNK
"""Characters of one row, or one value beside the rows; more is no scenario."""
_WHITE = " \t\n\r"
_TAIL = 16
"""An error so near to the end of what was read may vanish with more of the text."""
_fast = json.JSONDecoder()


class JsonPieces:
    """A reader that stands somewhere in a JSON text.

    Args:
        stream: Bytes of UTF-8; a byte order mark is accepted.
        where: What to call it in errors.
        checked: The text was read before and found good, so that it can be parsed faster.
    """

    def __init__(self, stream: IO[bytes], where: str, *, checked: bool = False) -> None:
        self._stream, self._where, self._checked = stream, where, checked
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text, self._at, self._ended = "", 0, False
        self._lines, self._columns, self._bytes = 1, 0, 0
        self.place = ""

    def peek(self) -> str:
        """Return the next character that is not white space, without taking it; "" at the end."""
        while True:
            text, at = self._text, self._at
            while at < len(text) and text[at] in _WHITE:
                at += 1
            self._at = at
            if at < len(text):
                return text[at]
            if not self._fill():
                return ""

    def value(self) -> Any:
        """Take the next value, whole.

        Raises:
            FormatError: It is no JSON, or cannot be kept; says where.
        """
        self.peek()
        while True:
            try:
                value, end = self._parse()
            except json.JSONDecodeError as error:
                if self._ended or not self._may_vanish(error):
                    self._refuse(error.msg, at=error.pos)
            except FormatError as error:
                self._refuse(str(error))
            except RecursionError:
                self._refuse(f"nested too deeply (more than {_json.MAX_DEPTH} levels)")
            else:
                # A number that reaches the end of what was read may have more digits.
                if end < len(self._text) or self._ended:
                    self._at = end
                    return value
            if len(self._text) - self._at > LONGEST_VALUE:
                self._refuse("one value of more than 256 million characters")
            self._fill(more=len(self._text) - self._at)

    def members(self) -> Iterator[str]:
        """Yield the keys of an object; the value of each is to be taken before the next."""
        self._take("{")
        seen: set[str] = set()
        if self.peek() == "}":
            self._take("}")
            return
        while True:
            if self.peek() != '"':
                self._refuse("Expecting property name enclosed in double quotes")
            key = self.value()
            if key in seen:
                self._refuse(f"key {shown(key)} is given twice in one object")
            seen.add(key)
            self._take(":")
            yield key
            if self._take(",}") == "}":
                return

    def items(self) -> Iterator[int]:
        """Yield the positions of a list; the value at each is to be taken before the next."""
        self._take("[")
        if self.peek() == "]":
            self._take("]")
            return
        position = 0
        while True:
            yield position
            if self._take(",]") == "]":
                return
            position += 1

    def end(self) -> None:
        """Refuse anything behind the value."""
        following = self.peek()
        if following:
            below = self._lines > 1 or "\n" in self._text[: self._at]
            self._refuse(_json.EXTRA_LINE if following == "{" and below else "Extra data")

    def refuse(self, reason: str) -> NoReturn:
        """Raise a `FormatError` that says where the reader stands."""
        self._refuse(reason)

    def _parse(self) -> tuple[Any, int]:
        if self._checked:
            try:
                return _fast.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                raise
            except ValueError:  # an integer of more than 4,300 digits
                pass
        return _json.foreign_decoder.raw_decode(self._text, self._at)

    def _may_vanish(self, error: json.JSONDecodeError) -> bool:
        unfinished = error.msg.startswith("Unterminated string")
        return unfinished or error.pos >= len(self._text) - _TAIL

    def _take(self, allowed: str) -> str:
        found = self.peek()
        if not found or found not in allowed:
            wanted = " or ".join(repr(one) for one in allowed)
            self._refuse(f"Expecting {wanted}")
        self._at += 1
        return found

    def _fill(self, more: int = 0) -> bool:
        """Read on, dropping what was taken; return whether there was anything."""
        if self._ended:
            return False
        taken = self._text[: self._at]
        newlines = taken.count("\n")
        self._lines += newlines
        self._columns = len(taken) - taken.rfind("\n") - 1 + (0 if newlines else self._columns)
        try:
            data = self._stream.read(max(CHUNK, more))
            fresh = self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            at = self._bytes + error.start
            raise FormatError(f"{self._where}: not UTF-8 text (near byte {at:,})") from error
        except EOFError as error:
            raise FormatError(f"{self._where}: the gzip stream ends in the middle") from error
        except OSError as error:
            raise FormatError(f"{self._where}: cannot be read ({error})") from error
        self._bytes += len(data)
        self._text, self._at, self._ended = self._text[self._at :] + fresh, 0, not data
        return bool(data)

    def _refuse(self, reason: str, *, at: int | None = None) -> NoReturn:
        place = self._at if at is None else min(at, len(self._text))
        before = self._text[:place]
        newlines = before.count("\n")
        line = self._lines + newlines
        column = place - before.rfind("\n") + (0 if newlines else self._columns)
        inside = f", inside {self.place}" if self.place else ""
        if self._ended and place >= len(self._text):
            said = "ends in the middle (cut off?)"
        elif reason.startswith("Unterminated string") and self._ended:
            said = "ends in the middle of a text (cut off?)"
        else:
            said = f"not valid JSON: {reason}" if reason.startswith(_SYNTAX) else reason
        raise FormatError(f"{self._where}: {said} at line {line}, column {column}{inside}")


_SYNTAX = ("Expecting", "Extra data", "Invalid", "Unterminated", "Illegal")
