"""Two scenarios, or two versions of one: which rows were added, removed and changed."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from diff_oracle import bag

from healthsim_lake import EntityType, FieldSpec, Lake
from healthsim_lake.errors import (
    DataFileAlteredError,
    EntityTypeNotFoundError,
    InputError,
    ScenarioNotFoundError,
    VersionNotFoundError,
)

FORMER = [
    {"id": "p1", "given_name": "Ada", "gender": "F", "pets": ["cat"]},
    {"id": "p2", "given_name": "Ben", "gender": "M"},
    {"id": "p3", "given_name": "Cai", "birth_date": "1950-02-03"},
]
LATER = [
    {"id": "p4", "given_name": "Dee"},
    {"id": "p3", "given_name": "Cai", "birth_date": "1950-02-04", "pets": []},
    {"id": "p1", "given_name": "Ada", "gender": "F", "pets": ["cat"]},
]


def diff_of(lake, before, after, table="patients"):
    lake.scenarios.save("a", {table: before}, overwrite=True)
    lake.scenarios.save("b", {table: after}, overwrite=True)
    return lake.scenarios.diff("a", "b")[table]


def test_rows_are_matched_by_key(lake):
    found = diff_of(lake, FORMER, LATER)
    assert found.counts == {"added": 1, "removed": 1, "changed": 1, "unchanged": 1}
    assert list(found.added) == [LATER[0]]
    assert list(found.removed) == [FORMER[1]]
    (change,) = found.changed
    assert (change.key, change.before, change.after) == ("p3", FORMER[2], LATER[1])
    assert change.columns == ("birth_date", "pets")
    assert found.columns == {"birth_date": 1, "pets": 1}


def test_rows_come_as_frames_too(lake):
    found = diff_of(lake, FORMER, LATER)
    assert found.added.to_polars()["given_name"].to_list() == ["Dee"]
    assert found.removed.to_polars().columns == lake.scan("patients").collect_schema().names()
    assert found.changed.to_polars().rows() == [
        ("p3", "birth_date", '"1950-02-03"', '"1950-02-04"'),
        ("p3", "pets", None, "[]"),
    ]
    same = diff_of(lake, FORMER, FORMER)
    assert same.changed.to_polars().is_empty()
    assert same.added.to_polars().schema == found.added.to_polars().schema


def test_many_rows_in_many_files_are_matched_whatever_their_order(tmp_path):
    lake = Lake(tmp_path / "lake")
    rows = [{"id": f"p{n}", "given_name": "x", "weight": n / 7} for n in range(6_000)]
    lake.scenarios.save("a", {"patients": rows})
    lake.scenarios.save("b", {"patients": rows[3_000:][::-1]})
    lake.scenarios.add("b", {"patients": [{"id": "new"}, *rows[1:2_999]]})
    edited = {**rows[2_999], "given_name": "y"}
    lake.scenarios.add("b", {"patients": [edited]})
    found = lake.scenarios.diff("a", "b")["patients"]
    assert found.counts == {"added": 1, "removed": 1, "changed": 1, "unchanged": 5_998}
    assert (found.added[0], found.removed[0]) == ({"id": "new"}, rows[0])
    assert found.changed[0].after == edited
    assert found.changed.after.to_polars()["id"].to_list() == ["p2999"]


UNEQUAL = [1, 1.0, True, "1", None, 0.0, -0.0, 0, False, "", [], {}, "true", [1], [1.0], 2**70]


@pytest.mark.parametrize("column", ["weight", "pets", "birth_date", "deceased", "income"])
def test_values_that_python_calls_equal_are_told_apart(lake, column):
    rows = [{"id": str(n), column: value} for n, value in enumerate(UNEQUAL)]
    turned = [{"id": str(n), column: value} for n, value in enumerate([*UNEQUAL[1:], UNEQUAL[0]])]
    assert diff_of(lake, rows, turned).counts["changed"] == len(UNEQUAL)
    assert diff_of(lake, rows, rows[::-1]).is_empty


def test_an_absent_key_is_not_a_null_and_the_order_of_keys_does_not_count(lake):
    found = diff_of(lake, [{"id": "1", "gender": None}], [{"id": "1"}])
    assert found.columns == {"gender": 1}
    assert diff_of(
        lake, [{"id": "1", "x": {"a": 1, "b": 2}}], [{"x": {"b": 2, "a": 1}, "id": "1"}]
    ).is_empty


def test_rows_without_a_key_are_a_bag(lake):
    rows = [{"code": "E11.9"}, {"code": "I10"}, {"code": "I10"}, {"code": "J45"}]
    found = diff_of(lake, rows, [rows[1], rows[0], {"code": "J45", "type": "final"}], "diagnoses")
    assert found.counts == {"added": 1, "removed": 2, "changed": 0, "unchanged": 2}
    assert bag(found.removed) == bag([{"code": "I10"}, {"code": "J45"}])


def test_of_rows_with_one_key_equal_ones_cancel_and_the_rest_pairs_in_order(lake):
    one, two, three = ({"id": "p", "given_name": name} for name in "abc")
    found = diff_of(lake, [one, two, one], [two, three])
    assert found.counts == {"added": 0, "removed": 1, "changed": 1, "unchanged": 1}
    assert (found.changed[0].before, found.changed[0].after) == (one, three)
    assert diff_of(lake, [one, two, one], [one, one, two]).is_empty


def test_a_number_and_its_text_are_one_key(lake):
    found = diff_of(lake, [{"id": 7}], [{"id": "7"}])
    assert found.counts["changed"] == 1
    assert found.columns == {"id": 1}


def test_versions_of_one_scenario(lake):
    lake.scenarios.save("x", {"patients": FORMER})
    lake.scenarios.save("x", {"patients": FORMER[:2]}, overwrite=True)
    lake.scenarios.save("x", {"patients": LATER}, overwrite=True)
    diff = lake.scenarios.diff
    assert diff("x").counts["removed"] == 1
    assert (diff("x").before.version, diff("x").after.version) == (2, 3)
    assert diff("x", version_a=1).counts["changed"] == 1
    assert diff("x", version_b=2).counts == {"added": 0, "removed": 1, "changed": 0, "unchanged": 2}
    assert diff("x", version_a=3, version_b=1)["patients"].added[0] == FORMER[1]


def test_a_deleted_scenario_can_be_compared_by_its_versions(lake):
    lake.scenarios.save("x", {"patients": FORMER})
    lake.scenarios.add("x", {"patients": [{"id": "p9"}]})
    lake.scenarios.delete("x")
    assert lake.scenarios.diff("x", version_a=1, version_b=2).counts["added"] == 1
    assert lake.scenarios.diff("x", version_b=3).counts["removed"] == 4
    with pytest.raises(ScenarioNotFoundError, match="restore"):
        lake.scenarios.diff("x")


def test_types_of_one_side_only_are_told(lake):
    lake.scenarios.save("a", {"patient": FORMER, "claims": []})
    lake.scenarios.save("b", {"patients": FORMER, "encounters": [{"encounter_id": "e"}]})
    found = lake.scenarios.diff("a", "b")
    assert {key: one.only_in for key, one in found.items()} == {
        "patients": None,
        "claims": "before",
        "encounters": "after",
    }
    assert found.counts == {"added": 1, "removed": 0, "changed": 0, "unchanged": 3}
    assert found["Patient"] is found["patients"]
    assert list(lake.scenarios.diff("a", "b", types=["encounter"])) == ["encounters"]


def test_files_that_both_sides_share_are_not_read(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.scenarios.save("x", {"patients": FORMER})
    (path,) = map(Path, lake.files("patients"))
    lake.scenarios.add("x", {"patients": [{"id": "p9"}]})
    path.chmod(0o600)
    path.write_bytes(b"no Parquet at all")
    found = lake.scenarios.diff("x")
    assert found.counts == {"added": 1, "removed": 0, "changed": 0, "unchanged": 3}
    assert list(found["patients"].added) == [{"id": "p9"}]


def test_a_file_that_was_altered_is_refused(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.scenarios.save("a", {"patients": FORMER})
    lake.scenarios.save("b", {"patients": LATER})
    path = Path(lake.files("patients", scenario="a")[0])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    with pytest.raises(DataFileAlteredError, match="SHA-256"):
        lake.scenarios.diff("a", "b")


def test_rows_can_be_read_after_the_scenario_went_on(lake):
    lake.scenarios.save("x", {"patients": FORMER})
    lake.scenarios.save("x", {"patients": LATER}, overwrite=True)
    found = lake.scenarios.diff("x")["patients"]
    lake.scenarios.save("x", {"patients": []}, overwrite=True)
    lake.scenarios.delete("x")
    assert list(found.added) == [LATER[0]]
    assert found.changed[0].before == FORMER[2]


def test_versions_from_before_a_table_got_other_columns_can_be_compared(lake):
    narrow = EntityType(
        name="widgets",
        singular="widget",
        key="id",
        fields=(FieldSpec(id=1, name="id", type="text"),),
    )
    wide = narrow.model_copy(
        update={"fields": (*narrow.fields, FieldSpec(id=2, name="size", type="int"))}
    )
    rows = [{"id": "a", "size": 1}, {"id": "b", "size": 2.5}]
    lake.entities.declare(narrow)
    lake.scenarios.save("x", {"widgets": rows})
    lake.entities.upgrade("widgets", wide)
    assert lake.scenarios.diff("x").counts == {
        "added": 0,
        "removed": 0,
        "changed": 0,
        "unchanged": 2,
    }
    lake.scenarios.save("x", {"widgets": [{"id": "b", "size": 3}]}, overwrite=True)
    found = lake.scenarios.diff("x", version_a=1)["widgets"]
    assert found.columns == {"size": 1}
    assert found.removed.to_polars()["id"].to_list() == ["a"]


def test_a_difference_becomes_text_and_json(lake):
    lake.scenarios.save("a", {"patients": FORMER})
    lake.scenarios.save("b", {"patients": LATER})
    found = lake.scenarios.diff("a", "b")
    document = json.loads(json.dumps(found.to_dict()))
    assert document["counts"] == {"added": 1, "removed": 1, "changed": 1, "unchanged": 1}
    assert document["types"]["patients"]["columns"] == {"birth_date": 1, "pets": 1}
    assert document["before"]["name"] == "a"
    assert "patients: 1 added, 1 removed, 1 changed, 1 unchanged" in str(found)
    assert "'a' version 1" in repr(found)


def test_frames_and_dicts_of_the_same_values_are_the_same_rows(lake):
    rows = [{"id": "1", "weight": 1.5}, {"id": "2", "weight": None}]
    assert diff_of(lake, rows, pl.DataFrame(rows)).is_empty


def test_bad_input_is_a_named_error(lake):
    lake.scenarios.save("x", {"patients": FORMER})
    lake.scenarios.save("y", {"patients": FORMER})
    diff = lake.scenarios.diff
    with pytest.raises(ScenarioNotFoundError, match="nobody"):
        diff("x", "nobody")
    with pytest.raises(VersionNotFoundError, match="no version 7"):
        diff("x", "y", version_b=7)
    with pytest.raises(VersionNotFoundError, match="no version before 1"):
        diff("x")
    with pytest.raises(InputError, match="with itself"):
        diff("x", "x")
    with pytest.raises(InputError, match="with itself"):
        diff("x", version_a=1, version_b=1)
    with pytest.raises(InputError, match="number from 1"):
        diff("x", "y", version_a=0)
    with pytest.raises(InputError, match="number from 1"):
        diff("x", "y", version_a="1")
    with pytest.raises(EntityTypeNotFoundError, match="claims"):
        diff("x", "y", types=["claims"])
    with pytest.raises(EntityTypeNotFoundError, match="patients"):
        _ = diff("x", "y")["claims"]
