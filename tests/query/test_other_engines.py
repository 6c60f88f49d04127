"""All tests of questions, and of what attacks a lake, on every release of DuckDB that is supported.

Each release is installed beside the others, into a folder that goes before the environment's own
packages. Collected only where HEALTHSIM_OTHER_ENGINES is set, see conftest.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

HERE = Path(__file__).parent
FOLDERS = [str(HERE), str(HERE.parent / "attacks")]
RELEASES = ("1.4", "1.5", "2.0")


@pytest.mark.parametrize("release", RELEASES)
def test_questions_are_answered_the_same_on_every_release(release, tmp_path):
    if duckdb.__version__.startswith(f"{release}."):
        pytest.skip(f"the other tests of this run have used DuckDB {duckdb.__version__} already")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wanted = [f"duckdb~={release}.0", "--no-deps", "--only-binary", ":all:"]
    done = subprocess.run(
        [*install, *wanted, "--target", str(tmp_path)], check=False, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"NOT TESTED ON DUCKDB {release}: IT CANNOT BE INSTALLED. {done.stderr[-300:]}")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    for name in ("HEALTHSIM_OTHER_ENGINES", "HEALTHSIM_ALL_ATTACKS", "HEALTHSIM_EXAM"):
        environment.pop(name, None)
    found = subprocess.run(
        [sys.executable, "-c", "import duckdb; print(duckdb.__version__)"],
        check=True, capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert found.stdout.startswith(f"{release}.")
    tests = [sys.executable, "-m", "pytest", *FOLDERS, "-p", "no:cacheprovider"]
    here = {**environment, "PYTHONPATH": ""}
    listed = subprocess.run(
        [*tests, "--collect-only"], check=True, capture_output=True, text=True, env=here
    )
    run = subprocess.run(tests, check=False, capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stdout[-5_000:]
    ran = re.search(r"^(\d+) passed in", run.stdout, re.MULTILINE)
    known = re.search(r"^(\d+) tests collected", listed.stdout, re.MULTILINE)
    assert ran is not None, run.stdout[-5_000:]
    assert known is not None, listed.stdout[-5_000:]
    assert int(ran[1]) == int(known[1]), "not everything ran"
