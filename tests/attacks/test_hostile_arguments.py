"""Hostile values in every argument that ends in the catalog.

Whatever is taken must be read as it was given, by a lake that is opened anew and through a
checkpoint; whatever is not taken is refused by an error of ours before anything is committed. A
value that could be written and not be read again would make the whole lake unreadable.
"""

from __future__ import annotations

import os
import random
import reprlib
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from healthsim_lake import EntityType, FieldSpec, Lake
from healthsim_lake.catalog import checkpoint
from healthsim_lake.errors import InputError, InvalidSpecificationError, LakeError


def nested(depth: int, kind: type = list) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


def cycle() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = [value]
    return value


TEXTS = [
    "../../../etc/passwd", "/etc/passwd", "..", ".", "a/b", "a\\b", "C:\\x", "~", "%2e%2e%2f",
    "file:///etc/passwd", "s3://bucket/x", "a\nb", "a\rb", "a\tb", "a\x00b", "\x1b[31mred", "\x7f",
    "\ud800", "a\udfffb", "\U0010ffff", "\u202eabc", "\ufeffx", "\u2028", "a\u0000", "'; DROP TABLE x; --",
    '"', "'", "`", "$(id)", "{}", "{0.__class__}", "%s%n", "*", "?", "[a-z]", "NULL", "", " ",
    "x" * 1_000_000, "é" * 201, "00000000-0000-4000-8000-000000000000", "profile-0123abcd",
    "[bold]x[/bold]", "<script>", "Infinity", "\N{COMBINING ACUTE ACCENT}" * 200,
]  # fmt: skip
STRANGERS = [None, 1, True, 1.5, b"x", [], {}, object(), ["a", 1], {"a": {1}}]
JSON = [
    nested(90), nested(171), nested(150), nested(199), nested(250), nested(990), nested(100_000),
    nested(90, dict), nested(190, dict), nested(199, dict), nested(100_000, dict), cycle(),
    10**400, -(10**4_299), 10**5_000, 2**63, 2**64, 1e308, 5e-324, -0.0, float("nan"), float("inf"),
    *TEXTS, datetime(2026, 1, 1, tzinfo=UTC), b"x", {1, 2}, object(), {1: 2}, {"\ud800": 1},
    {"a\x00": 1}, {"": {"": ""}}, {"__proto__": 1, "constructor": 2}, {"kind": "purge"},
    ["x"] * 100_000, {str(number): number for number in range(10_000)},
]  # fmt: skip

SPEC: dict[str, Any] = {"id": "p", "name": "p", "demographics": {"count": 3}}
JOURNEY: dict[str, Any] = {"journey_id": "j", "name": "j", "events": []}
ROWS = {"patients": [{"id": "1"}]}

