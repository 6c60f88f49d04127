"""`clone` and `merge` on the command line."""

from __future__ import annotations

import pytest

from healthsim_lake import Lake


def test_clone_says_what_it_made(run, lake: Lake, entities):
    answer = run("clone", "cohort")
    assert answer.code == 0
    assert answer.out.splitlines()[0] == "Cloned cohort to cohort-copy"
    assert lake.scenarios.load("cohort-copy").entities == entities
    told = run("clone", "cohort", "mine", "--tag", "a", "--description", "d", "--json").json
    record = lake.scenarios.get("mine")
    assert told["new_scenario_id"] == record.id
    assert told["entities_cloned"] == record.entity_counts
    assert (record.tags, record.description) == (("a",), "d")


def test_clone_takes_types_versions_times_and_new_ids(run, lake: Lake, entities):
    moment = lake.scenarios.get("cohort").updated_at
    lake.scenarios.save("cohort", {"patients": []}, overwrite=True)
    assert run("clone", "cohort", "a", "--version", 1, "--type", "diagnosis").code == 0
    assert lake.scenarios.load("a").entities == {"diagnosis": entities["diagnosis"]}
    assert run("clone", "cohort", "b", "--as-of", moment.isoformat(), "--new-ids").code == 0
    assert lake.scenarios.load("b")["patients"][0]["id"] != "p1"
    assert lake.scenarios.load("b")["patients"][0]["given_name"] == "Ada"


def test_merge_says_what_it_made(run, lake: Lake):
    lake.scenarios.save("other", {"patients": [{"id": "p1", "mrn": "M1"}, {"id": "p9"}]})
    answer = run("merge", "cohort", "other", "--name", "both")
    assert answer.code == 0
    assert "Merged cohort, other into both\nConflicts: 1\n" in answer.out
    assert lake.scenarios.get("both").entity_counts["patients"] == 3
    told = run("merge", "cohort", "other", "--name", "all", "--strategy", "keep", "--json").json
    assert told["entities_merged"]["patients"] == 4
    assert told["conflicts_resolved"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("clone", "nobody"), 4, "not found"),
        (("clone", "cohort", "cohort"), 3, "already exists"),
        (("clone", "cohort", "--type", "members"), 4, "holds no"),
        (("clone", "cohort", "--version", "9"), 4, "no version 9"),
        (("merge", "cohort", "--name", "x"), 1, "At least 2"),
        (("merge", "cohort", "cohort", "--name", "x"), 1, "same scenario"),
        (("merge", "cohort", "nobody", "--name", "x"), 4, "not found"),
        (("merge", "cohort", "nobody"), 2, "--name"),
        (("merge", "cohort", "nobody", "--name", "x", "--strategy", "union"), 2, "--strategy"),
    ],
)
def test_what_is_refused_has_its_exit_code(run, lake: Lake, arguments, code, words):
    version = lake.version
    answer = run(*arguments)
    assert (answer.code, answer.out) == (code, "")
    assert words in answer.err
    assert lake.version == version
