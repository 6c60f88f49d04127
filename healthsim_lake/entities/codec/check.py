"""What a row may hold: plain JSON values, made from what Python programs pass around."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from healthsim_lake._json import MAX_DEPTH
from healthsim_lake._shown import shown
from healthsim_lake.errors import InvalidEntityError

_PLAIN_DIGITS = 400
"""Decimals whose plain notation needs more digits than this keep their exponent."""

_TOLD_STEPS = 20
"""Longer ways to a value are cut in messages."""


class RefusedValueError(Exception):
    """A value that cannot be kept; gathers the keys that lead to it on its way up.

    Attributes:
        reason: What is wrong, and what to do.
        steps: Keys and list positions from the row to the value.
        row: Position of the row within the rows at hand, once it is known.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.steps: list[str | int] = []
        self.row: int | None = None

    def below(self, *steps: str | int) -> RefusedValueError:
        """Return the error itself, one or more steps higher up in the row."""
        self.steps[:0] = steps
        return self

    def named(self, table: str, offset: int) -> InvalidEntityError:
        """Return the error that a caller gets to see."""
        row = None if self.row is None else offset + self.row
        key = _path_text(self.steps) if self.steps else None
        return InvalidEntityError(self.reason, table=table, row=row, key=key)


def normalise(value: Any, *, table: str = "value") -> Any:
    """Return the JSON value that `value` stands for.

    ``date``, ``datetime`` and ``time`` become ISO text, ``timedelta`` an ISO duration in seconds,
    ``Decimal`` its exact number text, ``UUID`` its text, an ``Enum`` its value, a tuple a list, a
    mapping a dict, a pydantic model its ``model_dump(mode="json")``, a numpy scalar or array what
    its ``tolist`` gives; the missing values of pandas become null.

    Args:
        value: Anything.
        table: What to call the place in errors.

    Raises:
        InvalidEntityError: The value has no JSON form, holds NaN or an infinity, a lone surrogate,
            a key that is not text, or is nested more than 200 levels deep.
    """
    try:
        return plain(value)
    except RefusedValueError as refused:
        raise refused.named(table, 0) from None


def plain(value: Any, depth: int = 0) -> Any:
    """Return the JSON value that `value` stands for, or raise `RefusedValueError`."""
    kind = type(value)
    if kind is str:
        return value if value.isascii() else checked_text(value)
    if kind is int or kind is bool or value is None:
        return value
    if kind is float:
        return _finite(value)
    if kind is dict:
        return _plain_items(value, depth)
    if kind is list or kind is tuple:
        return _plain_list(value, depth)
    return _plain_other(value, depth)


def checked_key(key: Any) -> str:
    """Return the key as plain text, or raise `RefusedValueError`."""
    if not isinstance(key, str):
        raise RefusedValueError(
            f"the key {shown(key)} is not text; JSON objects have text keys only"
        )
    return checked_text(str.__str__(key))


def checked_text(text: str) -> str:
    """Return `text`, or raise `RefusedValueError` when it holds a lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RefusedValueError(
            f"the text holds a lone surrogate at position {error.start}, which is not a character"
        ) from None
    return text


def number_text(number: Decimal) -> str:
    """Return the exact text of a decimal number, without an exponent where that stays short."""
    if not number.is_finite():
        raise RefusedValueError(f"{number} is not a JSON number; use null")
    return format(number, "f") if abs(number.adjusted()) < _PLAIN_DIGITS else str(number)


def duration_text(duration: timedelta) -> str:
    """Return a duration as ISO 8601 text in seconds, e.g. ``PT5400S`` or ``-PT0.5S``."""
    return seconds_text(duration // timedelta(microseconds=1), 1_000_000)


def seconds_text(ticks: int, per_second: int) -> str:
    """Return a count of ticks as ISO 8601 text in seconds."""
    seconds, rest = divmod(abs(ticks), per_second)
    fraction = f".{rest + per_second}".replace(".1", ".", 1).rstrip("0") if rest else ""
    return f"{'-' if ticks < 0 else ''}PT{seconds}{fraction}S"


def _finite(number: float) -> float:
    if math.isfinite(number):
        return number
    raise RefusedValueError(f"{number} is not a JSON number; use null")


def _deeper(depth: int) -> int:
    if depth >= MAX_DEPTH:
        raise RefusedValueError(f"nested more than {MAX_DEPTH} levels deep")
    return depth + 1


def _plain_items(value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    below = _deeper(depth)
    result = {}
    for key, item in value.items():
        try:
            text = key if type(key) is str and key.isascii() else checked_key(key)
            result[text] = plain(item, below)
        except RefusedValueError as refused:
            raise refused.below(key if isinstance(key, str) else repr(key)) from None
    if len(result) < len(value):
        raise RefusedValueError("two keys of one object have the same text")
    return result


def _plain_list(value: Iterable[Any], depth: int) -> list[Any]:
    below = _deeper(depth)
    result = []
    for position, item in enumerate(value):
        try:
            result.append(plain(item, below))
        except RefusedValueError as refused:
            raise refused.below(position) from None
    return result


def _plain_other(value: Any, depth: int) -> Any:
    if type(value).__name__ in _MISSING:
        return None
    if type(value).__module__ == "numpy" and not isinstance(value, str | int | float):
        return _plain_numpy(value, depth)
    for kind, convert in _CONVERTED:
        if isinstance(value, kind):
            return convert(value, depth)
    raise RefusedValueError(f"a value of type {type(value).__qualname__} has no JSON form")


def _plain_numpy(value: Any, depth: int) -> Any:
    name = type(value).__name__
    if name == "datetime64":
        return None if str(value) == "NaT" else str(value)
    if name == "timedelta64" or not hasattr(value, "tolist"):
        raise RefusedValueError(f"a value of type numpy.{name} has no JSON form")
    return plain(value.tolist(), depth)


_MISSING = {"NAType", "NaTType"}
"""What pandas puts where there is no value."""
_CONVERTED: tuple[tuple[type | tuple[type, ...], Callable[[Any, int], Any]], ...] = (
    (Enum, lambda value, depth: plain(value.value, depth)),
    (str, lambda value, _: checked_text(str.__str__(value))),
    (int, lambda value, _: int(value)),
    (float, lambda value, _: _finite(float(value))),
    ((date, time), lambda value, _: value.isoformat()),
    (timedelta, lambda value, _: duration_text(value)),
    (Decimal, lambda value, _: number_text(value)),
    (UUID, lambda value, _: str(value)),
    (BaseModel, lambda value, depth: plain(value.model_dump(mode="json"), depth)),
    (Mapping, _plain_items),
    ((list, tuple), _plain_list),
)
"""What has a JSON form besides JSON values themselves; the first that fits decides."""


def _path_text(steps: list[str | int]) -> str:
    if len(steps) > _TOLD_STEPS:
        return _path_text(steps[:_TOLD_STEPS]) + "…"
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            name = step if step.isidentifier() else repr(step)
            text += f".{name}" if text else name
    return text
