"""Files that are written again with other columns, or beside others: no row gets a key."""

from __future__ import annotations

import pyarrow as pa
import pytest

from healthsim_lake.entities.types import EntityType, FieldSpec


def gadgets(*columns: str) -> EntityType:
    fields = [
        FieldSpec(id=number, name=name, type="text")
        for number, name in enumerate(("id", *columns), 1)
    ]
    return EntityType(name="gadgets", singular="gadget", key="id", fields=tuple(fields))


def rows_of_many_kinds(prefix: str) -> list[dict[str, object]]:
    """Return more kinds of rows than have a shape of their own once files are joined."""
    return [
        {"id": f"{prefix}{number}", f"{prefix}{number}": 1, "source_type": "mine"}
        for number in range(20)
        for _ in "xx"
    ]


def test_what_was_filled_in_is_no_key_of_a_row_that_shares_its_shape_with_others(lake):
    first, second = rows_of_many_kinds("a"), [*rows_of_many_kinds("b"), {"rare": 1}]
    lake.entities.declare(gadgets())
    lake.scenarios.save("demo", {"gadgets": first})
    lake.scenarios.add("demo", {"gadgets": second})
    lake.maintenance.compact()
    lake.entities.upgrade("gadgets", gadgets("colour"))
    assert lake.scenarios.load("demo")["gadgets"] == [*first, *second]
    changes = lake.scenarios.diff("demo")["gadgets"].counts
    assert {kind: number for kind, number in changes.items() if number} == {"unchanged": 81}


@pytest.mark.parametrize("rows", [1, 300_000])
def test_rows_of_tables_with_other_columns_have_the_keys_of_their_own(lake, rows):
    tables = [
        pa.table({"id": ["a"] * rows, "x": [1] * rows}),
        pa.table({"id": ["b"], "y": ["t"], "o": [{"p": 1}]}),
        pa.table({"id": ["c"], "o": [{"q": 2}]}),
        pa.table({"x": [2], "id": ["d"]}),
        pa.table({"x": pa.nulls(1), "id": ["e"]}),
    ]
    lake.scenarios.save("demo", {"things": iter(tables)})
    loaded = lake.scenarios.load("demo")["things"]
    assert loaded == [row for table in tables for row in table.to_pylist()]
    assert [list(row) for row in loaded[rows:]] == [
        ["id", "y", "o"],
        ["id", "o"],
        *[["x", "id"]] * 2,
    ]
