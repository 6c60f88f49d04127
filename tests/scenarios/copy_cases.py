"""Scenarios whose rows point to each other in every way that rows of real people do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from healthsim_lake import Scenario
from healthsim_lake.entities.identity import Identifiers
from healthsim_lake.entities.registry import Registry

Row = dict[str, Any]
Entities = dict[str, list[Row]]

TARGETS = {
    ("encounters", "patient_mrn"): ("patients", "mrn"),
    ("diagnoses", "patient_mrn"): ("patients", "mrn"),
    ("diagnoses", "encounter_id"): ("encounters", "encounter_id"),
    ("orders", "ordering_provider_npi"): ("providers", "npi"),
    ("subjects", "patient_id"): ("patients", "id"),
    ("subjects", "patient_ref"): ("patients", "mrn"),
    ("gizmos", "patient_mrn"): ("patients", "mrn"),
}
"""References that are followed here, column to column."""

_WORDS = {
    "id": ["p1", "p2", "07", ""],
    "mrn": ["M1", "M2", "M3", "p1"],
    "encounter": ["e1", "e2", "x"],
    "npi": ["1234567893", "0"],
}
_NUMBERS = [1, 7, 123_456_789_012, -3]
_ODD = [None, 1.5, True, ["p1"], {"id": "p1"}]
_MEANING = {
    "mrn": "mrn",
    "patient_mrn": "mrn",
    "patient_ref": "mrn",
    "encounter_id": "encounter",
    "encounterId": "encounter",
    "npi": "npi",
}


def _value(key: str, *, odd: bool) -> st.SearchStrategy[Any]:
    words = _WORDS[_MEANING.get(key, "id")]
    return st.sampled_from([*words, *words, *_NUMBERS[: 1 + odd * 3], *(_ODD if odd else ())])


_REST = st.fixed_dictionaries(
    {},
    optional={
        "note": st.sampled_from(["p1", "M1", 7]),
        "status": st.sampled_from(["finished", 3]),
        "nested": st.just({"id": "p1", "deep": [{"mrn": "M1"}]}),
        "given_name": st.sampled_from(["Ada", "p1"]),
        "skill_used": st.just("p1"),
    },
)


def _rows(keys: dict[str, bool], *, odd: bool, most: int = 5) -> st.SearchStrategy[list[Row]]:
    """Return rows with keys that are always there, or not."""
    always = {key: _value(key, odd=odd) for key, there in keys.items() if there}
    maybe = {key: _value(key, odd=odd) for key, there in keys.items() if not there}
    ids = st.fixed_dictionaries(always, optional=maybe)
    row = st.builds(lambda one, rest: {**one, **rest}, ids, _REST)
    return st.lists(row, max_size=most)


def entities(*, odd: bool = True) -> st.SearchStrategy[Entities]:
    """Return scenarios; with `odd` also values that are no identifiers where these should stand."""
    npi = _value("npi", odd=odd)
    orders = st.fixed_dictionaries(
        {"ordering_provider": st.fixed_dictionaries({"npi": npi})},
        optional={"order_id": _value("id", odd=odd)},
    )
    gizmos = st.fixed_dictionaries(
        {"gizmo_id": st.integers(1, 4), "patient_mrn": st.sampled_from(["M1", "M2"])}
    )
    maybe = dict.fromkeys(["id", "patient_id", "patientId", "mrn"], False)
    return st.fixed_dictionaries(
        {
            "patients": _rows(maybe if odd else {"id": True, "mrn": False}, odd=odd),
            "encounters": _rows(maybe | {"encounter_id": not odd, "patient_mrn": not odd}, odd=odd),
        },
        optional={
            "diagnosis": _rows(
                {"id": False, "patient_mrn": True, "encounter_id": True, "encounterId": False},
                odd=odd,
            ),
            "orders": st.lists(orders, max_size=3),
            "providers": _rows({"provider_id": False, "npi": True}, odd=odd, most=3),
            "subjects": _rows(
                {"id": False, "subject_id": False, "patient_id": True, "patient_ref": True},
                odd=odd,
                most=3,
            ),
            "gizmos": st.lists(gizmos, max_size=3),
        },
    )


_REGISTRY = Registry()
_IDENTIFIERS = Identifiers(_REGISTRY)
_GIZMO_PLACES = {("gizmo_id",), ("patient_mrn",), ("gizmoId",), ("patientMrn",), ("id",)}


def places(key: str) -> set[tuple[str, ...]]:
    """Return where identifiers may stand in the rows of a type."""
    if key == "gizmos":
        return _GIZMO_PLACES
    return {place for one in _IDENTIFIERS.of(_REGISTRY.get(key)) for place in one.places}


def own_places(key: str) -> set[tuple[str, ...]]:
    """Return where the identifiers of the rows themselves stand."""
    if key == "gizmos":
        return {("gizmo_id",), ("gizmoId",), ("id",)}
    found = _IDENTIFIERS.of(_REGISTRY.get(key))
    return {place for one in found if one.own for place in one.places}


def is_id(value: Any) -> bool:
    return (isinstance(value, str) and value != "") or type(value) is int


def walk(
    old: Any, new: Any, path: tuple[str, ...], see: Callable[[tuple[str, ...], Any, Any], None]
) -> None:
    """Show `see` every pair of leaves of two values; objects must have the same keys."""
    if isinstance(old, dict):
        assert isinstance(new, dict)
        assert set(old) == set(new), path
        for key in old:
            walk(old[key], new[key], (*path, key), see)
    else:
        see(path, old, new)


def pairs(
    scenario: Scenario, table: str, column: str, target_table: str, target_column: str
) -> set[tuple[int, int]]:
    """Return which rows point to which, by position, as a join over the typed columns finds it."""
    there: dict[str, list[int]] = {}
    for position, value in enumerate(cells(scenario, target_table, target_column)):
        there.setdefault(str(value), []).append(position)
    return {
        (position, other)
        for position, value in enumerate(cells(scenario, table, column))
        if value is not None
        for other in there.get(str(value), [])
    }


def cells(scenario: Scenario, table: str, column: str) -> list[Any]:
    """Return a typed column; nothing where the scenario has no such rows."""
    if table not in scenario or not scenario[table]:
        return []
    return scenario.to_polars(table)[column].to_list()
