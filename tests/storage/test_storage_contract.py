"""One exam that every storage has to pass."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest
from fsspec.asyn import sync
from fsspec.implementations.local import LocalFileSystem

from healthsim_lake.errors import (
    InvalidPathError,
    KeyExistsError,
    KeyMissingError,
    UnsafeStoreError,
)
from healthsim_lake.storage import Storage, layout, open_storage
from healthsim_lake.storage.remote import FsspecStorage
from healthsim_lake.storage.s3 import S3Storage

UNNAMED = getattr(os, "O_TMPFILE", -1)
"""Opens a file without a name; -1, which no flags contain, where there is no such thing."""


class StorageContract:
    """Inherited by a class for each storage, which provides the fixture `storage`."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        raise NotImplementedError

    def test_what_was_created_is_read_back(self, storage):
        storage.create("catalog/log/1.json", b"one")
        assert storage.read("catalog/log/1.json") == b"one"

    def test_a_part_is_read_by_its_places(self, storage):
        storage.put("data/f", b"0123456789")
        assert storage.read_range("data/f", 2, 5) == b"234"
        assert storage.read_range("data/f", 9, 10) == b"9"
        with pytest.raises(KeyMissingError):
            storage.read_range("data/none", 0, 1)

    def test_a_missing_key_is_a_named_error_and_a_file_not_found_error(self, storage):
        with pytest.raises(KeyMissingError) as caught:
            storage.read("catalog/none.json")
        assert isinstance(caught.value, FileNotFoundError)
        assert "catalog/none.json" in str(caught.value)

    def test_a_second_create_loses_and_changes_nothing(self, storage):
        storage.create("catalog/a.json", b"first")
        with pytest.raises(KeyExistsError):
            storage.create("catalog/a.json", b"second")
        assert storage.read("catalog/a.json") == b"first"

    def test_of_many_threads_creating_one_key_exactly_one_wins(self, storage):
        outcomes: list[str] = []
        barrier = threading.Barrier(8)

        def race(number: int) -> None:
            barrier.wait()
            try:
                storage.create("catalog/race.json", str(number).encode())
                outcomes.append("won")
            except KeyExistsError:
                outcomes.append("lost")

        threads = [threading.Thread(target=race, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["lost"] * 7 + ["won"]

    def test_stat_tells_the_size_and_none_for_what_is_not_there(self, storage):
        storage.put("data/t/scenario_id=x/f.parquet", b"12345")
        found = storage.stat("data/t/scenario_id=x/f.parquet")
        assert found is not None
        assert found.size == 5
        assert storage.stat("data/t/scenario_id=x/g.parquet") is None

    def test_what_need_not_be_durable_is_there_all_the_same(self, storage):
        storage.put("catalog/scenarios/x/f.json", b"{}", durable=False)
        assert storage.read("catalog/scenarios/x/f.json") == b"{}"

    def test_list_is_recursive_sorted_and_limited_to_the_folder(self, storage):
        for key in ("data/b/f2", "data/a/f1", "data/b/f1", "history/b/f1"):
            storage.put(key, b"x")
        assert [entry.key for entry in storage.list("data")] == [
            "data/a/f1",
            "data/b/f1",
            "data/b/f2",
        ]

    def test_list_of_a_folder_that_is_not_there_is_empty(self, storage):
        assert list(storage.list("data")) == []

    def test_names_are_the_first_segments(self, storage):
        assert list(storage.names()) == []
        storage.put("data/t/f", b"x")
        storage.create("catalog/lake.json", b"{}")
        assert set(storage.names()) - {"staging"} == {"catalog", "data"}

    def test_move_takes_a_file_along_and_says_when_it_was_gone(self, storage):
        storage.put("staging/f", b"rows")
        assert storage.move("staging/f", "data/t/f")
        assert storage.read("data/t/f") == b"rows"
        assert storage.stat("staging/f") is None
        assert not storage.move("staging/f", "data/t/f")
        assert storage.read("data/t/f") == b"rows"

    def test_a_copy_outlives_its_source(self, storage):
        storage.put("history/t/f", b"rows")
        storage.copy("history/t/f", "data/t/g")
        storage.delete("history/t/f")
        assert storage.read("data/t/g") == b"rows"

    def test_copying_what_is_not_there_is_a_named_error(self, storage):
        with pytest.raises(KeyMissingError):
            storage.copy("history/t/f", "data/t/g")

    def test_delete_twice_is_no_error(self, storage):
        storage.put("data/f", b"x")
        storage.delete("data/f")
        storage.delete("data/f")
        assert storage.stat("data/f") is None

    @pytest.mark.parametrize(
        "key", ["", "/etc/passwd", "a/../b", "..", "a//b", "a\\b", "a\0b", "a\nb", "./a", "a/"]
    )
    def test_keys_that_would_leave_the_lake_are_refused_everywhere(self, storage, key):
        for operation in (storage.read, storage.stat, storage.delete, storage.location):
            with pytest.raises(InvalidPathError):
                operation(key)
        with pytest.raises(InvalidPathError):
            storage.create(key, b"")

    def test_empty_values_are_kept(self, storage):
        storage.create("catalog/empty.json", b"")
        assert storage.read("catalog/empty.json") == b""


def _refusing(real, kind):
    def call(path, flags, *rest, **options):
        if flags & kind == kind:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP), path)
        return real(path, flags, *rest, **options)

    return call


