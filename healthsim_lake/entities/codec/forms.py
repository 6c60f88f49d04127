"""Forms: how a cell of a column turns back into the JSON value that it came from.

A form is a pair of parse and print. `fit` parses a whole column, prints it back and keeps only
what came back unchanged, so that nothing rests on how strict a parser is; `show` prints.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from healthsim_lake.entities.codec import moments
from healthsim_lake.entities.codec.arrays import build, listed
from healthsim_lake.entities.codec.jsontext import loads_many
from healthsim_lake.entities.codec.moments import keep
from healthsim_lake.entities.fields import Kind

EXACT_INT = 2**53
"""Up to here every integer is a float."""
EXACT_DIGITS = 15
"""Decimals of so many digits survive the way to a float and back."""
_PLAIN_SCALE = 6
"""Up to this scale Arrow prints decimals without an exponent."""

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.([0-9]+))?")
_MIN_INT64 = -(2**63)
_INT_SHOWN = {"text": pa.large_string(), "float": pa.float64()}


def guess(kind: Kind, texts: Iterable[str]) -> str | None:
    """Return the form that most of a sample of texts have in a column of `kind`."""
    found = Counter(filter(None, (_form_of(kind, text) for text in texts)))
    if not found:
        return None
    return moments.joined(found) if kind.name == "timestamp" else found.most_common(1)[0][0]


def _form_of(kind: Kind, text: str) -> str | None:
    find = _FORM_OF.get(kind.name)
    return find(kind, text) if find else None


def _int_form(_kind: Kind, text: str) -> str | None:
    return "text" if _INTEGER.fullmatch(text) else None


def _float_form(_kind: Kind, text: str) -> str | None:
    if _INTEGER.fullmatch(text):
        return "text:whole"
    try:
        number = float(text)
    except ValueError:
        return None
    return "text" if math.isfinite(number) and repr(number) == text else None


def _decimal_form(kind: Kind, text: str) -> str | None:
    match = _DECIMAL.fullmatch(text)
    digits = len(match[1] or "") if match else kind.scale + 1
    return f"text:{digits}" if digits <= kind.scale else None


_FORM_OF: dict[str, Callable[[Kind, str], str | None]] = {
    "bool": lambda _kind, _text: "text",
    "int": _int_form,
    "float": _float_form,
    "decimal": _decimal_form,
    "date": lambda _kind, _text: "date",
    "timestamp": lambda _kind, text: moments.form_of(text),
}
"""What `fit` finds out anyway is not looked at here."""


def fit(kind: Kind, form: str, given: pa.Array) -> pa.Array:
    """Return the typed column, null where `form` does not give the exact value back.

    Args:
        kind: The column's kind.
        form: The form to use.
        given: JSON values of one type: large_string, bool, int64 or float64.
    """
    if kind.name == "timestamp":
        return moments.fit(form, given)
    if kind.name == "text":
        return given if form == "text" else given.cast(pa.large_string())
    typed = _parse(kind, given)
    shown = show(form, typed)
    if isinstance(shown, list):
        same = build([a == b for a, b in zip(shown, listed(given), strict=True)], pa.bool_())
    else:
        same = pc.equal(shown, given)
    return keep(typed, same)


def _parse(kind: Kind, given: pa.Array) -> pa.Array:
    match kind.name:
        case "bool":
            return _parse_bool(given)
        case "date":
            return moments.parse_date(given)
    if given.type == pa.float64():
        given = _fraction_safe(kind, given)
    elif given.type == pa.int64():
        given = _range_safe(kind, given)
    typed = _cast(given, kind.arrow)
    return keep(typed, pc.is_finite(typed)) if kind.name == "float" else typed


def _parse_bool(given: pa.Array) -> pa.Array:
    if given.type == pa.bool_():
        return given
    is_true = pc.equal(given, "true")
    return pc.if_else(
        pc.or_(is_true, pc.equal(given, "false")), is_true, pa.scalar(None, pa.bool_())
    )


def _fraction_safe(kind: Kind, given: pa.Array) -> pa.Array:
    """Drop floats that the kind cannot hold exactly, among them the negative zero."""
    if kind.name == "float":
        return given
    size = pc.abs(given)
    if kind.name == "int":
        ok = pc.and_(pc.less_equal(size, float(EXACT_INT)), pc.equal(pc.floor(given), given))
    else:
        # three quarters of the last digit less: nothing may round up to one digit more
        most = 10.0 ** (min(kind.precision, EXACT_DIGITS) - kind.scale)
        ok = pc.less(size, most - 0.75 * 10.0**-kind.scale)
    return keep(given, pc.and_(ok, pc.not_equal(given.view(pa.int64()), _MIN_INT64)))


def _range_safe(kind: Kind, given: pa.Array) -> pa.Array:
    """Drop integers that the kind cannot hold exactly."""
    if kind.name == "int":
        return given
    limit = EXACT_INT if kind.name == "float" else 10 ** min(kind.precision - kind.scale, 18) - 1
    return keep(given, pc.and_(pc.less_equal(given, limit), pc.greater_equal(given, -limit)))


def _cast(given: pa.Array, kind: pa.DataType) -> pa.Array:
    if given.type == kind:
        return given
    if pa.types.is_decimal(kind) and given.type == pa.int64():
        return given.cast(pa.decimal128(38, kind.scale)).cast(kind)
    try:
        return given.cast(kind)
    except pa.ArrowInvalid:  # one text that is no number spoils the cast
        dtype = pl.Series(pa.nulls(0, kind)).dtype
        return pl.Series(given).cast(dtype, strict=False).to_arrow()


def show(form: str, typed: pa.Array) -> pa.Array | list[Any]:
    """Return the JSON values of cells: texts, numbers or bools as an array, or a list of them.

    A cell that the form does not fit, because ``extra`` holds the row's value, gives anything.
    """
    for is_kind, shown in _SHOWN:
        if is_kind(typed.type):
            return shown(form, typed)
    return _show_text(form, typed)


def _show_date(_form: str, typed: pa.Array) -> pa.Array:
    return typed.cast(pa.large_string())


def _show_int(form: str, typed: pa.Array) -> pa.Array:
    return typed if form == "int" else typed.cast(_INT_SHOWN[form], safe=False)


def _show_bool(form: str, typed: pa.Array) -> pa.Array:
    return typed if form == "bool" else typed.cast(pa.large_string())


def _show_text(form: str, typed: pa.Array) -> pa.Array | list[Any]:
    if form == "text":
        return typed
    texts = listed(typed)
    if form == "int":
        return list(map(_integer_or_none, texts))
    return loads_many(["null" if text is None else text for text in texts])


def _integer_or_none(text: str | None) -> int | None:
    return int(text) if text is not None and _INTEGER.fullmatch(text) else None


def _show_float(form: str, typed: pa.Array) -> pa.Array | list[Any]:
    match form:
        case "float":
            return typed
        case "whole":
            return typed.cast(pa.int64(), safe=False)
        case "text:whole":
            return typed.cast(pa.int64(), safe=False).cast(pa.large_string())
        case "text":
            return [None if number is None else repr(number) for number in listed(typed)]
    return _numbers(listed(typed))


def _show_decimal(form: str, typed: pa.Array) -> pa.Array | list[Any]:
    match form:
        case "float":
            return _floats(typed)
        case "whole":
            return typed.cast(pa.int64(), safe=False)
        case "number":
            return _numbers(listed(_floats(typed)))
    return _show_digits(int(form.removeprefix("text:")), typed)


def _floats(typed: pa.Array) -> pa.Array:
    # Arrow's own cast multiplies by an inexact power of ten and is wrong in the last bit
    return pl.Series(typed).cast(pl.Float64).to_arrow()


def _numbers(floats: list[float | None]) -> list[int | float | None]:
    return [int(n) if n is not None and n.is_integer() else n for n in floats]


def _show_digits(digits: int, typed: pa.Array) -> pa.Array:
    scale = typed.type.scale
    if scale > _PLAIN_SCALE:
        texts = [None if number is None else format(number, "f") for number in listed(typed)]
        full = pa.array(texts, pa.large_string())
    else:
        full = typed.cast(pa.large_string())
    drop = scale - digits + (1 if digits == 0 < scale else 0)
    if not drop:
        return full
    return pc.binary_slice(full.view(pa.large_binary()), 0, -drop).cast(pa.large_string())


_SHOWN: tuple[tuple[Callable[[pa.DataType], bool], Callable[[str, pa.Array], Any]], ...] = (
    (types.is_date, _show_date),
    (types.is_timestamp, moments.show),
    (types.is_decimal, _show_decimal),
    (types.is_floating, _show_float),
    (types.is_integer, _show_int),
    (types.is_boolean, _show_bool),
)
