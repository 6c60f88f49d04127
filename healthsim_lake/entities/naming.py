"""Names of tables: snake_case, plural and singular of English words, and what is not allowed."""

from __future__ import annotations

import re
from functools import lru_cache

from healthsim_lake._shown import shown
from healthsim_lake.entities.types import NAME_PATTERN
from healthsim_lake.errors import InvalidNameError

RESERVED_TABLES = frozenset(
    {
        "scenarios",
        "scenario_entities",
        "scenario_tags",
        "profiles",
        "journeys",
        "profile_executions",
        "journey_executions",
    }
)
"""Names under which a lake's own catalog can be queried; no entity type may take them."""

_NAME = re.compile(NAME_PATTERN)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z](?!s(?![a-z]))[a-z])")
_GAP = re.compile(r"[\s_-]+")

_SAME = frozenset(
    {
        "data",
        "equipment",
        "evidence",
        "feedback",
        "imaging",
        "information",
        "media",
        "metadata",
        "news",
        "series",
        "species",
    }
)
"""Words whose plural is the word itself."""

_PLURALS = {
    # Greek and Latin words that the rules would not find again from their plural
    "axis": "axes",
    "appendix": "appendices",
    "bacterium": "bacteria",
    "cirrhosis": "cirrhoses",
    "crisis": "crises",
    "criterion": "criteria",
    "fibrosis": "fibroses",
    "index": "indices",
    "matrix": "matrices",
    "metastasis": "metastases",
    "necrosis": "necroses",
    "neurosis": "neuroses",
    "nucleus": "nuclei",
    "phenomenon": "phenomena",
    "psychosis": "psychoses",
    "sclerosis": "scleroses",
    "stenosis": "stenoses",
    "stimulus": "stimuli",
    "thesis": "theses",
    "thrombosis": "thromboses",
    "vertex": "vertices",
    # old English ones; a person is counted (`persons`), "people" is only understood
    "child": "children",
    "foot": "feet",
    "grandchild": "grandchildren",
    "half": "halves",
    "leaf": "leaves",
    "life": "lives",
    "man": "men",
    "mouse": "mice",
    "person": "persons",
    "shelf": "shelves",
    "tooth": "teeth",
    "wife": "wives",
    "woman": "women",
    # words in s, x and z whose plural hides where the ending begins
    "alias": "aliases",
    "atlas": "atlases",
    "bias": "biases",
    "bonus": "bonuses",
    "bus": "buses",
    "campus": "campuses",
    "census": "censuses",
    "consensus": "consensuses",
    "fetus": "fetuses",
    "focus": "focuses",
    "gas": "gases",
    "lens": "lenses",
    "quiz": "quizzes",
    "sinus": "sinuses",
    "status": "statuses",
    "virus": "viruses",
    # words in e and o that look like the others
    "cache": "caches",
    "calorie": "calories",
    "cookie": "cookies",
    "echo": "echoes",
    "headache": "headaches",
    "hero": "heroes",
    "movie": "movies",
    "niche": "niches",
}
_SINGULARS = {plural: word for word, plural in _PLURALS.items()} | {"people": "person"}
_VOWELS = frozenset({"", "a", "e", "i", "o", "u"})
"""Letters after which a y stays a y; nothing before it counts as one."""
_ENDINGS = (
    ("gnoses", "gnosis"),
    ("theses", "thesis"),
    ("yses", "ysis"),
    ("sses", "ss"),
    ("xes", "x"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("zzes", "zz"),
    ("s", ""),
)
"""Endings of plurals and what stands there in the singular; the first that fits is taken."""


@lru_cache(maxsize=4096)
def snake_case(text: str) -> str:
    """Return `text` in snake_case, whatever its spelling.

    ``LabResult``, ``lab-results``, ``Lab Results`` and ``LAB_RESULTS`` lose nothing but their
    case and gaps; other characters stay as they are, for `table_name_for` to judge.
    """
    return _GAP.sub("_", _HUMP.sub("_", text)).strip("_").lower()


@lru_cache(maxsize=4096)
def plural_of(name: str) -> str:
    """Return the plural of a singular snake_case name: ``lab_result`` becomes ``lab_results``.

    Only the last word changes. A name that does not end in a letter has no plural.
    """
    head, gap, word = name.rpartition("_")
    return f"{head}{gap}{_plural_word(word)}"


@lru_cache(maxsize=4096)
def singular_of(name: str) -> str:
    """Return the singular of a plural snake_case name: ``diagnoses`` becomes ``diagnosis``.

    A name that is singular already stays as it is, also the usual ones in s (``status``).
    """
    head, gap, word = name.rpartition("_")
    return f"{head}{gap}{_singular_word(word)}"


def table_name_for(key: str) -> str:
    """Return the table that holds entities of an unknown type: its key, plural and snake_case.

    Args:
        key: The type as a caller spells it, singular or plural, e.g. ``WearableReading``.

    Raises:
        InvalidNameError: The result is reserved or could not be a table name.
    """
    if "/" in key or "\\" in key:
        raise InvalidNameError(f"entity type {shown(key)} has a slash; a table is one folder")
    name = plural_of(singular_of(snake_case(key)))
    if not _NAME.fullmatch(name):
        raise InvalidNameError(
            f"entity type {shown(key)} would be table {shown(name)}, and a table's name has "
            "1 to 63 of a-z, 0-9 and _ and starts with a letter; choose such a name"
        )
    if name in RESERVED_TABLES:
        raise InvalidNameError(
            f"entity type {shown(key)} would be table {shown(name)}, under which the lake's "
            "own catalog is queried; choose another name"
        )
    return name


def _plural_word(word: str) -> str:
    # with an s, a word like "si" or "statu" would read like a singular: "diagnosis", "status"
    seems_singular = word.endswith("si") or f"{word}s" in _PLURALS
    if seems_singular or word in _SAME or not word[-1:].isalpha():
        return word
    if word in _PLURALS:
        return _PLURALS[word]
    if word.endswith("sis"):
        return f"{word[:-2]}es"
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    if word.endswith("y") and word[-2:-1] not in _VOWELS:
        return f"{word[:-1]}ies"
    return f"{word}s"


def _singular_word(word: str) -> str:
    if word in _SAME or word in _PLURALS or word.endswith(("ss", "sis")):
        return word
    if word in _SINGULARS:
        return _SINGULARS[word]
    if word.endswith("ies") and word[-4:-3] not in _VOWELS:
        return f"{word[:-3]}y"
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and word != ending:
            return f"{word.removesuffix(ending)}{instead}"
    return word
