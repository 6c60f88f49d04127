"""Commands through which rows go in and come out."""

from __future__ import annotations

import csv
import json
from datetime import date

import pyarrow.parquet as pq
import pytest

from healthsim_lake import Lake
from healthsim_lake.formats import synthea

SCENARIO_COLUMNS = ("name", "description", "tags", "metadata")


@pytest.fixture
def export(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    files = {
        "patients.csv": [["Id", "BIRTHDATE", "FIRST"], ["p1", "1950-02-03", "Ada"]],
        "allergies.csv": [["START", "PATIENT", "CODE"]],
        "strange.csv": [["a", "b"], ["1", "2"], ["3"]],
    }
    for name, rows in files.items():
        with (folder / name).open("w", newline="") as stream:
            csv.writer(stream).writerows(rows)
    return folder


def test_what_load_writes_save_reads(run, lake, tmp_path, entities):
    lake.scenarios.describe("cohort", metadata={"seed": 7})
    written = run("load", "cohort").out
    file = tmp_path / "cohort.json"
    file.write_text(written)
    assert json.loads(written)["entities"] == entities
    assert run("save", file, "--name", "copy").code == 0
    old, new = lake.scenarios.load("cohort"), lake.scenarios.load("copy")
    assert dict(new) == dict(old) == entities
    assert new.record.description == "Two people."
    assert new.record.tags == ("Diabetes",)
    assert new.record.metadata == {"seed": 7}


@pytest.mark.usefixtures("lake")
def test_load_writes_one_row_a_line(run, entities):
    lines = run("load", "cohort", "--type", "patient").out.splitlines()
    assert [json.loads(line.rstrip(",")) for line in lines[2:4]] == entities["patients"]
    assert lines[1] == '"patients":['
    assert lines[4:] == ["]", "}}"]


@pytest.mark.usefixtures("lake")
def test_load_writes_a_file_as_a_whole(run, tmp_path, entities):
    file = tmp_path / "out.json"
    file.write_text("old")
    said = run("load", "cohort", "--output", file, "--json").json
    assert said == {"path": str(file), "bytes": file.stat().st_size, "entity_count": 3}
    assert json.loads(file.read_text())["entities"] == entities
    assert run("load", "cohort", "-o", file, "--type", "patients").out.startswith("Wrote 2 rows")
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == ["out.json"]


@pytest.mark.usefixtures("lake")
def test_load_into_a_folder_that_cannot_be_made_is_one_readable_line(run, tmp_path):
    (tmp_path / "file").write_text("")
    failed = run("load", "cohort", "-o", tmp_path / "file" / "out.json")
    assert failed.code == 1
    assert failed.out == ""
    assert failed.err.startswith("error: ")
    assert "cannot write" in failed.err


def test_load_of_an_earlier_version_and_time(run, lake, entities):
    first = lake.scenarios.history("cohort")[0].timestamp
    lake.scenarios.save("cohort", {"patients": []}, overwrite=True)
    assert json.loads(run("load", "cohort").out)["entities"] == {"patients": []}
    for option in (["--version", "1"], ["--as-of", first.isoformat()]):
        document = json.loads(run("load", "cohort", *option).out)
        assert document["entities"] == entities
        assert document["version"] == 1


@pytest.mark.usefixtures("lake")
def test_a_time_that_is_none_is_wrong_usage(run):
    refused = run("load", "cohort", "--as-of", "yesterday")
    assert refused.code == 2
    assert "2026-11-21T09:30" in refused.err


def test_save_takes_types_to_rows_and_names_the_scenario_after_the_file(
    run, place, tmp_path, entities
):
    file = tmp_path / "my people.json"
    file.write_text(json.dumps(entities))
    saved = run("save", file, "--tag", "a", "--tag", "b", "--description", "d", "--json").json
    assert (saved["name"], saved["tags"], saved["description"]) == ("my people", ["a", "b"], "d")
    assert saved["entity_counts"] == {"patients": 2, "diagnosis": 1, "claims": 0}
    assert dict(Lake(place).scenarios.load("my people")) == entities


def test_save_reads_standard_input(run, place, entities):
    text = json.dumps(entities).encode()
    assert run("save", "-", typed=text).code == 1
    saved = run("save", "-", "--name", "piped", typed=text)
    assert saved.out == "Saved piped, version 1: 3 rows of 3 types\n"
    assert dict(Lake(place).scenarios.load("piped")) == entities


def test_save_overwrites_only_when_told(run, lake, tmp_path):
    file = tmp_path / "new.json"
    file.write_text('{"patients": [{"id": "p9"}]}')
    assert run("save", file, "--name", "cohort").code == 3
    assert run("save", file, "--name", "cohort", "--overwrite", "--json").json["version"] == 2
    assert lake.scenarios.load("cohort")["patients"] == [{"id": "p9"}]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[]", "expected an object of entity types to rows"),
        ("{", "line 1, column 2"),
        ('{"entities": {}, "tags": "a"}', "'tags' must be a list, not text"),
        ('{"entities": {}, "name": 1}', "'name' must be text, not a number"),
        ('{"patients": [NaN]}', "NaN"),
        ('{"patients": [1]}', "patients[0]"),
    ],
)
def test_a_file_that_is_no_scenario_is_named_with_the_place(run, place, tmp_path, text, complaint):
    file = tmp_path / "bad.json"
    file.write_text(text)
    refused = run("save", file)
    assert refused.code == 1
    assert refused.err.count("\n") == 1
    assert complaint in refused.err
    assert not Lake(place).scenarios.exists("bad")


