"""Which entity type an entity key means in a lake, and what a commit must declare for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from healthsim_lake._shown import shown
from healthsim_lake.catalog.actions import Action, DeclareTable, Requirement, TableIs
from healthsim_lake.catalog.records import EntitySet
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.entities.infer import infer_from_frame, infer_from_rows
from healthsim_lake.entities.naming import singular_of, table_name_for
from healthsim_lake.entities.registry import Registry
from healthsim_lake.entities.types import EntityType
from healthsim_lake.errors import EntityTypeNotFoundError, InputError
from healthsim_lake.scenarios.writing.pinned import PinnedTypes


class TablesInUse:
    """The entity types that one transaction writes to.

    Args:
        registry: Built-in types, the caller's own, and what the lake has pinned.
        pinned: What the lake has pinned, at any snapshot.
    """

    def __init__(self, registry: Registry, pinned: PinnedTypes) -> None:
        self._registry, self._pinned = registry, pinned
        self._by_key: dict[str, EntityType] = {}
        self._key_of: dict[str, str] = {}

    def known(self, key: str) -> EntityType | None:
        """Return the type that `key` means, unless it is one that nobody knows yet.

        Raises:
            InputError: Another key of this transaction means the same table.
        """
        found = self._by_key.get(key) or self._registry.find(key)
        return None if found is None else self._take(key, found)

    def infer(self, key: str, batch: Sequence[Any] | pa.Table) -> EntityType:
        """Return a type for a key that nobody knows, from its first rows.

        Raises:
            InvalidNameError: No table can be named after `key`.
        """
        name = table_name_for(key)
        singular = singular_of(name)
        if isinstance(batch, pa.Table):
            return self._take(key, infer_from_frame(name, singular, batch))
        return self._take(key, infer_from_rows(name, singular, batch))

    def _take(self, key: str, entity_type: EntityType) -> EntityType:
        other = self._key_of.setdefault(entity_type.name, key)
        if other != key:
            raise InputError(
                f"{shown(other)} and {shown(key)} both mean the table {entity_type.name}; "
                "give their rows under one of them"
            )
        self._by_key[key] = entity_type
        return entity_type

    def use(self, sets: Iterable[EntitySet]) -> None:
        """Take the types of the tables of `sets` into use; one without rows may have none yet."""
        for one in sets:
            if one.files:
                self.known(one.table)

    def replace(self, types: dict[str, EntityType]) -> None:
        """Take other columns for tables that are in use."""
        for key, former in self._by_key.items():
            self._by_key[key] = types.get(former.name, former)

    def outdated(self, snapshot: Snapshot) -> dict[str, EntityType]:
        """Return the types, as `snapshot` has them, whose columns are not those in use here."""
        changed = {}
        for name, used in self.types.items():
            now = self._pinned.find(name, snapshot)
            if now is not None and now is not used and now.fields != used.fields:
                changed[name] = now
        return changed

    def at(self, table: str, snapshot: Snapshot) -> EntityType:
        """Return the type of a table that has files: the one in use, else the pinned one.

        Raises:
            EntityTypeNotFoundError: Never declared in this lake.
        """
        found = self.types.get(table) or self._pinned.find(table, snapshot)
        if found is None:
            raise EntityTypeNotFoundError(f"the lake has no table {shown(table)}")
        return found

    @property
    def types(self) -> dict[str, EntityType]:
        """The types in use, by table."""
        return {one.name: one for one in self._by_key.values()}


def declarations(
    types: dict[str, EntityType], snapshot: Snapshot
) -> tuple[list[Action], list[Requirement]]:
    """Return what a commit has to declare, and what must hold, so that files of `types` fit."""
    actions: list[Action] = []
    requires: list[Requirement] = []
    for name, entity_type in types.items():
        state = snapshot.tables.get(name)
        requires.append(TableIs(table=name, revision=0 if state is None else state.revision))
        if state is None:
            actions.append(DeclareTable(table=name, declaration=entity_type.document()))
    return actions, requires
