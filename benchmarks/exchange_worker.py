"""One step of the exchange benchmark: save, race, export or import; prints its numbers."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import duckdb
import work
from harness import alternate
from memory_saver import peak_mb

from healthsim_lake import Lake

PEOPLE = 10_000
"""Made anew, with other seeds, until there are rows enough."""


def save(lake: Lake, rows: str) -> None:
    """Save two fifths of the rows as encounters, two as diagnoses, one as patients."""
    batches = int(rows) // (5 * PEOPLE)

    def rows_of(table: str) -> Iterator[work.Row]:
        for seed in range(batches):
            yield from work.build(PEOPLE, seed=seed)[table]

    tables = ("patients", "encounters", "diagnoses")
    record = lake.scenarios.save("large", {table: rows_of(table) for table in tables})
    if record.entity_count != int(rows):
        raise SystemExit(f"{record.entity_count} rows were saved, not {rows}")


def race(lake: Lake, folder: Path, runs: str) -> None:
    """Export to Parquet and have DuckDB copy the same files, in turn."""
    tables = ("patients", "encounters", "diagnoses")
    files = {table: lake.files(table, scenario="large") for table in tables}
    ours, theirs = folder / "ours", folder / "theirs"
    theirs.mkdir()

    def copy() -> None:
        for table, paths in files.items():
            duckdb.sql(
                f"COPY (SELECT * EXCLUDE (row_shape) FROM read_parquet({paths!r})) "
                f"TO '{theirs / table}.parquet' (FORMAT parquet, COMPRESSION zstd)"
            )

    pair = alternate(
        lambda: lake.scenarios.export("large", ours / "out.parquet", format="parquet"),
        copy,
        runs=int(runs),
    )
    print(median(pair.ours), median(pair.baseline))


def timed_peak(action: object) -> None:
    """Run `action` and print the peak of this process and the seconds."""
    start = time.perf_counter()
    action()  # type: ignore[operator]  # called with nothing
    print(peak_mb(), time.perf_counter() - start)


def main() -> None:
    """Do one step."""
    verb, place, folder, argument = sys.argv[1:]
    lake, path = Lake(Path(place)), Path(folder) / f"out-{argument}"
    if verb == "save":
        save(lake, argument)
    elif verb == "race":
        race(lake, Path(folder), argument)
    elif verb == "export":
        timed_peak(lambda: lake.scenarios.export("large", path, format=argument))
    else:
        timed_peak(
            lambda: lake.scenarios.import_file(path, name="back", overwrite=True, format=argument)
        )


if __name__ == "__main__":
    main()
