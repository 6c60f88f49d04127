"""Exporting to files, and importing them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.mark.parametrize("form", ["json", "ndjson", "csv", "parquet", "csv.gz"])
def test_what_is_exported_can_be_imported(run, lake, entities, tmp_path, form):
    told = run("export", "cohort", tmp_path / "out", "--format", form, "--json").json
    assert told["scenario_name"] == "cohort"
    assert told["total_entities"] == 3
    base = form.removesuffix(".gz")
    record = run("import", base, told["file_path"], "--name", "back", "--json").json
    assert record["entity_counts"] == {"patients": 2, "diagnosis": 1, "claims": 0}
    if base in ("json", "ndjson"):
        assert lake.scenarios.load("back").entities == entities


def test_both_say_in_one_line_what_they_did(run, lake, tmp_path):
    out = tmp_path / "out.json"
    assert (
        run("export", "cohort", out).out
        == f"Wrote 3 rows ({out.stat().st_size:,} bytes) to {out}\n"
    )
    assert (
        run("import", "json", out, "--overwrite").out
        == "Saved cohort, version 2: 3 rows of 3 types\n"
    )
    assert lake.scenarios.get("cohort").version == 2


@pytest.mark.usefixtures("lake")
def test_the_default_place_is_the_downloads_folder(run):
    assert run("export", "cohort", "--json").json["file_path"] == str(
        Path.home() / "Downloads" / "cohort.json"
    )


@pytest.mark.usefixtures("lake")
def test_types_versions_and_provenance_can_be_chosen(run, tmp_path):
    out = tmp_path / "out.json"
    run("export", "cohort", out, "--type", "diagnoses", "--version", 1, "--no-provenance")
    document = json.loads(out.read_text())
    assert list(document["entities"]) == ["diagnosis"]
    assert "provenance" not in document


@pytest.mark.usefixtures("lake")
def test_errors_have_their_codes(run, tmp_path):
    (tmp_path / "cut.json").write_text('{"entities": {"patients": [{"id": "1"')
    (tmp_path / "file").write_text("")
    assert run("export", "nothing").code == 4
    assert run("export", "cohort", "--format", "xml").code == 1
    assert run("export", "cohort", tmp_path / "file" / "below").code == 1
    assert run("import", "json", tmp_path / "none.json").code == 1
    cut = run("import", "json", tmp_path / "cut.json")
    assert cut.code == 1
    assert "cut off?" in cut.err
    assert "line 1, column 38" in cut.err
    taken = run("import", "json", run("export", "cohort", tmp_path, "--json").json["file_path"])
    assert taken.code == 3


@pytest.mark.usefixtures("lake")
@pytest.mark.parametrize(("suffix", "meant"), [("csv", "csv"), ("jsonl", "ndjson")])
def test_no_file_is_called_like_one_of_another_format(run, tmp_path, suffix, meant):
    refused = run("export", "cohort", tmp_path / f"cohort.{suffix}")
    assert refused.code == 1
    assert f"is called like a file of {meant}, but would hold json" in refused.err
    assert not (tmp_path / f"cohort.{suffix}").exists()


def test_a_csv_file_whose_cells_are_separated_otherwise_is_refused(run, place, tmp_path):
    (tmp_path / "patients.csv").write_text("id;family_name\np1;Do\n")
    refused = run("import", "csv", tmp_path / "patients.csv")
    assert refused.code == 1
    assert "its cells seem to be separated by ';'" in refused.err
    assert not place.exists()


@pytest.mark.parametrize("command", [["save"], ["import", "json"]])
@pytest.mark.usefixtures("place")
def test_json_lines_are_told_from_broken_json(run, tmp_path, command):
    (tmp_path / "lines.json").write_text('{"id": "p1"}\n{"id": "p2"}\n')
    refused = run(*command, tmp_path / "lines.json", "--name", "x")
    assert refused.code == 1
    assert "objects on lines of their own are NDJSON" in refused.err
    assert "line 2, column 1" in refused.err
