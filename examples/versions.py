"""Every change is a version: look back, compare, undo."""

import tempfile

from healthsim_lake import Lake

with tempfile.TemporaryDirectory() as folder, Lake(folder) as lake:
    first = lake.scenarios.save("cohort", {"patients": [{"id": "p1"}]}, message="a first draft")
    lake.scenarios.add("cohort", {"patients": [{"id": "p2"}, {"id": "p3"}]}, message="two more")
    lake.scenarios.save("cohort", {"patients": [{"id": "p9"}]}, overwrite=True, author="eva")

    for version in reversed(lake.scenarios.history("cohort")):
        print(version.version, version.operation, version.entity_count, version.message or "")

    second = lake.scenarios.load("cohort", version=2)["patients"]
    assert [row["id"] for row in second] == ["p1", "p2", "p3"]
    assert lake.scenarios.load("cohort", as_of=first.updated_at)["patients"] == [{"id": "p1"}]

    before = lake.at(version=2)  # the whole lake as it was after its second commit
    print("then:", before.query("SELECT count(*) AS n FROM patients").results)
    print("now: ", lake.query("SELECT count(*) AS n FROM patients").results)

    lake.scenarios.delete("cohort")
    assert not lake.scenarios.exists("cohort")
    lake.scenarios.restore("cohort")
    assert lake.scenarios.load("cohort")["patients"] == [{"id": "p9"}]
    print("deleted, and restored")
