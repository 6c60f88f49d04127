"""Which names, tags and descriptions scenarios and documents may have."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable
from itertools import chain, count

from healthsim_lake._shown import shown
from healthsim_lake.errors import InputError, InvalidNameError

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
        raise InvalidNameError(f"{what} name {shown(name)} has the form of an id; choose another")
    return kept


def free_name(base: str, taken: Container[str], *, ending: str = "") -> str:
    """Return `base` with `ending`, and with a number behind that where it is taken.

    Of a base that is too long for these the beginning is used.
    """
    endings = chain([ending], (f"{ending}-{number}" for number in count(2)))
    names = (f"{base[: MAX_NAME - len(end)]}{end}" for end in endings)
    return next(name for name in names if name not in taken)


def check_tag(tag: str) -> str:
    """Return `tag` without white space around it.

    Raises:
        InvalidNameError: Not text, empty, too long, or with control characters.
    """
    if not isinstance(tag, str):
        raise InvalidNameError(f"a tag must be text, not {type(tag).__name__}")
    return _checked_text(tag.strip(), "tag", MAX_NAME)


def check_tags(tags: Iterable[str] | None, what: str = "tags") -> tuple[str, ...]:
    """Return `tags` checked, each once (compared without regard to case), in order.

    Args:
        tags: What a caller gave.
        what: The name of the argument, for messages.

    Raises:
        InvalidNameError: One of them breaks a rule, or something else was given than a list.
    """
    if isinstance(tags, str):
        raise InvalidNameError(f"{what} must be a list of texts; did you mean [{shown(tags)}]?")
    if tags is not None and not isinstance(tags, Iterable):
        raise InvalidNameError(f"{what} must be a list of texts, not {type(tags).__name__}")
    kept: dict[str, str] = {}
    for tag in tags or ():
        checked = check_tag(tag)
        kept.setdefault(checked.casefold(), checked)
    return tuple(kept.values())


def check_text(text: str | None, what: str) -> str | None:
    """Return free text as it is, or None.

    Args:
        text: What a caller gave.
        what: The name of the argument, for messages.

    Raises:
        InputError: Not text, or with half of a character (a lone surrogate), which no file holds.
    """
    if text is not None and not isinstance(text, str):
        raise InputError(f"{what} must be text, not {type(text).__name__}")
    if text is not None and any("\ud800" <= char <= "\udfff" for char in text):
        raise InputError(f"{what} holds half of a character (a lone surrogate)")
    return text


def check_count(count: int, what: str) -> int:
    """Return how many a caller wants.

    Args:
        count: What a caller gave.
        what: The name of the argument, for messages.

    Raises:
        InputError: No integer, or a negative one.
    """
    if isinstance(count, bool) or not isinstance(count, int):
        raise InputError(f"{what} must be an integer, not {type(count).__name__}")
    if count < 0:
        raise InputError(f"{what} must not be negative (it is {count})")
    return count


def _checked_text(text: str, what: str, longest: int) -> str:
    kept = unicodedata.normalize("NFC", text)
    if not kept.strip():
        raise InvalidNameError(f"{what.capitalize()} cannot be empty")
    if len(kept) > longest:
        raise InvalidNameError(f"a {what} has at most {longest} characters, this has {len(kept)}")
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in kept):
        raise InvalidNameError(f"{what} {shown(text)} holds control characters")
    return kept
