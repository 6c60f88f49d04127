"""`diff` and `validate` on the command line."""

import pytest


@pytest.fixture
def versions(lake):
    """Three versions of `cohort`: the rows of the fixture, a change, a deletion of a row."""
    rows = lake.scenarios.load("cohort")["patients"]
    changed = [{**rows[0], "gender": "U"}, rows[1]]
    lake.scenarios.save("cohort", {"patients": changed}, overwrite=True)
    lake.scenarios.save("cohort", {"patients": changed[:1]}, overwrite=True)
    return lake


@pytest.mark.usefixtures("versions")
def test_diff_compares_the_newest_version_with_the_one_before(run):
    answer = run("diff", "cohort")
    assert answer.code == 0
    assert answer.out.splitlines() == [
        "type      added  removed  changed  unchanged  changed columns",
        "patients      0        1        0          1",
    ]


@pytest.mark.usefixtures("versions")
@pytest.mark.parametrize("chosen", [["--versions", "1..2"], ["--from", "1", "--to", "2"]])
def test_diff_shows_rows(run, chosen):
    answer = run("diff", "cohort", *chosen, "--rows", "patient")
    assert answer.out.splitlines() == [
        "type       added  removed  changed  unchanged  changed columns",
        "patients       0        0        1          1  gender (1)",
        "diagnosis      0        1        0          0  (only before)",
        "claims         0        0        0          0  (only before)",
        "change   key  column  before  after",
        'changed  p1   gender  "F"     "U"',
    ]


@pytest.mark.usefixtures("versions")
def test_diff_answers_in_json(run):
    found = run(
        "diff", "cohort", "--versions", "1..", "--type", "patients", "--rows", "patients", "--json"
    ).json
    assert found["counts"] == {"added": 0, "removed": 1, "changed": 1, "unchanged": 0}
    assert list(found["types"]) == ["patients"]
    assert found["rows"]["removed"][0]["id"] == "p2"
    (change,) = found["rows"]["changed"]
    assert (change["key"], change["columns"], change["after"]["gender"]) == ("p1", ["gender"], "U")


def test_diff_says_where_rows_end(lake, run):
    lake.scenarios.save("other", {"patients": [{"id": str(n)} for n in range(5)]})
    answer = run("diff", "cohort", "other", "--rows", "patients", "--limit", 2)
    assert sum(line.startswith("added") for line in answer.out.splitlines()) == 2
    assert "--limit shows more" in answer.err


def test_diff_of_the_same_rows_says_so(lake, run):
    lake.scenarios.save("copy", dict(lake.scenarios.load("cohort")))
    assert "both have the same rows" in run("diff", "cohort", "copy").err


@pytest.mark.usefixtures("lake")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["cohort", "--versions", "3"], 2, "like 1..3"),
        (["cohort", "--versions", "1..2", "--to", "2"], 2, "give one of them"),
        (["cohort", "--versions", "1..2"], 4, "no version 2"),
        (["cohort"], 4, "no version before 1"),
        (["cohort", "nobody"], 4, "nobody"),
        (["cohort", "cohort"], 1, "with itself"),
    ],
)
def test_diff_explains_what_is_wrong(run, arguments, code, message):
    answer = run("diff", *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert message in answer.err


@pytest.mark.usefixtures("lake")
def test_validate_reports_and_is_no_error_unless_strict(run):
    answer = run("validate", "cohort", "--type", "patients")
    assert answer.code == 0
    assert answer.out.splitlines() == [
        "type      column       rule     rows  expected        first row  its value",
        "patients  family_name  missing     2  a value (text)          0",
        "patients  birth_date   missing     1  a value (date)          1",
    ]
    assert "3 problems in 2 rows of cohort" in answer.err
    assert run("validate", "cohort", "--strict").code == 1


@pytest.mark.usefixtures("lake")
def test_validate_answers_in_json(run):
    found = run("validate", "cohort", "--json", "--limit", 1, "--strict")
    assert found.code == 1
    assert not found.json["ok"]
    assert found.json["errors_by_rule"] == {"missing": 4}
    assert {len(one["problems"]) for one in found.json["findings"]} == {1}


def test_validate_tells_what_it_could_not_judge(lake, run):
    lake.scenarios.save(
        "claims",
        {"payers": [{"payer_id": "p", "name": "P"}], "claims": [{"secondary_payer_id": "0"}]},
    )
    answer = run("validate", "claims", "--type", "payers")
    assert answer.out == "No problems in 1 rows of claims\n"
    assert run("validate", "claims", "--strict", "--type", "payers").code == 0
    assert "claims.secondary_payer_id -> payers.payer_id: 1 values" in run("validate", "claims").err


@pytest.mark.usefixtures("versions")
def test_validate_can_look_at_a_version(run):
    assert run("validate", "cohort", "--version", 2, "--json").json["rows"] == {"patients": 2}
    assert run("validate", "cohort", "--version", 9).code == 4
