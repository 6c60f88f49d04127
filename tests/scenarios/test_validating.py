"""Rows checked against what their types say; nothing is refused, everything is reported."""

from __future__ import annotations

import json

import pytest

from healthsim_lake import EntityType, FieldSpec, Lake
from healthsim_lake.errors import (
    EntityTypeNotFoundError,
    InputError,
    ScenarioNotFoundError,
    VersionNotFoundError,
)
from healthsim_lake.formats import synthea

GOOD = {
    "patients": [
        {
            "id": "p1",
            "mrn": "M1",
            "given_name": "Ada",
            "family_name": "Lovelace",
            "birth_date": "1950-02-03",
            "gender": "F",
        }
    ],
    "diagnoses": [
        {"id": "d1", "code": "E11.9", "patient_mrn": "M1", "diagnosed_date": "2019-05-20"}
    ],
}


def report_of(lake, entities, **options):
    lake.scenarios.save("x", entities, overwrite=True)
    return lake.scenarios.validate("x", **options)


def broken(report):
    return {(one.table, one.column, one.rule): one.count for one in report.findings}


def with_patient(**values):
    return {**GOOD, "patients": [{**GOOD["patients"][0], **values}]}


def test_good_rows_are_ok(lake):
    report = report_of(lake, GOOD)
    assert report.ok
    assert report.errors_by_rule == {}
    assert "no problems" in str(report)
    assert report.to_polars().is_empty()


def test_a_problem_tells_where_it_is_and_what_is_expected(lake):
    bad = {**GOOD["patients"][0], "id": "p2", "gender": "female"}
    report = report_of(lake, {**GOOD, "patients": [*GOOD["patients"], bad]})
    (problem,) = report.problems()
    assert problem.to_dict() == {
        "table": "patients",
        "row": 1,
        "key": "p2",
        "column": "gender",
        "rule": "values",
        "value": '"female"',
        "expected": "one of M, F, O, U",
    }
    assert lake.scenarios.load("x")["patients"][problem.row] == bad


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"birth_date": None}, "missing"),
        ({"birth_date": "soon"}, "type"),
        ({"birth_date": ["1950-02-03"]}, "type"),
        ({"birth_date": "1950-02-03T10:00"}, "rounded"),
        ({"given_name": True}, "type"),
        ({"given_name": {"first": "Ada"}}, "type"),
        ({"gender": "f"}, "values"),
        ({"gender": 1}, "values"),
        ({"healthcare_expenses": 1.005}, "rounded"),
        ({"id": None}, "missing"),
        ({"id": {}}, "type"),
    ],
)
def test_each_rule_is_reported_once_and_alone(lake, values, rule):
    (column,) = values
    assert broken(report_of(lake, with_patient(**values))) == {("patients", column, rule): 1}


def test_other_spellings_and_undeclared_keys_are_no_problem(lake):
    row = {
        "patient_id": 7,
        "mrn": "M1",
        "name": {"given": "Ada", "family": "Lovelace"},
        "dob": "1950-02-03",
        "sex": "F",
        "deceased": "TRUE",
        "pets": [{"birth_date": "soon"}],
    }
    assert report_of(lake, {**GOOD, "patients": [row]}).ok


def test_a_required_key_may_come_under_another_name_but_not_from_nowhere(lake):
    orders = [{"id": "o1"}, {"patient_mrn": "M1"}]
    report = report_of(lake, {"orders": orders})
    (missing,) = (one for one in report.findings if one.column == "order_id")
    assert (missing.rule, [one.row for one in missing.problems]) == ("missing", [1])


