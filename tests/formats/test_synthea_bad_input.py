"""What cannot be read is refused in one clear sentence; what is merely odd is kept and reported."""

import zipfile

import pytest

from healthsim_lake.errors import FormatError
from healthsim_lake.formats import synthea
from healthsim_lake.formats.synthea import text as csv_text
from healthsim_lake.formats.synthea.report import MAX_LISTED

HEADER = "PATIENT,ENCOUNTER,CODE,DESCRIPTION\n"


def zip_of(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def test_ragged_rows_are_kept_reported_and_rebuilt(export_of, rows_of, cells_in, tmp_path):
    body = 'p1,e1,1,"two\nlines"\np2,e2\np3,e3,3,c,"more, and",\n\np4,e4,4,d\n'
    folder = export_of({"conditions.csv": HEADER + body})
    export = synthea.read(folder)
    rows = rows_of(export)

    assert rows["diagnoses"][1]["code"] is None
    assert rows["diagnoses"][1]["_missing"] == "2"
    assert rows["diagnoses"][2]["_surplus"] == '["more, and",""]'
    found = [(bad.file, bad.line) for bad in export.report.malformed]
    assert found == [("conditions.csv", 4), ("conditions.csv", 5)]
    assert "2 cells where the header has 4" in export.report.malformed[0].reason
    assert export.report.files[0].blank_lines == 1
    (path,) = synthea.write(rows, export.metadata, tmp_path / "again")
    assert cells_in(path) == cells_in(folder / "conditions.csv")


def test_ragged_observations_are_kept_in_their_tables(export_of, rows_of, cells_in):
    text = (
        "DATE,PATIENT,CATEGORY,CODE,VALUE,TYPE\n"
        "d,p1,laboratory,4548-4,7,numeric,more\n"
        "d,p1,vital-signs,8867-4,70\n"
        "d\n"
    )
    folder = export_of({"observations.csv": text})
    export = synthea.read(folder)
    rows = rows_of(export)

    assert rows["lab_results"][0]["_surplus"] == '["more"]'
    assert rows["vital_signs"][0]["_missing"] == "1"
    assert rows["observations"][0]["_missing"] == "5"
    ((_, cells),) = synthea.cells(rows, export.metadata)
    assert list(cells) == cells_in(folder / "observations.csv")


def test_many_malformed_rows_are_all_counted_and_some_listed(export_of, rows_of):
    export = synthea.read(export_of({"conditions.csv": HEADER + "p1\n" * 500}))
    rows_of(export)
    assert export.report.malformed_count == 500
    assert len(export.report.malformed) == MAX_LISTED


@pytest.mark.parametrize(
    ("data", "byte", "line"),
    [
        (HEADER.encode() + b"p1,e1,1,ok\np2,e2,2,Mar\xeda\n", 57, 3),
        (HEADER.encode() + b"x" * 3_000_000 + b"\n\xff", 35 + 3_000_001, 3),
        (HEADER.encode() + b"p1,e1,1,cut \xc3", 35 + 12, 2),
    ],
)
def test_a_wrong_encoding_is_named_with_byte_and_line(export_of, rows_of, data, byte, line):
    export_folder = export_of({"conditions.csv": data})
    with pytest.raises(FormatError, match=rf"conditions\.csv.*byte {byte}, line {line}.*UTF-8"):
        rows_of(synthea.read(export_folder))


def test_utf_16_is_recognised(export_of):
    with pytest.raises(FormatError, match=r"byte 0, line 1.*UTF-16"):
        synthea.read(export_of({"patients.csv": "Id,BIRTHDATE\n".encode("utf-16")}))


def test_a_file_of_another_program_says_what_was_expected_and_seen(export_of):
    with pytest.raises(FormatError, match=r"patients\.csv.*ID, BIRTHDATE.*'id', 'name', 'dob'"):
        synthea.read(export_of({"patients.csv": "id,name,dob\n1,Ann,1950-01-02\n"}))


def test_a_file_with_semicolons_is_no_synthea_file(export_of):
    with pytest.raises(FormatError, match="Id;BIRTHDATE"):
        synthea.read(export_of({"patients.csv": "Id;BIRTHDATE\np1;1950-01-02\n"}))


def test_a_quote_that_is_never_closed_is_refused_with_its_line(export_of, rows_of):
    text = HEADER + 'p1,e1,1,ok\np2,e2,2,"cut off\np3,e3,3,ok\n'
    export = synthea.read(export_of({"conditions.csv": text}))
    with pytest.raises(FormatError, match=r"conditions\.csv, line 3.*never closed"):
        rows_of(export)


def test_a_row_without_an_end_is_refused_before_it_fills_the_memory(
    export_of, rows_of, monkeypatch
):
    monkeypatch.setattr(csv_text, "MAX_ROW", 1000)
    for body in ("x" * 2000, '"' + "x\n" * 2000, ",".join(['"\n"'] * 2000)):
        export = synthea.read(export_of({"conditions.csv": HEADER + "p1,e1,1,a\n" + body}))
        with pytest.raises(FormatError, match=r"conditions\.csv, line 3.*1,000 characters"):
            rows_of(export)


def test_a_header_of_endless_columns_is_refused(export_of):
    with pytest.raises(FormatError, match="columns"):
        synthea.read(export_of({"wide.csv": ",".join("x" * 5000) + "\n"}))


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FormatError, match="nowhere does not exist"):
        synthea.read(tmp_path / "nowhere")


