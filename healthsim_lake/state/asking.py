"""One question in the words of several specifications: which scenario, which SQL, which page."""

from __future__ import annotations

from typing import TypedDict, TypeVar

from healthsim_lake._shown import shown
from healthsim_lake.errors import InputError

PAGE_SIZE = 20
"""Rows of a page, unless a caller wants another number."""

T = TypeVar("T")


class Window(TypedDict):
    """Which rows of an answer are asked for."""

    limit: int
    offset: int


def one_of(**given: T | None) -> T:
    """Return the value that was given under one of several names that mean the same.

    Raises:
        InputError: None was given, or several that differ.
    """
    found = at_most_one_of(**given)
    if found is None:
        *most, last = given
        start = "" if len(most) > 1 else "Either "
        raise InputError(f"{start}{', '.join(most)} or {last} required")
    return found


def at_most_one_of(**given: T | None) -> T | None:
    """Return the value that was given under one of several names that mean the same, if any was.

    Raises:
        InputError: Several were given that differ.
    """
    values = {name: value for name, value in given.items() if value is not None}
    first, *others = values.values() or [None]
    if any(other != first for other in others):
        told = ", ".join(f"{name}={shown(value)}" for name, value in values.items())
        raise InputError(f"{told} mean the same; give one")
    return first


def window(
    *,
    limit: int | None = None,
    offset: int | None = None,
    page: int | None = None,
    page_size: int | None = None,
) -> Window:
    """Return the rows that are asked for, in either way of counting.

    Raises:
        InputError: Both ways were used, or a page is no whole number from 0 on.
    """
    if page is None and page_size is None:
        size, first = PAGE_SIZE if limit is None else limit, 0 if offset is None else offset
        return {"limit": size, "offset": first}
    if limit is not None or offset is not None:
        raise InputError("give limit and offset, or page and page_size, not both")
    size, number = PAGE_SIZE if page_size is None else page_size, 0 if page is None else page
    for name, value, least in (("page_size", size, 1), ("page", number, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InputError(f"{name}={shown(value)}: give a whole number, {least} or more")
    return {"limit": size, "offset": number * size}
