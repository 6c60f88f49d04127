"""What data files look like from outside: types, field ids, row groups, page indexes."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from healthsim_lake import Lake
from healthsim_lake.entities.codec import shapes_from_json, shapes_to_json
from healthsim_lake.errors import NewerFormatError
from healthsim_lake.tables.parquet import ROW_GROUP_ROWS


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "lake")


def file_of(lake: Lake, table: str) -> pq.ParquetFile:
    (path,) = lake.files(table)
    return pq.ParquetFile(path)


@pytest.mark.parametrize("count", [3, 5_000])
def test_field_ids_are_those_of_the_declaration(lake, count):
    lake.scenarios.save("demo", {"patients": [{"id": str(n)} for n in range(count)]})
    with file_of(lake, "patients") as file:
        declared = lake.entities.get("patients").arrow_schema
        assert file.schema_arrow.names == declared.names
        for name in declared.names:
            assert file.schema_arrow.field(name).metadata == declared.field(name).metadata


def test_row_groups_are_bounded_and_rows_keep_their_order(lake):
    frame = pl.DataFrame({"id": pl.int_range(200_000, eager=True).cast(pl.String)})
    lake.scenarios.save("demo", {"patients": frame})
    with file_of(lake, "patients") as file:
        groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    assert max(groups) <= ROW_GROUP_ROWS
    assert sum(groups) == 200_000
    assert lake.scan("patients").select("id").collect()["id"].equals(frame["id"])


def test_small_files_carry_no_arrow_schema_and_no_page_index(lake):
    lake.scenarios.save("demo", {"patients": [{"id": "1"}]})
    with file_of(lake, "patients") as file:
        assert b"ARROW:schema" not in file.metadata.metadata
        column = file.metadata.row_group(0).column(0)
        assert not column.has_column_index
        assert not column.has_offset_index
        assert column.compression == "ZSTD"
        assert column.statistics.min == "1"


def test_large_files_tell_arrow_of_no_type_that_older_readers_do_not_know(lake):
    lake.scenarios.save("demo", {"patients": [{"id": str(n)} for n in range(5_000)]})
    with file_of(lake, "patients") as file:
        assert b"ARROW:schema" in file.metadata.metadata
        told = set(file.schema_arrow.types)
    assert pa.large_string() in told
    assert told.isdisjoint({pa.string_view(), pa.binary_view()})


def test_manifests_know_the_bounds_of_keys_and_dates(lake):
    rows = [{"id": str(n), "birth_date": f"19{50 + n}-01-02"} for n in range(5)]
    record = lake.scenarios.save("demo", {"patients": rows})
    state = lake._log.refresh().get(record.id)
    (file,) = lake._log.manifest(state).sets[0].files
    assert file.bounds == {"id": ("0", "4"), "birth_date": ("1950-01-02", "1954-01-02")}
    assert file.rows == 5
    assert file.bytes == Path(lake.files("patients")[0]).stat().st_size


def test_a_file_with_an_unknown_form_asks_for_a_newer_release():
    written = b'[{"keys":[[["id"],"id","runes"]]}]'
    with pytest.raises(NewerFormatError, match="'runes'"):
        shapes_from_json(written)
    known = b'[{"keys":[[["a"],"a","T:iso:+02:00"],[["b"],"b","text:2"],[["c"],null,null]]}]'
    assert shapes_to_json(shapes_from_json(known)) == known