def test_a_folder_without_csv_files_is_refused(tmp_path):
    (tmp_path / "readme.txt").write_text("hello")
    with pytest.raises(FormatError, match=r"holds no \.csv file"):
        synthea.read(tmp_path)


def test_a_single_csv_file_is_refused_with_advice(export_of):
    folder = export_of({"patients.csv": "Id,BIRTHDATE\n"})
    with pytest.raises(FormatError, match="neither a folder nor a zip"):
        synthea.read(folder / "patients.csv")


def test_two_files_of_one_name_are_refused(tmp_path):
    packed = zip_of(tmp_path / "a.zip", [("a/patients.csv", "x"), ("b/Patients.csv", "x")])
    with pytest.raises(FormatError, match=r"patients\.csv and Patients\.csv"):
        synthea.read(packed)


def test_paths_in_a_zip_are_only_labels(rows_of, tmp_path):
    members = [
        ("../../patients.csv", "Id,BIRTHDATE\np1,1950-01-02\n"),
        ("C:\\evil\\conditions.csv", "PATIENT,CODE\np1,1\n"),
        ("__MACOSX/._patients.csv", b"\x00\x05\x16\x07"),
        ("notes.txt", "hello"),
    ]
    export = synthea.read(zip_of(tmp_path / "hostile.zip", members))
    before = set(tmp_path.rglob("*"))
    rows = rows_of(export)

    assert {table: len(found) for table, found in rows.items()} == {"patients": 1, "diagnoses": 1}
    assert set(tmp_path.rglob("*")) == before
    written = synthea.write(rows, export.metadata, tmp_path / "again")
    assert {path.parent for path in written} == {tmp_path / "again"}


def test_a_damaged_zip_member_is_named(rows_of, tmp_path):
    rows = "".join(f"p{i},e{i},{i},{i * 7919}\n" for i in range(5000))
    packed = zip_of(tmp_path / "a.zip", [("conditions.csv", HEADER + rows)])
    data = bytearray(packed.read_bytes())
    data[len(data) // 2] ^= 0xFF
    packed.write_bytes(data)
    with pytest.raises(FormatError, match=r"conditions\.csv"):
        rows_of(synthea.read(packed))


def test_a_cut_off_zip_is_refused(tmp_path):
    packed = zip_of(tmp_path / "a.zip", [("conditions.csv", HEADER * 100)])
    packed.write_bytes(packed.read_bytes()[:60])
    with pytest.raises(FormatError, match="neither a folder nor a zip"):
        synthea.read(packed)


def test_a_scenario_from_elsewhere_cannot_be_written_as_an_export(tmp_path):
    with pytest.raises(FormatError, match="not imported from a Synthea export"):
        synthea.write({"patients": []}, {"product": "patientsim"}, tmp_path)
