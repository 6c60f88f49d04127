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

_NAMES = st.sampled_from(["p1", "p2", "M1", "M2", "e1", "e2", "07", "0", "x", ""])
_NUMBERS = st.sampled_from([1, 2, 7, 123_456_789_012, -3])
_ID = st.one_of(_NAMES, _NAMES, _NUMBERS)
_ODD = st.one_of(_ID, _ID, _ID, st.sampled_from([None, 1.5, True, ["p1"], {"id": "p1"}]))
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


def _rows(odd: st.SearchStrategy[Any], *keys: str) -> st.SearchStrategy[list[Row]]:
    ids = st.fixed_dictionaries({}, optional=dict.fromkeys(keys, odd))
    row = st.builds(lambda one, rest: {**one, **rest}, ids, _REST)
    return st.lists(row, max_size=6)


def entities(*, odd: bool = True) -> st.SearchStrategy[Entities]:
    """Return scenarios; with `odd` also values that are no identifiers where these should stand."""
    value = _ODD if odd else _ID
    orders = st.fixed_dictionaries(
        {}, optional={"order_id": value, "ordering_provider": st.fixed_dictionaries({"npi": value})}
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "patients": _rows(value, "id", "patient_id", "mrn", "patientId"),
            "encounters": _rows(
                value, "encounter_id", "id", "patient_mrn", "patient_id", "mrn", "patientId"
            ),
            "diagnosis": _rows(value, "id", "patient_mrn", "encounter_id", "encounterId"),
            "orders": st.lists(orders, max_size=4),
            "providers": _rows(value, "provider_id", "npi"),
            "subjects": _rows(value, "id", "subject_id", "patient_id", "patient_ref"),
            "gizmos": st.lists(
                st.fixed_dictionaries(
                    {"gizmo_id": st.integers(1, 4), "patient_mrn": st.sampled_from(["M1", "M2"])}
                ),
                max_size=4,
            ),
        },
    )


_REGISTRY = Registry()
_IDENTIFIERS = Identifiers(_REGISTRY)
_GIZMO_PLACES = {("gizmo_id",), ("patient_mrn",), ("gizmoId",), ("patientMrn",), ("id",)}


def places(key: str) -> set[tuple[str, ...]]:
    """Return where identifiers may stand in the rows of a type."""
    if key == "gizmos":
        return _GIZMO_PLACES
    return {
        place for one in _IDENTIFIERS.of(_REGISTRY.get(key)) for place in one.places
    }


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
