"""Files of callers are whole or not there."""

from __future__ import annotations

import os
import threading

import pytest

import healthsim_lake as hl
from healthsim_lake.errors import StorageError
from healthsim_lake.storage.placing import written_file


def test_a_file_is_in_its_place_only_when_it_is_whole(tmp_path):
    target = tmp_path / "deep" / "x.txt"
    with written_file(target) as aside:
        aside.write_text("one")
        assert not target.exists()
    assert [one.name for one in target.parent.iterdir()] == ["x.txt"]
    with pytest.raises(ZeroDivisionError), written_file(target) as aside:
        aside.write_text(str(1 / 0))
    assert target.read_text() == "one"
    assert [one.name for one in target.parent.iterdir()] == ["x.txt"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_written_to_as_it_is(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    lake = hl.Lake(tmp_path / "lake")
    lake.profiles.save("p", {"name": "p"})
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    lake.profiles.export("p", pipe)
    reader.join()
    assert '"kind": "profile"' in read[0]
    assert pipe.is_fifo()


def test_a_folder_is_no_file_to_export_to(tmp_path):
    lake = hl.Lake(tmp_path / "lake")
    lake.profiles.save("p", {"name": "p"})
    (tmp_path / "out").mkdir()
    with pytest.raises(StorageError, match=r"cannot write .*out: Is a directory"):
        lake.profiles.export("p", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
