"""A scenario's files with a new value for every key, and every reference following."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from healthsim_lake.catalog.records import EntitySet
from healthsim_lake.entities.identity import Identifiers
from healthsim_lake.entities.types import EntityType
from healthsim_lake.storage import Storage
from healthsim_lake.tables.places import FileRef, refs
from healthsim_lake.tables.rewriting.fresh_ids import FreshIds, Substitution
from healthsim_lake.tables.rewriting.substitute import Rule, ids_of

if TYPE_CHECKING:
    import polars as pl


def fresh_rules(
    storage: Storage,
    sets: Sequence[EntitySet],
    *,
    scenario_id: str,
    types: Mapping[str, EntityType],
    identifiers: Identifiers,
    seed: str,
) -> dict[str, list[Rule]]:
    """Return, by table, what becomes of each column that holds identifiers.

    An identifier of a row is always replaced; one that points is, if the scenario holds a row that
    it identifies. What points elsewhere, to nothing or to ``"0"``, stays.

    Memory: the identifiers of the tables that others point to, not those of the rest.

    Args:
        storage: Where the files are.
        sets: The entity sets.
        scenario_id: Whose they are.
        types: Types of their tables.
        identifiers: Says what identifies and what points.
        seed: Decides the new values.
    """
    tables = {one.table: one for one in sets if one.files}
    columns = {table: identifiers.of(types[table]) for table in tables}
    targets = {one.target for own in columns.values() for one in own if one.target in tables}
    held = {
        table: held_ids(
            storage, refs(tables[table], scenario_id), types[table], identifiers=identifiers
        )
        for table in targets
        if table is not None
    }
    fresh = FreshIds(seed)
    follow = {table: FreshIds(seed, only=ids) for table, ids in held.items()}
    return {
        table: [
            Rule(one, ways)
            for one in own
            if (ways := _ways(fresh if one.own else None, follow.get(one.target or "")))
        ]
        for table, own in columns.items()
    }


def held_ids(
    storage: Storage,
    files: Sequence[FileRef],
    entity_type: EntityType,
    *,
    identifiers: Identifiers,
) -> pl.Series:
    """Return all identifiers of the rows in `files`, each once, as text."""
    own = [one for one in identifiers.of(entity_type) if one.own]
    return ids_of(storage, files, entity_type, own)


def _ways(*ways: Substitution | None) -> tuple[Substitution, ...]:
    return tuple(one for one in ways if one is not None)