TEXT_PLACES: dict[str, Callable[[Lake, Any], object]] = {
    "scenario name": lambda lake, v: lake.scenarios.save(v, ROWS),
    "scenario description": lambda lake, v: lake.scenarios.save("new", ROWS, description=v),
    "scenario tags": lambda lake, v: lake.scenarios.save("new", ROWS, tags=[v]),
    "scenario author": lambda lake, v: lake.scenarios.save("new", ROWS, author=v),
    "scenario message": lambda lake, v: lake.scenarios.save("new", ROWS, message=v),
    "idempotency key": lambda lake, v: lake.scenarios.save("new", ROWS, idempotency_key=v),
    "entity key": lambda lake, v: lake.scenarios.save("new", {v: [{"id": "1"}]}),
    "key of a row": lambda lake, v: lake.scenarios.save("new", {"patients": [{v: "1"}]}),
    "key of an unknown type's row": lambda lake, v: lake.scenarios.save("new", {"owls": [{v: 1}]}),
    "value of a row": lambda lake, v: lake.scenarios.save("new", {"owls": [{"id": v}]}),
    "provenance": lambda lake, v: lake.scenarios.save("new", ROWS, provenance={"source_type": v}),
    "provenance key": lambda lake, v: lake.scenarios.save("new", ROWS, provenance={v: "x"}),
    "added key": lambda lake, v: lake.scenarios.add("base", {v: [{"id": "1"}]}),
    "rename": lambda lake, v: lake.scenarios.rename("base", v),
    "describe": lambda lake, v: lake.scenarios.describe("base", v),
    "tag": lambda lake, v: lake.tags.add("base", v),
    "tag removed": lambda lake, v: lake.tags.remove("base", v),
    "clone name": lambda lake, v: lake.scenarios.clone("base", v),
    "clone description": lambda lake, v: lake.scenarios.clone("base", description=v),
    "clone types": lambda lake, v: lake.scenarios.clone("base", types=[v]),
    "merge name": lambda lake, v: lake.scenarios.merge(["base", "other"], v),
    "merge tags": lambda lake, v: lake.scenarios.merge(["base", "other"], "new", tags=[v]),
    "persist name": lambda lake, v: lake.scenarios.persist(ROWS, name=v),
    "persist context": lambda lake, v: lake.scenarios.persist(ROWS, context=v),
    "persist keyword": lambda lake, v: lake.scenarios.persist(ROWS, keywords=[v]),
    "scenario reference": lambda lake, v: lake.scenarios.load(v),
    "deleted reference": lambda lake, v: lake.scenarios.restore(v),
    "purged reference": lambda lake, v: lake.maintenance.purge(v),
    "table": lambda lake, v: lake.files(v),
    "scan": lambda lake, v: lake.scan(v),
    "entity type": lambda lake, v: lake.entities.get(v),
    "profile name": lambda lake, v: lake.profiles.save(v, SPEC),
    "profile description": lambda lake, v: lake.profiles.save("new", SPEC, description=v),
    "profile products": lambda lake, v: lake.profiles.save("new", SPEC, products=[v]),
    "profile tags": lambda lake, v: lake.profiles.save("new", SPEC, tags=[v]),
    "profile message": lambda lake, v: lake.profiles.save("new", SPEC, message=v),
    "profile rename": lambda lake, v: lake.profiles.rename("plan", v),
    "profile reference": lambda lake, v: lake.profiles.load(v),
    "profile copy": lambda lake, v: lake.profiles.copy("plan", v),
    "journey name": lambda lake, v: lake.journeys.save(v, JOURNEY),
    "specification's name": lambda lake, v: lake.profiles.save("new", {**SPEC, "name": v}),
    "specification's description": lambda lake, v: lake.profiles.save(
        "new", {**SPEC, "description": v}
    ),
    "journey's own description": lambda lake, v: lake.journeys.save(
        "new", {**JOURNEY, "description": v}
    ),
    "journey's products": lambda lake, v: lake.journeys.save("new", {**JOURNEY, "products": [v]}),
    "cohort": lambda lake, v: lake.profiles.executions.record("plan", cohort_id=v),
    "status": lambda lake, v: lake.profiles.executions.record("plan", status=v),
    "error message": lambda lake, v: lake.profiles.executions.record("plan", error_message=v),
    "cohort of a batch": lambda lake, v: lake.profiles.executions.record_many(
        [{"profile_id": "plan", "cohort_id": v}]
    ),
    "profile of a run": lambda lake, v: lake.profiles.executions.record(v),
    "profile of a batch": lambda lake, v: lake.profiles.executions.record_many([{"profile_id": v}]),
    "column of a batch": lambda lake, v: lake.profiles.executions.record_many(
        [{"profile_id": "plan", v: "x"}]
    ),
    "entity of a run": lambda lake, v: lake.journeys.executions.record("way", entity_id=v),
    "profile behind a run": lambda lake, v: lake.journeys.executions.record("way", profile_id=v),
    "day of a run": lambda lake, v: lake.journeys.executions.record("way", start_date=v),
    "name of a type": lambda lake, v: lake.entities.declare(owls(name=v)),
    "singular of a type": lambda lake, v: lake.entities.declare(owls(singular=v)),
    "description of a type": lambda lake, v: lake.entities.declare(owls(description=v)),
    "product of a type": lambda lake, v: lake.entities.declare(owls(product=v)),
    "alias of a type": lambda lake, v: lake.entities.declare(owls(aliases=(v,))),
    "field of a type": lambda lake, v: lake.entities.declare(
        owls(fields=(FieldSpec(id=1, name=v, type="text"),), key=v)
    ),
    "description of a field": lambda lake, v: lake.entities.declare(
        owls(fields=(FieldSpec(id=1, name="id", type="text", description=v),))
    ),
}