def test_a_file_that_is_not_there_is_named(run, tmp_path):
    refused = run("save", tmp_path / "none.json")
    assert refused.code == 1
    assert refused.err == f"error: {tmp_path / 'none.json'}: No such file or directory\n"


def test_a_synthea_export_becomes_a_scenario(run, place, export):
    told = run("import", "synthea", export, "--name", "synthea", "--tag", "t").out
    assert "strange.csv, line 3" in told
    assert told.endswith("Saved synthea, version 1: 3 rows of 3 types\n")
    loaded = Lake(place).scenarios.load("synthea")
    assert loaded["patients"][0]["given_name"] == "Ada"
    assert loaded.record.tags == ("t",)


def test_an_import_tells_record_and_report_as_json(run, place, export):
    told = run("import", "synthea", export, "--name", "synthea", "--json").json
    assert told["scenario"] == Lake(place).scenarios.get("synthea").to_dict()
    assert told["report"]["tables"] == {"patients": 1, "allergies": 0, "stranges": 2}
    assert told["report"]["complete"] is True


def test_a_folder_without_an_export_is_one_readable_line(run, tmp_path):
    refused = run("import", "synthea", tmp_path, "--name", "x")
    assert refused.code == 1
    assert refused.err.startswith("error: ")
    assert refused.err.count("\n") == 1


@pytest.mark.usefixtures("place")
def test_the_shipped_export_is_one_that_the_command_reads(run):
    with synthea.demo_export() as folder:
        assert run("import", "synthea", folder, "--name", "x").code == 0


@pytest.mark.usefixtures("lake")
def test_query_prints_a_page_as_json(run):
    answer = run("query", "SELECT mrn, birth_date FROM patients ORDER BY mrn", "--json").json
    assert answer["results"] == [
        {"mrn": "M1", "birth_date": "1950-02-03"},
        {"mrn": "M2", "birth_date": None},
    ]
    assert answer["total_count"] == 2
    assert answer["has_more"] is False
    assert [one["name"] for one in answer["columns"]] == ["mrn", "birth_date"]


@pytest.mark.usefixtures("lake")
def test_query_prints_plain_columns_and_says_that_there_is_more(run):
    sql = "SELECT mrn, 1.5 AS number FROM patients ORDER BY mrn"
    shown = run("query", sql, "--limit", "1", "--offset", "1")
    assert shown.out == "mrn  number\nM2      1.5\n"
    assert run("query", sql, "--limit", "1").err == "rows 1 to 1 of 2; --offset 1 goes on\n"


@pytest.mark.usefixtures("lake")
def test_query_reads_sql_from_standard_input(run):
    assert run("query", "-", typed="SELECT count(*) AS n FROM patients").out == "n\n2\n"


@pytest.mark.usefixtures("lake")
def test_query_takes_parameters_as_text_and_as_json(run):
    sql = "SELECT mrn FROM patients WHERE mrn = $mrn AND length(mrn) = $size"
    assert run("query", sql, "--param", "mrn=M1", "--param", "size:=2").out == "mrn\nM1\n"
    zeros = run("query", "SELECT $zip AS zip", "--param", "zip=01234", "--json")
    assert zeros.json["results"] == [{"zip": "01234"}]
    for wrong in ("mrn", "=1", "n:=one"):
        assert run("query", "SELECT 1", "--param", wrong).code == 2


def test_query_asks_the_scenarios_that_are_named(run, lake):
    lake.scenarios.save("other", {"patients": [{"id": "p3"}]})
    sql = "SELECT count(*) AS n FROM patients"

    def count(*options):
        return run("query", sql, "--json", *options).json["results"][0]["n"]

    assert count() == 3
    assert count("--scenario", "other") == 1
    assert count("--scenario", "other", "--scenario", "cohort") == 3
    assert run("query", sql, "--scenario", "none").code == 4


NESTED = (
    "SELECT mrn, birth_date, extra, gender = 'F' AS female, ['a', NULL] AS list, "
    "1.25 AS number, INTERVAL 1 DAY AS day FROM patients ORDER BY mrn"
)


