"""JSON text of whole Arrow columns, made without a Python object per value."""

from __future__ import annotations

from collections.abc import Mapping
from json.encoder import encode_basestring_ascii

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from healthsim_lake.entities.codec.arrays import kernel_text

_PLAIN = bytes(code for code in range(0x20, 0x7F) if code not in b'"\\')
"""What JSON text has as it is."""


def array_texts(values: pa.Array) -> pa.Array | None:
    """Return the JSON texts of a column, the same as `dumps_many` gives.

    Returns:
        Texts, ``null`` for a null; None when values have to be looked at singly: texts with
        characters to escape, a NaN or an infinity, or anything but text, bools and numbers.
    """
    texts = _texts_of(kernel_text(values))
    return None if texts is None else texts.fill_null("null")


def _texts_of(values: pa.Array) -> pa.Array | None:
    if values.type == pa.large_string():
        return _quoted(values) if _plain(values) else None
    if any(is_kind(values.type) for is_kind in _PRINTED):
        return values.cast(pa.large_string())
    if values.type == pa.float64() and pc.all(pc.is_finite(values), min_count=0).as_py():
        # Arrow prints other digits than Python for large and small numbers, Polars the same
        return kernel_text(pl.Series(values).cast(pl.String).to_arrow())
    return None


def _quoted(texts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(_QUOTE, texts, _QUOTE, _EMPTY)


def _plain(texts: pa.Array) -> bool:
    """Return whether no text has a character that JSON escapes."""
    _, bounds, data = texts.buffers()
    if data is None or not len(texts):
        return True
    at = memoryview(bounds).cast("q")
    start, stop = at[texts.offset], at[texts.offset + len(texts)]
    return not bytes(memoryview(data)[start:stop]).translate(None, _PLAIN)


def array_objects(members: Mapping[str, pa.Array]) -> pa.Array:
    """Return one JSON object per row, from the JSON texts of its members by key."""
    parts: list[pa.Array | pa.Scalar] = []
    for key, texts in members.items():
        parts += _text(("," if parts else "{") + encode_basestring_ascii(key) + ":"), texts
    return pc.binary_join_element_wise(*parts, _text("}"), _EMPTY)


def _text(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())


_QUOTE, _EMPTY = _text('"'), _text("")
_PRINTED = (types.is_integer, types.is_boolean, types.is_null)
"""What Arrow prints as JSON does."""