JSON_PLACES: dict[str, Callable[[Lake, Any], object]] = {
    "scenario metadata": lambda lake, v: lake.scenarios.save("new", ROWS, metadata={"a": v}),
    "described metadata": lambda lake, v: lake.scenarios.describe("base", metadata={"a": v}),
    "clone metadata": lambda lake, v: lake.scenarios.clone("base", metadata={"a": v}),
    "merge metadata": lambda lake, v: lake.scenarios.merge(
        ["base", "other"], "new", metadata={"a": v}
    ),
    "JSON value of a row": lambda lake, v: lake.scenarios.save(
        "new", {"owls": [{"id": "1", "a": v}]}
    ),
    "row": lambda lake, v: lake.scenarios.save("new", {"owls": [v]}),
    "rows": lambda lake, v: lake.scenarios.save("new", {"owls": v}),
    "profile metadata": lambda lake, v: lake.profiles.save("new", SPEC, metadata={"a": v}),
    "profile": lambda lake, v: lake.profiles.save("new", v),
    "part of a profile": lambda lake, v: lake.profiles.save("new", {**SPEC, "notes": v}),
    "part of an update": lambda lake, v: lake.profiles.update("plan", {**SPEC, "notes": v}),
    "part of a journey": lambda lake, v: lake.journeys.save("new", {**JOURNEY, "notes": v}),
    "metadata of a run": lambda lake, v: lake.profiles.executions.record("plan", metadata={"a": v}),
    "metadata of a batch": lambda lake, v: lake.profiles.executions.record_many(
        [{"profile_id": "plan", "metadata": {"a": v}}]
    ),
    "seed": lambda lake, v: lake.profiles.executions.record("plan", seed=v),
    "seed of a batch": lambda lake, v: lake.profiles.executions.record_many(
        [{"profile_id": "plan", "seed": v}]
    ),
    "count": lambda lake, v: lake.profiles.executions.record("plan", entity_count=v),
}


def owls(**changed: Any) -> EntityType:
    given: dict[str, Any] = {
        "name": "owls",
        "singular": "owl",
        "key": "id",
        "fields": (FieldSpec(id=1, name="id", type="text"),),
    }
    return EntityType(**{**given, **changed})


PLACES = {
    **{place: (act, [*TEXTS, *STRANGERS]) for place, act in TEXT_PLACES.items()},
    **{place: (act, JSON) for place, act in JSON_PLACES.items()},
}
EVERY_VALUE = "HEALTHSIM_ALL_ATTACKS" in os.environ
"""Everyday a seeded sample of values is tried in each place; with this variable set, all."""
SAMPLE = 4


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    with Lake(tmp_path_factory.mktemp("template") / "lake") as lake:
        lake.scenarios.save("base", ROWS)
        lake.scenarios.save("other", ROWS)
        lake.profiles.save("plan", SPEC)
        lake.journeys.save("way", JOURNEY)
        return Path(lake.url)


def read_catalog(lake: Lake) -> None:
    """Read all that the catalog says."""
    for record in lake.scenarios.list(limit=None):
        assert lake.scenarios.load(record.id).record == record
    for collection in (lake.profiles, lake.journeys):
        for one in collection.list(limit=None):
            collection.load(one.id)
            assert len(collection.executions.of(one.id, limit=None)) == one.execution_count


def assert_short(error: Exception, place: str) -> None:
    assert len(str(error)) < 3_000, place


def files(root: Path) -> list[Path]:
    return sorted(one for one in root.rglob("*") if one.is_file())


@pytest.mark.parametrize("place", PLACES)
def test_what_is_taken_can_be_read_and_what_is_refused_changes_nothing(
    template, tmp_path, monkeypatch, place
):
    act, values = PLACES[place]
    monkeypatch.setattr(checkpoint, "LEAST_BYTES", 1)
    root = tmp_path / "lake"
    for value in values if EVERY_VALUE else random.Random(place).sample(values, SAMPLE):
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(template, root)
        lake = Lake(root)
        before = lake.version
        try:
            act(lake, value)
        except Exception as error:
            # Types that the signature does not name may end in an error of Python's.
            if not isinstance(error, LakeError) and value not in STRANGERS:
                raise
            assert_short(error, place)
            assert Lake(root).version == before
        try:
            read_catalog(Lake(root))
            Lake(root).scenarios.save("next", {})  # whoever comes next can write a checkpoint, too
            read_catalog(Lake(root))
        except BaseException as error:
            error.add_note(f"{place}: {reprlib.repr(value)}")
            raise
        assert {one.name for one in root.iterdir()} <= {"catalog", "data", "history", "staging"}
    assert [one.name for one in tmp_path.iterdir()] == ["lake"]


