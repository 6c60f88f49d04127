"""Import a Synthea CSV export and analyse it with Polars.

Uses the small export that ships with the package; give a folder or zip of your own as argument.
"""

import sys
import tempfile
from contextlib import nullcontext

import polars as pl

from healthsim_lake import Lake
from healthsim_lake.formats import synthea

own = len(sys.argv) > 1

with (
    tempfile.TemporaryDirectory() as folder,
    Lake(folder) as lake,
    nullcontext(sys.argv[1]) if own else synthea.demo_export() as path,
):
    export = synthea.read(path)
    record = lake.scenarios.save("synthea", export)
    print(export.report.to_text())

    patients = lake.scan("patients", scenario="synthea")
    diagnoses = lake.scan("diagnoses", scenario="synthea")
    prevalence = (
        diagnoses.join(patients, left_on="patient_mrn", right_on="mrn")
        .group_by("code", "description")
        .agg(
            pl.col("patient_mrn").n_unique().alias("patients"),
            (pl.col("diagnosed_date") - pl.col("birth_date")).dt.total_days().mean().alias("days"),
        )
        .with_columns((pl.col("days") / 365.25).round(1).alias("mean age at onset"))
        .drop("days")
        .sort("patients", "code", descending=[True, False])
        .head(8)
        .collect()
    )
    with pl.Config(tbl_width_chars=100, fmt_str_lengths=40, tbl_hide_column_data_types=True):
        print(prevalence)
    assert prevalence.height > 0
