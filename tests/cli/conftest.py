"""The program, run in this process and in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from healthsim_lake import Lake
from healthsim_lake.cli import app

PATIENTS = [
    {"id": "p1", "mrn": "M1", "given_name": "Ada", "birth_date": "1950-02-03", "gender": "F"},
    {"id": "p2", "mrn": "M2", "given_name": "José", "gender": "M", "pets": ["cat", {"n": 1.5}]},
]
ENTITIES = {
    "patients": PATIENTS,
    "diagnosis": [{"id": "d1", "patient_mrn": "M1", "code": "E11.9"}],
    "claims": [],
}


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str
    raw: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def entities() -> dict[str, Any]:
    """What the scenario `cohort` of `lake` holds."""
    return ENTITIES


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the program's default lake is."""
    monkeypatch.setenv("HEALTHSIM_LAKE", str(tmp_path / "lake"))
    return tmp_path / "lake"


@pytest.fixture
def lake(place: Path) -> Lake:
    """The program's default lake, with one scenario."""
    one = Lake(place)
    one.scenarios.save("cohort", ENTITIES, description="Two people.", tags=["Diabetes"])
    return one


@pytest.fixture
def run(place: Path) -> Callable[..., Answer]:
    """Run the program in this process, with `place` as its default lake."""
    environment = {"HEALTHSIM_LAKE": str(place)}

    def invoke(
        *arguments: object,
        typed: str | bytes | None = None,
        variables: Mapping[str, str | None] = environment,
    ) -> Answer:
        words = [str(one) for one in arguments]
        result = CliRunner().invoke(app, words, input=typed, env=variables)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(
            result.exit_code,
            result.stdout_bytes.decode(errors="replace"),
            result.stderr,
            result.stdout_bytes,
        )

    return invoke


@pytest.fixture
def process(place: Path) -> Callable[..., Answer]:
    """Run the program in a process of its own, without a terminal; `place` is its lake."""
    environment = {**os.environ, "HEALTHSIM_LAKE": str(place), "COLUMNS": "80"}

    def start(*arguments: object) -> Answer:
        done = subprocess.run(
            [sys.executable, "-m", "healthsim_lake", *map(str, arguments)],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=environment,
        )
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())

    return start
