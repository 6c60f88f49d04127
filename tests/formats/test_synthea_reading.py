"""How files become rows, on small exports made here."""

import pyarrow as pa

from healthsim_lake import entities
from healthsim_lake.formats import synthea
from healthsim_lake.formats.synthea import convert
from healthsim_lake.formats.synthea.layout import LAYOUTS
from healthsim_lake.formats.synthea.loinc import MEASURE_COLUMNS

PATIENTS = "Id,BIRTHDATE,FIRST,LAST\np1,1950-01-02,Zoë,Núñez\np2,1960-02-03,,\n"
OBSERVATIONS = """DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE
2020-01-01T00:00:00Z,p1,e1,vital-signs,8867-4,Heart rate,82.0,/min,numeric
2020-01-01T00:00:00Z,p1,e1,laboratory,4548-4,Hemoglobin A1c,7.1,%,numeric
2020-01-01T00:00:00Z,p1,e1,survey,72166-2,Tobacco smoking status,Never,,text
2020-01-01T00:00:00Z,p1,e1,vital-signs,8302-2,Body Height,65,in,numeric
2020-01-01T00:00:00Z,p1,,,QALY,QALY,70.0,a,numeric
"""


def test_every_mapped_field_is_declared_for_its_table():
    declared = {known.name: known.by_name for known in entities.Registry()}
    for layout in LAYOUTS.values():
        for table, fields in layout.tables.items():
            changed = layout.alternative.fields if layout.alternative else {}
            assert {*fields.values(), *changed.values()} <= set(declared[table])
    assert set(MEASURE_COLUMNS) <= set(declared["vital_signs"])
    assert "mrn" in declared["patients"]


def test_opening_reads_headers_only(export_of):
    folder = export_of({"patients.csv": PATIENTS})
    export = synthea.read(folder)

    assert export.tables == ("patients",)
    assert export.types()["patients"].names == [
        "id",
        "birth_date",
        "given_name",
        "family_name",
        "mrn",
    ]
    assert not export.report.complete
    assert export.report.row_count == 0


def test_batches_hold_text_only_and_what_types_promises(export_of):
    export = synthea.read(export_of({"patients.csv": PATIENTS, "observations.csv": OBSERVATIONS}))
    for table, batch in export.batches():
        assert batch.schema == export.types()[table]
        assert set(batch.schema.types) == {pa.string()}


def test_an_empty_cell_is_null(export_of, rows_of):
    rows = rows_of(synthea.read(export_of({"patients.csv": PATIENTS})))["patients"]
    assert rows[1] == {
        "id": "p2",
        "birth_date": "1960-02-03",
        "given_name": None,
        "family_name": None,
        "mrn": "p2",
    }


def test_observations_go_by_category(export_of, rows_of):
    rows = rows_of(synthea.read(export_of({"observations.csv": OBSERVATIONS})))

    assert [row["loinc_code"] for row in rows["lab_results"]] == ["4548-4"]
    assert [row["code"] for row in rows["vital_signs"]] == ["8867-4", "8302-2"]
    assert [row["code"] for row in rows["observations"]] == ["72166-2", "QALY"]
    assert rows["observations"][1]["encounter_id"] is None


def test_a_vital_sign_is_one_measure_that_also_fills_its_own_column(export_of, rows_of):
    rate, height = rows_of(synthea.read(export_of({"observations.csv": OBSERVATIONS})))[
        "vital_signs"
    ]
    assert (rate["value"], rate["heart_rate"], rate["unit"]) == ("82.0", "82.0", "/min")
    assert [rate[column] for column in MEASURE_COLUMNS if column != "heart_rate"] == [None] * 7
    # The column promises centimetres, and the row is in inches.
    assert (height["value"], height["height_cm"]) == ("65", None)


def test_a_file_that_nobody_knows_becomes_a_type_named_like_it(export_of, rows_of):
    export = synthea.read(export_of({"WearableReadings.csv": "Id,mrn,Steps\nw1,p1,0012\n"}))

    assert rows_of(export) == {"wearable_readings": [{"Id": "w1", "mrn": "p1", "Steps": "0012"}]}
    assert export.report.unknown_files == ["WearableReadings.csv"]


def test_a_file_named_like_a_table_of_another_file_gets_its_own(export_of):
    names = ["diagnoses.csv", "vitals.csv", "lab_results.csv", "scenarios.csv", "patient.csv"]
    export = synthea.read(export_of(dict.fromkeys(names, "a,b\n1,2\n")))
    assert set(export.tables) == {
        "diagnoses_files",
        "lab_results_files",
        "patient_files",
        "scenarios_files",
        "vitals_files",
    }


def test_file_names_that_mean_one_table_are_kept_apart(export_of):
    names = ["visit-note.csv", "visit_notes.csv", "2020.csv", "数据.csv", "x" * 80 + ".csv"]
    export = synthea.read(export_of(dict.fromkeys(names, "a\n1\n")))
    assert len(export.tables) == len(names)


def test_columns_that_nobody_knows_keep_their_spelling(export_of, rows_of):
    text = "Id,BIRTHDATE,Shoe Size,mrn,birth_date\np1,1950-01-02,44,X,Y\n"
    export = synthea.read(export_of({"patients.csv": text}))

    assert rows_of(export)["patients"] == [
        {
            "id": "p1",
            "birth_date": "1950-01-02",
            "Shoe Size": "44",
            "mrn_2": "X",
            "birth_date_2": "Y",
            "mrn": "p1",
        }
    ]
    assert export.report.unknown_columns == {"patients.csv": ["Shoe Size", "mrn", "birth_date"]}


