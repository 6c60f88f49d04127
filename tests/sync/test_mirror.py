"""Mirrors: complete at every moment, carried on where they ended, refused where histories part."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from healthsim_lake import Lake
from healthsim_lake.errors import (
    AccessError,
    DamagedCommitError,
    DataFileAlteredError,
    ForeignLakeError,
    ForkedError,
    InputError,
    LakeNotFoundError,
    NotALakeError,
    ReadOnlyError,
    StorageError,
)

PATIENTS = [{"id": f"p{n}", "gender": "FM"[n % 2]} for n in range(12)]


def write_a_history(lake: Lake, *, wide: int = 100) -> None:
    lake.scenarios.save("one", {"patients": PATIENTS, "encounters": [{"id": "e1"}]})
    lake.scenarios.save("two", {"patients": PATIENTS[:3]}, tags=["t"])
    lake.scenarios.save("two", {"patients": PATIENTS[:5]}, overwrite=True)
    lake.scenarios.clone("one", "three")
    lake.scenarios.delete("three")
    lake.scenarios.save("wide", {f"thing{n}s": [{"id": "1"}] for n in range(wide)})
    lake.profiles.save("small", {"demographics": {"count": 3}})
    lake.profiles.save("large", {"demographics": {"count": 3}, "note": "x" * 20_000})
    lake.profiles.executions.record("small", entity_count=1)
    lake.profiles.executions.record_many([{"profile_id": "large"}, {"profile_id": "small"}])


def everything(lake: Lake) -> object:
    return (
        lake.id,
        lake.version,
        {
            (one.name, version.version): lake.scenarios.load(
                one.id, version=version.version
            ).entities
            for one in lake.scenarios.list(limit=None)
            for version in lake.scenarios.history(one.id)
        },
        [one.to_dict() for one in lake.scenarios.list(limit=None)],
        [lake.profiles.load(name).profile_spec for name in ("small", "large")],
        [one.id for one in lake.profiles.executions.of("small")],
    )


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path / "origin")
    write_a_history(lake)
    return lake


@pytest.fixture(params=["local", "memory", "s3"])
def place(request, tmp_path):
    """Where a mirror may lie: URL and options."""
    if request.param == "local":
        return str(tmp_path / "mirror"), {}
    if request.param == "memory":
        return f"memory://{tmp_path.name}-{id(request)}/mirror", {}
    server = request.getfixturevalue("s3_server")
    return f"s3://{server.bucket()}/mirror", server.options


def at(place) -> Lake:
    return Lake(place[0], storage_options=place[1])


def push(lake, place, **options):
    return lake.push(place[0], storage_options=place[1], **options)


def files(folder) -> dict[str, bytes]:
    root = Path(folder)
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_a_mirror_is_the_same_lake(lake, place):
    report = push(lake, place)
    assert report.commits == lake.version == report.version
    mirror = at(place)
    assert everything(mirror) == everything(lake)
    assert mirror.query("SELECT count(*) AS n FROM patients").results == [{"n": 17}]


def test_a_mirror_of_a_disk_on_a_disk_has_the_same_files(lake, tmp_path):
    lake.push(tmp_path / "mirror")
    assert files(tmp_path / "mirror") == files(tmp_path / "origin")


def test_a_push_carries_only_what_is_new(lake, place):
    push(lake, place)
    lake.scenarios.add("two", {"patients": [{"id": "new"}]})
    lake.scenarios.save("one", {"patients": PATIENTS[:1]}, overwrite=True)
    lake.profiles.executions.record("small", entity_count=7)
    report = push(lake, place)
    assert report.commits == 2
    assert report.files <= 2 + 2 + 1 + 2, report
    assert everything(at(place)) == everything(lake)


def test_nothing_new_is_nothing_carried_and_costs_a_few_requests(lake, s3_server, bucket):
    place = f"s3://{bucket}/mirror", s3_server.options
    push(lake, place)
    with s3_server.counted() as requests:
        report = push(lake, place)
    assert (report.commits, report.files, report.bytes) == (0, 0, 0)
    assert len(requests) <= 5, requests


def test_a_dry_run_says_what_a_push_does_and_does_nothing(lake, place):
    planned = push(lake, place, dry_run=True)
    assert at(place)._log.storage.names() == []
    assert planned.dry_run
    assert planned.bytes > 0
    done = push(lake, place)
    assert (planned.commits, planned.version) == (done.commits, done.version)


def test_changes_come_back_by_a_pull_and_a_lake_is_cloned_into_an_empty_place(
    lake, place, tmp_path
):
    push(lake, place)
    mirror = at(place)
    mirror.scenarios.save("from there", {"patients": PATIENTS})
    assert push(lake, place).target_ahead == 1
    report = lake.pull(place[0], storage_options=place[1])
    assert report.commits == 1
    assert everything(lake) == everything(mirror)
    clone = Lake(tmp_path / "clone")
    clone.clone_from(place[0], storage_options=place[1])
    assert everything(clone) == everything(lake)
    live = {name for name in files(tmp_path / "clone") if name.startswith(("data", "history"))}
    assert live == {n for n in files(tmp_path / "origin") if n.startswith(("data", "history"))}


def test_status_tells_how_two_lakes_stand(lake, place):
    def status():
        return lake.sync_status(place[0], storage_options=place[1])

    assert status().relation == "empty"
    push(lake, place)
    assert status().relation == "same"
    lake.tags.add("one", "here")
    assert (status().relation, status().common) == ("ahead", lake.version - 1)
    mirror = at(place)
    mirror.tags.add("one", "there")
    assert status().relation == "forked"


def test_histories_that_forked_are_refused_by_the_version_where_they_part(lake, place):
    push(lake, place)
    common = lake.version
    for number in range(5):
        lake.tags.add("one", f"here{number}")
    mirror = at(place)
    for number in range(3):
        mirror.tags.add("one", f"there{number}")
    before = everything(mirror)
    for carry in (lake.push, lake.pull):
        with pytest.raises(ForkedError, match=f"up to version {common} and part"):
            carry(place[0], storage_options=place[1])
    assert everything(at(place)) == before


def test_a_writer_who_is_faster_at_the_target_makes_it_a_fork(lake, place):
    push(lake, place)
    lake.tags.add("one", "x")
    mirror, done = at(place), []

    def faster(*_):
        if not done:
            done.append(mirror.tags.add("two", "there"))

    lake.scenarios.save("more", {"patients": PATIENTS})
    with pytest.raises(ForkedError, match="meanwhile"):
        push(lake, place, on_progress=faster)
    assert "there" in at(place).scenarios.get("two").tags


def test_other_lakes_and_other_things_are_refused_untouched(lake, place, tmp_path):
    other = at(place)
    other.scenarios.save("mine", {"patients": PATIENTS})
    with pytest.raises(ForeignLakeError, match="another lake"):
        push(lake, place)
    assert [one.name for one in other.scenarios.list()] == ["mine"]
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "letter.txt").write_text("dear")
    with pytest.raises(NotALakeError, match=r"letter\.txt"):
        lake.push(tmp_path / "papers")
    assert files(tmp_path / "papers") == {"letter.txt": b"dear"}


def test_what_cannot_be_carried_is_said(lake, place, tmp_path):
    with pytest.raises(InputError, match="itself"):
        lake.push(lake.url)
    with pytest.raises(LakeNotFoundError):
        Lake(tmp_path / "none").push(place[0], storage_options=place[1])
    with pytest.raises(LakeNotFoundError):
        lake.pull(place[0], storage_options=place[1])
    with pytest.raises(ReadOnlyError):
        Lake(lake.url, read_only=True).pull(place[0], storage_options=place[1])
    with pytest.raises(InputError, match="version 1"):
        lake.at(version=1).push(place[0], storage_options=place[1])


def test_a_damaged_file_is_not_carried(lake, place):
    path = Path(lake.files("patients", scenario="one")[0])
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(DataFileAlteredError):
        push(lake, place)
    assert at(place).version == 0


def test_a_missing_manifest_is_named(lake, place):
    scenario = lake.scenarios.get("wide").id
    for path in (Path(lake.url) / "catalog" / "scenarios" / scenario).iterdir():
        path.unlink()
    with pytest.raises(DamagedCommitError, match="manifest"):
        push(lake, place)


def test_superseded_files_that_were_forgotten_are_left_out(lake, place):
    shutil.rmtree(Path(lake.url) / "history")
    push(lake, place)
    assert at(place).scenarios.load("two").entities == lake.scenarios.load("two").entities


def test_manifests_that_were_forgotten_are_left_out_with_their_files(lake, place):
    wide = lake.scenarios.get("wide").id
    lake.scenarios.save("wide", {"patients": PATIENTS}, overwrite=True)
    for path in (Path(lake.url) / "catalog" / "scenarios" / wide).iterdir():
        path.unlink()
    shutil.rmtree(Path(lake.url) / "history")
    push(lake, place)
    assert at(place).scenarios.load("wide")["patients"] == PATIENTS


def test_executions_that_were_folded_are_counted_once(lake, place):
    for number in range(5):
        lake.profiles.executions.record("small", entity_count=number)
    push(lake, place)
    lake.profiles.executions.fold()
    lake.profiles.executions.record("small", entity_count=9)
    push(lake, place)
    lake.profiles.executions.record("small", entity_count=10)
    lake.profiles.executions.fold()
    push(lake, place)
    mirror = at(place)
    assert everything(mirror) == everything(lake)
    assert mirror.profiles.list()[0].execution_count == lake.profiles.list()[0].execution_count


def test_wherever_a_push_breaks_off_readers_see_whole_commits_and_the_next_one_goes_on(
    tmp_path, s3_server, bucket
):
    lake = Lake(tmp_path / "small")
    write_a_history(lake, wide=2)
    versions = {}
    for version in range(lake.version + 1):
        past = lake.at(version=version)
        versions[version] = {
            one.name: past.scenarios.load(one.id).entities for one in past.scenarios.list()
        }
    with s3_server.counted() as requests:
        push(lake, (f"s3://{bucket}/whole", s3_server.options))
    proof = 3  # requests by which the store showed its manners, once
    origin = everything(lake)
    for broken in range(0, len(requests) - proof, 3):
        place = f"s3://{bucket}/broken-{broken}", s3_server.options
        left = [broken]

        def trouble(_request, left=left):
            left[0] -= 1
            return "403" if left[0] < 0 else None

        with s3_server.troubled(trouble), pytest.raises(StorageError):
            push(lake, place)
        seen = at(place)
        loaded = {one.name: seen.scenarios.load(one.id).entities for one in seen.scenarios.list()}
        assert loaded == versions[seen.version]
        push(lake, place)
        assert everything(at(place)) == origin


def test_what_was_live_when_a_push_broke_off_and_is_past_now_stands_in_history_alone(
    tmp_path, s3_server, bucket
):
    lake = Lake(tmp_path / "small")
    lake.scenarios.save("one", {"patients": PATIENTS})
    place = f"s3://{bucket}/mirror", s3_server.options
    with (
        s3_server.troubled(
            lambda one: "403" if "/catalog/log/" in one.path and one.method == "PUT" else None
        ),
        pytest.raises(StorageError),
    ):
        push(lake, place)
    lake.scenarios.save("one", {"patients": PATIENTS[:2]}, overwrite=True)
    push(lake, place)
    storage = at(place)._log.storage
    data = {entry.key for room in ("data", "history") for entry in storage.list(room)}
    assert data == {key for key in files(lake.url) if key.startswith(("data", "history"))}


def test_a_push_to_a_disk_that_is_killed_anywhere_is_finished_by_the_next(lake, tmp_path):
    code = """
        import os, sys
        from healthsim_lake import Lake
        from healthsim_lake.storage.local import LocalStorage
        left = int(sys.argv[3])
        def dying(method):
            def run(self, *arguments, **options):
                global left
                if self.root.name.startswith("mirror"):
                    left -= 1
                    if left < 0:
                        os._exit(7)
                return method(self, *arguments, **options)
            return run
        for name in ("create", "put", "move", "sync", "delete"):
            setattr(LocalStorage, name, dying(getattr(LocalStorage, name)))
        Lake(sys.argv[1]).push(sys.argv[2])
    """
    for number, steps in enumerate((0, 1, 2, 10, 90, 100, 105, 110, 115, 10_000)):
        target = tmp_path / f"mirror{number}"
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code), lake.url, target, str(steps)],
            check=False,
            env=os.environ,
        )
        assert done.returncode == (0 if steps == 10_000 else 7)
        assert everything(lake)[0] == lake.id
        for one in Lake(target).scenarios.list():
            Lake(target).scenarios.load(one.id)
        lake.push(target)
        carried = files(target)
        left = {key for key in carried if key.endswith(".tmp")}  # never read
        assert {key: carried[key] for key in carried.keys() - left} == files(lake.url)


def test_a_lake_that_other_tools_copied_to_a_store_opens_as_a_lake(lake, s3_server, bucket):
    raw = at((f"s3://{bucket}/raw", s3_server.options))
    for key, data in files(lake.url).items():
        raw._log.storage._client.pipe_file(f"{bucket}/raw/{key}", data)
    assert everything(raw) == everything(lake)
    raw.scenarios.save("one", {"patients": PATIENTS[:2]}, overwrite=True)
    assert raw.scenarios.load("one")["patients"] == PATIENTS[:2]


# Bad input: an error that says which, and nothing half done.


def bad_places(s3_server):
    bucket = s3_server.bucket()
    wrong = {**s3_server.options, "key": "nobody"}
    return {
        "wrong credentials": (f"s3://{bucket}/a", wrong, "key", AccessError, "credentials"),
        "no such bucket": ("s3://none-such/a", None, None, StorageError, "none-such.*not exist"),
        "no permission": (f"s3://{bucket}/b", None, "403", ReadOnlyError, "permission"),
        "a clock that is wrong": (f"s3://{bucket}/c", None, "clock", StorageError, "clock"),
    }


@pytest.mark.parametrize(
    "trouble", ["wrong credentials", "no such bucket", "no permission", "a clock that is wrong"]
)
def test_a_push_that_is_refused_says_why_and_leaves_nothing(lake, s3_server, trouble):
    url, options, kind, error, says = bad_places(s3_server)[trouble]
    options = options or s3_server.options

    def refusing(request):
        return kind if kind and (kind != "403" or request.method == "PUT") else None

    with s3_server.troubled(refusing), pytest.raises(error, match=says):
        lake.push(url, storage_options=options)
    if trouble != "no such bucket":
        there = Lake(url, storage_options=s3_server.options)
        assert there._log.storage.names() == []
        lake.push(url, storage_options=s3_server.options)
        assert there.version == lake.version


def test_a_bucket_that_vanishes_while_a_lake_is_carried_is_named(lake, s3_server, bucket):
    left = [20]

    def vanishing(_request):
        left[0] -= 1
        return "gone" if left[0] < 0 else None

    with s3_server.troubled(vanishing), pytest.raises(StorageError, match=rf"{bucket}.*not exist"):
        lake.push(f"s3://{bucket}/mirror", storage_options=s3_server.options)
    assert Lake(f"s3://{bucket}/mirror", storage_options=s3_server.options).version == 0


def test_a_prefix_that_holds_something_else_is_refused_untouched(lake, s3_server, bucket):
    url = f"s3://{bucket}/papers"
    storage = at((url, s3_server.options))._log.storage
    storage._client.pipe_file(f"{bucket}/papers/letter.txt", b"dear")
    with pytest.raises(NotALakeError, match=r"letter\.txt"):
        lake.push(url, storage_options=s3_server.options)
    assert storage.names() == ["letter.txt"]
