"""Save a stream of Arrow record batches; print peak memory in MB, that before it, and seconds."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from healthsim_lake import Lake

BATCH_ROWS = 65_536
MICROSECONDS = pa.timestamp("us")


def stream(rows: int) -> pa.RecordBatchReader:
    """Return a reader of `rows` encounters in six columns, made batch by batch when asked for."""
    first = _batch(0, 1)
    return pa.RecordBatchReader.from_batches(first.schema, _batches(rows))


def _batches(rows: int) -> Iterator[pa.RecordBatch]:
    for start in range(0, rows, BATCH_ROWS):
        yield _batch(start, min(BATCH_ROWS, rows - start))


def _batch(start: int, rows: int) -> pa.RecordBatch:
    numbers = pa.array(range(start, start + rows), pa.int64())
    begins = pc.add(pc.multiply(numbers, 37_000_000), 1_420_070_400_000_000)
    classes = pa.array(["I", "O", "E", "U", "OBS"])
    columns = {
        "encounter_id": _numbered("enc-", numbers),
        "patient_mrn": _numbered("MRN", pc.divide(numbers, 7)),
        "class_code": classes.take(pc.subtract(numbers, pc.multiply(pc.divide(numbers, 5), 5))),
        "status": pa.repeat(pa.scalar("finished"), rows),
        "admission_time": begins.cast(MICROSECONDS),
        "discharge_time": pc.add(begins, 5_400_000_000).cast(MICROSECONDS),
    }
    return pa.RecordBatch.from_pydict(columns)


def _numbered(prefix: str, numbers: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.utf8_lpad(numbers.cast(pa.string()), 10, "0"), "")


def peak_mb() -> float:
    """Return this process's peak resident memory in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def main() -> None:
    """Save the stream and print the three numbers."""
    lake, rows = Lake(Path(sys.argv[1])), int(sys.argv[2])
    before, start = peak_mb(), time.perf_counter()
    record = lake.scenarios.save("stream", {"encounters": stream(rows)})
    if record.entity_counts != {"encounters": rows}:
        raise SystemExit(f"{record.entity_counts} were saved, not {rows} rows")
    print(peak_mb(), before, time.perf_counter() - start)


if __name__ == "__main__":
    main()
