"""Which rows two sets of files of one table do not share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from healthsim_lake.entities.types import EntityType
from healthsim_lake.storage import Storage
from healthsim_lake.tables.comparing.agreement import compare
from healthsim_lake.tables.comparing.bags import Bag, settle
from healthsim_lake.tables.comparing.bundle import Bundle, read_bundle
from healthsim_lake.tables.comparing.keys import row_keys
from healthsim_lake.tables.places import FileRef

_INDEX = pl.get_index_type()


@dataclass(frozen=True, slots=True)
class Differing:
    """The rows that are not the same on both sides, as positions in the files of each side.

    Attributes:
        before: Files of the left side that the right side does not have.
        after: Files of the right side that the left side does not have.
        removed: Positions in `before` of rows that are gone.
        added: Positions in `after` of rows that are new.
        old: Positions in `before` of rows that changed …
        new: … and, at the same place, what they became, in `after`.
        unchanged: Number of rows that are the same, those in shared files included.
        keys: In how many of the changed rows each top-level key differs, most first.
    """

    before: tuple[FileRef, ...]
    after: tuple[FileRef, ...]
    removed: pl.Series
    added: pl.Series
    old: pl.Series
    new: pl.Series
    unchanged: int
    keys: dict[str, int]


def differing(
    storage: Storage, before: Sequence[FileRef], after: Sequence[FileRef], entity_type: EntityType
) -> Differing:
    """Compare the rows of two sets of files.

    Rows are matched by key. Of rows with the same key, those that are equal cancel each other one
    by one; what is left is matched in order, the first with the first. Rows without a key only
    match equal ones. So the order of rows, and how they are spread over files, do not matter, and
    files with the same bytes cancel as a whole without being read.

    The files that differ are held in memory as columns.

    Raises:
        DataFileMissingError: A file is nowhere.
        DataFileAlteredError: A file is not what was committed.
    """
    ours, theirs = _unshared(before, after)
    shared = sum(ref.file.rows for ref in before) - sum(ref.file.rows for ref in ours)
    if not ours or not theirs:
        return Differing(
            ours, theirs, _all(ours), _all(theirs), _none(), _none(), unchanged=shared, keys={}
        )
    found = _Comparison(read_bundle(storage, ours), read_bundle(storage, theirs), entity_type)
    found.run()
    return Differing(
        ours,
        theirs,
        pl.concat(found.removed).sort(),
        pl.concat(found.added).sort(),
        pl.concat(found.old),
        pl.concat(found.new),
        unchanged=shared + found.left_rows - sum(map(len, [*found.removed, *found.old])),
        keys=dict(found.keys.most_common()),
    )


def _unshared(
    before: Sequence[FileRef], after: Sequence[FileRef]
) -> tuple[tuple[FileRef, ...], tuple[FileRef, ...]]:
    """Leave out files with the same bytes, each as often as both sides have it."""
    ours = Counter(ref.file.sha256 for ref in before)
    theirs = Counter(ref.file.sha256 for ref in after)
    shared = ours & theirs
    return _without(before, shared), _without(after, shared)


def _without(files: Sequence[FileRef], shared: Counter[str]) -> tuple[FileRef, ...]:
    left, kept = Counter(shared), []
    for ref in files:
        if left[ref.file.sha256]:
            left[ref.file.sha256] -= 1
        elif ref.file.rows:
            kept.append(ref)
    return tuple(kept)


def _all(files: Sequence[FileRef]) -> pl.Series:
    rows = sum(ref.file.rows for ref in files)
    return pl.int_range(rows, dtype=_INDEX, eager=True)


def _none() -> pl.Series:
    return pl.Series([], dtype=_INDEX)


class _Comparison:
    """One comparison; gathers positions part by part."""

    def __init__(self, before: Bundle, after: Bundle, entity_type: EntityType) -> None:
        self._before, self._after = before, after
        self._ours, self._theirs = row_keys(before, entity_type), row_keys(after, entity_type)
        self.left_rows = len(before)
        self.removed, self.added = [_none()], [_none()]
        self.old, self.new = [_none()], [_none()]
        self.keys = Counter[str]()

    def run(self) -> None:
        """Match all rows."""
        ours, theirs = _keyed(self._ours, "old"), _keyed(self._theirs, "new")
        repeated = _repeated(self._ours, self._theirs)
        if not len(repeated) and self._ours.equals(self._theirs, null_equal=False):
            self._compare(self._before, self._after, _all_rows(len(self._before)))
            return
        if len(repeated):
            ours = ours.join(repeated, on="key", how="anti")
            theirs = theirs.join(repeated, on="key", how="anti")
        self._match(ours, theirs)
        self._settle(
            _bag(self._before, self._ours, repeated), _bag(self._after, self._theirs, repeated)
        )

    def _match(self, ours: pl.DataFrame, theirs: pl.DataFrame) -> None:
        """Match rows whose key is there once on each side, or once on one side."""
        both = ours.join(theirs, on="key", how="full")
        self.removed.append(both.filter(pl.col("new").is_null())["old"])
        self.added.append(both.filter(pl.col("old").is_null())["new"])
        pairs = both.select("old", "new").drop_nulls().sort("old")
        if len(pairs):
            old, new = self._before.at(pairs["old"]), self._after.at(pairs["new"])
            self._compare(old, new, pairs)

    def _compare(self, before: Bundle, after: Bundle, pairs: pl.DataFrame) -> None:
        verdict = compare(before, after)
        self.old.append(pairs["old"].filter(verdict.changed))
        self.new.append(pairs["new"].filter(verdict.changed))
        self.keys += verdict.keys

    def _settle(self, left: Bag, right: Bag) -> None:
        found = settle(left, right)
        self.removed.append(_positions(found.removed))
        self.added.append(_positions(found.added))
        if found.before:
            pairs = pl.DataFrame({"old": _positions(found.before), "new": _positions(found.after)})
            pairs = pairs.sort("old")
            old, new = self._before.at(pairs["old"]), self._after.at(pairs["new"])
            self._compare(old, new, pairs)


def _positions(numbers: Sequence[int]) -> pl.Series:
    return pl.Series(numbers, dtype=_INDEX)


def _all_rows(count: int) -> pl.DataFrame:
    every = pl.int_range(count, dtype=_INDEX, eager=True)
    return pl.DataFrame({"old": every, "new": every})


def _keyed(keys: pl.Series, name: str) -> pl.DataFrame:
    frame = pl.DataFrame({"key": keys, name: pl.int_range(len(keys), dtype=_INDEX, eager=True)})
    return frame.drop_nulls("key")


def _repeated(*sides: pl.Series) -> pl.DataFrame:
    """Return the keys that a side has more than once."""
    found = [pl.Series("key", [], dtype=pl.String)]
    for keys in sides:
        given = keys.drop_nulls()
        if given.n_unique() < len(given):
            found.append(given.filter(given.is_duplicated()).alias("key"))
    return pl.DataFrame({"key": pl.concat(found).unique()})


def _bag(bundle: Bundle, keys: pl.Series, repeated: pl.DataFrame) -> Bag:
    """Return the rows without a key, and those with one that is repeated."""
    positions = (keys.is_null() | keys.is_in(repeated["key"].implode())).arg_true()
    return Bag(bundle, positions, keys[positions])
