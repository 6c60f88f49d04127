"""Scenarios to files and back."""

from __future__ import annotations

import csv
import gzip
import json
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from healthsim_lake import Lake
from healthsim_lake.errors import (
    EntityTypeNotFoundError,
    FormatError,
    InputError,
    NameTakenError,
    ScenarioNotFoundError,
    StorageError,
    VersionNotFoundError,
)
from healthsim_lake.storage import layout

ROWS = {
    "patient": [
        {
            "id": "p1",
            "birth_date": "1950-02-03",
            "name": {"given": "Ada", "family": "Ünal"},
            "pets": ["cat", 1.0],
            "_provenance": {"source_type": "derived"},
        },
        {"id": "p2", "income": 5, "email": "", "big": 10**40, "birth_date": None},
    ],
    "widgets": [{"size": 1, "data": {"a": 1}}, {"data": {"b": 2}, "provenance": None}],
    "encounters": [],
}


@pytest.fixture
def lake(lake_url):
    with Lake(lake_url) as one:
        one.scenarios.save("demo x", ROWS, description="Two.", tags=["T", "u"], metadata={"k": [1]})
        yield one


def test_json_has_the_specified_layout_and_comes_back_exactly(lake, tmp_path):
    result = lake.scenarios.export("demo x", tmp_path / "deep" / "er" / "out.json")
    document = json.loads(Path(result.file_path).read_text())
    record = lake.scenarios.get("demo x")
    assert document["schema_version"] == "1.0"
    assert document["scenario_id"] == record.id == result.scenario_id
    assert document["name"] == document["scenario_name"] == result.scenario_name == "demo x"
    assert document["description"] == "Two."
    assert document["tags"] == ["T", "u"]
    assert document["created_at"].endswith("Z")
    assert document["exported_at"].endswith("Z")
    assert document["entities"] == ROWS
    assert result.to_dict() == {
        "scenario_id": record.id,
        "scenario_name": "demo x",
        "format": "json",
        "file_path": str(tmp_path / "deep" / "er" / "out.json"),
        "entities_exported": {"patient": 2, "widgets": 2, "encounters": 0},
        "total_entities": 4,
        "file_size_bytes": Path(result.file_path).stat().st_size,
    }
    lake.scenarios.delete("demo x")
    back = lake.scenarios.import_file(result.file_path)
    assert (back.name, back.description, back.tags, back.metadata) == (
        "demo x",
        "Two.",
        ("T", "u"),
        {"k": [1]},
    )
    assert lake.scenarios.load(back.id).entities == ROWS
    assert list(lake.scenarios.load(back.id).entities) == list(ROWS)


@pytest.mark.parametrize("form", ["json", "json.gz", "ndjson", "ndjson.gz", "NDJSON"])
def test_rows_as_saved_come_back_exactly_in_every_format_of_rows(lake, tmp_path, form):
    result = lake.scenarios.export("demo x", tmp_path, format=form)
    back = lake.scenarios.import_file(result.file_path, name="back")
    assert lake.scenarios.load("back").entities == ROWS
    assert back.entity_counts == {"patient": 2, "widgets": 2, "encounters": 0}
    assert back.tags == ("T", "u")


def test_a_path_that_ends_in_gz_is_packed_and_the_same_rows_make_the_same_bytes(lake, tmp_path):
    for name in ("a.json.gz", "b.json.gz"):
        lake.scenarios.export("demo x", tmp_path / name)
    one, two = (
        gzip.decompress((tmp_path / name).read_bytes()) for name in ("a.json.gz", "b.json.gz")
    )
    assert json.loads(one)["entities"] == json.loads(two)["entities"] == ROWS


