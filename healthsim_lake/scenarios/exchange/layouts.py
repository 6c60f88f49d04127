"""What a JSON file holds of a scenario: looked through once before anything is taken from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from healthsim_lake.entities.naming import snake_case
from healthsim_lake.entities.registry import Registry
from healthsim_lake.errors import FormatError
from healthsim_lake.scenarios.exchange.documents import WRITER
from healthsim_lake.scenarios.exchange.pieces import JsonPieces

ENTITIES = "entities"
_WRAPPER = {"entity_id", "entity_type", "data", "provenance"}
_ABOUT = {"metadata", "provenance", "provenance_summary", "statistics", "summary", "tags"}
"""Members beside the entity types that are objects or lists themselves."""

KINDS = {"{": "an object", "[": "a list", '"': "text", "t": "true", "f": "false", "n": "null"}


@dataclass(slots=True)
class Survey:
    """What stands in a file, and how much of it.

    Attributes:
        head: Members that hold no rows.
        order: All members at the top, in the order of the file.
        nested: Whether the entity types stand under ``entities``.
        counts: Rows by member, in the order of the file.
        keys: Entity key that each of these members means.
    """

    head: dict[str, Any] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    nested: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def verbatim(self) -> bool:
        """Whether rows are to be taken as they are: nothing of ours is ever wrapped."""
        writer = self.head.get("writer")
        return isinstance(writer, str) and writer.startswith(WRITER)


def survey(stream: IO[bytes], where: str, registry: Registry) -> Survey:
    """Read a whole file, and return what it holds besides rows.

    Types may stand under ``entities`` or at the top, singular ones too; a single row may stand for
    a list of one.

    Raises:
        FormatError: It is no JSON, not of that shape, or holds no entity types; says where.
    """
    pieces = JsonPieces(stream, where)
    found = Survey()
    loose: dict[str, int] = {}
    if pieces.peek() != "{":
        pieces.refuse(f"expected an object with entities, found {kind_at(pieces)}")
    for key in pieces.members():
        pieces.place = key
        found.order.append(key)
        if key == ENTITIES:
            _entities(pieces, found)
        elif key not in _ABOUT and pieces.peek() in "[{":
            rows = _rows_or_value(pieces, key, found.head)
            if rows is not None:
                loose[key] = rows
        else:
            found.head[key] = pieces.value()
        pieces.place = ""
    pieces.end()
    if not found.nested:
        _types_at_the_top(found, loose, where, registry)
    return found


def _entities(pieces: JsonPieces, found: Survey) -> None:
    if pieces.peek() != "{":
        pieces.refuse(f"expected an object of entity types to rows, found {kind_at(pieces)}")
    found.nested = True
    for key in pieces.members():
        pieces.place = f"{ENTITIES}.{key}"
        found.keys[key] = key
        found.counts[key] = sum(1 for _ in rows_at(pieces))


def rows_at(pieces: JsonPieces) -> Iterator[dict[str, Any]]:
    """Yield the rows that stand where the reader is: a list of objects, or one object.

    Raises:
        FormatError: Something else stands there.
    """
    if pieces.peek() == "{":
        yield pieces.value()
        return
    if pieces.peek() != "[":
        pieces.refuse(f"expected a list of rows, found {kind_at(pieces)}")
    place = pieces.place
    for position in pieces.items():
        pieces.place = f"{place}[{position}]"
        if pieces.peek() not in ("{", ""):
            pieces.refuse(f"a row must be an object, found {kind_at(pieces)}")
        yield pieces.value()
    pieces.place = place


def kind_at(pieces: JsonPieces) -> str:
    """Return what kind of value comes next, in words."""
    following = pieces.peek()
    return KINDS.get(following, "a number" if following in "-0123456789" else repr(following))


def _rows_or_value(pieces: JsonPieces, key: str, head: dict[str, Any]) -> int | None:
    """Take a member of the top; return how many rows it holds, or None and keep it in `head`."""
    if pieces.peek() == "{":
        head[key] = pieces.value()
        return None
    count, objects = 0, True
    for _ in pieces.items():
        objects = pieces.peek() in ("{", "") and objects
        pieces.value()
        count += 1
    return count if objects else None


def _types_at_the_top(found: Survey, loose: dict[str, int], where: str, registry: Registry) -> None:
    """Decide which members at the top hold rows.

    Lists of objects do, and single objects under the name of a known type; at least one of them
    has to be a known type, because any JSON may hold lists of objects.
    """
    if "resourceType" in found.head:
        raise FormatError(
            f"{where}: a FHIR {found.head['resourceType']}, not a scenario; "
            "put rows under entity types first"
        )
    any_known = False
    for key in found.order:
        meant = registry.find(key)
        single = meant is not None and isinstance(found.head.get(key), dict)
        if key not in loose and not single:
            continue
        any_known = any_known or meant is not None
        found.head.pop(key, None)
        found.counts[key] = loose.get(key, 1)
        spelled_singular = meant is not None and snake_case(key) == meant.singular
        found.keys[key] = meant.name if meant is not None and spelled_singular else key
    if not any_known:
        held = ", ".join(found.order[:8]) or "nothing"
        raise FormatError(
            f"{where}: no entity types in it; expected an object such as "
            f'{{"name": "…", "entities": {{"patients": […]}}}}, found one with {held}'
        )


def rows(stream: IO[bytes], where: str, found: Survey) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all rows of a file that was looked through, with their entity keys, in its order."""
    pieces = JsonPieces(stream, where, checked=True)
    for key in pieces.members():
        if found.nested and key == ENTITIES:
            for member in pieces.members():
                yield from _rows_of(pieces, member, found)
        elif not found.nested and key in found.counts:
            yield from _rows_of(pieces, key, found)
        elif pieces.peek() == "[":
            for _ in pieces.items():
                pieces.value()
        else:
            pieces.value()


def _rows_of(
    pieces: JsonPieces, member: str, found: Survey
) -> Iterator[tuple[str, dict[str, Any]]]:
    key = found.keys[member]
    if found.verbatim:
        for row in rows_at(pieces):
            yield key, row
    else:
        for row in rows_at(pieces):
            yield key, unwrapped(row)


def unwrapped(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row that an item of a workspace file holds; other rows as they are."""
    data = row.get("data")
    if not isinstance(data, dict) or not row.keys() <= _WRAPPER or "provenance" not in row:
        return dict(row)
    return data if row["provenance"] is None else {**data, "_provenance": row["provenance"]}
