"""Whatever cells a file has, they come back: a property."""

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from healthsim_lake.formats import synthea

CELL = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=8
) | st.sampled_from(["", "8867-4", "laboratory", "vital-signs", '"', ",", "\n", "NULL", " x "])
ROW = st.lists(CELL, min_size=1, max_size=9)
HEADER = ["DATE", "PATIENT", "CATEGORY", "CODE", "VALUE", "Odd", "Odd"]


def csv_text(rows, newline):
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator=newline, quoting=csv.QUOTE_ALL).writerows(rows)
    return stream.getvalue()


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROW, max_size=12), newline=st.sampled_from(["\n", "\r\n"]), bom=st.booleans())
def test_every_cell_of_any_file_comes_back_in_order(rows, newline, bom):
    text = ("\ufeff" if bom else "") + csv_text([HEADER, *rows], newline)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "observations.csv").write_bytes(text.encode())
        (folder / "strange.csv").write_bytes(text.encode())
        export = synthea.read(folder)
        loaded = {table: [] for table in export.tables}
        for table, batch in export.batches():
            loaded[table] += batch.to_pylist()

        rebuilt = {file: list(cells) for file, cells in synthea.cells(loaded, export.metadata)}

    assert rebuilt == {"observations.csv": [HEADER, *rows], "strange.csv": [HEADER, *rows]}


def test_rows_added_since_the_import_follow_at_the_end(export_of, rows_of):
    text = "DATE,PATIENT,CATEGORY,CODE,VALUE\nd,p1,laboratory,1,5\nd,p1,vital-signs,2,6\n"
    export = synthea.read(export_of({"observations.csv": text}))
    rows = rows_of(export)
    rows["lab_results"].append({"patient_mrn": "p9", "loinc_code": "3", "value": 7})

    ((_, cells),) = synthea.cells(rows, export.metadata)

    assert list(cells)[1:] == [
        ["d", "p1", "laboratory", "1", "5"],
        ["d", "p1", "vital-signs", "2", "6"],
        ["", "p9", "", "3", "7"],
    ]


def test_byte_order_mark_and_line_ends_are_written_again(export_of, rows_of, tmp_path):
    data = "\ufeffId,BIRTHDATE\r\np1,1950-01-02\r\n".encode()
    export = synthea.read(export_of({"patients.csv": data}))
    (path,) = synthea.write(rows_of(export), export.metadata, tmp_path / "again")
    assert path.read_bytes() == data
