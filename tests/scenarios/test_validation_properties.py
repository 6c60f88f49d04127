"""Whatever rows are saved, validation finds what the plain and slow way finds."""

from __future__ import annotations

from collections import Counter

import pytest
from diff_oracle import key_of
from hypothesis import given
from troubles import TROUBLE, any_rows, big_path, feeding, thorough

from healthsim_lake import Lake
from healthsim_lake.entities.fitting import misfit

VALUES = ("A", "true", "nan", "300")
REQUIRED = {"patient_key", "given_name", "birth_date", "cost", "codes"}
CHECKED = TROUBLE.model_copy(
    update={
        "name": "checkeds",
        "singular": "checked",
        "fields": tuple(
            spec.model_copy(
                update={
                    "required": spec.name in REQUIRED,
                    "values": VALUES if spec.name in {"family_name", "count"} else (),
                }
            )
            for spec in TROUBLE.fields
        ),
    }
)
PLACES = ("patient_key", "mrn", "Id", "id", "checked_id")


def problems_of(rows):
    """Count problems by rule and column, looking at one row after the other."""
    found, seen = Counter(), set()
    for row in rows:
        key, fed = key_of(row, PLACES), feeding(CHECKED, row)
        if key is not None:
            found["repeated", "patient_key"] += key in seen
            seen.add(key)
        for spec in CHECKED.fields:
            value = fed.get(spec.name)
            wrong = misfit(spec.kind, value)
            if wrong is not None:
                found[wrong, spec.name] += 1
            given_ = key if spec.name == "patient_key" else value
            if spec.required and given_ is None and wrong != "type":
                found["missing", spec.name] += 1
            if spec.values and value is not None and wrong != "type":
                found["values", spec.name] += _text(value) not in VALUES
    return +found


def _text(value):
    return str(int(float(value))) if _is_number(value) else value


def _is_number(value):
    try:
        return float(value).is_integer()
    except (ValueError, OverflowError):
        return False


@pytest.mark.parametrize("big", [False, True], ids=["arrow", "polars"])
@thorough
@given(rows=any_rows)
def test_every_problem_is_found_and_nothing_else(rows, *, big):
    lake = Lake(f"memory://validation-properties-{big}/lake")
    if not lake.version:
        lake.entities.declare(CHECKED)
    with big_path(big=big):
        lake.scenarios.save("a", {"checkeds": rows[:5]}, overwrite=True)
        lake.scenarios.add("a", {"checkeds": rows[5:]})
        report = lake.scenarios.validate("a", limit_per_rule=None)
    assert {(one.rule, one.column): one.count for one in report.findings} == problems_of(rows)
    assert report.error_count == len(list(report.problems()))
    for one in report.problems():
        row = rows[one.row]
        assert one.key == key_of(row, PLACES)
        if one.rule == "missing":
            assert one.value is None
        else:
            assert one.value is not None
