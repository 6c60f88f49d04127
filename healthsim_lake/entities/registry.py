"""The registry: which entity types are known, under all the names that people use for them."""

from __future__ import annotations

import difflib
import importlib.resources
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from healthsim_lake._shown import shown
from healthsim_lake.entities.naming import (
    RESERVED_TABLES,
    plural_of,
    singular_of,
    snake_case,
)
from healthsim_lake.entities.types import EntityType
from healthsim_lake.errors import EntityTypeNotFoundError, InputError, InvalidNameError

_SUGGESTIONS = 3


@dataclass(frozen=True, slots=True)
class Reference:
    """A column whose values are found in a column of another (or the same) table.

    Attributes:
        table: Table that points.
        column: Column that points, e.g. ``patient_mrn``.
        target_table: Table pointed to.
        target_column: Column pointed to, e.g. ``mrn``.
    """

    table: str
    column: str
    target_table: str
    target_column: str


class Registry:
    """The entity types that a lake knows: the built-in ones and those declared to it.

    A registry does not change; `with_types` makes a new one. Names are found in any spelling:
    ``LabResult``, ``lab-results``, ``LABRESULTS`` and the alias ``labs`` all mean ``lab_results``.
    """

    def __init__(self, declared: Iterable[EntityType] = ()) -> None:
        """Know the built-in types and `declared` ones.

        A declared type takes the place of the built-in type of the same name. Where a name could
        mean two types, table names go before singulars and aliases, and declared types before
        built-in ones: what a lake has pinned stays readable and keeps its meaning, whatever names
        a later release gives to its own types. Use `with_types` to have new types checked.

        Args:
            declared: Types that a lake has pinned, or the caller's own; of two with one name the
                later one counts.
        """
        self._declared = {known.name: known for known in declared}
        shipped = {known.name: known for known in builtin_types()}
        self._types = dict(sorted((shipped | self._declared).items()))
        self._index = _index(list((self._declared | self._types).values()))

    def __iter__(self) -> Iterator[EntityType]:
        return iter(self._types.values())

    def __len__(self) -> int:
        return len(self._types)

    def names(self) -> tuple[str, ...]:
        """Return the table names of all types, sorted."""
        return tuple(self._types)

    def find(self, name: str) -> EntityType | None:
        """Return the type that `name` means, or None.

        Args:
            name: Table name, singular or alias, in any case and spelling.
        """
        if name in self._types:
            return self._types[name]
        spelled = snake_case(name)
        one = singular_of(spelled)
        for form in (spelled, plural_of(one), one):
            table = self._index.get(_squashed(form))
            if table is not None:
                return self._types[table]
        return None

    def get(self, name: str) -> EntityType:
        """Return the type that `name` means.

        Raises:
            EntityTypeNotFoundError: There is none; the message names the closest ones.
        """
        found = self.find(name)
        if found is None:
            raise EntityTypeNotFoundError(
                f"no entity type is called {shown(name)}; {self._hint(name)}"
            )
        return found

    def with_types(self, types: Iterable[EntityType]) -> Registry:
        """Return a registry that also knows `types`; one of the same name is replaced.

        Raises:
            InputError: A name, singular or alias of a new type means another type or a table of
                the lake's own catalog, or a type is given twice.
        """
        new: dict[str, EntityType] = {}
        for known in types:
            if known.name in new:
                raise InputError(f"entity type {known.name} is declared twice")
            new[known.name] = known
        taken = {form: table for form, table in self._index.items() if table not in new}
        for known in new.values():
            _refuse_conflicts(known, taken)
        return Registry((self._declared | new).values())

    def references_of(self, table: str) -> tuple[Reference, ...]:
        """Return what the columns of `table` point to, in column order; nothing if unknown."""
        return tuple(known for known in self._references if known.table == table)

    def references_to(self, table: str) -> tuple[Reference, ...]:
        """Return the columns of all tables that point to `table`."""
        return tuple(known for known in self._references if known.target_table == table)

    @cached_property
    def _references(self) -> tuple[Reference, ...]:
        return tuple(
            Reference(known.name, spec.name, *spec.references.split(".", 1))
            for known in self
            for spec in known.fields
            if spec.references is not None
        )

    def _hint(self, name: str) -> str:
        close = difflib.get_close_matches(_squashed(snake_case(name)), self._index, _SUGGESTIONS)
        tables = dict.fromkeys(self._index[form] for form in close)
        if tables:
            return f"did you mean {' or '.join(tables)}?"
        return f"known are {', '.join(self._types)}"


@cache
def builtin_types() -> tuple[EntityType, ...]:
    """Return the entity types that ship with the package, sorted by name; read once per process."""
    folder = importlib.resources.files("healthsim_lake.builtin") / "entities"
    documents = (entry for entry in folder.iterdir() if entry.name.endswith(".json"))
    types = (EntityType.model_validate_json(document.read_bytes()) for document in documents)
    return tuple(sorted(types, key=_name))


def describe(entity_type: EntityType) -> dict[str, Any]:
    """Return what a table holds, for people and language models, as JSON-able values.

    The columns are the type's own, then the provenance columns that every table has. An alias is
    a key, or a list of keys to walk.
    """
    return {
        "name": entity_type.name,
        "singular": entity_type.singular,
        "key": entity_type.key,
        "product": entity_type.product,
        "aliases": list(entity_type.aliases),
        "description": entity_type.description,
        "origin": entity_type.origin,
        "columns": [spec.model_dump(mode="json", exclude={"id"}) for spec in entity_type.columns],
    }


def _name(entity_type: EntityType) -> str:
    return entity_type.name


def _squashed(name: str) -> str:
    return name.replace("_", "")


def _index(types: Iterable[EntityType]) -> dict[str, str]:
    """Return the table that every squashed name means; whoever comes first keeps it."""
    known_types = tuple(types)
    index = {_squashed(known.name): known.name for known in reversed(known_types)}
    for known in known_types:
        for name in _other_names(known):
            index.setdefault(_squashed(snake_case(name)), known.name)
    return index


def _refuse_conflicts(new: EntityType, taken: dict[str, str]) -> None:
    """Enter the names of `new` into `taken`; raise where one of them means another type."""
    for name in (new.name, *_other_names(new)):
        if snake_case(name) in RESERVED_TABLES:
            raise InvalidNameError(
                f"{shown(name)} is a table of the lake's own catalog; give {new.name} another "
                "name, singular or alias"
            )
        holder = taken.setdefault(_squashed(snake_case(name)), new.name)
        if holder != new.name:
            raise InputError(
                f"{shown(name)} would mean both {holder} and {new.name}; give {new.name} another "
                "name, singular or alias"
            )


def _other_names(entity_type: EntityType) -> tuple[str, ...]:
    one = entity_type.singular
    return (one, plural_of(one), *entity_type.aliases)
