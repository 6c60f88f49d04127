"""Ask many scenarios at once: pages, the catalog beside the rows, errors that help, Polars."""

import tempfile

import polars as pl

from healthsim_lake import Lake
from healthsim_lake.errors import QueryError

STATES = {"boston": "MA", "austin": "TX", "denver": "CO"}

with tempfile.TemporaryDirectory() as folder, Lake(folder) as lake:
    for city, state in STATES.items():
        patients = [
            {"id": f"{city}-{n}", "birth_date": f"{1930 + n % 60}-06-01", "state": state}
            for n in range(500)
        ]
        lake.scenarios.save(city, {"patients": patients}, tags=["cities"])

    # Pages of one question are cut from one run: no row is missed or shown twice.
    sql = "SELECT id, birth_date FROM patients WHERE birth_date < $before"
    before = {"before": "1940-01-01"}
    page = lake.query(sql, params=before, limit=100)
    ids = [row["id"] for row in page.results]
    while page.has_more:
        page = lake.query(sql, params=before, limit=100, offset=page.offset + page.page_size)
        ids += [row["id"] for row in page.results]
    assert len(ids) == len(set(ids)) == page.total_count
    print(f"{page.total_count} patients born before 1940, read in pages of 100")

    # The catalog can be asked, too, and joined to the rows.
    counts = lake.query("""
        SELECT s.name, count(*) AS patients, min(p.birth_date) AS oldest
        FROM patients p JOIN scenarios s USING (scenario_id) GROUP BY 1 ORDER BY 1
    """)
    print(counts.to_polars())

    try:
        lake.query("SELECT birthDate FROM patients")
    except QueryError as error:
        print("error:", str(error)[:68], "…")

    # The same rows for Polars: the catalog leaves out the files of other scenarios.
    austin = lake.scenarios.get("austin").id
    frame = lake.scan("patients").filter(pl.col("scenario_id") == austin).select("id").collect()
    assert frame.height == 500

    # And for any other engine: plain Parquet files.
    assert len(pl.read_parquet(lake.files("patients", scenarios=["boston", "denver"]))) == 1_000
