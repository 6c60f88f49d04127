"""`lake.entities`: which entity types there are, and what their tables hold."""

from __future__ import annotations

import threading
from operator import is_
from typing import TYPE_CHECKING, Any

from healthsim_lake import entities, scenarios
from healthsim_lake.catalog import actions
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.transaction import Draft
from healthsim_lake.errors import InputError
from healthsim_lake.tables.committer import Committer

if TYPE_CHECKING:
    from healthsim_lake.entities import EntityType, Registry
    from healthsim_lake.scenarios.writing.pinned import PinnedTypes
    from healthsim_lake.scenarios.writing.tables_in_use import TablesInUse


class EntityTypes:
    """Built-in entity types, those the lake has pinned, and the caller's own."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._lock = threading.Lock()
        self._made: PinnedTypes | None = None
        self._types: list[EntityType] = []
        self._registry: Registry | None = None

    @property
    def _pinned(self) -> PinnedTypes:
        # Made when first used: it needs Arrow, which listing and renaming do not wait for.
        if self._made is None:
            self._made = scenarios.PinnedTypes()
        return self._made

    def registry(self, snapshot: Snapshot | None = None) -> Registry:
        """Return all types; those that the lake has pinned win over the built-in ones.

        Args:
            snapshot: Of a caller who has one; by default the newest is looked for.
        """
        with self._lock:
            types = self._pinned.all(snapshot or self._committer.view())
            same = len(types) == len(self._types) and all(map(is_, types, self._types))
            if self._registry is None or not same:
                self._registry, self._types = entities.Registry(types), types
            return self._registry

    def pinned(self, table: str, snapshot: Snapshot) -> EntityType | None:
        """Return the type that a table was declared with by `snapshot`, or None if it was not."""
        return self._pinned.find(table, snapshot)

    def in_use(self) -> TablesInUse:
        """Return what a transaction needs to know of the tables that it writes to."""
        return scenarios.TablesInUse(self.registry(), self._pinned)

    def at(self, table: str, snapshot: Snapshot) -> EntityType:
        """Return the type that a table has in `snapshot`; of one without rows, what is known."""
        pinned = self._pinned.find(table, snapshot)
        if pinned is not None:
            return pinned
        known = self.registry().find(table)
        return known or entities.EntityType(name=table, singular=table, fields=())

    def names(self) -> tuple[str, ...]:
        """Return the names of all tables, sorted."""
        return tuple(sorted(self.registry().names()))

    def get(self, name: str) -> EntityType:
        """Return the type that `name` means: plural, singular, alias, in any case.

        Raises:
            EntityTypeNotFoundError: Nothing is called so; the message names what is close.
        """
        return self.registry().get(name)

    def table(self, name: str) -> str:
        """Return the table that `name` means, also for a type that nobody knows yet.

        Raises:
            InvalidNameError: No table can be named so.
        """
        known = self.registry().find(name)
        return entities.table_name_for(name) if known is None else known.name

    def singular(self, name: str) -> str:
        """Return what one entity of a type is called, also of a type that nobody knows yet."""
        known = self.registry().find(name)
        return entities.singular_of(name) if known is None else known.singular

    def describe(self, name: str) -> dict[str, Any]:
        """Return what a table holds, as JSON values: columns with types, descriptions, values."""
        return entities.describe(self.get(name))

    def declare(self, entity_type: EntityType) -> EntityType:
        """Pin a type of the caller's own, before any rows of it are saved.

        Raises:
            InputError: The lake has that table with other columns; use `upgrade`. Or a name or
                alias belongs to another type.
        """
        self.registry().with_types([entity_type])  # refuses what would be ambiguous

        def plan(snapshot: Snapshot) -> Draft:
            state = snapshot.tables.get(entity_type.name)
            if state is not None and state.declaration != entity_type.document():
                raise InputError(
                    f"the lake has a table {entity_type.name} with other columns; "
                    f"use upgrade(...) to change them"
                )
            revision = 0 if state is None else state.revision
            change = actions.DeclareTable(
                table=entity_type.name, declaration=entity_type.document()
            )
            return Draft(
                operation="declare",
                actions=() if state is not None else (change,),
                requires=(actions.TableIs(table=entity_type.name, revision=revision),),
                result=entity_type.name,
            )

        pinned = self._committer.view().tables.get(entity_type.name)
        if pinned is None or pinned.declaration != entity_type.document():
            self._committer.commit(plan)
        return entity_type

    def upgrade(self, name: str, to: EntityType | None = None) -> EntityType:
        """Give a table other columns, and rewrite its live files to have them, in one commit.

        Rows are not changed: what had no column moves from ``extra`` into one. Earlier versions of
        scenarios keep the columns they were written with.

        Args:
            name: The table.
            to: The new type; by default the one that this release ships.

        Raises:
            EntityTypeNotFoundError: There is no such table.
            InputError: The new type changes the id of a column, or is for another table.
        """
        current = self.get(name)
        target = to or _builtin(current.name)
        scenarios.upgrade(self._committer, current, target)
        return target


def _builtin(name: str) -> EntityType:
    for one in entities.builtin_types():
        if one.name == name:
            return one
    raise InputError(f"{name} is no built-in type; give the new type as `to`")