LONG = ["x" * 1_000_000, "\x00" * 1_000_000, "x/" * 500_000, ["x" * 1_000_000], b"x" * 1_000_000]


@pytest.mark.parametrize("value", LONG, ids=lambda value: repr(value)[:8])
def test_no_error_repeats_what_is_long_as_a_whole(template, tmp_path, value):
    """Errors end in logs, and in the contexts of language models."""
    lake = Lake(shutil.copytree(template, tmp_path / "lake"))
    for place, (act, _) in PLACES.items():
        try:
            act(lake, value)
        except Exception as error:  # noqa: BLE001  # of whatever kind: this is about what it says
            assert_short(error, place)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "Owls"}, r"entity type: name: 'Owls' must match"),
        ({"singular": 5}, r"entity type: singular: must be a valid string"),
        ({"fields": [{"id": 1, "name": "A", "type": "text"}]}, r"fields\[0\].name: 'A' must match"),
        ({"key": "none"}, r"key 'none' is not a column of owls"),
        ({"colour": "brown"}, r"entity type: colour: "),
    ],
)
def test_a_type_that_cannot_be_is_told_by_an_error_of_ours(changes, said):
    with pytest.raises(InvalidSpecificationError, match=said):
        owls(**changes)


DEEP = [nested(depth, kind) for depth in (171, 199, 250, 100_000) for kind in (list, dict)]
UNKEPT = [*DEEP, cycle(), 10**5_000, "\ud800", {"\ud800": 1}, float("nan"), {1, 2}]


@pytest.mark.parametrize(
    "place",
    ["scenario metadata", "profile metadata", "part of a profile", "part of a journey",
     "metadata of a run", "metadata of a batch"],
)  # fmt: skip
def test_a_value_that_could_not_be_read_again_is_refused_wherever_it_is_given(template, place):
    """A commit is there for ever: one that cannot be parsed would close the lake to everybody."""
    lake = Lake(template)
    before = lake.version
    for value in UNKEPT:
        with pytest.raises(InputError):
            JSON_PLACES[place](lake, value)
    assert lake.version == before
    assert list(Path(lake.url).rglob("*.tmp")) == []


@pytest.mark.parametrize(
    "place",
    ["scenario description", "scenario author", "scenario message", "idempotency key", "provenance",
     "describe", "clone description", "profile description", "profile message", "cohort", "status",
     "journey's own description", "entity of a run", "scenario name", "tag", "profile name"],
)  # fmt: skip
def test_half_of_a_character_is_refused_wherever_it_is_given(template, place):
    lake = Lake(template)
    before = lake.version, files(template)
    for text in ("\ud800", "a\udfffb"):
        with pytest.raises(InputError):
            TEXT_PLACES[place](lake, text)
    assert (lake.version, files(template)) == before


@pytest.mark.parametrize(
    "provenance", [{"skil_used": "x"}, {"id": "x"}, {"source_type": 5}, {"source_type": None}]
)
def test_provenance_says_three_things_in_words(template, provenance):
    with pytest.raises(InputError, match="provenance: "):
        Lake(template).scenarios.save("new", ROWS, provenance=provenance)


def test_what_comes_close_to_the_limits_is_kept_exactly(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "LEAST_BYTES", 1)
    metadata = {"deep": nested(165), "digits": 10**4_299, "text": "\U0010ffff\x00\u2028", "n": -0.0}
    lake = Lake(tmp_path)
    lake.scenarios.save("new", ROWS, metadata=metadata)
    lake.profiles.save("plan", {**SPEC, "notes": metadata}, metadata=metadata)
    lake.profiles.executions.record("plan", metadata=metadata)
    lake.profiles.executions.record_many([{"profile_id": "plan", "metadata": metadata}])
    fresh = Lake(tmp_path)
    assert fresh.scenarios.get("new").metadata == metadata
    assert fresh.profiles.load("plan").metadata == metadata
    assert fresh.profiles.load("plan").profile_spec.to_dict()["notes"] == metadata
    assert [one.metadata for one in fresh.profiles.executions.of("plan")] == [metadata, metadata]
