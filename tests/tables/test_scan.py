"""`lake.scan` and `lake.files`: what is read, and what is left alone."""

from __future__ import annotations

import threading
from pathlib import Path

import polars as pl
import pytest

from healthsim_lake import Lake
from healthsim_lake.errors import (
    DataFileMissingError,
    EntityTypeNotFoundError,
    InputError,
    ScenarioNotFoundError,
)
from healthsim_lake.tables.predicates import matching

NAMES = ("ada", "bob", "cyd")


@pytest.fixture
def lake(lake_url):
    with Lake(lake_url) as opened:
        for name in NAMES:
            rows = [{"id": f"{name}-{n}", "birth_date": f"19{50 + n}-01-01"} for n in range(3)]
            opened.scenarios.save(name, {"patients": rows})
        yield opened


def id_of(lake: Lake, name: str) -> str:
    return lake.scenarios.get(name).id


def test_a_scan_of_all_some_or_one_scenario(lake):
    assert lake.scan("patients").collect().height == 9
    assert lake.scan("patient", scenarios=["ada", "cyd"]).collect().height == 6
    one = lake.scan("patients", scenario="bob").select("id", "scenario_id").collect()
    assert one["id"].to_list() == ["bob-0", "bob-1", "bob-2"]
    assert set(one["scenario_id"]) == {id_of(lake, "bob")}
    assert lake.scan("patients", scenarios=[]).collect().height == 0


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_a_scan_answers_like_a_frame_whatever_is_pushed_down(lake, engine):
    whole = lake.scan("patients").collect()
    assert whole.columns[-1] == "scenario_id"
    wanted = pl.col("scenario_id") == id_of(lake, "cyd")
    young = pl.col("birth_date") > pl.date(1950, 6, 1)
    for expression in (wanted, young, wanted & young, wanted | young, ~wanted & young):
        lazy = lake.scan("patients").filter(expression).select("id", "birth_date")
        expected = whole.filter(expression).select("id", "birth_date")
        assert lazy.collect(engine=engine).equals(expected)
    grouped = lake.scan("patients").group_by("scenario_id").len().sort("scenario_id")
    assert grouped.collect(engine=engine)["len"].to_list() == [3, 3, 3]
    assert (
        lake.scan("patients").head(4).collect(engine=engine)["id"].to_list()
        == (whole["id"].to_list()[:4])
    )


def test_files_of_scenarios_that_a_predicate_excludes_are_not_looked_up(tmp_path):
    with Lake(tmp_path / "lake") as lake:
        for name in NAMES:
            lake.scenarios.save(name, {"patients": [{"id": name}]})
        Path(lake.files("patients", scenario="bob")[0]).unlink()
        wanted = lake.scan("patients").filter(
            pl.col("scenario_id").is_in([id_of(lake, "ada"), id_of(lake, "cyd")]),
            pl.col("id") != "x",
        )
        assert sorted(wanted.collect()["id"]) == ["ada", "cyd"]
        with pytest.raises(Exception, match="missing") as caught:
            lake.scan("patients").collect()
        assert "DataFileMissingError" in f"{type(caught.value).__name__} {caught.value}"


A, B = pl.col("a"), pl.col("b")


@pytest.mark.parametrize(
    ("predicate", "left"),
    [
        (None, "xyz"),
        (A == "x", "x"),
        ((B > 1) & (A == "x"), "x"),
        ((A == "x") & (B > 1) & (A != "y"), "x"),
        ((A == "x") | (B > 1), "xyz"),
        ((B > 1) & ((A == "x") | (A == "y")), "xy"),
        (~(A == "x") & B.is_null(), "yz"),
        ((A == "x") & (A == "y"), ""),
        (A.cast(pl.Int64) > 1, "xyz"),  # fails, as it will where there are rows
        (A == B, "xyz"),
        (pl.lit(value=True), "xyz"),
    ],
)
def test_a_predicate_excludes_only_what_it_surely_excludes(predicate, left):
    assert sorted(matching(list("xyz"), "a", predicate)) == sorted(left)


def test_only_the_columns_that_are_asked_for_are_read(tmp_path):
    with Lake(tmp_path / "lake") as lake:
        lake.scenarios.save("ada", {"patients": [{"id": f"p{n}"} for n in range(3)]})
        plan = lake.scan("patients").filter(pl.col("id") == "p1").select("given_name").explain()
    assert "PROJECT 2/" in plan
    assert "SELECTION" in plan
    assert "FILTER" not in plan


def test_a_scan_goes_on_while_its_files_move(tmp_path):
    with Lake(tmp_path / "lake") as lake:
        lake.scenarios.save("ada", {"patients": [{"id": "0"}]})
        lazy = lake.scan("patients", scenario="ada").select("id")
        stop = threading.Event()

        def rewrite() -> None:
            other, number = Lake(lake.url), 0
            while not stop.is_set():
                number += 1
                other.scenarios.save("ada", {"patients": [{"id": str(number)}]}, overwrite=True)

        writer = threading.Thread(target=rewrite)
        writer.start()
        try:
            heights = {lazy.collect().height for _ in range(60)}
        finally:
            stop.set()
            writer.join()
    assert heights == {1}


def test_a_folder_with_any_name_is_scanned(tmp_path):
    with Lake(tmp_path / "year=2020" / "a lake [v1] *? 'x") as lake:
        for name in NAMES:
            lake.scenarios.save(name, {"patients": [{"id": name}]})
        found = lake.scan("patients").select("id", "scenario_id").collect()
        assert dict(found.rows()) == {name: id_of(lake, name) for name in NAMES}
        assert (
            lake.query("SELECT id, scenario_id FROM patients")
            .to_polars()
            .sort("id")
            .equals(found.sort("id"))
        )


def test_files_of_all_some_or_one_scenario(lake):
    assert len(lake.files("patients")) == 3
    one, other = lake.files("patient", scenarios=["cyd", "ada"])
    assert f"scenario_id={id_of(lake, 'cyd')}/" in one
    assert f"scenario_id={id_of(lake, 'ada')}/" in other
    assert lake.files("patients", scenario="cyd") == [one]
    assert lake.files("members") == []
    for wrong, error in (
        ({"scenario": "none"}, ScenarioNotFoundError),
        ({"scenarios": ["ada", "none"]}, ScenarioNotFoundError),
        ({"scenario": "ada", "scenarios": ["ada"]}, InputError),
        ({"scenarios": "ada"}, InputError),
    ):
        with pytest.raises(error):
            lake.files("patients", **wrong)
        with pytest.raises(error):
            lake.scan("patients", **wrong)
    with pytest.raises(EntityTypeNotFoundError, match="patients"):
        lake.files("pacients")


def test_a_missing_file_is_named_by_files(tmp_path):
    with Lake(tmp_path / "lake") as lake:
        lake.scenarios.save("ada", {"patients": [{"id": "1"}]})
        Path(lake.files("patients")[0]).unlink()
        with pytest.raises(DataFileMissingError, match="patients"):
            lake.files("patients")
