"""Some rows of some files, read again when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import polars as pl

from healthsim_lake import _json
from healthsim_lake.entities.types import ROW_SHAPE, SCENARIO_ID, EntityType
from healthsim_lake.storage import Storage
from healthsim_lake.tables import parquet, places
from healthsim_lake.tables.comparing.agreement import differing_keys
from healthsim_lake.tables.comparing.bundle import as_frame, read_bundle
from healthsim_lake.tables.comparing.keys import key_of, key_places
from healthsim_lake.tables.places import FileRef

_INDEX = pl.get_index_type()
_CHANGES = pl.Schema(
    {"key": pl.String, "column": pl.String, "before": pl.String, "after": pl.String}
)


class PickedRows(Sequence[dict[str, Any]]):
    """A sequence of rows, exactly as they were saved.

    Its length is known; rows are read, and their files checked, whenever it is iterated. Reading
    fails with `DataFileMissingError` once maintenance has forgotten the version.
    """

    def __init__(
        self,
        storage: Storage,
        entity_type: EntityType,
        files: Sequence[FileRef],
        positions: pl.Series,
    ) -> None:
        self._storage, self._type = storage, entity_type
        self._files, self._positions = files, positions

    def __len__(self) -> int:
        return len(self._positions)

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, place: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        return self._dicts[place]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for files, positions in self._parts():
            yield from read_bundle(self._storage, files).at(positions).rows()

    def __repr__(self) -> str:
        return f"<{len(self):,} rows of {self._type.name}>"

    @cached_property
    def _dicts(self) -> list[dict[str, Any]]:
        return list(self)

    def to_polars(self) -> pl.DataFrame:
        """Return the typed columns, ``extra`` and ``scenario_id`` of the rows as a Polars frame."""
        schema = self._type.arrow_schema
        empty = schema.remove(schema.get_field_index(ROW_SHAPE)).empty_table()
        frames = [as_frame(empty).with_columns(pl.lit(None, pl.String).alias(SCENARIO_ID))]
        for files, positions in self._parts():
            frames.append(pl.concat(map(self._columns, files), how="diagonal")[positions])
        # A version from before its table got other columns has the columns of then.
        return pl.concat(frames[1:] or frames, how="diagonal")

    def _columns(self, ref: FileRef) -> pl.DataFrame:
        data = places.read_checked(self._storage, ref)
        table, _ = parquet.read_table(data, where=str(ref))
        frame = as_frame(table.drop_columns([ROW_SHAPE]))
        return frame.with_columns(pl.lit(ref.scenario_id).alias(SCENARIO_ID))

    def _parts(self) -> Iterator[tuple[list[FileRef], pl.Series]]:
        """Yield files with the positions to take: file by file where the order allows it."""
        if not len(self._positions):
            return
        ends = pl.Series([ref.file.rows for ref in self._files]).cum_sum()
        starts = ends - ends.diff().fill_null(ends[0])
        homes = pl.Series(ends.search_sorted(self._positions, side="right"), dtype=_INDEX)
        if self._positions.is_sorted():
            for home in homes.unique(maintain_order=True).to_list():
                inside = self._positions.filter(homes == home) - starts[home]
                yield [self._files[home]], inside.cast(_INDEX)
        else:
            yield list(self._files), self._positions


@dataclass(frozen=True, slots=True)
class Change:
    """A row that changed.

    Attributes:
        key: The key by which the two rows were matched.
        before: What it was.
        after: What it is.
        columns: The top-level keys whose values differ, or that only one of the two has.
    """

    key: str
    before: dict[str, Any]
    after: dict[str, Any]
    columns: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the change as JSON values."""
        return {
            "key": self.key,
            "columns": list(self.columns),
            "before": self.before,
            "after": self.after,
        }


class ChangedRows(Sequence[Change]):
    """The rows of a table that changed, in the order in which they stood before.

    Attributes:
        before: What they were.
        after: What they became, in the same order.
    """

    def __init__(self, before: PickedRows, after: PickedRows, entity_type: EntityType) -> None:
        self.before, self.after = before, after
        self._places = key_places(entity_type)

    def __len__(self) -> int:
        return len(self.before)

    @overload
    def __getitem__(self, place: int) -> Change: ...
    @overload
    def __getitem__(self, place: slice) -> list[Change]: ...
    def __getitem__(self, place: int | slice) -> Change | list[Change]:
        return self._changes[place]

    def __iter__(self) -> Iterator[Change]:
        for old, new in zip(self.before, self.after, strict=True):
            key = key_of(old, self._places) or ""
            yield Change(key, old, new, tuple(differing_keys(old, new)))

    def __repr__(self) -> str:
        return f"<{len(self):,} changed rows>"

    @cached_property
    def _changes(self) -> list[Change]:
        return list(self)

    def to_polars(self) -> pl.DataFrame:
        """Return one line for each value that changed.

        Columns are ``key``, ``column``, ``before`` and ``after``; values are JSON text, and null
        where the row has no such key. `before` and `after` give whole rows as frames.
        """
        lines = (
            (one.key, column, _text(one.before, column), _text(one.after, column))
            for one in self
            for column in one.columns
        )
        return pl.DataFrame(list(lines), schema=_CHANGES, orient="row")


def _text(row: dict[str, Any], key: str) -> str | None:
    return _json.dumps_text(row[key]) if key in row else None
