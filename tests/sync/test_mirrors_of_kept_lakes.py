"""Mirrors of lakes that were looked after: forgotten, purged, compacted, and with a library."""

from __future__ import annotations

import pytest

from healthsim_lake import Lake
from healthsim_lake.errors import PurgedError, StorageError, VersionNotFoundError

PATIENTS = [{"id": f"p{n}", "gender": "FM"[n % 2]} for n in range(12)]


@pytest.fixture(params=["local", "s3"])
def place(request, tmp_path):
    """Where a mirror may lie: URL and options."""
    if request.param == "local":
        return str(tmp_path / "mirror"), {}
    server = request.getfixturevalue("s3_server")
    return f"s3://{server.bucket()}/mirror", server.options


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path / "origin")
    lake.scenarios.save("kept", {"patients": PATIENTS})
    for number in range(4):
        lake.scenarios.add("kept", {"patients": [{"id": f"more{number}"}]})
    lake.scenarios.save("kept", {"patients": PATIENTS[:7]}, overwrite=True)
    lake.scenarios.save("secret", {"patients": [{"id": "secret-person"}]})
    lake.scenarios.save("secret", {"patients": [{"id": "secret-person-2"}]}, overwrite=True)
    lake.scenarios.save("small", {"patients": PATIENTS[:1]})
    for number in range(5):
        lake.scenarios.add("small", {"patients": [{"id": f"s{number}"}]})
    lake.profiles.save("short", {"demographics": {"count": 3}})
    lake.profiles.save("long", {"demographics": {"count": 3}, "note": "x" * 20_000})
    lake.profiles.update("long", {"demographics": {"count": 4}, "note": "y" * 20_000})
    way = {"journey_id": "way", "name": "Way", "duration_days": 9, "events": []}
    lake.journeys.save("way", {**way, "note": "z" * 20_000})
    lake.profiles.executions.record("short", entity_count=1)
    lake.profiles.executions.record_many([{"profile_id": "long"}, {"profile_id": "short"}])
    lake.profiles.executions.fold()
    lake.profiles.executions.record("long", entity_count=2)
    return lake


def at(place) -> Lake:
    return Lake(place[0], storage_options=place[1])


def push(lake, place):
    return lake.push(place[0], storage_options=place[1])


def readable(lake: Lake) -> object:
    scenarios = {}
    for one in lake.scenarios.list(limit=None):
        for version in lake.scenarios.history(one.id):
            try:
                found = lake.scenarios.load(one.id, version=version.version).entities
            except VersionNotFoundError:
                found = None
            scenarios[one.name, version.version] = found
    return (
        lake.id,
        lake.version,
        scenarios,
        [lake.profiles.load(name).profile_spec for name in ("short", "long")],
        lake.journeys.load("way").to_dict(),
        sorted(one.id for name in ("short", "long") for one in lake.profiles.executions.of(name)),
        lake.query("SELECT count(*) AS n FROM profile_executions").results,
        lake.query("SELECT count(*) AS n, count(DISTINCT id) AS m FROM patients").results,
    )


def contents(lake: Lake) -> bytes:
    storage = lake._log.storage
    rooms = ("data", "history", "staging")
    return b"".join(storage.read(one.key) for room in rooms for one in storage.list(room))


KEEPING = {
    "vacuum": lambda lake: lake.maintenance.vacuum(keep_versions=1),
    "purge": lambda lake: lake.maintenance.purge("secret"),
    "compact": lambda lake: lake.maintenance.compact(),
    "all of it": lambda lake: (
        lake.maintenance.compact(),
        lake.maintenance.purge("secret"),
        lake.scenarios.add("kept", {"patients": [{"id": "late"}]}),
        lake.maintenance.vacuum(keep_versions=2),
        lake.scenarios.add("kept", {"patients": [{"id": "later"}]}),
    ),
}


CASES = [*(("local", one) for one in KEEPING), ("s3", "all of it")]


@pytest.mark.parametrize(("place", "keeping"), CASES, indirect=["place"])
def test_a_lake_that_was_looked_after_is_mirrored_as_it_is(lake, place, keeping):
    KEEPING[keeping](lake)
    push(lake, place)
    mirror = at(place)
    assert readable(mirror) == readable(lake)
    assert mirror.maintenance.verify().ok
    assert push(lake, place).files == 0


@pytest.mark.parametrize(("place", "keeping"), CASES, indirect=["place"])
def test_a_mirror_that_is_behind_learns_of_it(lake, place, keeping):
    push(lake, place)
    KEEPING[keeping](lake)
    push(lake, place)
    mirror = at(place)
    assert readable(mirror) == readable(lake)
    found = mirror.maintenance.verify()
    assert not found.lost, str(found)
    mirror.maintenance.repair()
    assert mirror.maintenance.verify().ok
    assert readable(at(place)) == readable(lake)


@pytest.mark.parametrize(("place", "keeping"), CASES, indirect=["place"])
def test_a_lake_that_is_behind_pulls_what_its_mirror_forgot(lake, place, keeping):
    push(lake, place)
    mirror = at(place)
    KEEPING[keeping](mirror)
    lake.pull(place[0], storage_options=place[1])
    assert readable(lake) == readable(mirror)
    found = lake.maintenance.verify()
    assert not found.lost, str(found)
    lake.maintenance.repair()
    assert lake.maintenance.verify().ok
    assert readable(Lake(lake.url)) == readable(mirror)


@pytest.mark.parametrize("look_after", ["vacuum", "repair"])
def test_a_mirror_that_is_looked_after_later_does_not_part_from_its_lake(
    lake, place, monkeypatch, look_after
):
    push(lake, place)
    lake.maintenance.vacuum(keep_versions=1)
    push(lake, place)
    monkeypatch.setattr("healthsim_lake.maintenance.inventory.DEAD_AFTER", -5.0)
    mirror = at(place)
    getattr(mirror.maintenance, look_after)()
    assert mirror.version == lake.version
    assert not [one for one in mirror.maintenance.verify().findings if one.what == "unfinished"]
    lake.scenarios.add("kept", {"patients": [{"id": "late"}]})
    push(lake, place)
    assert readable(at(place)) == readable(lake)


def test_who_was_purged_is_gone_from_the_mirror_after_the_next_push(lake, place):
    push(lake, place)
    assert b"PAR1" in contents(at(place))
    lake.maintenance.purge("secret")
    push(lake, place)
    mirror = at(place)
    with pytest.raises(PurgedError):
        mirror.scenarios.load("secret")
    storage = mirror._log.storage
    kept = {one.key for room in ("data", "history") for one in storage.list(room)}
    own = {one.key for room in ("data", "history") for one in lake._log.storage.list(room)}
    assert kept == own


def test_a_push_that_died_before_it_deleted_is_finished_by_the_next(lake, s3_server, bucket):
    place = f"s3://{bucket}/mirror", s3_server.options
    push(lake, place)
    lake.maintenance.purge("secret")
    with (
        s3_server.troubled(lambda one: "403" if one.method == "DELETE" else None),
        pytest.raises(StorageError),
    ):
        push(lake, place)
    mirror = at(place)
    assert mirror.version == lake.version
    push(lake, place)
    storage = mirror._log.storage
    kept = {one.key for room in ("data", "history") for one in storage.list(room)}
    own = {one.key for room in ("data", "history") for one in lake._log.storage.list(room)}
    assert kept == own
