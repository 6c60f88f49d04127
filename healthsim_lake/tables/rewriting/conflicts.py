"""Rows of several scenarios that have one key: who stays, and where references go then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from healthsim_lake.storage import Storage
from healthsim_lake.tables import parquet, places
from healthsim_lake.tables.places import FileRef
from healthsim_lake.tables.rewriting.fresh_ids import OtherIds

_WON = "_won"
"""Behind the name of a column: its value in the row that stays."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What becomes of the rows of one table.

    Attributes:
        leaving: Positions of the rows that leave, by the number of their file.
        redirected: By source and position of the identifying column (the key is 0): what takes
            the place of identifiers of rows that leave; by None: of those that no row keeps in
            any column, for references that do not say by which column they point.
        conflicts: Rows that leave, by source.
    """

    leaving: Mapping[int, pl.Series] = field(default_factory=dict)
    redirected: Mapping[tuple[int, int | None], OtherIds] = field(default_factory=dict)
    conflicts: Mapping[int, int] = field(default_factory=dict)


def read_keys(
    storage: Storage, files: Sequence[tuple[int, FileRef]], names: Sequence[str]
) -> pl.DataFrame:
    """Return the identifying columns of all rows of one table.

    Args:
        storage: Where the files are.
        files: Files, each with the number of its source.
        names: The identifying columns, the key first.

    Returns:
        ``source``, ``file`` (position in `files`), ``row`` (position in the file), and the columns
        as text, numbered from ``0``; empty text is null, it identifies nothing.
    """
    columns = [
        pl.col(name).cast(pl.String).replace("", None).alias(str(at))
        for at, name in enumerate(names)
    ]
    frames = []
    for number, (source, ref) in enumerate(files):
        data = places.read_checked(storage, ref)
        table, _ = parquet.read_table(data, where=str(ref), columns=list(names))
        frames.append(
            pl.DataFrame(table).select(
                pl.lit(source, pl.UInt32).alias("source"),
                pl.lit(number, pl.UInt32).alias("file"),
                pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
                *columns,
            )
        )
    return pl.concat(frames)


def resolve(rows: pl.DataFrame, *, last_wins: bool) -> Resolution:
    """Say which rows leave because a row of another source has their key.

    A row that leaves takes the identifiers with it by which others point to it. References are
    sent to the same column of the row that stays; where that is empty, the row does not leave.

    Args:
        rows: What `read_keys` returned.
        last_wins: Whether the row of the last source stays, instead of that of the first.
    """
    others = rows.columns[4:]
    winner = pl.col("source").max() if last_wins else pl.col("source").min()
    keyed = rows.filter(pl.col("0").is_not_null())
    losing = keyed.join(
        keyed.group_by("0").agg(winner.alias("winner")), on="0", maintain_order="left"
    ).filter(pl.col("source") != pl.col("winner"))
    if losing.is_empty():
        return Resolution()
    losing = losing.join(_winners(keyed, losing, others), on="0", how="left", maintain_order="left")
    stranded = [pl.col(one).is_not_null() & pl.col(one + _WON).is_null() for one in others]
    if stranded:
        losing = losing.filter(~pl.any_horizontal(stranded))
    return Resolution(
        leaving={
            int(number): part["row"]
            for (number,), part in losing.partition_by("file", as_dict=True).items()
        },
        redirected=_redirected(rows, losing, others),
        conflicts=dict(losing.group_by("source").len().iter_rows()),
    )


def _winners(keyed: pl.DataFrame, losing: pl.DataFrame, others: Sequence[str]) -> pl.DataFrame:
    """Return, for each key in conflict, the identifiers of the row that stays."""
    contested = losing.select("0", source="winner").unique()
    return (
        keyed.join(contested, on=["0", "source"], how="semi")
        .group_by("0", maintain_order=True)
        .agg(pl.col(one).drop_nulls().first().alias(one + _WON) for one in others)
    )


def _redirected(
    rows: pl.DataFrame, losing: pl.DataFrame, others: Sequence[str]
) -> dict[tuple[int, int | None], OtherIds]:
    moves = [
        losing.select("source", old=one, new=one + _WON).filter(pl.col("old") != pl.col("new"))
        for one in others
    ]
    if all(changed.is_empty() for changed in moves):
        return {}
    staying = rows.join(losing, on=["file", "row"], how="anti")
    held = [staying.select("source", old=one) for one in ["0", *others]]
    found: dict[tuple[int, int | None], OtherIds] = {
        (source, at): ids
        for at, changed in enumerate(moves, start=1)
        for source, ids in _not_held(changed, held[at]).items()
    }
    anywhere = _not_held(pl.concat(moves), pl.concat(held))
    return {**found, **{(source, None): ids for source, ids in anywhere.items()}}


def _not_held(changed: pl.DataFrame, held: pl.DataFrame) -> dict[int, OtherIds]:
    """Return, by source, what takes the place of identifiers that no row keeps."""
    going = changed.unique(["source", "old"], keep="first", maintain_order=True).join(
        held, on=["source", "old"], how="anti"
    )
    return {
        int(source): OtherIds(part["old"], part["new"])
        for (source,), part in going.partition_by("source", as_dict=True).items()
    }


def held_before(held: Sequence[pl.Series]) -> list[pl.Series]:
    """Return, for each source, its identifiers that rows of an earlier source have, too."""
    found = [held[0].clear()] if held else []
    for at, own in enumerate(held[1:], start=1):
        earlier = pl.concat(held[:at])
        found.append(own.filter(own.is_in(earlier.implode())))
    return found


def rows_with(rows: pl.DataFrame, source: int, ids: pl.Series) -> int:
    """Return how many rows of a source have one of `ids` as an identifier."""
    names = rows.columns[3:]
    own = rows.filter(pl.col("source") == source)
    return int(own.select(pl.any_horizontal(pl.col(names).is_in(ids.implode())).sum()).item() or 0)
