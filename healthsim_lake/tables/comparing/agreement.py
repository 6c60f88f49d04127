"""Whether pairs of rows are the same, told from their cells wherever cells can tell.

Two rows are the same if they have the same keys with the same JSON values; the order of keys, and
how files happen to hold the values, do not matter. Where two rows have the same keys in the same
columns and forms, equal cells are equal values and other cells are other values. What is left
(values that only ``extra`` holds, other forms, JSON text, rare shapes) is decoded and compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from healthsim_lake import _json
from healthsim_lake.entities.types import EXTRA, ROW_SHAPE
from healthsim_lake.tables.comparing.bundle import Bundle
from healthsim_lake.tables.comparing.looks import AFTER, BEFORE, NO, Look, Test, tests_of

_UNSURE = "unsure"
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known about pairs of rows.

    Attributes:
        same: Pairs that are the same row.
        changed: Pairs that are not; of a pair that is neither, nothing is known yet.
        keys: For how many of the `changed` pairs each top-level key differs.
    """

    same: pl.Series
    changed: pl.Series
    keys: Counter[str]


def compare(before: Bundle, after: Bundle) -> Verdict:
    """Compare rows that stand at the same position of two bundles; all pairs are decided."""
    verdict = judge(before, after)
    open_ = (~(verdict.same | verdict.changed)).arg_true()
    if not len(open_):
        return verdict
    differing = [
        differing_keys(old, new)
        for old, new in zip(before.at(open_).rows(), after.at(open_).rows(), strict=True)
    ]
    changed = pl.Series([bool(keys) for keys in differing], dtype=pl.Boolean)
    keys = Counter(key for keys in differing for key in keys)
    return Verdict(
        verdict.same.scatter(open_, ~changed),
        verdict.changed.scatter(open_, changed),
        verdict.keys + keys,
    )


def differing_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the top-level keys that two rows have different values under, or only one has."""
    same = _json.same
    gone = [key for key, value in before.items() if not same(value, after.get(key, _ABSENT))]
    return gone + [key for key in after if key not in before]


def judge(before: Bundle, after: Bundle) -> Verdict:
    """Compare rows that stand at the same position of two bundles, by their cells alone."""
    looks: dict[Look, int] = {}
    pairs = pl.DataFrame({"a": _numbered(before, looks), "b": _numbered(after, looks)})
    known = list(looks)
    if pairs.n_unique() == 1:
        a, b = pairs.row(0)
        return _judge_alike(known[a], known[b], before.frame, after.frame)
    same = pl.repeat(value=False, n=len(before), dtype=pl.Boolean, eager=True)
    changed, keys = same.clone(), Counter[str]()
    for (a, b), rows in pairs.with_row_index("at").partition_by("a", "b", as_dict=True).items():
        positions = rows["at"]
        part = _judge_alike(known[a], known[b], before.frame[positions], after.frame[positions])
        same.scatter(positions, part.same)
        changed.scatter(positions, part.changed)
        keys += part.keys
    return Verdict(same, changed, keys)


def looks_of(bundle: Bundle) -> list[Look]:
    """Return the look of each shape of a bundle."""
    return [Look.of(shape, bundle.frame.schema) for shape in bundle.shapes]


def _numbered(bundle: Bundle, looks: dict[Look, int]) -> pl.Series:
    """Return the number of each row's look; new ones are added to `looks`."""
    numbers = [looks.setdefault(look, len(looks)) for look in looks_of(bundle)]
    return pl.Series(numbers, dtype=pl.Int32).gather(bundle.frame[ROW_SHAPE])


def _judge_alike(a: Look, b: Look, before: pl.DataFrame, after: pl.DataFrame) -> Verdict:
    """Compare rows that look alike on each side."""
    cells = pl.concat(
        [
            before.select(pl.col(*a.columns, EXTRA).name.prefix(BEFORE)),
            after.select(pl.col(*b.columns, EXTRA).name.prefix(AFTER)),
        ],
        how="horizontal",
    )
    other_extra = pl.col(BEFORE + EXTRA).ne_missing(pl.col(AFTER + EXTRA))
    if a.sparse or b.sparse:
        # The same cells are the same row; other cells may be the same row, held otherwise.
        differs = pl.any_horizontal(other_extra, *(place.differs() for place in a.held))
        same = ~differs if a == b else NO
        found = cells.with_columns(same=same, changed=NO)
        return Verdict(found["same"], found["changed"], Counter())
    tests = list(tests_of(a, b))
    unsure = [NO, *(test.unsure for test in tests)]
    if any(cells[side + EXTRA].null_count() < len(cells) for side in (BEFORE, AFTER)):
        unsure += [other_extra, *(test.hidden() for test in tests)]
    return _verdict(cells, tests, pl.any_horizontal(unsure))


def _verdict(cells: pl.DataFrame, tests: list[Test], unsure: pl.Expr) -> Verdict:
    names = [f"changed.{at}" for at in range(len(tests))]
    marks = [test.changed.alias(name) for name, test in zip(names, tests, strict=True)]
    some = pl.any_horizontal(NO, *map(pl.col, names))
    found = cells.with_columns(unsure.alias(_UNSURE), *marks).with_columns(
        same=~pl.col(_UNSURE) & ~some, changed=~pl.col(_UNSURE) & some
    )
    keys = Counter[str]()
    if found["changed"].any():
        counts = found.select((pl.col(name) & pl.col("changed")).sum() for name in names).row(0)
        keys = +Counter(dict(zip((test.key for test in tests), counts, strict=True)))
    return Verdict(found["same"], found["changed"], keys)
