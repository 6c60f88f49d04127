"""Which columns are counted: the declared tables as their users would, others by a careful guess."""

from __future__ import annotations

import pytest

from healthsim_lake import EntityType, FieldSpec
from healthsim_lake.entities.figures import MOST_COLUMNS, figures_of
from healthsim_lake.entities.registry import builtin_types

TYPES = {one.name: one for one in builtin_types()}


@pytest.mark.parametrize("name", sorted(TYPES))
def test_every_column_that_is_counted_is_one_of_the_table(name):
    figures = figures_of(TYPES[name])
    columns = {spec.name for spec in TYPES[name].fields}
    assert columns.issuperset(figures.columns)
    assert columns.issuperset(figures.dates)
    assert len(figures.values) <= MOST_COLUMNS
    assert not figures.guessed


def test_the_main_tables_are_counted_as_people_would():
    patients, claims = figures_of(TYPES["patients"]), figures_of(TYPES["claims"])
    assert (patients.birth, patients.death) == ("birth_date", "death_date")
    assert "gender" in patients.values
    assert patients.dates == ()
    assert [one.name for one in claims.amounts] == ["billed", "allowed", "paid", "patient"]
    assert claims.dates[:2] == ("service_date", "service_time")
    assert claims.codes == ("principal_diagnosis", None)
    assert "class_code" in figures_of(TYPES["encounters"]).values
    assert figures_of(TYPES["lab_results"]).codes == ("loinc_code", "test_name")
    assert figures_of(TYPES["trial_visits"]).values == ("visit_name", "visit_status")
    assert figures_of(TYPES["members"]).dates[0] == "coverage_start"


def test_of_types_that_nobody_described_short_texts_are_guessed_but_no_ids():
    kinds = {"id": "text", "owner_id": "text", "colour": "text", "ok": "bool", "size": "int"}
    fields = tuple(
        FieldSpec(id=at, name=name, type=kind) for at, (name, kind) in enumerate(kinds.items(), 1)
    )
    figures = figures_of(EntityType(name="widgets", singular="widget", key="id", fields=fields))
    assert figures.values == ("colour", "ok")
    assert figures.guessed


def test_a_type_of_the_callers_own_that_lacks_a_column_is_counted_without_it():
    fields = (
        FieldSpec(id=1, name="total_charge", type="text"),
        FieldSpec(id=2, name="n", type="int"),
    )
    figures = figures_of(EntityType(name="claims", singular="claim", fields=fields))
    assert figures.amounts == ()
    assert figures.codes is None
    assert figures_of(EntityType(name="claims", singular="claim", fields=fields)) == figures
