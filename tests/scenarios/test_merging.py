"""Merges: rows of several scenarios in one, and every reference still leads somewhere."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from copy_cases import TARGETS, cells, entities, pairs
from hypothesis import given, settings
from hypothesis import strategies as st

from healthsim_lake import EntityType, FieldSpec, Lake
from healthsim_lake.errors import (
    DataFileMissingError,
    InputError,
    InvalidNameError,
    NameTakenError,
    ScenarioNotFoundError,
    StorageFullError,
)

FIRST = {
    "patients": [{"id": "p1", "mrn": "M1", "given_name": "Ada"}, {"id": "p2", "mrn": "M2"}],
    "encounters": [{"encounter_id": "e1", "patient_mrn": "M1"}],
}
SECOND = {
    "patient": [{"id": "p1", "mrn": "M1", "given_name": "Eve"}, {"id": "p3", "mrn": "M3"}],
    "encounters": [
        {"encounter_id": "e1", "patient_mrn": "M3"},
        {"encounter_id": "e2", "patient_mrn": "M1"},
    ],
    "claims": [],
}


@pytest.fixture
def lake(lake_url):
    with Lake(lake_url) as one:
        one.scenarios.save("first", FIRST, tags=["Old", "x"], metadata={"a": 1, "b": {"c": 2}})
        one.scenarios.save("second", SECOND, tags=["X", "new"], metadata={"a": 2, "d": 3})
        yield one


@pytest.fixture
def local(tmp_path):
    with Lake(tmp_path / "lake") as one:
        one.scenarios.save("first", FIRST)
        one.scenarios.save("second", SECOND)
        yield one


def rows(lake: Lake, ref: str) -> dict:
    return lake.scenarios.load(ref).entities


def files(lake: Lake) -> set[str]:
    root = Path(lake.url)
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_by_default_the_row_of_the_first_source_stays(lake):
    told = lake.scenarios.merge(["first", "second"], "both")
    assert rows(lake, "both") == {
        "patients": [*FIRST["patients"], SECOND["patient"][1]],
        "encounters": [*FIRST["encounters"], SECOND["encounters"][1]],
        "claims": [],
    }
    ids = [lake.scenarios.get(name).id for name in ("first", "second", "both")]
    assert told.to_dict() == {
        "source_scenario_ids": ids[:2],
        "source_scenario_names": ["first", "second"],
        "target_scenario_id": ids[2],
        "target_scenario_name": "both",
        "entities_merged": {"patients": 3, "encounters": 2, "claims": 0},
        "total_entities": 5,
        "conflicts_resolved": 2,
        "conflicts_by_type": {"patients": 1, "encounters": 1},
    }


def test_what_is_said_of_the_sources_is_united(lake):
    lake.scenarios.merge(["first", "second"], "both", author="eva", message="why")
    record = lake.scenarios.get("both")
    assert record.tags == ("Old", "x", "new")
    assert record.metadata == {"a": 1, "b": {"c": 2}, "d": 3}
    assert record.description == "Merged from first and second"
    assert [(one.operation, one.name, one.version) for one in record.origins] == [
        ("merge", "first", 1),
        ("merge", "second", 1),
    ]
    (version,) = lake.scenarios.history("both")
    assert (version.operation, version.author, version.message) == ("merge", "eva", "why")
    lake.scenarios.merge(
        ["first", "second"], "other", tags=["mine"], description="mine", metadata={}
    )
    other = lake.scenarios.get("other")
    assert (other.tags, other.description, other.metadata) == (("mine",), "mine", {})


def test_overwrite_lets_the_row_of_the_last_source_stay(lake):
    lake.scenarios.merge(["first", "second"], "both", conflict_strategy="overwrite")
    assert rows(lake, "both") == {
        "patients": [FIRST["patients"][1], *SECOND["patient"]],
        "encounters": SECOND["encounters"],
        "claims": [],
    }


def test_rename_keeps_both_and_gives_the_later_one_new_identifiers(lake):
    told = lake.scenarios.merge(["first", "second"], "both", conflict_strategy="rename")
    found = rows(lake, "both")
    assert found["patients"][:2] == FIRST["patients"]
    renamed, untouched = found["patients"][2:]
    assert untouched == SECOND["patient"][1]
    assert renamed["given_name"] == "Eve"
    assert renamed["id"] not in ("p1", "p2", "p3")
    assert renamed["mrn"] not in ("M1", "M2", "M3")
    first, second, third = found["encounters"]
    assert first == FIRST["encounters"][0]
    assert second["encounter_id"] not in ("e1", "e2")
    assert (second["patient_mrn"], third["patient_mrn"]) == ("M3", renamed["mrn"])
    assert told.conflicts_by_type == {"patients": 1, "encounters": 1}


def test_keep_takes_all_rows_as_they_are(lake):
    told = lake.scenarios.merge(["first", "second"], "both", conflict_strategy="keep")
    assert rows(lake, "both") == {
        "patients": FIRST["patients"] + SECOND["patient"],
        "encounters": FIRST["encounters"] + SECOND["encounters"],
        "claims": [],
    }
    assert (told.conflicts_resolved, told.conflicts_by_type) == (0, {})


def test_clones_are_kept_beside_their_source_unless_said_otherwise(lake):
    lake.scenarios.clone("first", "clone")
    lake.scenarios.clone("clone", "grandchild")
    for other in ("clone", "grandchild"):
        told = lake.scenarios.merge(["first", other], f"with {other}")
        assert told.entities_merged == {"patients": 4, "encounters": 2}
    lake.scenarios.clone("first", "sibling")
    assert lake.scenarios.merge(["clone", "sibling"], "s").total_entities == 6
    skipped = lake.scenarios.merge(["first", "clone"], "once", conflict_strategy="skip")
    assert (skipped.total_entities, skipped.conflicts_resolved) == (3, 3)
    assert lake.scenarios.merge(["clone", "second"], "strangers").conflicts_resolved == 2


def test_a_reference_follows_the_column_that_it_points_to(lake):
    lake.scenarios.save("ours", {"patients": [{"id": "p1", "mrn": "M1"}]})
    theirs = {
        "patients": [{"id": "p1", "mrn": "X"}, {"id": "X", "mrn": "M2"}],
        "diagnoses": [{"patient_mrn": "X"}],
        "subjects": [{"subject_id": "s", "patient_id": "X", "patient_ref": "M2"}],
    }
    lake.scenarios.save("theirs", theirs)
    lake.scenarios.merge(["ours", "theirs"], "both")
    found = rows(lake, "both")
    assert [one["id"] for one in found["patients"]] == ["p1", "X"]
    assert found["diagnoses"] == [{"patient_mrn": "M1"}]
    assert found["subjects"] == theirs["subjects"]


def test_references_to_a_row_that_leaves_go_to_the_one_that_stays(lake):
    other = {
        "patients": [{"id": "p1", "mrn": "X1"}, {"id": "p4", "mrn": "X4"}],
        "encounters": [
            {"encounter_id": "e8", "patient_mrn": "X1"},
            {"encounter_id": "e9", "patient_mrn": "X4", "mrn": "X1"},
        ],
    }
    lake.scenarios.save("other", other)
    lake.scenarios.merge(["first", "other"], "skip")
    found = rows(lake, "skip")
    assert [row["mrn"] for row in found["patients"]] == ["M1", "M2", "X4"]
    assert [row["patient_mrn"] for row in found["encounters"]] == ["M1", "M1", "X4"]
    assert found["encounters"][2]["mrn"] == "M1"
    lake.scenarios.merge(["first", "other"], "overwrite", conflict_strategy="overwrite")
    found = rows(lake, "overwrite")
    assert [row["mrn"] for row in found["patients"]] == ["M2", "X1", "X4"]
    assert [row["patient_mrn"] for row in found["encounters"]] == ["X1", "X1", "X4"]


def test_a_row_that_others_need_stays_where_the_winner_cannot_replace_it(lake):
    lake.scenarios.save("bare", {"patients": [{"id": "p1"}]})
    told = lake.scenarios.merge(["bare", "first"], "both")
    assert [row.get("mrn") for row in rows(lake, "both")["patients"]] == [None, "M1", "M2"]
    assert told.conflicts_resolved == 0


def test_keys_repeated_within_one_source_stay_repeated(lake):
    twins = [{"id": "t", "n": 1}, {"id": "t", "n": 2}]
    lake.scenarios.save("twins", {"patients": twins})
    assert lake.scenarios.merge(["twins", "first"], "a").entities_merged["patients"] == 4
    lake.scenarios.save("more", {"patients": [{"id": "t", "n": 3}]})
    assert lake.scenarios.merge(["more", "twins"], "b").conflicts_resolved == 2
    assert lake.scenarios.merge(["twins", "more"], "c").conflicts_resolved == 1
    assert rows(lake, "c")["patients"] == twins


def test_rows_without_a_key_and_tables_without_one_are_all_kept(lake):
    for name in ("one", "other"):
        lake.scenarios.save(
            name, {"patients": [{"given_name": "A"}, {"id": ""}], "scores": [{"v": 1}]}
        )
    for strategy in ("skip", "overwrite", "rename"):
        told = lake.scenarios.merge(["one", "other"], strategy, conflict_strategy=strategy)
        assert told.entities_merged == {"patients": 4, "scores": 2}
        assert told.conflicts_resolved == 0


def test_a_key_may_be_a_date(lake):
    born = FieldSpec(id=1, name="day", type="date")
    lake.entities.declare(EntityType(name="days", singular="day", key="day", fields=(born,)))
    for name in ("one", "other"):
        lake.scenarios.save(
            name, {"days": [{"day": "2026-01-01"}, {"day": "not known", "x": name}]}
        )
    assert lake.scenarios.merge(["one", "other"], "skip").entities_merged == {"days": 3}
    lake.scenarios.merge(["one", "other"], "all", conflict_strategy="rename")
    assert len(rows(lake, "all")["days"]) == 4
    lake.scenarios.clone("one", "clone", new_ids=True)
    assert rows(lake, "clone") == rows(lake, "one")


def test_integers_and_text_of_one_key_are_one_key(lake):
    lake.scenarios.save("numbers", {"patients": [{"id": 1, "mrn": 5}]})
    lake.scenarios.save("texts", {"patients": [{"id": "1", "mrn": "5"}, {"id": "2"}]})
    lake.scenarios.merge(["numbers", "texts"], "both")
    assert rows(lake, "both") == {"patients": [{"id": 1, "mrn": 5}, {"id": "2"}]}


def test_more_than_two_sources_are_settled_in_one_go(lake):
    for number in range(5):
        lake.scenarios.save(
            f"s{number}",
            {
                "patients": [
                    {"id": "same", "mrn": f"M{number}", "from": number},
                    {"id": f"p{number}"},
                ],
                "encounters": [{"encounter_id": f"e{number}", "patient_mrn": f"M{number}"}],
            },
        )
    names = [f"s{number}" for number in range(5)]
    lake.scenarios.merge(names, "skip")
    lake.scenarios.merge(names, "last", conflict_strategy="overwrite")
    lake.scenarios.merge(names, "all", conflict_strategy="rename")
    assert [row.get("from") for row in rows(lake, "skip")["patients"]] == [0, *[None] * 5]
    assert {row["patient_mrn"] for row in rows(lake, "skip")["encounters"]} == {"M0"}
    assert {row["patient_mrn"] for row in rows(lake, "last")["encounters"]} == {"M4"}
    everybody = rows(lake, "all")["patients"]
    assert len({row["id"] for row in everybody}) == len(everybody) == 10


def test_files_without_conflicts_are_shared_and_many_small_ones_are_joined(local):
    local.scenarios.save(
        "third", {"patients": [{"id": "p8"}], "encounters": [{"encounter_id": "e8"}]}
    )
    local.scenarios.merge(["first", "third"], "both")
    (one, other) = local.files("patients", scenario="both")
    assert Path(one).samefile(local.files("patients", scenario="first")[0])
    assert Path(other).samefile(local.files("patients", scenario="third")[0])
    names = []
    for number in range(30):
        names.append(f"small-{number}")
        local.scenarios.save(names[-1], {"patients": [{"id": f"s{number}"}]})
    local.scenarios.merge(names, "many")
    assert len(local.files("patients", scenario="many")) <= 16
    assert [row["id"] for row in rows(local, "many")["patients"]] == [f"s{n}" for n in range(30)]
    assert not list(Path(local.url, "staging").iterdir())


def test_a_source_whose_rows_all_leave_leaves_no_file(local):
    local.scenarios.clone("first", "clone")
    local.scenarios.merge(["first", "clone"], "both", conflict_strategy="skip")
    assert len(local.files("patients", scenario="both")) == 1


def test_a_second_merge_with_the_same_key_is_the_first(lake):
    first = lake.scenarios.merge(["first", "second"], "both", idempotency_key="k")
    version = lake.version
    assert lake.scenarios.merge(["first", "second"], "both", idempotency_key="k") == first
    assert lake.version == version


REFUSED = [
    ([], {}, InputError, "At least 2"),
    (["first"], {}, InputError, "At least 2"),
    ("first", {}, InputError, "At least 2"),
    (["first", "first"], {}, InputError, "same scenario"),
    (["first", "second", "id of first"], {}, InputError, "same scenario"),
    (["first", "nobody"], {}, ScenarioNotFoundError, "not found"),
    (["first", "second"], {"name": "first"}, NameTakenError, "already exists"),
    (["first", "second"], {"name": "\n"}, InvalidNameError, "empty"),
    (
        ["first", "second"],
        {"conflict_strategy": "union"},
        InputError,
        "skip, overwrite, rename, keep",
    ),
    (["first", "second"], {"tags": "x"}, InvalidNameError, "list"),
]


@pytest.mark.parametrize(("sources", "given", "error", "words"), REFUSED)
def test_what_is_refused_leaves_everything_as_it_was(local, sources, given, error, words):
    version, there = local.version, files(local)
    if not isinstance(sources, str):
        known = {"id of first": local.scenarios.get("first").id}
        sources = [known.get(one, one) for one in sources]
    with pytest.raises(error, match=words):
        local.scenarios.merge(sources, **{"name": "both", **given})
    assert (local.version, files(local)) == (version, there)


def test_a_source_deleted_or_changed_meanwhile(local, monkeypatch):
    other, create = Lake(local.url), local._log.create_lake
    waiting = [
        lambda: other.scenarios.add("second", {"patient": [{"id": "p4", "mrn": "M4"}]}),
        lambda: None,
        lambda: other.scenarios.delete("second"),
    ]

    def late() -> bool:
        waiting.pop(0)()
        return create()

    monkeypatch.setattr(local._log, "create_lake", late)
    local.scenarios.merge(["first", "second"], "both")
    assert [row["id"] for row in rows(local, "both")["patients"]] == ["p1", "p2", "p3", "p4"]
    local.scenarios.merge(["first", "second"], "again")
    with pytest.raises(ScenarioNotFoundError, match="deleted"):
        local.scenarios.merge(["first", "second"], "third")
    assert not list(Path(local.url, "staging").iterdir())
    assert not local.scenarios.exists("third")


@pytest.mark.parametrize("strategy", ["skip", "rename", "keep"])
def test_a_full_disk_and_a_missing_file_leave_nothing(local, monkeypatch, strategy):
    there = files(local)
    with monkeypatch.context() as patch:

        def full(*_: object) -> None:
            raise StorageFullError(28, "the disk is full")

        patch.setattr(local._log.storage, "put", full)
        patch.setattr(local._log.storage, "copy", full)
        with pytest.raises(StorageFullError):
            local.scenarios.merge(["first", "second"], "both", conflict_strategy=strategy)
    assert files(local) == there
    Path(local.files("encounters", scenario="second")[0]).unlink()
    with pytest.raises(DataFileMissingError):
        local.scenarios.merge(["first", "second"], "both", conflict_strategy=strategy)
    assert not list(Path(local.url, "staging").iterdir())


# ---- properties ----

STRATEGIES = st.sampled_from(["skip", "overwrite", "rename", "keep"])
KEYS = {
    "patients": "id",
    "encounters": "encounter_id",
    "diagnoses": "id",
    "orders": "order_id",
    "providers": "provider_id",
    "subjects": "id",
    "gizmos": "gizmo_id",
}


def marked(given: list[dict]) -> list[dict]:
    """Return the scenarios with a mark in every row by which it is recognised later."""
    return [
        {
            key: [{**row, "mark": f"{source}/{key}/{at}"} for at, row in enumerate(own)]
            for key, own in one.items()
        }
        for source, one in enumerate(given)
    ]


def marks(scenario, table: str) -> list[str]:
    return [row["mark"] for row in scenario[table]] if table in scenario else []


@settings(max_examples=40)
@given(st.lists(entities(odd=False), min_size=2, max_size=3), STRATEGIES)
def test_every_reference_still_leads_to_its_row_or_to_the_one_that_took_its_place(given, strategy):
    lake = Lake(f"memory://{uuid4()}/lake")
    sources = []
    for number, one in enumerate(marked(given)):
        lake.scenarios.save(f"s{number}", one)
        sources.append(lake.scenarios.load(f"s{number}"))
    told = lake.scenarios.merge(
        [one.record.name for one in sources], "all", conflict_strategy=strategy
    )
    merged = lake.scenarios.load("all")
    assert told.total_entities == sum(map(len, merged.values()))

    for table in KEYS:
        before = [mark for one in sources for mark in marks(one, table)]
        after = marks(merged, table)
        assert after == [mark for mark in before if mark in {*after}]
        if strategy in ("rename", "keep"):
            assert after == before

    for (table, column), (target, target_column) in TARGETS.items():
        there = marks(merged, target)
        key_of = dict(zip(there, cells(merged, target, KEYS[target]), strict=True))
        leads_to: dict[str, set[str]] = {}
        for position, other in pairs(merged, table, column, target, target_column):
            leads_to.setdefault(marks(merged, table)[position], set()).add(there[other])
        for one in sources:
            led_to: dict[str, set[int]] = {}
            for position, other in pairs(one, table, column, target, target_column):
                led_to.setdefault(marks(one, table)[position], set()).add(other)
            names, keys = marks(one, target), cells(one, target, KEYS[target])
            for mark in led_to.keys() & {*marks(merged, table)}:
                staying = {names[other] for other in led_to[mark]} & {*there}
                leading = leads_to.get(mark, set())
                assert leading >= staying
                if not staying:
                    gone = {keys[other] for other in led_to[mark]}
                    assert gone & {key_of[name] for name in leading}


@settings(max_examples=40)
@given(
    st.lists(entities(odd=False), min_size=2, max_size=3), st.sampled_from(["skip", "overwrite"])
)
def test_a_row_leaves_only_for_one_with_its_key_in_a_source_that_wins(given, strategy):
    lake = Lake(f"memory://{uuid4()}/lake")
    for number, one in enumerate(marked(given)):
        lake.scenarios.save(f"s{number}", one)
    sources = [lake.scenarios.load(f"s{number}") for number in range(len(given))]
    lake.scenarios.merge([f"s{n}" for n in range(len(given))], "all", conflict_strategy=strategy)
    merged = lake.scenarios.load("all")
    for table, key in KEYS.items():
        left = {*marks(merged, table)}
        wins = {}
        for number, one in enumerate(sources):
            for value in cells(one, table, key):
                if strategy == "overwrite" or value not in wins:
                    wins[value] = number
        for number, one in enumerate(sources):
            for mark, value in zip(marks(one, table), cells(one, table, key), strict=True):
                if mark not in left:
                    assert wins[value] != number
                elif wins[value] != number and value != "":
                    assert table in ("patients", "providers", "subjects"), (mark, value)


@settings(max_examples=40)
@given(st.lists(entities(), min_size=2, max_size=2))
def test_rename_changes_identifiers_only(given):
    lake = Lake(f"memory://{uuid4()}/lake")
    for number, one in enumerate(given):
        lake.scenarios.save(f"s{number}", one)
    lake.scenarios.merge(["s0", "s1"], "all", conflict_strategy="rename")
    merged = lake.scenarios.load("all")
    for table in merged:
        before = [row for one in given for row in one.get(table, [])]
        after = merged[table]
        assert [{*row} for row in after] == [{*row} for row in before]
        for old, new in zip(before, after, strict=True):
            for rest in ("note", "status", "nested", "given_name", "skill_used"):
                assert old.get(rest) == new.get(rest)


@pytest.mark.parametrize("rows", [1, 2_000])
@pytest.mark.parametrize("more", [{}, {"nested": {"note": "patient_mrn"}}, {"mrn": 1}])
def test_a_reference_by_number_follows_to_a_row_that_is_called_by_text(lake, rows, more):
    lake.scenarios.save("one", {"patients": [{"id": "p1", "mrn": "M1"}]})
    visits = [{"id": f"d{n}", "patient_mrn": 1, **more} for n in range(rows)]
    lake.scenarios.save("two", {"patients": [{"id": "p1", "mrn": 1}], "diagnoses": visits})
    lake.scenarios.merge(["one", "two"], "text", conflict_strategy="skip")
    lake.scenarios.merge(["two", "one"], "number", conflict_strategy="skip")
    for name, wanted in (("text", "M1"), ("number", 1)):
        found = lake.scenarios.load(name)["diagnoses"]
        assert {row["patient_mrn"] for row in found} == {wanted}
        assert len(found) == rows
