"""A whole export that somebody else made: 18 files, 10,950 rows."""

import zipfile
from collections import Counter

import pytest

from healthsim_lake.formats import synthea


def test_every_cell_of_every_file_comes_back_in_its_old_order(real_export, rows_of, cells_in):
    export = synthea.read(real_export)
    rows = rows_of(export)

    rebuilt = {name: list(cells) for name, cells in synthea.cells(rows, export.metadata)}

    assert len(rebuilt) == 18
    for name, cells in rebuilt.items():
        assert cells == cells_in(real_export / name), name


def test_written_files_have_the_old_cells(real_export, rows_of, cells_in, tmp_path):
    export = synthea.read(real_export)

    paths = synthea.write(rows_of(export), export.metadata, tmp_path / "again")

    assert len(paths) == 18
    for path in paths:
        assert cells_in(path) == cells_in(real_export / path.name)


def test_each_csv_row_is_one_row(real_export, rows_of, cells_in):
    export = synthea.read(real_export)
    rows = rows_of(export)
    counts = {table: len(found) for table, found in rows.items()}

    assert counts == export.report.tables
    assert sum(counts.values()) == export.report.row_count == 10_950
    assert counts["diagnoses"] == 438
    assert counts["claim_transactions"] == 5_228
    observed = counts["lab_results"] + counts["vital_signs"] + counts["observations"]
    assert observed == len(cells_in(real_export / "observations.csv")) - 1


def test_nothing_in_it_is_unknown_missing_or_malformed(real_export, rows_of):
    export = synthea.read(real_export)
    rows_of(export)
    report = export.report

    assert report.complete
    assert report.missing_files == []
    assert report.unknown_files == []
    assert report.unknown_columns == {}
    assert report.empty_files == []
    assert report.malformed == []


def test_patients_can_be_joined_by_mrn(real_export, rows_of):
    rows = rows_of(synthea.read(real_export))
    mrns = {row["mrn"] for row in rows["patients"]}

    assert mrns == {row["id"] for row in rows["patients"]}
    assert {row["patient_mrn"] for row in rows["encounters"]} <= mrns
    assert {row["patient_mrn"] for row in rows["claims"]} <= mrns


def test_leading_zeros_of_zip_codes_survive(real_export, rows_of):
    rows = rows_of(synthea.read(real_export))
    assert "02703" in {row["postal_code"] for row in rows["organizations"]}


def test_a_zip_of_the_folder_gives_the_same_rows(real_export, rows_of, tmp_path):
    packed = tmp_path / "export.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in real_export.glob("*.csv"):
            archive.write(path, f"output/csv/{path.name}")

    assert rows_of(synthea.read(packed)) == rows_of(synthea.read(real_export))


def test_without_categories_codes_sort_observations_as_the_categories_did(
    real_export, rows_of, cells_in, export_of
):
    header, *body = cells_in(real_export / "observations.csv")
    drop = header.index("CATEGORY")
    text = "".join(
        ",".join(f'"{cell}"' for i, cell in enumerate(row) if i != drop) + "\n"
        for row in [header, *body]
    )
    with_category = rows_of(synthea.read(real_export))
    without = rows_of(synthea.read(export_of({"observations.csv": text})))

    def codes(rows, table, key):
        return Counter(row[key] for row in rows[table])

    assert codes(without, "vital_signs", "code") == codes(with_category, "vital_signs", "code")
    moved = codes(with_category, "lab_results", "loinc_code")
    moved -= codes(without, "lab_results", "loinc_code")
    # Synthea files one question of its social survey under `laboratory`.
    assert set(moved) == {"56799-0"}


@pytest.mark.parametrize("table", ["lab_results", "vital_signs", "observations"])
def test_rows_of_observations_know_their_place_in_the_file(real_export, rows_of, table):
    numbers = [int(row["source_row"]) for row in rows_of(synthea.read(real_export))[table]]
    assert numbers == sorted(numbers)