def _blind(real):
    def call(source, target, **options):
        if str(source).startswith("/proc"):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), source)
        return real(source, target, **options)

    return call


class TestLocalStorage(StorageContract):
    @pytest.fixture
    def storage(self, tmp_path):
        return open_storage(tmp_path / "lake")

    def test_data_files_cannot_be_written_over(self, storage):
        storage.put("data/t/f", b"rows")
        assert Path(storage.location("data/t/f")).stat().st_mode & 0o222 == 0

    def test_a_create_leaves_nothing_else_behind(self, storage):
        storage.create("catalog/a.json", b"x")
        assert [entry.key for entry in storage.list("staging")] == []

    def test_locations_are_absolute_paths(self, storage):
        assert Path(storage.location("data/t/f")).is_absolute()

    def test_a_create_that_dies_before_the_name_leaves_nothing_behind(self, storage, monkeypatch):
        storage.create("catalog/a.json", b"x")

        def die(*_arguments, **_options):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(os, "link", die)
            with pytest.raises(KeyboardInterrupt):
                storage.create("catalog/b.json", b"y")
        found = [one.key for folder in ("catalog", "staging") for one in storage.list(folder)]
        assert found == ["catalog/a.json"]
        storage.create("catalog/b.json", b"y")


class TestLocalStorageWhereFilesNeedNames(TestLocalStorage):
    """As on network disks and old systems, which have no files without a name."""

    @pytest.fixture
    def storage(self, tmp_path, monkeypatch):
        monkeypatch.setattr(os, "open", _refusing(os.open, UNNAMED))
        return open_storage(tmp_path / "lake")


class TestLocalStorageWithoutProcesses(TestLocalStorage):
    """Where ``/proc`` is hidden, a file without a name cannot be given one."""

    @pytest.fixture
    def storage(self, tmp_path, monkeypatch):
        monkeypatch.setattr(os, "link", _blind(os.link))
        return open_storage(tmp_path / "lake")


class TestMemoryStorage(StorageContract):
    @pytest.fixture
    def storage(self, tmp_path):
        return open_storage(f"memory://contract-{tmp_path.name}/lake")


class TestAnyFsspecFilesystem(StorageContract):
    @pytest.fixture
    def storage(self, tmp_path):
        return FsspecStorage(LocalFileSystem(), str(tmp_path / "lake"), single_writer=True)


class TestS3Storage(StorageContract):
    @pytest.fixture
    def storage(self, s3_server, bucket):
        return open_storage(f"s3://{bucket}/some/lake", s3_server.options)

    def test_a_list_goes_on_beyond_one_page(self, storage):
        for number in range(5):
            storage.put(f"data/f{number}", b"x")
        storage._pages = lambda **wanted: S3Storage._pages(storage, **wanted, MaxKeys=2)
        assert len(list(storage.list("data"))) == 5

    @pytest.mark.parametrize("trouble", ["503", "lost", "dropped", "half"])
    def test_a_large_value_that_has_to_be_sent_again_is_sent_whole(
        self, storage, s3_server, trouble
    ):
        data, left = os.urandom(3 * 2**20), [trouble]
        with s3_server.troubled(lambda one: left.pop() if left and one.method == "PUT" else None):
            storage.put("data/a", data)
        assert left == []
        assert storage.read("data/a") == data

    def test_a_large_value_is_sent_from_where_it_is(self, storage):
        data, sent = os.urandom(3 * 2**20), []
        storage.put("data/a", data)
        events = sync(storage._client.loop, storage._client.get_s3).meta.events
        events.register_last("before-parameter-build.s3.PutObject", see := _Seen(sent))
        try:
            storage.put("data/a", data)
        finally:
            events.unregister("before-parameter-build.s3.PutObject", see)
        assert [one is data for one in sent] == [True]


class _Seen:
    """Keeps what the HTTP client will ask the body of a request for."""

    def __init__(self, sent: list[object]) -> None:
        self._sent = sent

    def __call__(self, params, **_):
        with params["Body"].getbuffer() as buffer:
            self._sent.append(buffer.obj)


def test_a_store_of_unknown_manners_is_not_written_to_without_a_promise(tmp_path):
    storage = FsspecStorage(LocalFileSystem(), str(tmp_path / "lake"))
    with pytest.raises(UnsafeStoreError, match="single_writer=True"):
        storage.create("catalog/a.json", b"x")


def test_keys_of_commits_are_read_back_as_versions():
    assert layout.commit_version(layout.commit(42)) == 42
    assert layout.commit_version("catalog/log/42.json") is None
    assert layout.checkpoint_parts(layout.checkpoint(7, "ab" * 32)) == (7, "abababab")


def test_unknown_protocols_and_empty_urls_are_named_errors():
    for url in ("nosuchprotocol://x", "", "a\0b"):
        with pytest.raises(InvalidPathError):
            open_storage(url)


def test_a_file_url_is_a_local_folder(tmp_path):
    storage = open_storage(f"file://{tmp_path}/lake")
    storage.create("catalog/a.json", b"x")
    assert (tmp_path / "lake" / "catalog" / "a.json").read_bytes() == b"x"
