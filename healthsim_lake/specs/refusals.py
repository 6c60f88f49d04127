"""What pydantic found wrong, in the words and paths of whoever wrote the specification."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from healthsim_lake.errors import InvalidSpecificationError

Path = tuple[str | int, ...]
Problem = tuple[Path, str]

_REASONS = {
    "missing": "is missing",
    "string_type": "must be text",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "finite_number": "must be a finite number",
    "invalid-json-value": "is not a JSON value",
    "recursion_loop": "contains itself, or is nested too deeply",
    "recursion_depth_exceeded": "contains itself, or is nested too deeply",
}


def problems_of(
    error: ValidationError, given: dict[str, Any], known: Iterable[str]
) -> tuple[Problem, ...]:
    """Return path and reason of everything that `error` found, each once.

    Args:
        error: What the validation of one model raised.
        given: What the model was given; says which parts of a location are its keys, and which
            only name a branch of the model.
        known: Fields of the model.
    """
    found: list[Problem] = []
    for one in error.errors(include_url=False, include_input=False):
        path = _path(one["loc"], given, missing=one["type"] == "missing")
        cause = one.get("ctx", {}).get("error")
        if one["type"] == "default_factory_not_called":
            continue  # only follows from another error
        if isinstance(cause, InvalidSpecificationError):
            found += [((*path, *rest), reason) for rest, reason in cause.problems]
        elif one["type"] == "extra_forbidden":
            found.append((path, f"is not known here; known are {', '.join(known)}"))
        else:
            reason = _REASONS.get(one["type"], one["msg"].replace("Input should be", "must be"))
            found.append((path, reason if cause is None else str(cause)))
    return tuple(dict.fromkeys(found))


def _path(location: tuple[int | str, ...], given: object, *, missing: bool) -> Path:
    path: list[str | int] = []
    for at, part in enumerate(location):
        inside, inner = _step(given, part)
        if inside:
            given = inner
        if inside or (missing and at == len(location) - 1):
            path.append(part)
    return tuple(path)


def _step(given: object, part: int | str) -> tuple[bool, object]:
    if isinstance(given, dict) and part in given:
        return True, given[part]
    if isinstance(given, list) and isinstance(part, int) and part < len(given):
        return True, given[part]
    return False, None
