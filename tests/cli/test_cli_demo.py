"""The demonstration: what it shows is what happens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from healthsim_lake import Lake


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The demonstration, played in a process where warnings are errors."""
    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "healthsim_lake", "demo"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "TMPDIR": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    return done, folder


def test_it_shows_every_step_and_leaves_nothing_behind(played):
    done, folder = played
    headings = re.findall(r"^(\d)  (\w+)", done.stdout, re.MULTILINE)
    assert [number for number, _ in headings] == list("123456")
    assert done.stderr == ""
    assert list(folder.iterdir()) == []


def test_every_file_comes_back_byte_for_byte(played):
    assert "14 CSV files written, 14 equal the originals byte for byte" in played[0].stdout


def test_diabetics_have_the_higher_blood_sugar(played):
    shown = re.findall(r"^(false|true) +\d+ +(\d+\.\d+)$", played[0].stdout, re.MULTILINE)
    rows = dict(shown)
    assert float(rows["true"]) > 6.5 > float(rows["false"])


def test_an_early_version_is_loaded_again(played):
    assert "version 2 has 61 patients" in played[0].stdout
    assert "version 1 had 60 patients" in played[0].stdout


def test_a_kept_lake_is_where_it_says(run, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    answer = run("demo", "--keep")
    url = re.search(r"The lake is at (.+)", answer.out)[1]
    assert Path(url).is_relative_to(tmp_path)
    with Lake(url) as lake:
        assert [one.operation for one in lake.scenarios.history("demo")] == ["add", "save"]


@pytest.mark.parametrize("arguments", [["--lake", "{}", "demo"], ["demo", "--lake", "{}"]])
def test_it_plays_in_the_lake_that_it_is_given(run, lake_url, arguments):
    words = [one.format(lake_url) for one in arguments]
    assert run(*words, "--name", "it's mine").code == 0
    with Lake(lake_url) as lake:
        assert [one.name for one in lake.scenarios.list()] == ["it's mine"]
    again = run(*words, "--name", "it's mine")
    assert again.code == 3
    assert "already exists" in again.err
