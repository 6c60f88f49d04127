"""A table is a folder of Parquet that other programs read without this package."""

from __future__ import annotations

import duckdb
import pandas as pd
import polars as pl
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from healthsim_lake import Lake

ROWS = {
    "ada": [{"id": "a1", "birth_date": "1950-02-03"}, {"id": "a2", "pets": ["cat"]}],
    "bob": [{"id": "b1", "gender": "M"}],
}


@pytest.fixture
def lake(tmp_path):
    with Lake(tmp_path / "lake") as opened:
        for name, rows in ROWS.items():
            opened.scenarios.save(name, {"patients": rows})
        opened.scenarios.save("gone", {"patients": [{"id": "x"}]})
        opened.scenarios.delete("gone")
        opened.scenarios.save("bob", {"patients": ROWS["bob"]}, overwrite=True)
        yield opened


@pytest.fixture
def folder(lake, tmp_path):
    assert lake.version > 0
    return tmp_path / "lake" / "data" / "patients"


@pytest.fixture
def expected(lake):
    """Ids of rows with the ids of their scenarios."""
    return sorted(
        (row["id"], lake.scenarios.get(name).id) for name, rows in ROWS.items() for row in rows
    )


def test_duckdb_reads_the_folder_with_the_scenario_as_a_column(folder, expected):
    with duckdb.connect() as connection:
        found = connection.sql(f"SELECT id, scenario_id FROM '{folder}/**/*.parquet'").fetchall()
    assert sorted(found) == expected


def test_duckdb_reads_the_files_of_one_scenario(lake):
    with duckdb.connect() as connection:
        files = lake.files("patients", scenario="ada")
        found = connection.sql(
            "SELECT id FROM read_parquet($files) ORDER BY 1", params={"files": files}
        )
        assert found.fetchall() == [("a1",), ("a2",)]


def test_polars_reads_the_folder_with_the_scenario_as_a_column(folder, expected):
    frame = pl.scan_parquet(folder, hive_partitioning=True).select("id", "scenario_id").collect()
    assert sorted(frame.rows()) == expected


def test_pyarrow_reads_the_folder_and_opens_only_the_partition_it_needs(folder, expected):
    dataset = ds.dataset(folder, partitioning="hive")
    assert (
        sorted(
            tuple(row.values())
            for row in dataset.to_table(columns=["id", "scenario_id"]).to_pylist()
        )
        == expected
    )
    _, scenario_id = expected[0]
    wanted = ds.field("scenario_id") == scenario_id
    assert len(list(dataset.get_fragments(filter=wanted))) == 1
    assert dataset.to_table(filter=wanted).num_rows == 2


def test_pandas_reads_the_folder_with_the_scenario_as_a_column(folder, expected):
    frame = pd.read_parquet(folder, columns=["id", "scenario_id"])
    assert sorted(frame.astype(str).itertuples(index=False, name=None)) == expected


def test_all_files_of_a_table_have_one_schema_whatever_the_rows_had(lake):
    one, other = (pq.read_schema(path).remove_metadata() for path in lake.files("patients"))
    assert one.equals(other)
    scanned = lake.scan("patients").collect_schema().names()
    assert scanned == [*(name for name in one.names if name != "row_shape"), "scenario_id"]
