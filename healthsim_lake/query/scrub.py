"""Error texts without the machine in them, and names that were probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping

_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`")
_TOKEN = re.compile(r"[^\s'\"`()\[\]{},;<>=]+")
_DATE_LIKE = re.compile(r"[\d/.:-]+")
_HINTS = re.compile(r"\s*(?:Use \"?SET .*|If you want to change this behavior.*)", re.DOTALL)
_HIDDEN = "<path>"
_SEPARATORS = re.compile(r"[/\\]")
_FILE_ENDING = re.compile(
    r"\.(?:parquet|json|ndjson|csv|tsv|db|duckdb|txt|gz|zst)\b", re.IGNORECASE
)
_LISTED = 60
_LONGEST = 1_500
"""The engine repeats texts and whole statements in its errors, with as many spaces before a ^."""
_FILE_TROUBLE = re.compile(
    r"\bIO Error|Permission Error|No magic bytes|too small to be a Parquet|T(?:Protocol|Transport)"
    r"Exception|Invalid Parquet|Parquet file|footer length|FileNotFoundError"
)
_MISSING_COLUMN = (
    re.compile(r'Referenced column "(?P<column>[^"]+)" not found'),
    re.compile(r'"(?P<table>[^"]+)" does not have a column named "(?P<column>[^"]+)"'),
    re.compile(r'Referenced table "(?P<column>[^"]+)" not found'),
)


_MISSING_VALUES = re.compile(
    r"Values were not provided for the following parameters: (?P<names>.+)"
)


def tells_of_files(text: str) -> bool:
    """Return whether an error of the engine is about a file, and not about what somebody wrote."""
    return _FILE_TROUBLE.search(_QUOTED.sub("", text)) is not None


def scrub(text: str) -> str:
    """Return `text` with everything that may be a path replaced by ``<path>``.

    It rather hides too much than too little: text in quotes that holds a separator or ends like
    a file, URLs, absolute paths, and words with two separators that are not dates.
    """
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
    without_hints = _HINTS.sub("", text)
    without_quoted = _QUOTED.sub(_hide_quoted, without_hints)
    return _TOKEN.sub(_hide_token, without_quoted).strip()


def _hide_quoted(match: re.Match[str]) -> str:
    quoted = match[0]
    inner = quoted[1:-1]
    if _DATE_LIKE.fullmatch(inner):
        return quoted
    if _SEPARATORS.search(inner) or _FILE_ENDING.search(inner):
        return f"{quoted[0]}{_HIDDEN}{quoted[0]}"
    return quoted


def _hide_token(match: re.Match[str]) -> str:
    token = match[0]
    separators = len(_SEPARATORS.findall(token))
    absolute = separators > 0 and len(token) > 1 and token[0] in "/\\~"
    drive = re.match(r"[A-Za-z]:[\\/]", token) is not None
    many = separators > 1 and not _DATE_LIKE.fullmatch(token)
    file_like = separators > 0 and _FILE_ENDING.search(token) is not None
    return _HIDDEN if absolute or drive or many or file_like or "://" in token else token


def suggest(name: str, known: Collection[str]) -> str:
    """Return ``; did you mean x?`` when a known name is close to `name`, else nothing."""
    plain = _plain(name)
    by_plain = {_plain(candidate): candidate for candidate in known}
    close = difflib.get_close_matches(plain, by_plain, n=1, cutoff=0.6)
    return f"; did you mean {by_plain[close[0]]}?" if close else ""


def _plain(name: str) -> str:
    return name[:_LONGEST].lower().replace("_", "")


def listed(names: Collection[str]) -> str:
    """Return `names` as one line, cut where nobody would read on."""
    ordered = list(names)
    more = f" and {len(ordered) - _LISTED} more" if len(ordered) > _LISTED else ""
    return ", ".join(ordered[:_LISTED]) + more


def missing_values(text: str) -> str | None:
    """Return a better text for the engine's complaint about parameters, or None if it is none."""
    match = _MISSING_VALUES.search(text)
    if match is None:
        return None
    names = ", ".join(f"${name.strip()}" for name in match["names"].split(","))
    return f"no value was given for {scrub(names)}; parameters give one for each ? and $name"


def missing_column(text: str, columns: Mapping[str, Collection[str]]) -> str | None:
    """Return a better text for the engine's complaint about a column, or None if it is no such.

    Args:
        text: The engine's message.
        columns: Column names by table, for the tables that the statement reads.
    """
    match = next((found for rule in _MISSING_COLUMN if (found := rule.search(text))), None)
    if match is None or not columns:
        return None
    column = match["column"]
    if "table" in match.groupdict() and match["table"] in columns:
        columns = {match["table"]: columns[match["table"]]}
    where = " or ".join(columns)
    guess = suggest(column, {name for names in columns.values() for name in names})
    there = "; ".join(f"columns of {table}: {listed(names)}" for table, names in columns.items())
    return f"no column {scrub(column)} in {where}{guess or ';'} {there}"
