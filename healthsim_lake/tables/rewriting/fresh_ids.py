"""New identifiers for old ones: a bijection that a seed alone decides, over whole columns.

Nothing has to be remembered from file to file: the same identifier becomes the same new one
wherever it stands, and no two become one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import count
from typing import Protocol

import polars as pl
import pyarrow as pa

_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_UPPER_UUID = _UUID.replace("a-f", "A-F")
_UUID_BYTES = 16
_UUID_PARTS = ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))
_LAST_DIGITS = r"(?s)^(.*[^0-9])?([0-9]+)([^0-9]*)$"
_LONG_INTEGER = r"^-?[1-9][0-9]{11,18}$"
"""Integers so long that no digits can be put in without leaving 64 bits."""
_TAG_FROM, _TAGS = 1_000_000, 9_000_000
_LOW_BITS = 36


class Substitution(Protocol):
    """Gives identifiers for identifiers."""

    def __call__(self, ids: pl.Series) -> pl.Series:
        """Return `ids` (text) with those replaced that are concerned; nulls stay."""
        ...


class FreshIds:
    """New identifiers of the same form.

    A UUID becomes another UUID of the same version. In anything else seven digits, the same
    everywhere, are put in front of the last digits: ``PAT-0012`` becomes ``PAT-48213090012``, the
    integer 5 becomes 48213095, and integers of 12 digits and more become others that still fit
    64 bits. Empty text identifies nothing and stays.

    Args:
        seed: Decides everything.
        only: The identifiers that are concerned; None for all.
    """

    def __init__(self, seed: str, *, only: pl.Series | None = None) -> None:
        digest = hashlib.sha256(seed.encode()).digest()
        mask = bytearray(digest[:_UUID_BYTES])
        mask[6] &= 0x0F  # the version of a UUID stays
        mask[8] &= 0x3F  # and so does its variant
        self._mask = bytes(mask)
        self._tag = str(_TAG_FROM + int.from_bytes(digest[16:24]) % _TAGS)
        self._low = int.from_bytes(digest[24:]) % 2**_LOW_BITS | 1
        self._only = None if only is None else only.unique()

    def __call__(self, ids: pl.Series) -> pl.Series:
        """Return the new identifiers."""
        if self._only is None:
            return self._fresh(ids)
        concerned = ids.is_in(self._only.implode()).fill_null(value=False)
        return self._fresh(ids).zip_with(concerned, ids) if concerned.any() else ids

    def _fresh(self, ids: pl.Series) -> pl.Series:
        new = ids.alias("id").to_frame().select(self._tagged(pl.col("id"))).to_series()
        for pattern, upper in ((_UUID, False), (_UPPER_UUID, True)):
            places = ids.str.contains(pattern).fill_null(value=False)
            if places.any():
                uuids = self._other_uuids(ids.filter(places))
                new = new.scatter(places.arg_true(), uuids.str.to_uppercase() if upper else uuids)
        return new.alias(ids.name)

    def _tagged(self, one: pl.Expr) -> pl.Expr:
        longer = one.cast(pl.Int64, strict=False).xor(pl.lit(self._low, pl.Int64))
        return (
            pl.when(one == "")
            .then(one)
            .when(one.str.contains(_LONG_INTEGER) & longer.is_not_null())
            .then(longer.cast(pl.String))
            .when(one.str.contains("[0-9]"))
            .then(one.str.replace(_LAST_DIGITS, f"${{1}}{self._tag}${{2}}${{3}}"))
            .otherwise(one + self._tag)
        )

    def _other_uuids(self, uuids: pl.Series) -> pl.Series:
        """Flip the same bits in all UUIDs, as one number."""
        count = len(uuids)
        old = bytes.fromhex("".join(uuids.str.replace_all("-", "", literal=True).to_list()))
        flipped = int.from_bytes(old) ^ int.from_bytes(self._mask * count)
        data = pa.py_buffer(flipped.to_bytes(_UUID_BYTES * count))
        array = pa.Array.from_buffers(pa.binary(_UUID_BYTES), count, [None, data])
        digits = pl.Series("id", array.cast(pa.large_binary())).bin.encode("hex").to_frame()
        parts = [pl.col("id").str.slice(start, length) for start, length in _UUID_PARTS]
        return digits.select(pl.concat_str(parts, separator="-")).to_series()


class OtherIds:
    """Some identifiers in the place of others.

    Args:
        old: The identifiers that are replaced, each once.
        new: What takes their place.
    """

    def __init__(self, old: pl.Series, new: pl.Series) -> None:
        self._old, self._new = old, new

    def __call__(self, ids: pl.Series) -> pl.Series:
        """Return `ids` with those replaced."""
        return ids.replace(self._old, self._new)


def fresh_beside(seed: str, ids: pl.Series, taken: Sequence[pl.Series]) -> FreshIds:
    """Return new identifiers for `ids`, none of them among those that are `taken`."""
    others = pl.concat(list(taken)).implode()
    ways = (FreshIds(f"{seed}/{attempt}", only=ids) for attempt in count())
    return next(way for way in ways if not way(ids).is_in(others).any())
