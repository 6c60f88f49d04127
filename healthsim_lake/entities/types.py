"""Entity types: what a table holds, as a document that ships, is declared, or was inferred."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pyarrow as pa
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from healthsim_lake._shown import shown
from healthsim_lake.entities.fields import Kind
from healthsim_lake.errors import InvalidSpecificationError

NAME_PATTERN = r"[a-z][a-z0-9_]{0,62}"
_NAME = re.compile(NAME_PATTERN)

EXTRA = "extra"
ROW_SHAPE = "row_shape"
SCENARIO_ID = "scenario_id"


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{shown(name)} must match {NAME_PATTERN}")
    return name


def _checked_kind(text: str) -> str:
    return str(Kind.parse(text))


Path = str | tuple[str, ...]
"""Where a value stands in a row: a top-level key, or the keys to walk. A dot means nothing."""


class _Declaration(BaseModel):
    """Base of the parts of an entity type: what is wrong with one is told by an error of ours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    if not TYPE_CHECKING:  # the fields are the signature

        def __init__(self, /, **given: Any) -> None:
            try:
                super().__init__(**given)
            except ValidationError as error:
                what = "column" if isinstance(self, FieldSpec) else "entity type"
                raise InvalidSpecificationError(what, _problems(error)) from None


def _problems(error: ValidationError) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for one in error.errors(include_url=False, include_input=False):
        cause = one.get("ctx", {}).get("error")
        if isinstance(cause, InvalidSpecificationError):
            yield from (((*one["loc"], *rest), reason) for rest, reason in cause.problems)
        elif cause is not None:
            yield one["loc"], str(cause)
        else:
            yield one["loc"], one["msg"].replace("Input should be", "must be")


class FieldSpec(_Declaration):
    """One column of a table.

    Attributes:
        id: Parquet field id; never reused within a table.
        name: Column name, also the preferred key in rows.
        type: Kind of column as text, see `Kind.parse`.
        aliases: Other places in a row that feed this column, best first.
        description: One line for people and language models.
        required: Whether validation reports rows without it; never a reason to refuse them.
        values: The allowed values, for validation; empty when anything goes.
        references: ``table.column`` that the value points to, or None.
    """

    id: int = Field(ge=1, le=2**31 - 1)
    name: Annotated[str, AfterValidator(_checked_name)]
    type: Annotated[str, AfterValidator(_checked_kind)]
    aliases: tuple[Path, ...] = ()
    description: str = ""
    required: bool = False
    values: tuple[str, ...] = ()
    references: str | None = None

    @cached_property
    def kind(self) -> Kind:
        """The column's kind."""
        return Kind.parse(self.type)

    @cached_property
    def places(self) -> tuple[tuple[str, ...], ...]:
        """All paths that feed this column, best first: its name, then the aliases."""
        given: tuple[Path, ...] = (self.name, *self.aliases)
        return tuple((place,) if isinstance(place, str) else place for place in given)


def _provenance(number: int, name: str, kind: str, description: str, *keys: str) -> FieldSpec:
    aliases = tuple((block, key) for key in keys for block in ("_provenance", "provenance"))
    return FieldSpec(id=number, name=name, type=kind, aliases=aliases, description=description)


PROVENANCE: tuple[FieldSpec, ...] = (
    _provenance(10_001, "created_at", "timestamp", "When the row was made (UTC).", "created_at"),
    _provenance(10_002, "source_type", "text", "generated, loaded or derived.", "source_type"),
    _provenance(10_003, "source_system", "text", "The system the row came from.", "source_system"),
    _provenance(10_004, "skill_used", "text", "The skill that made the row.", "skill_used"),
    _provenance(
        10_005, "generation_seed", "int", "Seed of the generator.", "seed", "generation_seed"
    ),
)
EXTRA_ID = 10_011
ROW_SHAPE_ID = 10_012
RESERVED_COLUMNS = frozenset({SCENARIO_ID, EXTRA, ROW_SHAPE, *(spec.name for spec in PROVENANCE)})


class EntityType(_Declaration):
    """What one table holds.

    The same document describes a built-in type, one that a caller declared and one that was
    inferred from data; a lake keeps the documents of its tables in its commit log.

    Attributes:
        name: Table name, plural, e.g. ``diagnoses``.
        singular: e.g. ``diagnosis``.
        key: Column that identifies a row within its scenario, or None.
        product: Product that the type belongs to, e.g. ``patientsim``.
        aliases: Other names that mean this table.
        description: What a row is, for people and language models.
        origin: Where the document came from.
        fields: Own columns in order; provenance, ``extra`` and ``row_shape`` follow them.
    """

    name: Annotated[str, AfterValidator(_checked_name)]
    singular: Annotated[str, AfterValidator(_checked_name)]
    key: str | None = None
    product: str = "healthsim"
    aliases: tuple[str, ...] = ()
    description: str = ""
    origin: Literal["builtin", "declared", "inferred"] = "declared"
    fields: tuple[FieldSpec, ...]

    @field_validator("fields")
    @classmethod
    def _fields_are_distinct(cls, fields: tuple[FieldSpec, ...]) -> tuple[FieldSpec, ...]:
        names = [spec.name for spec in fields]
        twins = {name for name in names if names.count(name) > 1}
        if twins:
            raise ValueError(f"column {shown(min(twins))} is declared twice")
        if len({spec.id for spec in fields}) < len(fields):
            raise ValueError("two columns have one field id")
        taken = RESERVED_COLUMNS.intersection(names)
        if taken:
            raise ValueError(f"column {shown(min(taken))} is reserved")
        if any(spec.id >= PROVENANCE[0].id for spec in fields):
            raise ValueError(f"field ids from {PROVENANCE[0].id} on are reserved")
        return fields

    @model_validator(mode="after")
    def _key_is_a_column(self) -> EntityType:
        if self.key is not None and self.key not in {spec.name for spec in self.fields}:
            raise ValueError(f"key {shown(self.key)} is not a column of {self.name}")
        return self

    @cached_property
    def columns(self) -> tuple[FieldSpec, ...]:
        """Own columns, then the provenance columns that every table has."""
        return (*self.fields, *PROVENANCE)

    @cached_property
    def by_name(self) -> dict[str, FieldSpec]:
        """All columns by name."""
        return {spec.name: spec for spec in self.columns}

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        """Schema of every data file of the table, with Parquet field ids."""
        described = [(spec.name, spec.kind.arrow, spec.id) for spec in self.columns]
        described += [(EXTRA, pa.string(), EXTRA_ID), (ROW_SHAPE, pa.int32(), ROW_SHAPE_ID)]
        return pa.schema(
            pa.field(name, kind, metadata={"PARQUET:field_id": str(number)})
            for name, kind, number in described
        )

    def document(self) -> dict[str, Any]:
        """Return the type as a JSON document; `EntityType.model_validate` reads it back."""
        return self.model_dump(mode="json", exclude_defaults=True)
