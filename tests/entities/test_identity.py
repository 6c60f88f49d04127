"""Which columns identify rows, and which point to other rows."""

from __future__ import annotations

from healthsim_lake import EntityType, FieldSpec
from healthsim_lake.entities import infer_from_rows
from healthsim_lake.entities.identity import IdColumn, Identifiers
from healthsim_lake.entities.registry import Registry


def columns(entity_type: EntityType | str, *declared: EntityType) -> dict[str, IdColumn]:
    registry = Registry(declared)
    known = registry.get(entity_type) if isinstance(entity_type, str) else entity_type
    return {one.name: one for one in Identifiers(registry).of(known)}


def test_a_row_is_identified_by_its_key_and_by_what_others_point_to():
    own = {name for name, one in columns("patients").items() if one.own}
    assert own == {"id", "mrn"}
    assert {name for name, one in columns("subjects").items() if one.own} == {"id", "usubjid"}


def test_a_reference_points_to_the_table_that_the_type_declares():
    found = columns("claims")
    assert found["primary_payer_id"].target == "payers"
    assert found["member_id"].target == "members"
    assert not found["member_id"].own


def test_a_column_of_an_inferred_table_points_where_its_namesakes_do():
    rows = [{"gizmo_id": 1, "patient_mrn": "M1", "encounter_id": "e1", "size": 3}]
    gizmos = infer_from_rows("gizmos", "gizmo", rows)
    found = columns(gizmos, gizmos)
    assert found["patient_mrn"].target == "patients"
    assert found["encounter_id"].target == "encounters"
    assert found["gizmo_id"].own
    assert "size" not in found


def test_a_declared_type_points_only_where_it_says():
    mrn = FieldSpec(id=1, name="patient_mrn", type="text")
    notes = EntityType(name="scribbles", singular="scribble", fields=(mrn,))
    assert columns(notes, notes) == {}


def test_identifiers_are_text_or_integers():
    born = FieldSpec(id=1, name="born", type="date")
    births = EntityType(name="births", singular="birth", key="born", fields=(born,))
    assert columns(births, births) == {}


def test_values_stand_in_all_spellings_but_not_where_another_column_has_its_name():
    found = columns("encounters")
    assert {("encounter_id",), ("id",), ("encounterId",)} <= {*found["encounter_id"].places}
    assert {("patient_mrn",), ("patient_id",), ("mrn",), ("patientId",)} <= {
        *found["patient_mrn"].places
    }
    assert ("patient_id",) not in columns("subjects")["patient_ref"].places
    assert ("ordering_provider", "npi") in columns("orders")["ordering_provider_npi"].places