def test_csv_is_a_folder_of_tables_with_extra_last(lake, tmp_path):
    result = lake.scenarios.export("demo x", tmp_path / "out.csv", format="csv")
    assert result.file_path == str(tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").glob("*.csv"))
    assert names == ["encounters.csv", "patients.csv", "widgets.csv"]
    with (tmp_path / "out" / "patients.csv").open(newline="") as stream:
        first, second = csv.DictReader(stream)
    assert list(first)[-1] == "extra"
    assert first["scenario_id"] == lake.scenarios.get("demo x").id
    assert first["given_name"] == "Ada"
    assert first["birth_date"] == "1950-02-03"
    assert first["source_type"] == "derived"
    assert json.loads(second["extra"]) == {"big": 10**40}
    lines = (tmp_path / "out" / "patients.csv").read_text().splitlines()
    assert ',"",' in lines[2], "an empty text differs from a null"


def test_parquet_is_typed_and_readable_by_others(lake, tmp_path):
    result = lake.scenarios.export("demo x", tmp_path / "v1.2", format="parquet")
    assert result.file_path == str(tmp_path / "v1.2"), "dots in a folder's name are no suffix"
    table = pq.read_table(tmp_path / "v1.2" / "patients.parquet")
    assert str(table.schema.field("birth_date").type) == "date32[day]"
    assert table.column_names[-1] == "extra"
    assert "row_shape" not in table.column_names
    assert pq.read_table(tmp_path / "v1.2" / "encounters.parquet").num_rows == 0
    size = sum(path.stat().st_size for path in (tmp_path / "v1.2").iterdir())
    assert result.file_size_bytes == size


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
def test_tables_come_back_with_the_same_cells(lake, tmp_path, form):
    result = lake.scenarios.export("demo x", tmp_path, format=form)
    lake.scenarios.import_file(result.file_path, name="back")
    was, now = lake.scenarios.load("demo x"), lake.scenarios.load("back")
    assert list(now) == list(was)
    for key in was:
        before, after = was.to_polars(key), now.to_polars(key)
        same = [name for name in before.columns if name not in ("scenario_id", "extra", "data")]
        assert after.select(same).equals(before.select(same))
    assert now["patient"][0]["pets"] == ["cat", 1.0]
    assert now["patient"][1]["big"] == 10**40
    assert now["patient"][1]["email"] == ""
    assert now["widgets"][0]["data"] == {"a": 1}


def test_where_rows_came_from_survives_and_can_be_left_out(lake, tmp_path):
    rows = {
        "patients": [
            {"id": "1", "source_system": "epic", "scenario_id": "x", "provenance": {"a": 1}}
        ]
    }
    lake.scenarios.save("loaded", rows, provenance={"source_type": "loaded", "skill_used": "s"})
    document = lake.scenarios.export("loaded", tmp_path / "a.json").file_path
    assert json.loads(Path(document).read_text())["provenance"] == {
        "source_type": "loaded",
        "source_system": "epic",
        "skill_used": "s",
    }
    lake.scenarios.import_file(document, name="back")
    frame = lake.scenarios.load("back").to_polars("patients")
    assert frame["skill_used"][0] == "s"
    bare = lake.scenarios.export("loaded", tmp_path / "b.json", include_provenance=False).file_path
    found = json.loads(Path(bare).read_text())
    assert found["entities"] == {"patients": [{"id": "1"}]}
    assert "provenance" not in found
    lake.scenarios.export("loaded", tmp_path / "t", format="csv", include_provenance=False)
    header = (tmp_path / "t" / "patients.csv").read_text().splitlines()[0].split(",")
    gone = {"source_type", "source_system", "skill_used", "generation_seed", "scenario_id"}
    assert not gone & set(header)
    assert "created_at" in header


def test_types_and_versions_can_be_chosen(lake, tmp_path):
    lake.scenarios.save("demo x", {"patient": [{"id": "p9"}]}, overwrite=True)
    old = lake.scenarios.export("demo x", tmp_path / "a.json", types=["Patients"], version=1)
    assert json.loads(Path(old.file_path).read_text())["entities"] == {"patient": ROWS["patient"]}
    assert old.entities_exported == {"patient": 2}
    with pytest.raises(EntityTypeNotFoundError):
        lake.scenarios.export("demo x", tmp_path / "b.json", types=["claims"])
    with pytest.raises(VersionNotFoundError):
        lake.scenarios.export("demo x", tmp_path / "b.json", version=7)


@pytest.mark.parametrize("form", ["json", "ndjson", "csv", "parquet"])
def test_progress_is_told_in_every_format(lake, tmp_path, form):
    told = []
    lake.scenarios.export(
        "demo x", tmp_path / form, format=form, on_progress=lambda *one: told.append(one)
    )
    assert told == [("patient", 2), ("widgets", 2)]


def test_the_default_place_is_the_downloads_folder(lake):
    lake.scenarios.save("a/b c", {"patients": [{"id": "1"}]})
    assert lake.scenarios.export("a/b c").file_path == str(Path.home() / "Downloads" / "a-b_c.json")
    assert lake.scenarios.export("a/b c", format="csv").file_path == str(
        Path.home() / "Downloads" / "a-b_c"
    )
    lake.scenarios.save("../..", {})
    assert Path(lake.scenarios.export("../..").file_path).parent == Path.home() / "Downloads"
    lake.scenarios.save("é" * 200, {})
    assert Path(lake.scenarios.export("é" * 200).file_path).exists()


def test_an_existing_folder_gets_the_export_inside_and_a_second_one_replaces_it(lake, tmp_path):
    first = lake.scenarios.export("demo x", tmp_path, format="csv")
    assert first.file_path == str(tmp_path / "demo_x")
    again = lake.scenarios.export("demo x", tmp_path, format="parquet", types=["patients"])
    assert again.file_path == first.file_path
    assert {path.name for path in Path(again.file_path).iterdir()} == {
        "_scenario.json",
        "patients.parquet",
    }
    assert {path.name for path in tmp_path.iterdir()} - {"lake"} == {"demo_x"}


@pytest.mark.parametrize("stranger", ["notes.txt", "mine.csv"])
def test_a_folder_of_somebody_else_is_left_alone(lake, tmp_path, stranger):
    (tmp_path / "demo_x").mkdir()
    (tmp_path / "demo_x" / stranger).write_text("mine")
    with pytest.raises(FileExistsError, match="no earlier export"):
        lake.scenarios.export("demo x", tmp_path, format="csv")
    assert (tmp_path / "demo_x" / stranger).read_text() == "mine"


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_place_that_cannot_be_written_is_a_named_error(lake, tmp_path, form):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="cannot write"):
        lake.scenarios.export("demo x", tmp_path / "file" / "below", format=form)
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_a_named_error(lake, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(PermissionError, match="choose another folder"):
        lake.scenarios.export("demo x", tmp_path / "closed" / "a.json")


def test_a_failed_export_leaves_the_former_file_and_nothing_else(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.scenarios.save("s", {"patients": [{"id": "1"}]})
    path = Path(lake.scenarios.export("s", tmp_path / "out.json").file_path)
    before = path.read_bytes()
    lake.scenarios.save("s", {"patients": [{"id": "2"}]}, overwrite=True)
    (file,) = (tmp_path / "lake" / layout.DATA / "patients").rglob("*.parquet")
    file.chmod(0o644)
    file.write_bytes(b"damaged")
    for form in ("json", "parquet", "csv", "ndjson"):
        with pytest.raises(Exception, match="differs from what was committed"):
            lake.scenarios.export(
                "s", tmp_path / "out.json" if form == "json" else tmp_path / form, format=form
            )
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["lake", "out.json"]


@pytest.mark.parametrize("form", ["xml", "", "json.zip", "parquet.gz", None])
def test_an_unknown_format_is_refused_before_anything_else(lake, form):
    with pytest.raises(InputError, match="Unsupported export format"):
        lake.scenarios.export("no such scenario", format=form)


def test_an_unknown_scenario_and_a_url_are_refused(lake):
    with pytest.raises(ScenarioNotFoundError, match="not found"):
        lake.scenarios.export("no such scenario")
    with pytest.raises(InputError, match="of this machine"):
        lake.scenarios.export("demo x", "s3://bucket/out.json")


def write(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value))
    return path


WRAPPED = [
    {
        "entity_id": "1",
        "entity_type": "patient",
        "data": {"id": "1"},
        "provenance": {"source_type": "loaded"},
    },
    {"data": {"id": "2"}, "provenance": None},
    {"id": "3"},
]
UNWRAPPED = [{"id": "1", "_provenance": {"source_type": "loaded"}}, {"id": "2"}, {"id": "3"}]


@pytest.mark.parametrize(
    ("document", "entities"),
    [
        (
            {"entities": {"patients": [{"id": "1"}], "claim": []}},
            {"patients": [{"id": "1"}], "claim": []},
        ),
        ({"patients": [{"id": "1"}], "claims": []}, {"patients": [{"id": "1"}], "claims": []}),
        ({"patient": [{"id": "1"}]}, {"patients": [{"id": "1"}]}),
        (
            {"diagnosis": [{"id": "1"}], "widgets": [{"a": 1}]},
            {"diagnoses": [{"id": "1"}], "widgets": [{"a": 1}]},
        ),
        (
            {"widgets": [{"a": 1}], "patient": {"id": "1"}},
            {"widgets": [{"a": 1}], "patients": [{"id": "1"}]},
        ),
        ({"entities": {"patient": {"id": "1"}}}, {"patient": [{"id": "1"}]}),
        ({"entities": {"patients": WRAPPED}}, {"patients": UNWRAPPED}),
        ({"patients": WRAPPED, "tags": ["a"]}, {"patients": UNWRAPPED}),
        ({"entities": {}}, {}),
    ],
)
def test_every_layout_of_json_is_understood(lake, tmp_path, document, entities):
    record = lake.scenarios.import_file(write(tmp_path / "my file.v2.json", document))
    assert record.name == "my file.v2"
    assert lake.scenarios.load(record.id).entities == entities


def test_the_name_is_the_argument_then_the_one_in_the_file_then_that_of_the_file(lake, tmp_path):
    path = write(
        tmp_path / "stem.json",
        {"name": "inside", "description": "d", "tags": ["x"], "patients": []},
    )
    assert lake.scenarios.import_file(path).name == "inside"
    given = lake.scenarios.import_file(path, name="given", tags=["y"], description="other")
    assert (given.name, given.tags, given.description) == ("given", ("y",), "other")
    other = write(tmp_path / "stem.json", {"scenario_name": "theirs", "entities": {"patients": []}})
    assert lake.scenarios.import_file(other).name == "theirs"
    with pytest.raises(NameTakenError):
        lake.scenarios.import_file(path)
    assert lake.scenarios.import_file(path, overwrite=True).version == 2


def test_a_workspace_file_tells_its_name_under_metadata(lake, tmp_path):
    document = {
        "metadata": {
            "workspace_id": "w",
            "name": "ward",
            "description": "d",
            "tags": ["t"],
            "product": "patientsim",
            "schema_version": "2.0",
        },
        "provenance_summary": {"total_entities": 2},
        "entities": {"patients": WRAPPED},
    }
    record = lake.scenarios.import_file(write(tmp_path / "w.json", document))
    assert (record.name, record.description, record.tags) == ("ward", "d", ("t",))
    assert record.metadata == {
        "workspace_id": "w",
        "product": "patientsim",
        "schema_version": "2.0",
    }
    assert lake.scenarios.load("ward")["patients"] == UNWRAPPED


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"resourceType": "Bundle", "entry": [{"a": 1}]}, "a FHIR Bundle"),
        ({"name": "npm", "scripts": {"x": "y"}, "files": ["a"]}, "no entity types in it"),
        ({"type": "FeatureCollection", "features": [{"type": "Feature"}]}, "no entity types"),
        ({}, "found one with nothing"),
        ({"name": 5, "patients": []}, "'name' must be text"),
        ({"tags": "a", "patients": []}, "'tags' must be a list"),
        (
            {"entities": {"patients": {"id": 1}, "encounters": 3}},
            "expected a list of rows, found a number",
        ),
    ],
)
def test_a_json_file_of_something_else_is_refused_and_nothing_is_saved(
    lake, tmp_path, document, message
):
    before = lake.version
    with pytest.raises(FormatError, match=message):
        lake.scenarios.import_file(write(tmp_path / "x.json", document))
    assert lake.version == before


