"""What changed between two versions, and whether the rows are what their types say."""

import tempfile

from healthsim_lake import Lake

DRAFT = [
    {"id": "p1", "mrn": "M1", "given_name": "Ada", "family_name": "Lee", "gender": "F"},
    {"id": "p2", "mrn": "M2", "given_name": "Ben", "family_name": "Fox", "gender": "male"},
]
DIAGNOSES = [{"id": "d1", "code": "E11.9", "patient_mrn": "M7", "diagnosed_date": "2019-05-20"}]

with tempfile.TemporaryDirectory() as folder, Lake(folder) as lake:
    lake.scenarios.save("cohort", {"patients": DRAFT, "diagnoses": DIAGNOSES})
    report = lake.scenarios.validate("cohort")
    print(report)
    assert report.errors_by_rule == {"missing": 2, "values": 1, "reference": 1}
    for problem in report.problems():
        print(problem.table, problem.row, problem.column, problem.rule, problem.expected)

    mended = [
        {**row, "birth_date": "1950-02-03", "gender": row["gender"][0].upper()} for row in DRAFT
    ]
    pointed = [{**DIAGNOSES[0], "patient_mrn": "M1"}]
    lake.scenarios.save("cohort", {"patients": mended, "diagnoses": pointed}, overwrite=True)
    assert lake.scenarios.validate("cohort").ok

    difference = lake.scenarios.diff("cohort")  # the newest version, and the one before
    print(difference)
    patients = difference["patients"]
    assert patients.counts == {"added": 0, "removed": 0, "changed": 2, "unchanged": 0}
    assert patients.columns == {"birth_date": 2, "gender": 1}
    for change in patients.changed:  # rows are read when they are asked for
        print(change.key, change.columns, change.before["gender"], "->", change.after["gender"])
    print(patients.changed.to_polars())

    lake.scenarios.save("other", {"patients": mended[::-1], "diagnoses": pointed})
    assert lake.scenarios.diff("cohort", "other").is_empty  # order does not matter
