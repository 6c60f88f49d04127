"""What two states of scenarios do not share: counts at once, rows when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from healthsim_lake._shown import shown
from healthsim_lake.catalog.records import ScenarioRecord
from healthsim_lake.entities.registry import Registry
from healthsim_lake.errors import EntityTypeNotFoundError
from healthsim_lake.tables.comparing.picked import ChangedRows, PickedRows

_COUNTED = ("added", "removed", "changed", "unchanged")


@dataclass(frozen=True, slots=True)
class TableDifference:
    """What differs in one entity type.

    Attributes:
        key: Its name as it was saved.
        table: The table that holds it.
        added: Rows that only the later state has.
        removed: Rows that only the former state has.
        changed: Rows with the same key and other values.
        unchanged: Number of rows that are the same.
        columns: In how many of the changed rows each column (top-level key) differs, most first.
        only_in: ``before`` or ``after`` if the other state does not know the type at all.
    """

    key: str
    table: str
    added: PickedRows
    removed: PickedRows
    changed: ChangedRows
    unchanged: int
    columns: Mapping[str, int]
    only_in: Literal["before", "after"] | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Number of rows added, removed, changed and unchanged."""
        found = (len(self.added), len(self.removed), len(self.changed), self.unchanged)
        return dict(zip(_COUNTED, found, strict=True))

    @property
    def is_empty(self) -> bool:
        """Whether both states have the same rows."""
        return not (self.added or self.removed or self.changed)

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON values."""
        return {
            "table": self.table,
            **self.counts,
            "columns": dict(self.columns),
            "only_in": self.only_in,
        }


class Difference(Mapping[str, TableDifference]):
    """A mapping of entity key to what differs there; types that are the same are in it, too.

    Singular, plural and aliases are understood as keys.

    Attributes:
        before: Record of the former state.
        after: Record of the later state.
    """

    def __init__(
        self,
        before: ScenarioRecord,
        after: ScenarioRecord,
        tables: Mapping[str, TableDifference],
        registry: Registry,
    ) -> None:
        self.before, self.after = before, after
        self._tables, self._registry = tables, registry

    def __getitem__(self, key: str) -> TableDifference:
        own = self._key(key)
        if own is None:
            raise EntityTypeNotFoundError(
                f"Neither side holds {shown(key)}; they hold {', '.join(self._tables) or 'nothing'}"
            )
        return self._tables[own]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._key(key) is not None

    def __repr__(self) -> str:
        counts = ", ".join(f"{n:,} {name}" for name, n in self.counts.items())
        return f"<Difference {_name(self.before)} -> {_name(self.after)}: {counts}>"

    def __str__(self) -> str:
        lines = [f"{_name(self.before)} -> {_name(self.after)}"]
        for key, table in self._tables.items():
            lines.append(
                f"{key}: " + ", ".join(f"{n:,} {name}" for name, n in table.counts.items())
            )
            if table.columns:
                columns = ", ".join(f"{name} ({n:,})" for name, n in table.columns.items())
                lines.append(f"  changed: {columns}")
        return "\n".join(lines)

    @property
    def is_empty(self) -> bool:
        """Whether both states have the same rows, whatever their order."""
        return all(table.is_empty for table in self._tables.values())

    @property
    def counts(self) -> dict[str, int]:
        """Number of rows added, removed, changed and unchanged, of all types."""
        every = [table.counts for table in self._tables.values()]
        return {name: sum(counts[name] for counts in every) for name in _COUNTED}

    def to_dict(self) -> dict[str, Any]:
        """Return all counts as JSON values."""
        return {
            "before": _side(self.before),
            "after": _side(self.after),
            "is_empty": self.is_empty,
            "counts": self.counts,
            "types": {key: table.to_dict() for key, table in self._tables.items()},
        }

    def _key(self, key: str) -> str | None:
        if key in self._tables:
            return key
        meant = self._registry.find(key)
        if meant is None:
            return None
        return next((own for own, one in self._tables.items() if one.table == meant.name), None)


def _name(record: ScenarioRecord) -> str:
    return f"{record.name!r} version {record.version}"


def _side(record: ScenarioRecord) -> dict[str, Any]:
    return {"scenario_id": record.id, "name": record.name, "version": record.version}
