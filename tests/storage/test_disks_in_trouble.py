"""Full disks and read-only media: a clear error, nothing half done, and reading goes on."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from healthsim_lake import Lake
from healthsim_lake.errors import (
    CommitStateUnknownError,
    DamagedCommitError,
    KeyMissingError,
    PurgedError,
    StorageError,
    StorageFullError,
)
from healthsim_lake.storage.local import LocalStorage

ROWS = [{"id": "p1"}, {"id": "p2"}]


def run(code: str, *arguments: str, prefix: tuple[str, ...] = ()) -> str:
    done = subprocess.run(
        [*prefix, sys.executable, "-W", "error", "-c", textwrap.dedent(code), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_full_disk_is_named_and_nothing_is_kept(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.scenarios.save("before", {"patients": ROWS})
    # No file of this process may grow beyond 40,000 bytes: the disk of one file is full.
    out = run(
        """
        import resource, signal, sys
        from healthsim_lake import Lake
        from healthsim_lake.errors import StorageFullError
        import secrets
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
        lake = Lake(sys.argv[1])
        try:
            rows = [{"id": secrets.token_hex(1_000)} for _ in range(200)]
            lake.scenarios.save("large", {"patients": rows})
        except StorageFullError as error:
            print(error)
        lake.scenarios.save("small", {"patients": [{"id": "p3"}]})
        """,
        lake.url,
    )
    assert "disk is full" in out
    assert [one.name for one in lake.scenarios.list()] == ["small", "before"]
    assert list((tmp_path / "lake" / "staging").iterdir()) == []


def test_a_full_disk_ends_a_save_before_all_rows_were_taken(tmp_path):
    # As above; each of many tables is a file of its own, and is asked for its rows in turn
    out = run(
        """
        import resource, secrets, signal, sys
        from healthsim_lake import Lake
        from healthsim_lake.errors import StorageFullError
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
        def rows(key):
            taken.append(key)
            yield from ({"id": secrets.token_hex(1_000)} for _ in range(200))
        taken, keys = [], [f"kinds_{number}" for number in range(30)]
        try:
            Lake(sys.argv[1]).scenarios.save("large", {key: rows(key) for key in keys})
        except StorageFullError:
            print(len(taken) < len(keys))
        """,
        str(tmp_path / "lake"),
    )
    assert out == "True\n"


@pytest.mark.parametrize("refusal", [errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("always", [False, True])
def test_a_disk_that_refuses_to_keep_the_name_of_a_commit_loses_no_rows(
    tmp_path, monkeypatch, refusal, always
):
    lake = Lake(tmp_path / "lake")
    lake.scenarios.save("before", {"patients": ROWS})
    log, real = (tmp_path / "lake" / "catalog" / "log").stat(), os.fsync
    refused = []

    def fsync(descriptor):
        if os.path.samestat(os.fstat(descriptor), log) and (always or not refused):
            refused.append(descriptor)
            raise OSError(refusal, os.strerror(refusal))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    unsure = pytest.raises(CommitStateUnknownError, match="power failure")
    with unsure if always else contextlib.nullcontext():
        lake.scenarios.save("after", {"patients": ROWS})
    assert refused
    assert Lake(lake.url).scenarios.load("after")["patients"] == ROWS


def test_a_folder_that_cannot_be_listed_is_not_taken_for_an_empty_one(tmp_path, monkeypatch):
    lake = Lake(tmp_path / "lake")
    record = lake.scenarios.save("private", {"patients": ROWS})
    lake._log.checkpoint_anew(0)
    (old,) = (tmp_path / "lake" / "catalog" / "checkpoint").iterdir()
    real = os.scandir

    def scandir(path):
        if record.id in os.fspath(path):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(StorageError, match="cannot list"):
        lake.maintenance.purge("private")
    monkeypatch.undo()
    with pytest.raises(PurgedError):
        lake.maintenance.purge(record.id)
    assert not list((tmp_path / "lake").rglob("*.parquet"))
    assert not old.exists()


READ_ONLY_USE = """
    import sys
    from healthsim_lake import Lake
    from healthsim_lake.errors import ReadOnlyError
    lake = Lake(sys.argv[1])
    assert lake.scenarios.load("before")["patients"] == [{"id": "p1"}, {"id": "p2"}]
    assert lake.query("SELECT count(*) AS n FROM patients").results == [{"n": 2}]
    assert lake.scan("patients").collect().height == 2
    for change in (
        lambda: lake.scenarios.save("x", {"patients": [{"id": "p3"}]}),
        lambda: lake.scenarios.rename("before", "after"),
        lambda: lake.scenarios.delete("before"),
    ):
        try:
            change()
        except ReadOnlyError as error:
            assert "permission" in str(error), error
        else:
            raise SystemExit("a change was not refused")
    print("read and refused")
