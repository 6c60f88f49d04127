"""The one place for JSON text: how it is written, and how strangers' JSON is read."""

from __future__ import annotations

import json
import secrets
from abc import ABC, abstractmethod
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NoReturn

from healthsim_lake._shown import shown
from healthsim_lake.errors import FormatError

EXTRA_LINE = "Extra data (objects on lines of their own are NDJSON: import them as ndjson)"
MAX_DEPTH = 200
MAX_KEPT_DEPTH = 170
"""Levels of a value inside a document of the catalog; readers of documents stop at 200 in all."""
MAX_DIGITS = 10_000
"""Of an integer in a stranger's text: the time to parse one grows with the square of its length."""
_HUGE_BITS = 14_281
"""Integers of fewer bits have at most the 4,300 digits that Python prints and parses by itself."""

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_SURROGATE = r"\ud"
_NESTED = frozenset((dict, list))
_encode_texts = json.JSONEncoder(ensure_ascii=False).encode
_encode_sorted = json.JSONEncoder(separators=(",", ":"), allow_nan=False, sort_keys=True).encode


class AsJson(ABC):
    """Base of results that can be shown as JSON."""

    __slots__ = ()

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""

    def to_json(self, indent: int | None = None) -> str:
        """Return the result as JSON text: compact, or indented for people."""
        shown = self.to_dict()
        return dumps_text(shown) if indent is None else dumps_pretty(shown, indent)


def integer_text(number: int) -> str:
    """Return the decimal digits of an integer of any size (Python alone stops at 4,300 digits)."""
    try:
        return int.__repr__(number)
    except ValueError:
        return format(Decimal(number), "f")


def text_integer(text: str) -> int:
    """Return the integer of any size that decimal digits stand for."""
    try:
        return int(text)
    except ValueError:
        return int(Decimal(text))


def dumps(value: Any) -> bytes:
    """Return compact ASCII JSON; keys keep their order.

    Raises:
        ValueError: NaN or an infinity, or a value that contains itself.
        TypeError: A value that JSON has no form for.
    """
    return dumps_text(value).encode("ascii")


def dumps_text(value: Any) -> str:
    """Return `dumps` as text."""
    try:
        return _encode(value)
    except ValueError:
        if not _has_huge_integer(value):
            raise
        return _dumps_huge(value)


def dumps_each(values: Sequence[Any]) -> list[str]:
    """Return `kept_text` of each value; faster than one after the other.

    Raises:
        ValueError: See `kept_text`.
        TypeError: See `kept_text`.
        RecursionError: See `kept_text`.
    """
    # They are written as one list, with a word between them that nobody can know.
    between = secrets.token_hex(16)
    parted = [between] * (2 * len(values) - 1)
    parted[::2] = values
    try:
        text = _encode(parted)[1:-1]
    except ValueError:  # it is for each of them to say what is wrong with it, if anything is
        return list(map(kept_text, values))
    _check_characters(text, values)
    texts = text.split(f',"{between}",') if values else []
    for value, own in zip(values, texts, strict=True):
        _check_depth(own, value)
    return texts


def _check_characters(text: str, value: Any) -> None:
    """Refuse halves of characters in a value that has been written as `text`."""
    if _SURROGATE in text:
        try:
            _encode_texts(value).encode()
        except UnicodeEncodeError as error:
            half = error.object[error.start]
            raise ValueError(f"{half!r} is half of a character (a lone surrogate)") from None


def _check_depth(text: str, value: Any) -> None:
    """Refuse a value that has been written as `text` and is nested too deeply."""
    if len(text) > 2 * MAX_KEPT_DEPTH and _depth(value) > MAX_KEPT_DEPTH:
        raise ValueError(f"nested deeper than {MAX_KEPT_DEPTH} levels")


def dumps_pretty(value: Any, indent: int = 2) -> str:
    """Return JSON for people: indented, not escaped beyond what JSON asks for.

    Raises:
        ValueError: NaN or an infinity, or a value that contains itself.
        TypeError: A value that JSON has no form for.
    """
    return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)


def canonical(value: Any) -> str:
    """Return JSON text that is the same for the same value: keys of objects are in order.

    ``1``, ``1.0`` and ``true`` have different texts, and so have ``0.0`` and ``-0.0``.
    """
    try:
        return _encode_sorted(value)
    except ValueError:
        if not _has_huge_integer(value):
            raise
        return _dumps_huge(_sorted(value))


