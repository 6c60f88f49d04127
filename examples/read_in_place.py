"""Read a lake with plain DuckDB, Polars, pyarrow and pandas, which know nothing of this package."""

import tempfile
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.dataset as ds

from healthsim_lake import Lake

with tempfile.TemporaryDirectory() as folder:
    with Lake(folder) as lake:
        for year in (1940, 1950):
            patients = [{"id": f"p{n}", "birth_date": f"{year + n}-06-01"} for n in range(5)]
            lake.scenarios.save(f"born-from-{year}", {"patients": patients})

    table = Path(folder) / "data" / "patients"

    with duckdb.connect() as connection:
        rows = connection.sql(
            f"SELECT scenario_id, min(birth_date), count(*)"
            f" FROM '{table}/**/*.parquet' GROUP BY ALL"
        ).fetchall()
    print("duckdb: ", rows)
    frame = pl.scan_parquet(table, hive_partitioning=True).select("id", "birth_date").collect()
    print("polars: ", frame.shape, dict(frame.schema))
    arrow = ds.dataset(table, partitioning="hive").to_table(columns=["id", "scenario_id"])
    print("pyarrow:", arrow.num_rows, arrow.schema.names)
    pandas = pd.read_parquet(table, columns=["id", "birth_date"])
    print("pandas: ", len(pandas), min(pandas["birth_date"]))

    assert sum(count for _, _, count in rows) == len(frame) == len(arrow) == len(pandas) == 10
