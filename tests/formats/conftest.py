import csv
import os
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("HEALTHSIM_SHARED_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture
def real_export():
    folder = SHARED / "synthea_csv" / "ohdsi-dbt-synthea"
    if not folder.is_dir():
        pytest.skip(
            f"!!! REAL INPUT NOT TESTED !!! {folder} is not there; "
            "set HEALTHSIM_SHARED_DATA to the folder that holds synthea_csv/"
        )
    return folder


@pytest.fixture
def export_of(tmp_path):
    """Make an export folder of {file name: text or bytes}."""

    def make(files, folder="export"):
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (place / name).write_bytes(data)
        return place

    return make


@pytest.fixture
def rows_of():
    """Read an export to the end: {table: rows}, as a lake gives them back."""

    def read(export):
        rows = defaultdict(list, {table: [] for table in export.tables})
        for table, batch in export.batches():
            rows[table] += batch.to_pylist()
        return dict(rows)

    return read


@pytest.fixture
def cells_in():
    """Parse a CSV file's cells, header included."""

    def parse(path):
        with Path(path).open(encoding="utf-8-sig", newline="") as stream:
            return [row for row in csv.reader(stream) if row]

    return parse