"""


def test_a_read_only_folder_is_readable_and_refuses_changes(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.scenarios.save("before", {"patients": ROWS})
    if os.geteuid() == 0:
        # Permissions do not bind root; a read-only mount does.
        unshare = shutil.which("unshare")
        mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
        prefix = (str(unshare), "--mount", "sh", "-c", mount, lake.url)
        probe = [*prefix, "true"]
        if unshare is None or subprocess.run(probe, capture_output=True, check=False).returncode:
            pytest.skip("SKIPPED: running as root, and a read-only mount cannot be made here")
        out = run(READ_ONLY_USE, lake.url, prefix=prefix)
    else:
        folders = [path for path in (tmp_path / "lake").rglob("*") if path.is_dir()]
        for folder in (tmp_path / "lake", *folders):
            folder.chmod(0o555)
        try:
            out = run(READ_ONLY_USE, lake.url)
        finally:
            for folder in (tmp_path / "lake", *folders):
                folder.chmod(0o755)
    assert out == "read and refused\n"


def test_a_commit_with_a_flipped_byte_stops_every_reader(tmp_path):
    lake = Lake(tmp_path / "lake")
    for name in "abc":
        lake.scenarios.save(name, {"patients": ROWS})
    path = sorted(Path(lake.url, "catalog", "log").iterdir())[1]
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"b"', b'"x"', 1))
    with pytest.raises(DamagedCommitError):
        Lake(lake.url).scenarios.list()


@pytest.fixture
def pruned(monkeypatch):
    """Take away the folders that are made, three times, when the next below them is due."""
    real, times = os.mkdir, [3]

    def mkdir(path, *rest, **more):
        parent = Path(path).parent
        if times[0] and parent.parent.name == "lake" and not list(parent.iterdir()):
            times[0] -= 1
            parent.rmdir()
        real(path, *rest, **more)

    monkeypatch.setattr(os, "mkdir", mkdir)
    yield times
    assert times == [0]


@pytest.mark.usefixtures("pruned")
def test_folders_that_another_process_tidies_away_are_made_again(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.scenarios.save("a", {"patients": ROWS})  # its publication moves a file
    assert lake.scenarios.load("a").entities == {"patients": ROWS}


VERBS = {
    "put": lambda storage, key: storage.put(key, b"1"),
    "create": lambda storage, key: storage.create(key, b"1"),
    "copy": lambda storage, key: storage.copy("staging/a", key),
    "move": lambda storage, key: storage.move("staging/a", key),
}


@pytest.mark.usefixtures("pruned")
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_that_makes_folders_makes_them_again(tmp_path, verb):
    storage = LocalStorage(tmp_path / "lake")
    storage.put("staging/a", b"1")
    VERBS[verb](storage, "data/patients/scenario_id=1/b")
    assert storage.read("data/patients/scenario_id=1/b") == b"1"


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_makes_folders_behind_a_link_that_leads_nowhere_for_ever(tmp_path, verb):
    storage = LocalStorage(tmp_path / "lake")
    storage.put("staging/a", b"1")
    storage.put("data/encounters/b", b"1")
    (tmp_path / "lake" / "data" / "patients").symlink_to(tmp_path / "no disk")
    with pytest.raises(KeyMissingError, match="No such file"):
        VERBS[verb](storage, "data/patients/scenario_id=1/b")
    assert storage.read("staging/a") == b"1"


def test_a_new_folder_that_cannot_be_kept_leaves_no_file_open(tmp_path, monkeypatch):
    storage = LocalStorage(tmp_path / "lake")
    opened = Path("/proc/self/fd")
    before = len(list(opened.iterdir()))

    def full(_folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("healthsim_lake.storage.disk.sync_folder", full)
    with pytest.raises(StorageFullError):
        storage.put("staging/a", b"1")
    assert len(list(opened.iterdir())) == before
    assert storage.stat("staging/a") is None