def test_references_are_judged_against_what_the_scenario_holds(lake):
    diagnoses = [
        {**GOOD["diagnoses"][0], "patient_mrn": mrn, "id": str(n), "encounter_id": "e7"}
        for n, mrn in enumerate(["M1", "M2", None, "M2"])
    ]
    report = report_of(lake, {**GOOD, "diagnoses": diagnoses})
    assert broken(report) == {
        ("diagnoses", "patient_mrn", "reference"): 2,
        ("diagnoses", "patient_mrn", "missing"): 1,
    }
    assert report.unjudged == ()
    rows = [one.row for one in report.problems() if one.rule == "reference"]
    assert rows == [1, 3]
    # whatever the order in which the types were saved, or were asked for
    turned = {"diagnoses": diagnoses, "patients": GOOD["patients"]}
    assert broken(report_of(lake, turned)) == broken(report)
    assert broken(report_of(lake, turned, types=["diagnosis"])) == broken(report)


def test_a_reference_to_a_column_without_values_is_not_judged_and_told(lake):
    nameless = {key: value for key, value in GOOD["patients"][0].items() if key != "mrn"}
    report = report_of(lake, {**GOOD, "patients": [nameless]})
    assert broken(report) == {("patients", "mrn", "missing"): 1}
    (left,) = report.unjudged
    assert (left.column, left.target, left.count) == ("patient_mrn", "patients.mrn", 1)


def test_made_up_ids_of_rows_without_a_key_are_no_targets(lake):
    lake.scenarios.save("x", {"claims": [{"member_id": "m"}], "claim_lines": [{"claim_id": "c"}]})
    (made_up,) = lake.query("SELECT claim_id FROM claims").results
    lines = [{"claim_id": made_up["claim_id"]}, {"claim_id": "c1"}]
    report = report_of(lake, {"claims": [{"claim_id": "c1"}, {}], "claim_lines": lines})
    (lost,) = (one for one in report.findings if one.rule == "reference")
    assert [one.row for one in lost.problems] == [0]


@pytest.mark.parametrize("nil", ["0", "", "00000000-0000-0000-0000-000000000000"])
def test_nil_ids_point_to_nothing_unless_a_row_has_them(lake, nil):
    claims = [{"claim_id": "c", "primary_payer_id": nil, "secondary_payer_id": "p"}]
    report = report_of(lake, {"claims": claims, "payers": [{"payer_id": "p", "name": "P"}]})
    assert "reference" not in report.errors_by_rule
    assert [(one.column, one.count) for one in report.unjudged] == [("primary_payer_id", 1)]
    payers = [{"payer_id": "p", "name": "P"}, {"payer_id": nil, "name": "None"}]
    assert report_of(lake, {"claims": claims, "payers": payers}).unjudged == ()


def test_a_table_may_point_to_itself(lake):
    places = [{"geo_id": n, "geo_type": "county", "parent_geo_id": n - 1} for n in range(1, 4)]
    assert report_of(lake, {"geographic_entities": places}).ok
    (lost,) = report_of(lake, {"geographic_entities": places[1:]}).problems()
    assert (lost.rule, lost.row, lost.value) == ("reference", 0, "1")


def test_tables_that_point_to_each_other_are_judged(lake):
    def type_of(name, other):
        fields = (
            FieldSpec(id=1, name="id", type="text"),
            FieldSpec(id=2, name="peer", type="text", references=f"{other}.id"),
        )
        return EntityType(name=name, singular=name[:-1], key="id", fields=fields)

    lake.entities.declare(type_of("lefts", "rights"))
    lake.entities.declare(type_of("rights", "lefts"))
    entities = {"lefts": [{"id": "a", "peer": "b"}], "rights": [{"id": "b", "peer": "z"}]}
    assert broken(report_of(lake, entities)) == {("rights", "peer", "reference"): 1}


def test_repeated_keys_name_the_first_row(lake):
    rows = [{**GOOD["patients"][0], "id": key} for key in ("a", "b", "a", 7, "7", "a")]
    lake.scenarios.save("x", {"patients": rows[:3]})
    lake.scenarios.add("x", {"patients": rows[3:]})
    (finding,) = lake.scenarios.validate("x").findings
    assert (finding.rule, finding.count) == ("repeated", 3)
    assert [(one.row, one.key) for one in finding.problems] == [(2, "a"), (4, "7"), (5, "a")]
    assert finding.problems[0].expected == "a key of its own; row 0 has it"