def test_a_json_file_cut_off_in_the_middle_is_refused_and_nothing_is_saved(lake, tmp_path):
    whole = Path(lake.scenarios.export("demo x", tmp_path / "whole.json").file_path).read_bytes()
    before = lake.version
    for name, data in (
        ("a.json", whole[: len(whole) // 2]),
        ("b.json.gz", gzip.compress(whole)[:-20]),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(FormatError, match=r"(ends in the middle).*"):
            lake.scenarios.import_file(tmp_path / name, name="x")
    assert lake.version == before


def test_two_members_for_one_type_are_refused_by_both_names(lake, tmp_path):
    both = write(tmp_path / "x.json", {"patient": [{"id": "1"}], "patients": [{"id": "2"}]})
    with pytest.raises(InputError, match="'patient' and 'patients'"):
        lake.scenarios.import_file(both)


def test_files_of_one_table_are_called_by_their_names(lake, tmp_path):
    (tmp_path / "patients.csv").write_text('id,zip,note\n1,02139,"a\nb"\n2,,""\n')
    (tmp_path / "labs.ndjson").write_text('{"id": "1"}\n\n{"id": "2", "n": {"a": 1}}')
    (tmp_path / "odd.jsonl").write_text('{"id": "1"}\n')
    rows = lake.scenarios.load(lake.scenarios.import_file(tmp_path / "patients.csv").id)
    assert rows["patients"] == [
        {"id": "1", "zip": "02139", "note": "a\nb"},
        {"id": "2", "zip": None, "note": ""},
    ]
    labs = lake.scenarios.load(lake.scenarios.import_file(tmp_path / "labs.ndjson").id)
    assert labs["labs"] == [{"id": "1"}, {"id": "2", "n": {"a": 1}}]
    odd = lake.scenarios.import_file(tmp_path / "odd.jsonl", entity_type="claims", name="c")
    assert odd.entity_counts == {"claims": 1}
    frame = lake.scenarios.load("patients").to_polars("patients")
    assert set(frame["source_type"]) == {"loaded"}


def test_a_folder_of_somebody_elses_tables_is_read(lake, tmp_path):
    folder = tmp_path / "ward"
    folder.mkdir()
    (folder / "patients.csv").write_text("id\n1\n")
    (folder / "claims.csv").write_text("id,total\n1,5.00\n")
    (folder / "README.txt").write_text("ignored")
    record = lake.scenarios.import_file(folder)
    assert record.name == "ward"
    assert record.entity_counts == {"claims": 1, "patients": 1}
    (folder / "x.parquet").write_bytes(b"")
    with pytest.raises(FormatError, match="say which format"):
        lake.scenarios.import_file(folder, name="y")
    assert (
        lake.scenarios.import_file(folder, name="y", format="csv").entity_counts
        == record.entity_counts
    )


def test_a_folder_of_small_json_files_is_one_scenario(lake, tmp_path):
    folder = tmp_path / "saved"
    folder.mkdir()
    write(folder / "a.json", {"person": {"person_id": "1"}, "encounters": [{"encounter_id": "e"}]})
    write(folder / "b.json", {"persons": [{"person_id": "2"}]})
    lake.scenarios.import_file(folder)
    assert lake.scenarios.load("saved").entities == {
        "persons": [{"person_id": "1"}, {"person_id": "2"}],
        "encounters": [{"encounter_id": "e"}],
    }


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.csv", b"id,id\n1,2\n", "two columns are called 'id'"),
        ("a.csv", b"id,b\n1,2\n1\n", "not a CSV file that can be read"),
        ("a.csv", b"", "not a CSV file that can be read"),
        ("a.csv", b"id\n\xff\n", "not a CSV file that can be read"),
        ("a.ndjson", b'{"id": 1}\n{"id"', "line 2"),
        ("a.ndjson", b"[1]\n", "line 1: a row must be an object"),
        ("a.parquet", b"PAR1 nonsense", "not a Parquet file"),
        ("a.csv.gz", b"plain", "a.csv.gz"),
        ("a.txt", b"x", "no format goes by that name"),
    ],
)
def test_broken_tables_are_refused_and_nothing_is_saved(lake, tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    before = lake.version
    with pytest.raises(FormatError, match=message):
        lake.scenarios.import_file(tmp_path / name)
    assert lake.version == before


def test_what_is_not_there_is_a_file_not_found_error(lake, tmp_path):
    with pytest.raises(FileNotFoundError):
        lake.scenarios.import_file(tmp_path / "none.json")


@pytest.mark.parametrize(
    "about",
    [{}, {"entities": {"patients": {"file": "../../etc/passwd"}}}, {"entities": {"patients": 1}}],
)
def test_an_altered_description_of_a_folder_is_refused(lake, tmp_path, about):
    folder = Path(lake.scenarios.export("demo x", tmp_path, format="csv").file_path)
    write(folder / "_scenario.json", about)
    with pytest.raises(FormatError, match=r"_scenario\.json"):
        lake.scenarios.import_file(folder, name="y")


def test_an_edited_csv_keeps_cells_that_do_not_fit_their_column(lake, tmp_path):
    folder = Path(lake.scenarios.export("demo x", tmp_path, format="csv").file_path)
    path = folder / "patients.csv"
    path.write_text(path.read_text().replace(",5,", ",many,"))
    lake.scenarios.import_file(folder, name="edited")
    assert lake.scenarios.load("edited")["patients"][1]["income"] == "many"