def same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are the same one, as `canonical` tells them apart."""
    kind = type(one)
    if kind is not type(other) or one != other:
        return False
    if kind is float:
        return one != 0 or str(one) == str(other)
    return kind not in _NESTED or canonical(one) == canonical(other)


def loads(data: bytes | str) -> Any:
    """Parse JSON that this package wrote itself."""
    try:
        return json.loads(data)
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer of more than 4,300 digits
        return json.loads(data, parse_int=text_integer)


def kept(value: Any) -> Any:
    """Return a copy of a JSON value, if a document of the catalog can hold it.

    Raises:
        ValueError: See `kept_text`.
        TypeError: See `kept_text`.
        RecursionError: See `kept_text`.
    """
    return json.loads(kept_text(value))


def kept_text(value: Any) -> str:
    """Return compact ASCII JSON of a value, if a document of the catalog can hold it.

    Every reader of the catalog has to parse whatever stands in it, so this asks for more than
    `dumps` does.

    Raises:
        ValueError: As `dumps`; or nested deeper than `MAX_KEPT_DEPTH`, a text that has no UTF-8
            form (half of a surrogate pair), or an integer of more than 4,300 digits.
        TypeError: A value that JSON has no form for.
        RecursionError: Nested deeper than Python can follow.
    """
    text = _encode(value)
    _check_depth(text, value)
    _check_characters(text, value)
    return text


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        nested = [one for one in level if isinstance(one, dict | list | tuple)]
        level = [
            inner for one in nested for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return depth - 1


def loads_foreign(data: bytes | str, *, where: str) -> Any:
    """Parse JSON that somebody else wrote, refusing what could not be kept.

    Args:
        data: UTF-8 JSON text; a byte order mark is accepted.
        where: What to call the text in errors, e.g. a file name.

    Raises:
        FormatError: Not JSON (with line and column), not UTF-8, a key given twice in one object,
            NaN or infinity, or nesting beyond `MAX_DEPTH`.
    """
    try:
        return foreign_decoder.decode(data.decode("utf-8-sig") if isinstance(data, bytes) else data)
    except UnicodeDecodeError as error:
        raise FormatError(f"{where}: not UTF-8 text (byte {error.start})") from error
    except json.JSONDecodeError as error:
        extra_line = error.msg == "Extra data" and error.lineno > 1 and error.doc[error.pos] == "{"
        reason = EXTRA_LINE if extra_line else error.msg
        raise FormatError(
            f"{where}: not valid JSON at line {error.lineno}, column {error.colno}: {reason}"
        ) from error
    except RecursionError as error:
        raise FormatError(f"{where}: nested too deeply (more than {MAX_DEPTH} levels)") from error
    except FormatError as error:
        raise FormatError(f"{where}: {error}") from error


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        twin = next(key for at, key in enumerate(keys) if key in keys[:at])
        raise FormatError(f"key {shown(twin)} is given twice in one object")
    return result


def _foreign_integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise FormatError(f"a number has more than {MAX_DIGITS:,} digits")
    return text_integer(text)


def _no_constants(name: str) -> NoReturn:
    raise FormatError(f"{name} is not a JSON value")


def _has_huge_integer(value: Any) -> bool:
    match value:
        case bool():
            return False
        case int():
            return value.bit_length() >= _HUGE_BITS
        case dict():
            return any(map(_has_huge_integer, value.values()))
        case list() | tuple():
            return any(map(_has_huge_integer, value))
    return False


def _sorted(value: Any) -> Any:
    match value:
        case dict():
            return {key: _sorted(value[key]) for key in sorted(value)}
        case list() | tuple():
            return list(map(_sorted, value))
    return value


def _dumps_huge(value: Any) -> str:
    match value:
        case bool():
            return _encode(value)
        case int():
            return integer_text(value)
        case dict():
            items = (f"{_encode(key)}:{_dumps_huge(item)}" for key, item in value.items())
            return "{" + ",".join(items) + "}"
        case list() | tuple():
            return "[" + ",".join(map(_dumps_huge, value)) + "]"
    return _encode(value)


foreign_decoder = json.JSONDecoder(
    object_pairs_hook=_no_twins, parse_constant=_no_constants, parse_int=_foreign_integer
)
"""Parses what strangers wrote; raises `FormatError` for what could not be kept."""
