"""Names for scenarios that nobody named: from what they are for, and the day they were made."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from healthsim_lake import _clock, entities
from healthsim_lake.scenarios.writing.words import EMPTY, FORMS, HEALTHCARE

if TYPE_CHECKING:
    from healthsim_lake.entities import Registry

MOST_KEYWORDS = 3
_LONGEST = 50
_SHORTEST_WORD = 3
_COUNTER_DIGITS = 3
_WORD = re.compile(r"[^\W\d_]+")
_DATE = re.compile(r"20\d{6}")


def extract_keywords(
    context: str | None = None,
    entity_type: str | None = None,
    max_keywords: int = MOST_KEYWORDS,
) -> list[str]:
    """Return the words that tell what `context` is about: healthcare words first, in text order.

    Args:
        context: A request in words, e.g. ``diabetic patients in Texas over 65``.
        entity_type: What was generated; its plural comes last, unless the words name it already.
        max_keywords: At most so many.
    """
    return _keywords(context, entity_type)[: max(max_keywords, 0)]


def _keywords(context: str | None, entity_type: str | None) -> list[str]:
    words = dict.fromkeys(filter(_says_something, map(_word, _WORD.findall(context or ""))))
    found = [*filter(_is_healthcare, words), *(one for one in words if not _is_healthcare(one))]
    if entity_type:
        singular, plural = _numbers_of(entity_type)
        if singular not in found and plural not in found:
            found.append(plural)
    return found


def sanitize_name(name: str) -> str:
    """Return `name` in kebab-case, at most 50 characters of a-z, 0-9 and -; perhaps nothing."""
    plain = unicodedata.normalize("NFKD", name).lower()
    dashed = re.sub(r"[\s_]+", "-", plain)
    kept = re.sub(r"[^a-z0-9-]", "", dashed)
    return re.sub(r"-+", "-", kept).strip("-")[:_LONGEST].strip("-")


def base_name(
    *,
    keywords: Iterable[str] | None = None,
    context: str | None = None,
    entity_type: str | None = None,
    prefix: str | None = None,
    include_date: bool = True,
) -> str:
    """Return a name such as ``diabetes-texas-20241227``; whether it is free is not looked at.

    Args:
        keywords: Words to use; by default those of `context`, without the names of entity types
            where there are others, else `entity_type`, else ``scenario``.
        context: A request in words.
        entity_type: What was generated.
        prefix: What comes first.
        include_date: Whether the day (UTC) comes last.
    """
    given = [] if keywords is None else [keywords] if isinstance(keywords, str) else list(keywords)
    chosen = given or _telling(_keywords(context, None)) or _keywords(None, entity_type)
    words = [sanitize_name(one) for one in (prefix or "", *chosen[:MOST_KEYWORDS])]
    stem = sanitize_name("-".join(filter(None, words))) or "scenario"
    return f"{stem}-{_clock.now():%Y%m%d}" if include_date else stem


def parse_scenario_name(name: str) -> dict[str, Any]:
    """Return what a name was put together from: ``{keywords, date, counter}``.

    The date is text of 8 digits, or None; the counter a number, or None.
    """
    parts = name.split("-")
    date = counter = None
    if len(parts) > 1 and parts[-1].isdecimal() and len(parts[-1]) <= _COUNTER_DIGITS:
        counter = int(parts.pop())
    if _is_date(parts[-1]):
        date = parts.pop()
    return {"keywords": [one for one in parts if one], "date": date, "counter": counter}


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return False
    return True


def _word(text: str) -> str:
    plain = sanitize_name(text)
    return FORMS.get(plain, plain)


def _says_something(word: str) -> bool:
    return len(word) >= _SHORTEST_WORD and word not in EMPTY


def _is_healthcare(word: str) -> bool:
    return word in HEALTHCARE


@cache
def _registry() -> Registry:
    return entities.Registry()


def _telling(words: list[str]) -> list[str]:
    """Return the words without those that name an entity type, if others are left."""
    others = [one for one in words if _registry().find(one) is None]
    return others or words


def _numbers_of(entity_type: str) -> tuple[str, str]:
    known = _registry().find(entity_type)
    if known is not None:
        return sanitize_name(known.singular), sanitize_name(known.name)
    plural = entities.table_name_for(entity_type)
    return sanitize_name(entities.singular_of(plural)), sanitize_name(plural)
