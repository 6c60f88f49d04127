"""Identifiers: which columns of a table say which row it is, and which point to other rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from healthsim_lake.entities.registry import Registry
from healthsim_lake.entities.types import EntityType, FieldSpec

_KINDS = {"text", "int"}
"""Kinds of column whose values can be identifiers."""

Place = tuple[str, ...]
_Target = tuple[str, str | None]
"""A table, and the column of it that is pointed to if that is certain."""


@dataclass(frozen=True, slots=True)
class IdColumn:
    """A column that holds identifiers.

    Attributes:
        name: The column.
        places: Where in a row its values, or other spellings of them, stand.
        own: Whether it identifies the rows of its own table.
        target: Table whose rows it points to, or None.
        target_column: Column of that table by which it points; None where it points nowhere, or
            where namesakes of it point to several.
    """

    name: str
    places: tuple[Place, ...]
    own: bool
    target: str | None = None
    target_column: str | None = None


class Identifiers:
    """The identifying and the pointing columns of all tables.

    A row is identified by the key of its table, and by every column that some reference points to,
    such as the ``mrn`` of patients. What points is what the entity types declare; in tables whose
    columns were inferred, a column points where its namesakes in all declared tables point to:
    ``patient_mrn`` means a patient everywhere.

    Args:
        registry: The types that there are.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[EntityType, tuple[IdColumn, ...]] = {}

    def of(self, entity_type: EntityType) -> tuple[IdColumn, ...]:
        """Return the columns of a table that hold identifiers, in column order."""
        if entity_type not in self._known:
            self._known[entity_type] = tuple(self._columns(entity_type))
        return self._known[entity_type]

    def _columns(self, entity_type: EntityType) -> list[IdColumn]:
        own = {one.target_column for one in self._registry.references_to(entity_type.name)}
        if entity_type.key is not None:
            own.add(entity_type.key)
        return [
            IdColumn(
                name=spec.name,
                places=_places(entity_type, spec),
                own=spec.name in own,
                target=target[0] if target else None,
                target_column=target[1] if target else None,
            )
            for spec in entity_type.fields
            if spec.kind.name in _KINDS
            and ((target := self._target(entity_type, spec)) is not None or spec.name in own)
        ]

    def _target(self, entity_type: EntityType, spec: FieldSpec) -> _Target | None:
        if spec.references is not None:
            table, column = spec.references.split(".", 1)
            return table, column
        if entity_type.origin == "inferred" and spec.name != entity_type.key:
            return self._conventional.get(spec.name)
        return None

    @cached_property
    def _conventional(self) -> Mapping[str, _Target]:
        """Return where a column name points to, for names that always mean the same table."""
        found: dict[str, dict[str, set[str]]] = {}
        for known in self._registry:
            for spec in known.fields:
                if spec.references is not None:
                    table, column = spec.references.split(".", 1)
                    found.setdefault(spec.name, {}).setdefault(table, set()).add(column)
        return {
            name: (table, next(iter(columns)) if len(columns) == 1 else None)
            for name, tables in found.items()
            if len(tables) == 1
            for table, columns in tables.items()
        }


def _places(entity_type: EntityType, spec: FieldSpec) -> tuple[Place, ...]:
    """Return the places of a column; not those that are a place of another column first.

    Rows without the key may have it as ``id`` or ``<singular>_id`` (see `codec.fill`), and names
    may come as JavaScript spells them: ``patientId`` beside ``patient_id``.
    """
    names = {(name,) for name in entity_type.by_name} - {(spec.name,)}
    places = [place for place in spec.places if place not in names]
    more = [(_camel(place[0]),) for place in places if len(place) == 1]
    if spec.name == entity_type.key:
        more += [("id",), (f"{entity_type.singular}_id",), (_camel(f"{entity_type.singular}_id"),)]
    taken = {place for other in entity_type.columns for place in other.places}
    places += [place for place in more if place not in taken]
    return tuple(dict.fromkeys(places))


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
