"""A lake on an S3 server against bare transfers of files by the same client, made by Polars."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Iterator
from itertools import count
from typing import Any

import fsspec
import polars as pl
from carrying import KEYS, server
from harness import Figure, Options, alternate

from healthsim_lake import Lake

BARE = "s3fs transfers of files that Polars writes and reads, no catalog"
FETCHED = "s3fs transfers of the same objects, unchecked"
QUESTION = "SELECT count(*) AS n, count(note) AS m FROM thing0"
TABLES = 8


def measure(options: Options) -> list[Figure]:
    """Measure saving, loading and asking, of objects of a few megabytes."""
    chance, rows = random.Random(1), options.pick(2_000, 400)
    entities = {
        f"thing{table}s": [
            {"id": str(at), "note": chance.randbytes(2_000).hex()} for at in range(rows)
        ]
        for table in range(TABLES)
    }
    runs, numbers = options.pick(7, 3), count(1)
    with server() as endpoint:
        store = {"endpoint_url": endpoint, **KEYS}
        client = fsspec.filesystem("s3", use_listings_cache=False, **store)
        bucket = f"bench-store-{os.getpid()}"
        client.call_s3("create_bucket", Bucket=bucket)
        lake = Lake(f"s3://{bucket}/lake", storage_options=store)
        lake.scenarios.save("one", entities)
        asked = _scenarios(lake, entities, count_of=runs + 1)
        objects = [lake.files(f"thing{table}", scenario="one")[0] for table in range(TABLES)]

        def put() -> None:
            client.pipe(
                {f"{bucket}/bare/{next(numbers)}": _encoded(each) for each in entities.values()}
            )

        def load() -> None:
            lake.scenarios.load("one")

        def ask() -> None:
            lake.query(QUESTION, scenario=next(asked))

        def answer() -> None:
            frame = pl.read_parquet(io.BytesIO(client.cat_file(objects[0])), columns=["note"])
            frame.select(pl.len(), pl.col("note").count())

        save = alternate(lambda: lake.scenarios.save(f"s{next(numbers)}", entities), put, runs=runs)
        loading = alternate(load, lambda: client.cat(objects), runs=runs)
        asking = alternate(ask, answer, runs=runs)
    return [
        save.figure("Save on S3", target=1.5, against=BARE),
        loading.figure("Load from S3", target=1.5, against=FETCHED),
        asking.figure("Ask on S3, of files not read before", target=1.5, against=BARE),
    ]


def _scenarios(lake: Lake, entities: dict[str, Any], *, count_of: int) -> Iterator[str]:
    """Return names of scenarios of one table that nobody has read."""
    names = [f"asked-{number}" for number in range(count_of)]
    for name in names:
        lake.scenarios.save(name, {"thing0s": entities["thing0s"]})
    return iter(names)


def _encoded(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    pl.from_dicts(rows).write_parquet(sink, compression="zstd", compression_level=1)
    return sink.getvalue()
