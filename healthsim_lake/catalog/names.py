"""Which names, tags and descriptions scenarios and documents may have."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable
from itertools import count

from healthsim_lake.errors import InvalidNameError

MAX_NAME = 200
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def check_name(name: str, *, what: str = "scenario") -> str:
    """Return `name` as it is kept: as given, in Unicode's composed form (NFC).

    Args:
        name: What a caller wants to call it.
        what: What it names, for messages.

    Raises:
        InvalidNameError: Not text, empty or longer than 200 characters, with control characters,
            or in the form of a UUID, which would be mistaken for an id.
    """
    if not isinstance(name, str):
        raise InvalidNameError(f"a {what}'s name must be text, not {type(name).__name__}")
    kept = _checked_text(name, f"{what} name", MAX_NAME)
    if _UUID.fullmatch(kept):
        raise InvalidNameError(f"{what} name {name!r} has the form of an id; choose another")
    return kept


def free_name(base: str, taken: Container[str]) -> str:
    """Return `base`, or ``base-2``, ``base-3`` … where that is taken."""
    if base not in taken:
        return base
    numbered = (f"{base[: MAX_NAME - len(end)]}{end}" for end in map("-{}".format, count(2)))
    return next(name for name in numbered if name not in taken)


def check_tag(tag: str) -> str:
    """Return `tag` without white space around it.

    Raises:
        InvalidNameError: Not text, empty, too long, or with control characters.
    """
    if not isinstance(tag, str):
        raise InvalidNameError(f"a tag must be text, not {type(tag).__name__}")
    return _checked_text(tag.strip(), "tag", MAX_NAME)


def check_tags(tags: Iterable[str] | None) -> tuple[str, ...]:
    """Return `tags` checked, each once (compared without regard to case), in order.

    Raises:
        InvalidNameError: One of them breaks a rule, or text was given in place of a list.
    """
    if isinstance(tags, str):
        raise InvalidNameError(f"tags must be a list of texts; did you mean [{tags!r}]?")
    if tags is not None and not isinstance(tags, Iterable):
        raise InvalidNameError(f"tags must be a list of texts, not {type(tags).__name__}")
    kept: dict[str, str] = {}
    for tag in tags or ():
        checked = check_tag(tag)
        kept.setdefault(checked.casefold(), checked)
    return tuple(kept.values())


def check_description(description: str | None) -> str | None:
    """Return `description` as it is kept.

    Raises:
        InvalidNameError: It is not text.
    """
    if description is not None and not isinstance(description, str):
        raise InvalidNameError(f"a description must be text, not {type(description).__name__}")
    return description


def _checked_text(text: str, what: str, longest: int) -> str:
    kept = unicodedata.normalize("NFC", text)
    if not kept.strip():
        raise InvalidNameError(f"{what.capitalize()} cannot be empty")
    if len(kept) > longest:
        raise InvalidNameError(f"a {what} has at most {longest} characters, this has {len(kept)}")
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in kept):
        raise InvalidNameError(f"{what} {text!r} holds control characters")
    return kept
