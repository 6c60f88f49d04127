"""A scenario with its rows, as it was at one of its versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from healthsim_lake._shown import shown
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.records import EntitySet, Manifest, ScenarioRecord
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.entities.registry import Registry
from healthsim_lake.entities.types import EntityType
from healthsim_lake.errors import EntityTypeNotFoundError
from healthsim_lake.scenarios.entity_types import EntityTypes
from healthsim_lake.tables.reader import TableRows, read_rows

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa


class Scenario(Mapping[str, list[dict[str, Any]]]):
    """A loaded scenario: a mapping of entity key to rows, exactly as they were saved.

    All files were read and checked when it was loaded, so nothing that happens to the lake later
    changes it. Rows become dicts when first asked for; frames and tables never go through dicts.
    Keys are the ones the rows were saved under; singular, plural and aliases are understood too.

    Attributes:
        record: The scenario's record; of the loaded version.
    """

    def __init__(
        self, record: ScenarioRecord, rows: Mapping[str, TableRows], registry: Registry
    ) -> None:
        self.record = record
        self._rows, self._registry = rows, registry

    def __getitem__(self, key: str) -> list[dict[str, Any]]:
        return self._find(key).dicts

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._key(key) is not None

    def __repr__(self) -> str:
        counts = ", ".join(f"{key}: {len(rows)}" for key, rows in self._rows.items())
        return f"<Scenario {self.record.name!r} version {self.record.version} ({counts})>"

    @cached_property
    def entities(self) -> dict[str, list[dict[str, Any]]]:
        """All rows by entity key."""
        return {key: rows.dicts for key, rows in self._rows.items()}

    def iter_rows(self, key: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of one type without keeping them all as dicts."""
        return self._find(key).iter_dicts()

    def to_polars(self, key: str) -> pl.DataFrame:
        """Return the typed columns of one entity type, with ``extra`` and ``scenario_id``."""
        return self._find(key).to_polars()

    def to_arrow(self, key: str) -> pa.Table:
        """Return the typed columns of one entity type, with ``extra`` and ``scenario_id``."""
        return self._find(key).to_arrow()

    def _find(self, key: str) -> TableRows:
        own = self._key(key)
        if own is None:
            raise EntityTypeNotFoundError(
                f"Scenario '{self.record.name}' holds no {shown(key)}; "
                f"it holds {', '.join(self._rows) or 'nothing'}"
            )
        return self._rows[own]

    def _key(self, key: str) -> str | None:
        if key in self._rows:
            return key
        meant = self._registry.find(key)
        if meant is None:
            return None
        return next((own for own, rows in self._rows.items() if rows.table == meant.name), None)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be read of a scenario.

    Attributes:
        record: The scenario's record; of the chosen version.
        tables: Its entity sets, in the order they were saved, with the columns they have.
    """

    record: ScenarioRecord
    tables: tuple[tuple[EntitySet, EntityType], ...]


def choose(
    log: CommitLog,
    snapshot: Snapshot,
    state: ScenarioState,
    known: EntityTypes,
    *,
    types: Sequence[str] | None = None,
    version: int | None = None,
) -> Chosen:
    """Find what is to be read of a scenario, without reading it.

    Args:
        log: The lake's log.
        snapshot: Gives the columns of the tables.
        state: The scenario.
        known: Says which table a name means, and what columns it has.
        types: Entity types to read; None for all.
        version: One of the scenario's versions; None for the newest.

    Raises:
        VersionNotFoundError: It never had that version, or `vacuum` has forgotten it.
        EntityTypeNotFoundError: It holds no such type.
    """
    manifest = log.manifest(state, version)
    wanted: Sequence[EntitySet] = manifest.sets
    if types is not None:
        wanted = choose_sets(manifest, types, known.registry(), state.record)
    return Chosen(
        record_at(state, manifest, version),
        tuple((one, known.at(one.table, snapshot)) for one in wanted),
    )


def load(
    log: CommitLog,
    snapshot: Snapshot,
    state: ScenarioState,
    known: EntityTypes,
    *,
    types: Sequence[str] | None = None,
    version: int | None = None,
) -> Scenario:
    """Read the rows of a scenario; the arguments are those of `choose`.

    Raises:
        VersionNotFoundError: It never had that version.
        EntityTypeNotFoundError: It holds no such type.
        PurgedError: The scenario was purged.
        IntegrityError: A file is missing or altered.
    """
    chosen = choose(log, snapshot, state, known, types=types, version=version)
    with log.reading(chosen.record):
        rows = read_rows(log.storage, state.record.id, chosen.tables)
    return Scenario(chosen.record, rows, known.registry(snapshot))


def choose_sets(
    manifest: Manifest, types: Sequence[str], registry: Registry, record: ScenarioRecord
) -> list[EntitySet]:
    """Return the entity sets that are meant by `types`.

    Raises:
        EntityTypeNotFoundError: The scenario holds no such type.
    """
    chosen = []
    for name in [types] if isinstance(types, str) else types:
        meant = registry.find(name)
        one = manifest.find(name) or (None if meant is None else manifest.find(meant.name))
        if one is None:
            held = ", ".join(other.key for other in manifest.sets) or "nothing"
            raise EntityTypeNotFoundError(
                f"Scenario '{record.name}' holds no {shown(name)}; it holds {held}"
            )
        chosen.append(one)
    return chosen


def record_at(state: ScenarioState, manifest: Manifest, version: int | None) -> ScenarioRecord:
    """Return a scenario's record with the counts and times of one of its versions."""
    record = state.record
    if version is None or version == record.version:
        return record
    chosen = next(one for one in state.versions if one.version == version)
    return record.model_copy(
        update={
            "version": version,
            "updated_at": chosen.timestamp,
            "entity_counts": manifest.counts,
        }
    )