def test_counts_are_complete_where_rows_are_limited(lake):
    rows = [{**GOOD["patients"][0], "id": str(n), "gender": "x" * 200} for n in range(2_500)]
    entities = {"patients": rows}
    (finding,) = report_of(lake, entities, limit_per_rule=2).findings
    assert (finding.count, len(finding.problems)) == (2_500, 2)
    assert len(finding.problems[0].value) == 80
    assert lake.scenarios.validate("x", limit_per_rule=0).findings[0].problems == ()
    every = lake.scenarios.validate("x", limit_per_rule=None)
    assert every.to_polars()["row"].to_list() == list(range(2_500))


def test_rows_from_before_a_table_got_other_columns_are_checked_with_those_of_now(lake):
    narrow = EntityType(
        name="widgets",
        singular="widget",
        key="id",
        fields=(FieldSpec(id=1, name="id", type="text"),),
    )
    size = FieldSpec(id=2, name="size", type="int", required=True)
    rows = [{"id": "a", "size": 1}, {"id": "b", "size": "big"}, {"id": "c"}]
    lake.entities.declare(narrow)
    lake.scenarios.save("x", {"widgets": rows})
    assert lake.scenarios.validate("x").ok
    lake.entities.upgrade("widgets", narrow.model_copy(update={"fields": (*narrow.fields, size)}))
    expected = {("widgets", "size", "type"): 1, ("widgets", "size", "missing"): 1}
    assert broken(lake.scenarios.validate("x", version=1)) == expected
    assert broken(lake.scenarios.validate("x")) == expected


def test_a_report_becomes_text_and_json(lake):
    report = report_of(lake, with_patient(gender="x", birth_date=None))
    document = json.loads(report.to_json())
    assert document == report.to_dict()
    assert document["errors_by_rule"] == {"missing": 1, "values": 1}
    assert report.errors_by_table == {"patients": 2}
    text = str(report)
    assert "patients.gender: values, 1 rows; expected one of M, F, O, U" in text
    assert 'row 0 (p1): "x"' in text
    assert repr(report) == "<ValidationReport 'x' version 1 (missing: 1, values: 1)>"


def test_bad_input_is_a_named_error(lake):
    lake.scenarios.save("x", GOOD)
    validate = lake.scenarios.validate
    with pytest.raises(ScenarioNotFoundError, match="nobody"):
        validate("nobody")
    with pytest.raises(VersionNotFoundError, match="no version 2"):
        validate("x", version=2)
    with pytest.raises(EntityTypeNotFoundError, match="claims"):
        validate("x", types=["claims"])
    with pytest.raises(InputError, match="limit_per_rule"):
        validate("x", limit_per_rule=-1)


def test_each_finding_in_a_real_export_is_true_of_it(synthea_folder, tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.scenarios.save("real", synthea.read(synthea_folder))
    loaded = lake.scenarios.load("real")
    report = lake.scenarios.validate("real", limit_per_rule=None)
    assert report.errors_by_rule.keys() == {"missing", "type", "rounded", "values"}
    for one in report.problems():
        value = loaded[one.table][one.row].get(one.column)
        match one.rule:
            case "missing":
                assert value is None
            case "values":
                assert value not in one.expected.removeprefix("one of ").split(", ")
            case "type":  # the export writes NaN for the quality of life of nobody
                assert (one.column, value) == ("qols_avg", "NaN")
            case "rounded":
                assert len(value.partition(".")[2]) > 2
    for left in report.unjudged:
        values = [row[left.column] for row in loaded[left.table]]
        assert values.count("0") == left.count
    assert {one.column for one in report.unjudged} == {"primary_payer_id", "secondary_payer_id"}
