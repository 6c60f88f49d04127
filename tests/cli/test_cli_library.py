"""Commands for profiles and journeys."""

from __future__ import annotations

import json

import pytest

SPECS = {
    "profile": {"name": "mine", "demographics": {"count": 5}},
    "journey": {
        "journey_id": "mine",
        "name": "mine",
        "duration_days": 10,
        "events": [{"event_id": "visit", "event_type": "encounter"}],
    },
}


@pytest.fixture(params=["profile", "journey"])
def noun(request):
    return request.param


@pytest.fixture
def file(tmp_path, noun):
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(SPECS[noun]))
    return path


def test_a_document_is_saved_listed_and_shown(run, noun, file):
    saved = run(noun, "save", file, "--tag", "a", "--product", "x", "--json").json
    assert (saved["name"], saved["version"], saved["tags"]) == ("mine", 1, ["a"])
    assert saved[f"{noun}_spec"] == SPECS[noun]
    (listed,) = run(noun, "list", "--json").json
    assert (listed["id"], listed["execution_count"]) == (saved["id"], 0)
    assert run(noun, "show", "mine", "--json").json == saved
    assert "mine" in run(noun, "show", "mine").out
    assert run(noun, "list", "--tag", "b", "--json").json == []


def test_versions_are_kept_compared_and_shown(run, noun, file):
    run(noun, "save", file)
    file.write_text(json.dumps({**SPECS[noun], "remark": "new"}))
    assert "version 2" in run(noun, "update", "mine", file, "--message", "why").out
    assert run(noun, "diff", "mine", "--json").json == [
        {"path": "remark", "kind": "added", "before": None, "after": "new"}
    ]
    assert "+ remark" in run(noun, "diff", "mine", "1", "2").out
    old = run(noun, "show", "mine", "--version", "1", "--json").json
    assert old[f"{noun}_spec"] == SPECS[noun]
    assert [one["message"] for one in run(noun, "history", "mine", "--json").json] == ["why", None]
    refused = run(noun, "update", "mine", file, "--expected-version", "1")
    assert refused.code == 3
    assert "version 2, not 1" in refused.err


def test_a_document_goes_out_and_comes_in_again(run, noun, file, tmp_path):
    run(noun, "save", file, "--description", "d")
    path = tmp_path / "out" / "mine.yaml"
    assert run(noun, "export", "mine", path, "--json").json == {"file": str(path)}
    again = run(noun, "import", path, "--name", "again", "--json").json
    assert (again["name"], again["description"]) == ("again", "d")
    assert again[f"{noun}_spec"] == SPECS[noun]


def test_a_document_is_renamed_deleted_and_restored(run, noun, file):
    run(noun, "save", file)
    assert run(noun, "rename", "mine", "yours", "--json").json["name"] == "yours"
    deleted = run(noun, "delete", "yours", "--json").json["deleted"]
    assert run(noun, "show", "yours").code == 4
    assert run(noun, "restore", deleted, "--json").json["name"] == "yours"


def test_executions_are_listed_with_what_they_say(run, lake, noun, file):
    run(noun, "save", file)
    collection = lake.profiles if noun == "profile" else lake.journeys
    collection.executions.record("mine", cohort_id="c", duration_ms=5)
    (found,) = run(noun, "executions", "mine", "--json").json
    assert (found["cohort_id"], found["status"]) == ("c", "completed")
    shown = run(noun, "executions", "mine").out
    assert "duration_ms" in shown
    assert "error_message" not in shown


def test_builtin_documents_are_listed_and_imported(run, noun):
    offered = [one["name"] for one in run(noun, "builtin", "--json").json]
    done = run(noun, "builtin", "--import", "--json").json
    assert (done["added"], done["skipped"]) == (offered, [])
    assert run(noun, "builtin", "--import", "--json").json == {"added": [], "skipped": offered}


@pytest.mark.filterwarnings("always")
def test_an_import_says_which_names_somebody_else_has(run, noun, file):
    taken = run(noun, "builtin", "--json").json[0]["name"]
    run(noun, "save", file, "--name", taken)
    said = run(noun, "builtin", "--import")
    assert f"whose names are taken were not imported: {taken}\n" in said.err


def test_an_update_without_anything_is_wrong_usage(run, noun, file):
    run(noun, "save", file)
    assert run(noun, "update", "mine").code == 2


def test_a_file_of_the_other_kind_is_refused(run, noun, tmp_path):
    other = {"profile": "journey", "journey": "profile"}[noun]
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"kind": other, "spec": SPECS[other]}))
    refused = run(noun, "import", path)
    assert refused.code == 1
    assert f"not a {noun}" in refused.err
