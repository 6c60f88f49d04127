"""Rows that no key tells apart: compared as bags, in which only the number of equal rows counts."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from healthsim_lake import _json
from healthsim_lake.entities.types import EXTRA, ROW_SHAPE
from healthsim_lake.tables.comparing.agreement import judge, looks_of
from healthsim_lake.tables.comparing.bundle import Bundle
from healthsim_lake.tables.comparing.looks import Look

_INDEX = pl.get_index_type()


class Bag(NamedTuple):
    """Some rows of a bundle.

    Attributes:
        bundle: Holds them.
        positions: Which they are, in order.
        keys: Their keys, at the same places as `positions`; null where a row has none.
    """

    bundle: Bundle
    positions: pl.Series
    keys: pl.Series

    def only(self, chosen: pl.Series) -> Bag:
        """Return the rows that a mask chooses."""
        return Bag(self.bundle, self.positions.filter(chosen), self.keys.filter(chosen))


class Unpaired(NamedTuple):
    """What is left of two bags once equal rows are taken out, one by one.

    Attributes:
        removed: Positions on the left, rows for which nothing is left on the right.
        added: Positions on the right, likewise.
        before: Positions on the left of rows that share their key with one on the right …
        after: … and the positions of these.
    """

    removed: list[int]
    added: list[int]
    before: list[int]
    after: list[int]


def settle(left: Bag, right: Bag) -> Unpaired:
    """Take out rows that are equal, and pair those that are left by key, in their order."""
    left, right = _without_equal_cells(left, right)
    ours, theirs = left.keys.unique(), right.keys.unique()
    lonely_left = ~left.keys.is_in(theirs.implode(), nulls_equal=True)
    lonely_right = ~right.keys.is_in(ours.implode(), nulls_equal=True)
    removed = left.positions.filter(lonely_left).to_list()
    added = right.positions.filter(lonely_right).to_list()
    before: list[int] = []
    after: list[int] = []
    # What has no counterpart needs no look; the rest is decoded, and then equality is exact.
    olds, news = _without_equal_rows(left.only(~lonely_left), right.only(~lonely_right))
    for key in olds | news:
        old, new = olds.get(key, []), news.get(key, [])
        pairs = 0 if key is None else min(len(old), len(new))
        before += old[:pairs]
        after += new[:pairs]
        removed += old[pairs:]
        added += new[pairs:]
    return Unpaired(sorted(removed), sorted(added), before, after)


def _without_equal_cells(left: Bag, right: Bag) -> tuple[Bag, Bag]:
    """Take out rows whose cells are the same, as far as rows look the same on both sides."""
    gone_left = pl.repeat(value=False, n=len(left.positions), dtype=pl.Boolean, eager=True)
    gone_right = pl.repeat(value=False, n=len(right.positions), dtype=pl.Boolean, eager=True)
    theirs = dict(_by_look(right))
    for look, ours in _by_look(left):
        if look in theirs:
            pairs = _hash_pairs(left, ours, right, theirs[look], look)
            before = left.bundle.at(left.positions[pairs["left"]])
            same = judge(before, right.bundle.at(right.positions[pairs["right"]])).same
            pairs = pairs.filter(same)
            gone_left.scatter(pairs["left"], True)
            gone_right.scatter(pairs["right"], True)
    return left.only(~gone_left), right.only(~gone_right)


def _by_look(bag: Bag) -> Iterable[tuple[Look, pl.Series]]:
    """Yield looks with the places, in the bag, of rows that have them."""
    looks, places = looks_of(bag.bundle), defaultdict[Look, list[pl.Series]](list)
    shapes = bag.bundle.frame[ROW_SHAPE][bag.positions]
    for shape in shapes.unique().to_list():
        places[looks[shape]].append((shapes == shape).arg_true())
    return [(look, pl.concat(found).sort()) for look, found in places.items()]


def _hash_pairs(
    left: Bag, ours: pl.Series, right: Bag, theirs: pl.Series, look: Look
) -> pl.DataFrame:
    """Pair the n-th row of a hash with the n-th row of the same hash; hashes may deceive."""
    columns = [*look.columns, EXTRA]

    def hashed(bag: Bag, places: pl.Series, name: str) -> pl.DataFrame:
        hashes = bag.bundle.frame.select(columns)[bag.positions[places]].hash_rows(seed=0)
        frame = pl.DataFrame({"hash": hashes, name: places.cast(_INDEX)})
        return frame.with_columns(nth=pl.int_range(pl.len()).over("hash"))

    both = hashed(left, ours, "left").join(hashed(right, theirs, "right"), on=["hash", "nth"])
    return both.select("left", "right")


Places = dict[str | None, list[int]]
"""Positions of rows by key."""


def _without_equal_rows(left: Bag, right: Bag) -> tuple[Places, Places]:
    """Take out rows that are equal; return the positions of the others by key."""
    olds, news = _digests(left), _digests(right)
    gone: set[int] = set()
    waiting: defaultdict[bytes, list[int]] = defaultdict(list)
    for position, digest in zip(right.positions, news, strict=True):
        waiting[digest].append(position)
    for queue in waiting.values():
        queue.reverse()
    kept: Places = defaultdict(list)
    for position, key, digest in zip(left.positions, left.keys, olds, strict=True):
        queue = waiting[digest]
        if queue:
            gone.add(queue.pop())
        else:
            kept[key].append(position)
    others: Places = defaultdict(list)
    for position, key in zip(right.positions, right.keys, strict=True):
        if position not in gone:
            others[key].append(position)
    return kept, others


def _digests(bag: Bag) -> list[bytes]:
    rows = bag.bundle.at(bag.positions).rows()
    return [hashlib.sha256(_json.canonical(row).encode()).digest() for row in rows]
