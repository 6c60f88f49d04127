"""The base of all specifications: a document as it was given, checked."""

# No postponed annotations here: pydantic 2.11 reads that of __pydantic_extra__ in the modules of
# the subclasses, where its names mean nothing.

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from healthsim_lake._shown import shown, similar
from healthsim_lake.errors import InvalidSpecificationError
from healthsim_lake.specs.refusals import problems_of


class Declared(BaseModel):
    """A JSON object that means something, and stays as it was given.

    Keys that the model does not know are kept. Values are never converted and defaults never
    written out, so that `to_dict` gives what was given, and the model equals that dict.
    """

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)
    __pydantic_extra__: dict[str, JsonValue] = Field(init=False)

    WHAT: ClassVar[str] = ""
    """What such a document is called in errors; the name of the class unless given."""

    if not TYPE_CHECKING:  # the fields are the signature

        def __init__(self, /, **given: Any) -> None:
            try:
                super().__init__(**given)
            except ValidationError as error:
                kind = type(self)
                problems = problems_of(error, given, kind.model_fields)
                raise InvalidSpecificationError(kind.what(), problems) from None

    @classmethod
    def what(cls) -> str:
        """Return what such a document is called in errors."""
        return cls.WHAT or cls.__name__

    @classmethod
    def from_dict(cls, document: Mapping[str, Any] | BaseModel) -> Self:
        """Return the model of a document.

        Args:
            document: The document as a dict, or as any pydantic model.

        Raises:
            InvalidSpecificationError: It cannot mean what it says; the message names the path of
                everything that is wrong.
        """
        if isinstance(document, cls):
            return document
        if isinstance(document, Declared):
            raise InvalidSpecificationError(cls.what(), [((), f"this is a {document.what()}")])
        if isinstance(document, BaseModel):
            # Defaults of somebody else's model are part of what it says; None says nothing.
            document = document.model_dump(mode="json", exclude_none=True)
        if not isinstance(document, Mapping):
            raise InvalidSpecificationError(
                cls.what(), [((), f"must be an object (a dict), not {shown(document)}")]
            )
        wrong = [key for key in document if not isinstance(key, str)]
        if wrong:
            raise InvalidSpecificationError(
                cls.what(), [((), f"keys must be text, not {shown(wrong[0])}")]
            )
        model = cls(**document)
        for key in _keys(document):
            try:
                key.encode()
            except UnicodeEncodeError:  # pydantic would write other characters in its place
                reason = f"the key {shown(key)} holds a lone surrogate, which is not a character"
                raise InvalidSpecificationError(cls.what(), [((), reason)]) from None
        return model

    def to_dict(self) -> dict[str, Any]:
        """Return the document as JSON values: the keys that were given, known or not."""
        return self.model_dump(mode="json", exclude_unset=True)

    def slips(self) -> Iterator[str]:
        """Yield the keys that nothing here knows but that look like one it does, in words.

        Unknown keys are kept, and mean nothing; who mistyped one should be told.
        """
        for key in self.model_extra or {}:
            hint = similar(key, type(self).model_fields)
            if hint:
                yield f"{shown(key)}{hint}"
        for name in type(self).model_fields:
            for inner in _declared(getattr(self, name)):
                yield from (f"{name}: {slip}" for slip in inner.slips())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Mapping):
            return self.to_dict() == other
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]  # documents hold lists and dicts


def _declared(value: Any) -> Iterator[Declared]:
    """Yield the models in the value of a field."""
    if isinstance(value, Declared):
        yield value
        return
    values = value.values() if isinstance(value, Mapping) else value
    if isinstance(value, Mapping | list | tuple):
        yield from (inner for inner in values if isinstance(inner, Declared))


def _keys(value: Any) -> Iterator[str]:
    """Yield the keys of all objects in a JSON value that was checked."""
    if isinstance(value, Mapping):
        yield from value
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for inner in value:
        yield from _keys(inner)
