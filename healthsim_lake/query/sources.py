"""The tables of a question: chosen scenarios in, views with the places of their files out."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice

from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.records import Manifest
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.entities.registry import Registry
from healthsim_lake.entities.types import ROW_SHAPE, EntityType
from healthsim_lake.query.catalog_tables import CatalogTable
from healthsim_lake.query.views import FileSource, View
from healthsim_lake.tables.places import FileRef, locate_to_read, refs
from healthsim_lake.tables.selection import manifests_of

_MOST_ALLOWED = 200
_MOST_WATCHED = 50


class Sources:
    """The tables of the same scenarios in the same state, looked up when first read.

    Reading them needs no lock of the lake: what a snapshot names never changes, only its place
    does, and whoever finds a file gone asks for the tables anew.

    Args:
        log: The lake's log.
        registry: The entity types; each is a table, whether it has rows or not.
        catalog: Tables of the catalog, by name.
        states: The chosen scenarios.
        whole: Whether they are the whole lake.
    """

    def __init__(
        self,
        log: CommitLog,
        registry: Registry,
        catalog: Mapping[str, CatalogTable],
        states: Sequence[ScenarioState],
        *,
        whole: bool,
    ) -> None:
        self._log, self._registry, self._catalog = log, registry, catalog
        self._states, self._whole = tuple(states), whole
        self._views: dict[str, View] = {}
        self._shown: tuple[str, dict[str, View]] = ("", {})
        self._lock = threading.Lock()

    def are_of(self, registry: Registry, states: Sequence[ScenarioState], *, whole: bool) -> bool:
        """Return whether these are the tables of the same scenarios in the same state.

        A snapshot shares what did not change with the one before, so that identity tells.
        """
        return (
            self._registry is registry
            and self._whole is whole
            and len(self._states) == len(states)
            and all(mine is theirs for mine, theirs in zip(self._states, states, strict=True))
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of all tables; the catalog's own win over entity types."""
        return (*(n for n in self._registry.names() if n not in self._catalog), *self._catalog)

    def reads_catalog(self, tables: Iterable[str]) -> bool:
        """Return whether one of `tables` shows the catalog, which may change with every commit."""
        return any(table in self._catalog for table in tables)

    def reads_growing(self, tables: Iterable[str]) -> bool:
        """Return whether one of `tables` may have more rows without another commit."""
        return any(table in self._catalog and self._catalog[table].grows for table in tables)

    def views(self, tables: Iterable[str], snapshot: Snapshot) -> list[View]:
        """Return the tables as the engine sees them; the same object while they are the same.

        Raises:
            DataFileMissingError: A file is nowhere.
            DataFileAlteredError: A file has another size than was committed.
        """
        with self._lock:
            return [self._view(table, snapshot) for table in tables]

    def look_again(self) -> None:
        """Forget where files are."""
        with self._lock:
            self._views.clear()

    def _view(self, table: str, snapshot: Snapshot) -> View:
        if table in self._catalog:
            return self._catalog_view(self._catalog[table], snapshot)
        known = self._views.get(table)
        # Files that were looked up stay watched, as long as that costs next to nothing.
        near = self._log.storage.filesystem is None
        if known is None or (near and max(len(known.files), len(self._states)) <= _MOST_WATCHED):
            found = self._files_view(self._registry.get(table))
            self._views[table] = known if known == found else found
        return self._views[table]

    def _catalog_view(self, table: CatalogTable, snapshot: Snapshot) -> View:
        digest, shown = self._shown
        if digest != snapshot.digest:
            shown = {}
            self._shown = snapshot.digest, shown
        if table.name not in shown or table.grows:
            rows = table.rows(snapshot, None if self._whole else self._states)
            shown[table.name] = View(table.name, table.schema, table=rows.cast(table.schema))
        return shown[table.name]

    def _files_view(self, entity_type: EntityType) -> View:
        schema = entity_type.arrow_schema
        storage, found = self._log.storage, list(self._files(entity_type.name))
        keys = locate_to_read(storage, found)
        return View(
            name=entity_type.name,
            schema=schema.remove(schema.get_field_index(ROW_SHAPE)).remove_metadata(),
            files=tuple(
                FileSource(storage.location(key), ref.scenario_id)
                for key, ref in zip(keys, found, strict=True)
            ),
        )

    def _files(self, table: str | None = None) -> Iterator[FileRef]:
        return (
            ref
            for state, manifest in zip(self._states, self._manifests, strict=True)
            for one in manifest.sets
            if table in (None, one.table)
            for ref in refs(one, state.record.id)
        )

    @cached_property
    def _manifests(self) -> list[Manifest]:
        return manifests_of(self._log, self._states)

    def places(self) -> tuple[str, ...]:
        """Return where local files of any table may stand, now or later.

        An engine that may open them all needs no other connection for the next table. Nothing if
        they are many, or as long as no table with files was looked up.
        """
        storage = self._log.storage
        if storage.filesystem is not None or "_manifests" not in self.__dict__:
            return ()
        found = list(islice(self._files(), _MOST_ALLOWED + 1))
        if len(found) > _MOST_ALLOWED:
            return ()
        keys = dict.fromkeys(key for ref in found for key in ref.possible_keys())
        return tuple(map(storage.location, keys))
