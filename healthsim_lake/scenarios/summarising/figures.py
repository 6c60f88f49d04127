"""The statistics of tables, told as the figures of a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from healthsim_lake.tables.measuring.statistics import AmountStatistics, Code, TableStatistics

OTHERS = "…"
"""Counts the rows of all values that are not shown."""
_FEW = 3
_GENDERS = 10
AGE_GROUPS = ((0, 17), (18, 34), (35, 49), (50, 64), (65, 79))
_OLDEST = f"{AGE_GROUPS[-1][1] + 1}+"

_TOP = {
    "top_diagnoses": ("diagnoses",),
    "top_medications": ("medications", "prescriptions", "pharmacy_claims"),
    "top_labs": ("lab_results",),
    "top_procedures": ("procedures",),
}
"""Lists of codes, and the tables that they come from: the first that has any."""
_NAMED = {
    ("encounters", "class_code"): ("encounter_classes",),
    ("trial_visits", "visit_name"): ("trial_visits", "visits"),
    ("trial_visits", "visit_status"): ("trial_visits", "status"),
    ("adverse_events", "aesev"): ("adverse_events", "severity"),
    ("adverse_events", "aetoxgr"): ("adverse_events", "toxicity_grade"),
    ("adverse_events", "aeser"): ("adverse_events", "serious"),
    ("adverse_events", "aerel"): ("adverse_events", "relatedness"),
    ("adverse_events", "aeacn"): ("adverse_events", "action_taken"),
    ("adverse_events", "aeout"): ("adverse_events", "outcome"),
}
"""Where the values of some columns are shown; those of others are in ``top_values``."""


@dataclass(frozen=True, slots=True)
class Known:
    """One entity type of a scenario.

    Attributes:
        key: The key it was saved under.
        table: Its table.
        statistics: What is known of its rows.
    """

    key: str
    table: str
    statistics: TableStatistics


def figures(known: Sequence[Known], *, written: date, most: int) -> dict[str, Any]:
    """Return what can be said of a scenario, by figure; nothing that has no data.

    Args:
        known: Its entity types.
        written: When its rows were written; the latest day for which ages are told.
        most: How many of the most frequent values are shown.
    """
    dates = {one.key: span for one in known if (span := _span(one.statistics)) is not None}
    as_of = date(_latest_year(known, dates.values(), written), 12, 31)
    told: dict[str, Any] = {
        "date_range": _range(dates.values()),
        "age_range": _by_key(known, lambda one: _ages(one, as_of)),
        "gender_distribution": _by_key(known, lambda one: _values(one, "gender", _GENDERS)),
        **_codes(known, most),
        **_amounts(known),
    }
    _add_values(told, known, most)
    told["dates"] = dates
    told["approximate"] = [one.key for one in known if one.statistics.approximate]
    return {name: figure for name, figure in told.items() if figure}


def _latest_year(
    known: Sequence[Known], spans: Collection[Mapping[str, str]], written: date
) -> int:
    """Return the year whose last day ages are told for.

    It is that of the latest event; a birth is one, too. A scenario without events is as old as its
    rows, and nobody is older than they will be in the year in which the rows were written.
    """
    if not spans:
        return written.year
    births = [year for one in known for year in one.statistics.births or ()]
    return min(written.year, max([*births, *(int(span["max"][:4]) for span in spans)]))


def _range(spans: Iterable[Mapping[str, str]]) -> dict[str, str] | None:
    ends = [(span["min"], span["max"]) for span in spans]
    if not ends:
        return None
    return {"min": min(low for low, _ in ends), "max": max(high for _, high in ends)}


def _by_key(
    known: Sequence[Known], tell: Callable[[TableStatistics], dict[str, Any] | None]
) -> dict[str, Any]:
    told = {one.key: tell(one.statistics) for one in known}
    return {key: figure for key, figure in told.items() if figure}


def _span(statistics: TableStatistics) -> dict[str, str] | None:
    for _, low, high in statistics.dates:
        if low is not None and high is not None:
            return {"min": low[:10], "max": high[:10]}
    return None


def _ages(statistics: TableStatistics, as_of: date) -> dict[str, Any] | None:
    ages = Counter(statistics.deaths)
    for year, people in (statistics.births or {}).items():
        ages[max(0, as_of.year - year)] += people
    count = ages.total()
    if not count:
        return None
    groups: Counter[str] = Counter()
    for age, people in sorted(ages.items()):
        groups[_group(age)] += people
    mean = sum(age * people for age, people in ages.items()) / count
    told = {"min": min(ages), "max": max(ages), "mean": round(mean, 1), "groups": dict(groups)}
    if statistics.deaths:
        told["deceased"] = sum(statistics.deaths.values())
    return {**told, "as_of": as_of.isoformat()}


def _group(age: int) -> str:
    return next((f"{low}-{high}" for low, high in AGE_GROUPS if age <= high), _OLDEST)


def _values(statistics: TableStatistics, column: str, most: int) -> dict[str, int] | None:
    counts = statistics.values.get(column)
    if not counts:
        return None
    shown = dict(list(counts.items())[:most])
    others = sum(counts.values()) - sum(shown.values())
    return {**shown, OTHERS: others} if others else shown


def _codes(known: Sequence[Known], most: int) -> dict[str, Any]:
    left = {one.table: one for one in known if one.statistics.codes}
    told: dict[str, Any] = {}
    for name, tables in _TOP.items():
        table = next((table for table in tables if table in left), None)
        if table is not None:
            told[name] = _top(left.pop(table).statistics.codes or {}, most)
    events = left.pop("adverse_events", None)
    if events is not None:
        told["adverse_events"] = {"terms": _top(events.statistics.codes or {}, most)}
    told["top_codes"] = {one.key: _top(one.statistics.codes or {}, most) for one in left.values()}
    return told


def _top(codes: Mapping[Code, int], most: int) -> list[dict[str, Any]]:
    """Return the most frequent codes with what they usually mean; words where there is no code."""
    counts: Counter[Code] = Counter()
    meanings: dict[str, str | None] = {}
    for (code, meaning), rows in codes.items():  # the most frequent meaning of a code comes first
        if code is None:
            counts[None, meaning] += rows
        else:
            meanings[code] = meanings.get(code) or meaning
            counts[code, None] += rows
    told = []
    for (code, words), rows in counts.most_common(most):
        meaning = words if code is None else meanings[code]
        shown = {"code": code, "description": meaning if meaning != code else None, "count": rows}
        told.append({key: value for key, value in shown.items() if value is not None})
    return told


def _amounts(known: Sequence[Known]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for one in known:
        for name, amount in one.statistics.amounts.items():
            if amount.count:
                told.setdefault(amount.figure, {}).setdefault(one.key, {})[name] = _amount(amount)
    return told


def _amount(amount: AmountStatistics) -> dict[str, Any]:
    mean = amount.total / amount.count
    numbers = {"total": amount.total, "mean": mean, "min": amount.least, "max": amount.greatest}
    told = {name: round(float(number or 0), 2) for name, number in numbers.items()}
    return {**told, "count": amount.count}


def _add_values(told: dict[str, Any], known: Sequence[Known], most: int) -> None:
    for one in known:
        for column in one.statistics.values:
            shown = _values(one.statistics, column, most)
            if shown is None or column == "gender" or _all_differ(one.statistics, column):
                continue
            place = _NAMED.get((one.table, column), ("top_values", one.key, column))
            inner = told
            for name in place[:-1]:
                inner = inner.setdefault(name, {})
            inner[place[-1]] = shown


def _all_differ(statistics: TableStatistics, column: str) -> bool:
    """Return whether a column tells rows apart, as names do: its values say nothing of them all."""
    counts = statistics.values.get(column) or {}
    return len(counts) > _FEW and max(counts.values()) == 1
