"""Make variants of a scenario, and one population out of several."""

import tempfile

from healthsim_lake import Lake

PATIENTS = [{"id": "p1", "mrn": "M1", "given_name": "Ada"}, {"id": "p2", "mrn": "M2"}]
ENCOUNTERS = [{"encounter_id": "e1", "patient_mrn": "M1"}]

JOIN = """
    SELECT p.mrn, count(e.encounter_id) AS encounters
    FROM patients p LEFT JOIN encounters e ON e.patient_mrn = p.mrn GROUP BY ALL ORDER BY ALL
"""

with tempfile.TemporaryDirectory() as folder, Lake(folder) as lake:
    lake.scenarios.save("base", {"patients": PATIENTS, "encounters": ENCOUNTERS}, tags=["demo"])

    variant = lake.scenarios.clone("base", "treated")  # shares the files: the same cost at any size
    lake.scenarios.add("treated", {"medications": [{"id": "m1", "patient_mrn": "M1"}]})
    print(variant.entities_cloned)
    assert "medications" not in lake.scenarios.load("base")

    others = lake.scenarios.clone("base", "others", new_ids=True)  # other people, the same story
    print(lake.query(JOIN, scenario="others").results)
    assert lake.scenarios.load("others")["patients"][0]["id"] != "p1"

    twice = lake.scenarios.merge(["base", "others"], "population")
    assert twice.entities_merged == {"patients": 4, "encounters": 2}
    print(lake.query(JOIN, scenario="population").results)

    newer = {"patients": [{"id": "p2", "mrn": "M2", "given_name": "Eve"}, {"id": "p3"}]}
    lake.scenarios.save("newer", newer)
    latest = lake.scenarios.merge(["base", "newer"], "latest", conflict_strategy="overwrite")
    print(latest.entities_merged, latest.conflicts_by_type)
    assert latest.conflicts_resolved == 1