def test_a_column_given_twice_loses_nothing(export_of, rows_of, tmp_path):
    text = "PATIENT,CODE,CODE,code,Note,Note\np1,1,2,3,a,b\n"
    folder = export_of({"conditions.csv": text})
    export = synthea.read(folder)
    rows = rows_of(export)

    assert rows["diagnoses"] == [
        {"patient_mrn": "p1", "code": "1", "CODE": "2", "code_2": "3", "Note": "a", "Note_2": "b"}
    ]
    assert export.report.files[0].repeated_columns == ("CODE", "code", "Note")
    (path,) = synthea.write(rows, export.metadata, tmp_path / "again")
    assert path.read_text() == text


def test_headers_match_in_any_case_and_behind_a_byte_order_mark(export_of, rows_of):
    text = "\ufeffid,BirthDate, first \np1,1950-01-02,Ann\n"
    export = synthea.read(export_of({"Patients.CSV": text}))

    assert rows_of(export)["patients"] == [
        {"id": "p1", "birth_date": "1950-01-02", "given_name": "Ann", "mrn": "p1"}
    ]
    assert export.metadata["synthea"]["files"][0]["header"] == ["id", "BirthDate", " first "]
    assert export.metadata["synthea"]["files"][0]["bom"] is True


def test_a_table_with_a_header_and_no_rows_appears_without_rows(export_of, rows_of):
    files = {"devices.csv": "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,UDI\n", "claims.csv": ""}
    export = synthea.read(export_of(files))

    assert rows_of(export) == {"devices": [], "claims": []}
    assert export.report.tables == {"devices": 0, "claims": 0}
    assert export.report.empty_files == ["devices.csv", "claims.csv"]


def test_repeated_rows_and_repeated_ids_are_kept(export_of, rows_of):
    text = "Id,PATIENT,INSTANCE_UID\ni1,p1,1.2\ni1,p1,1.3\ni1,p1,1.3\n"
    rows = rows_of(synthea.read(export_of({"imaging_studies.csv": text})))["imaging_studies"]
    assert [row["instance_uid"] for row in rows] == ["1.2", "1.3", "1.3"]


def test_quotes_commas_and_line_ends_inside_cells_are_text(export_of, rows_of):
    text = 'PATIENT,CODE,DESCRIPTION\r\np1,1,"a ""b"", c\r\nd"\r\np2,2,x\u2028y\x0bz\r\n'
    rows = rows_of(synthea.read(export_of({"conditions.csv": text})))["diagnoses"]
    assert [row["description"] for row in rows] == ['a "b", c\r\nd', "x\u2028y\x0bz"]


def test_nul_characters_and_very_long_cells_are_kept(export_of, rows_of):
    long = "x" * 10_000_000
    text = f"PATIENT,CODE,DESCRIPTION\np1,1,a\0b\np2,2,{long}\n"
    rows = rows_of(synthea.read(export_of({"conditions.csv": text})))["diagnoses"]
    assert rows[0]["description"] == "a\0b"
    assert rows[1]["description"] == long


def test_a_file_of_many_rows_comes_in_bounded_batches_in_order(export_of):
    count = 2 * convert.MAX_ROWS + 7
    body = "".join(f"p{i},{i}\n" for i in range(count))
    export = synthea.read(export_of({"conditions.csv": "PATIENT,CODE\n" + body}))

    batches = [batch for _, batch in export.batches()]

    assert [len(batch) for batch in batches] == [convert.MAX_ROWS, convert.MAX_ROWS, 7]
    codes = pa.concat_tables(batches).column("code").to_pylist()
    assert codes == [str(i) for i in range(count)]


def test_a_batch_ends_early_where_cells_are_long(export_of):
    body = "".join(f"p{i},{'x' * 1_000_000}\n" for i in range(80))
    export = synthea.read(export_of({"conditions.csv": "PATIENT,CODE\n" + body}))
    assert max(batch.nbytes for _, batch in export.batches()) < 2 * convert.MAX_CHARACTERS


def test_iterating_again_reads_again_and_counts_once(export_of, rows_of):
    export = synthea.read(export_of({"patients.csv": PATIENTS}))
    assert rows_of(export) == rows_of(export)
    assert export.report.row_count == 2


def test_progress_is_told_over_the_whole_export(export_of, rows_of):
    told = []
    files = {"patients.csv": PATIENTS, "observations.csv": OBSERVATIONS}
    total = sum(len(text.encode()) for text in files.values())
    export = synthea.read(export_of(files), on_progress=lambda *args: told.append(args))
    rows_of(export)

    assert told[0][0] == "patients.csv"
    assert told[-1] == ("observations.csv", total, total)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_a_folder_that_contains_csv_is_taken_too(export_of, tmp_path):
    export_of({"patients.csv": PATIENTS}, "csv")
    assert synthea.read(tmp_path).tables == ("patients",)


def test_the_report_reads_as_json_and_as_lines(export_of, rows_of):
    files = {"patients.csv": "Id,BIRTHDATE,Odd\np1,1950-01-02\n", "extra.csv": "a\n1\n"}
    export = synthea.read(export_of(files))
    rows_of(export)

    found = export.report.to_dict()
    assert found["tables"] == {"patients": 1, "extras": 1}
    assert "encounters.csv" in found["missing_files"]
    text = export.report.to_text()
    for part in (
        "2 rows from 2 files",
        "Odd",
        "extra.csv",
        "patients.csv, line 2",
        "encounters.csv",
    ):
        assert part in text


def test_rows_are_said_to_be_loaded_from_synthea(export_of):
    export = synthea.read(export_of({"patients.csv": PATIENTS}))
    assert export.provenance == {"source_type": "loaded", "source_system": "synthea"}