@pytest.mark.usefixtures("lake")
def test_query_writes_all_rows_as_csv(run):
    rows = list(csv.DictReader(run("query", NESTED, "--format", "csv").out.splitlines()))
    assert rows[0] == {
        "mrn": "M1", "birth_date": "1950-02-03", "extra": "", "female": "true",
        "list": '["a",null]', "number": "1.25", "day": "P1D",
    }  # fmt: skip
    assert json.loads(rows[1]["extra"]) == {"pets": ["cat", {"n": 1.5}]}
    many = run("query", "SELECT i FROM range(25000) t(i)", "--format", "csv", "--offset", "1")
    assert many.out.splitlines()[1:] == [str(number) for number in range(1, 25_000)]


@pytest.mark.usefixtures("lake")
def test_query_writes_parquet_to_a_file_and_to_a_pipe(run, tmp_path):
    file = tmp_path / "answer.parquet"
    told = run("query", NESTED, "--format", "parquet", "--output", file, "--json").json
    assert told == {"path": str(file), "bytes": file.stat().st_size, "row_count": 2}
    table = pq.read_table(file)
    assert table.column("birth_date").to_pylist() == [date(1950, 2, 3), None]
    assert table.column("list").to_pylist() == [["a", None]] * 2
    assert table.column("day").to_pylist() == ["P1D"] * 2
    piped = run("query", NESTED, "--format", "parquet")
    assert piped.raw == file.read_bytes()


@pytest.mark.usefixtures("lake")
def test_query_writes_a_page_of_json_to_a_file(run, tmp_path):
    file = tmp_path / "page.json"
    sql = "SELECT mrn FROM patients ORDER BY mrn"
    said = run("query", sql, "--format", "json", "-o", file, "--limit", "1")
    assert said.out == f"Wrote 1 rows ({file.stat().st_size} bytes) to {file}\n"
    assert said.err == "rows 1 to 1 of 2; --offset 1 goes on\n"
    assert json.loads(file.read_text()) == run("query", sql, "--limit", "1", "--json").json
    assert (
        json.loads(file.read_text()) == run("query", sql, "--limit", "1", "--format", "json").json
    )


@pytest.mark.usefixtures("lake")
def test_a_file_that_cannot_be_written_leaves_nothing(run, tmp_path):
    (tmp_path / "file").touch()
    failed = run("query", "SELECT 1", "--format", "csv", "-o", tmp_path / "file" / "x.csv")
    assert failed.code == 1
    assert failed.err.count("\n") == 1
    refused = run("query", "SELECT nothing", "--format", "csv", "-o", tmp_path / "x.csv")
    assert refused.code == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "lake"]


@pytest.mark.usefixtures("lake")
@pytest.mark.parametrize(
    "options",
    [
        ["--format", "xml"],
        ["--format", "csv", "--json"],
        ["--format", "csv", "--limit", "5"],
        ["--format", "table", "--output", "x"],
        ["--output", "x"],
        ["--limit", "0"],
        ["--offset", "-1"],
    ],
)
def test_options_of_query_that_contradict_each_other_are_wrong_usage(run, options):
    assert run("query", "SELECT 1", *options).code == 2


@pytest.mark.usefixtures("lake")
def test_a_page_that_is_not_there_is_one_readable_line(run):
    for options in (["--offset", "2"], ["--limit", "1001"]):
        refused = run("query", "SELECT mrn FROM patients", *options)
        assert (refused.code, refused.out) == (1, "")
        assert refused.err.count("\n") == 1


@pytest.mark.usefixtures("lake")
def test_limits_of_a_question_are_options(run):
    for sql, options, said in (
        ("SELECT * FROM range(11)", ["--max-rows", "10"], "more than 10 rows"),
        ("SELECT list(i) FROM range(50000000) t(i)", ["--memory-mb", "50"], "more than 50 MB"),
        ("SELECT count(*) FROM range(1e14::BIGINT)", ["--timeout", "0.2"], "longer than 0.2"),
    ):
        ended = run("query", sql, *options)
        assert ended.code == 1
        assert said in ended.err


def test_files_prints_a_path_a_line(run, lake):
    lake.scenarios.save("other", {"patients": [{"id": "p3"}]})
    assert run("files", "patient").out.splitlines() == lake.files("patients")
    one = run("files", "patients", "--scenario", "other", "--json").json
    assert one == lake.files("patients", scenario="other")
    assert run("files", "claims").out == ""
    assert run("files", "pacients").code == 4
    assert run("files", "patients", "--scenario", "none").code == 4


@pytest.mark.usefixtures("lake")
def test_a_refused_statement_is_one_readable_line(run):
    refused = run("query", "SELECT * FROM read_text('/etc/passwd')")
    assert refused.code == 1
    assert refused.out == ""
    assert refused.err.startswith("error: ")
    assert refused.err.count("\n") == 1


def test_entities_lists_types_and_tells_what_a_table_holds(run, lake):
    described = run("entities", "--json").json
    assert {"patients", "encounters", "claims"} <= {one["name"] for one in described}
    one = run("entities", "Patient", "--json").json
    assert one == lake.entities.describe("patients")
    shown = run("entities", "patient").out
    assert "birth_date" in shown
    assert "created_at" in shown
    assert len(run("entities").out.splitlines()) == len(described) + 1
