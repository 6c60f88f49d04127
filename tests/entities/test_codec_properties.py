"""Whatever rows are encoded, the very same rows are decoded, and the columns hold the best values."""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from codec_cases import (
    any_rows,
    any_type,
    assert_best_cells,
    big_path,
    encoded,
    strictly,
    there_and_back,
    thorough,
)
from hypothesis import given

from healthsim_lake.entities.codec.shapes import MAX_SHAPES
from healthsim_lake.entities.types import PROVENANCE, EntityType


@pytest.mark.parametrize("big", [False, True], ids=["arrow", "polars"])
@thorough
@given(rows=any_rows, entity_type=any_type)
def test_what_is_decoded_is_what_was_encoded(
    rows: list[dict[str, Any]], entity_type: EntityType, *, big: bool
) -> None:
    with big_path(big=big):
        back = there_and_back(rows, entity_type)
        shapes = encoded(rows, entity_type)
    assert strictly(back) == strictly(rows)
    assert len(shapes.shapes) <= MAX_SHAPES
    if not any(shape.sparse for shape in shapes.shapes):
        assert [list(row) for row in back] == [list(row) for row in rows]


@pytest.mark.parametrize("big", [False, True], ids=["arrow", "polars"])
@thorough
@given(rows=any_rows, entity_type=any_type)
def test_every_cell_holds_the_best_value_for_its_column(
    rows: list[dict[str, Any]], entity_type: EntityType, *, big: bool
) -> None:
    with big_path(big=big):
        assert_best_cells(encoded(rows, entity_type), entity_type, rows)


@thorough
@given(rows=any_rows, entity_type=any_type)
def test_every_chunk_has_exactly_the_columns_of_its_type(
    rows: list[dict[str, Any]], entity_type: EntityType
) -> None:
    with big_path(big=False):
        small = encoded(rows, entity_type).data
    with big_path(big=True):
        large = encoded(rows, entity_type).data
    assert isinstance(small, pa.Table)
    assert isinstance(large, pl.DataFrame)
    assert small.schema.equals(entity_type.arrow_schema, check_metadata=True)
    assert large.schema == pl.from_arrow(entity_type.arrow_schema.empty_table()).schema
    key = entity_type.key
    assert small.drop_columns([key]).to_pylist() == large.drop(key).to_dicts()
    assert {spec.name for spec in PROVENANCE} <= set(large.columns)
