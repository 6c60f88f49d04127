"""Two scenarios in files, a secret beside them, and an engine that knows only the scenarios."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from healthsim_lake.query.engine import Engine, Limits
from healthsim_lake.query.views import FileSource, View

# A minute for each release of the engine: for CI, not for everybody who runs the tests.
collect_ignore = [] if "HEALTHSIM_OTHER_ENGINES" in os.environ else ["test_other_engines.py"]

PATIENTS = pa.schema(
    [
        ("id", pa.string()),
        ("given_name", pa.string()),
        ("birth_date", pa.date32()),
        ("state", pa.string()),
        ("extra", pa.string()),
    ]
)
ENCOUNTERS = pa.schema(
    [
        ("encounter_id", pa.string()),
        ("patient_id", pa.string()),
        ("admission_time", pa.timestamp("us")),
        ("days", pa.int64()),
        ("charge", pa.decimal128(12, 2)),
    ]
)
CLAIMS = pa.schema([("claim_id", pa.string()), ("total_paid", pa.decimal128(12, 2))])
SCENARIOS = pa.table({"scenario_id": ["s-one", "s-two"], "name": ["first", "second"]})


@dataclass(frozen=True)
class Place:
    """Where a test's files are."""

    root: Path
    views: tuple[View, ...]
    secret: Path
    hidden_word: str

    def digests(self) -> dict[str, str]:
        """Return the digest of every file under the root."""
        return {
            str(path.relative_to(self.root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
        }

    def engine(self, **limits: float) -> Engine:
        return Engine(self.views, limits=Limits(**limits) if limits else None)


def _write(path: Path, schema: pa.Schema, rows: list[dict[str, object]]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = schema.append(pa.field("row_shape", pa.int32()))
    pq.write_table(pa.Table.from_pylist([{**row, "row_shape": 0} for row in rows], stored), path)
    return str(path)


def _patient(number: int, name: str, born: str, state: str, extra: str | None) -> dict[str, object]:
    return {
        "id": f"p{number}",
        "given_name": name,
        "birth_date": date.fromisoformat(born),
        "state": state,
        "extra": extra,
    }


def _encounter(number: int, patient: str, at: str, days: int, charge: str) -> dict[str, object]:
    return {
        "encounter_id": f"e{number}",
        "patient_id": patient,
        "admission_time": datetime.fromisoformat(at),
        "days": days,
        "charge": Decimal(charge),
    }


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place that a test may change."""
    return _built(tmp_path)


@pytest.fixture
def engine(place: Place) -> Iterator[Engine]:
    with place.engine() as opened:
        yield opened


@pytest.fixture(scope="session")
def standing_place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place that no question can change, so that all of them share it."""
    return _built(tmp_path_factory.mktemp("standing"))


@pytest.fixture(scope="session")
def standing_engine(standing_place: Place) -> Iterator[Engine]:
    with standing_place.engine() as opened:
        yield opened


def _built(folder: Path) -> Place:
    root = folder / "a lake [v1] 'x"
    first = _write(
        root / "data" / "patients" / "scenario_id=s-one" / "a.parquet",
        PATIENTS,
        [
            _patient(1, "Ada", "1980-05-01", "TX", '{"eye": "blue", "pets": ["cat", "dog"]}'),
            _patient(2, "Bob", "1990-01-31", "TX", None),
            _patient(3, "Cléo", "2001-12-24", "MA", '{"eye": "green"}'),
        ],
    )
    second = _write(
        root / "data" / "patients" / "scenario_id=s-two" / "b.parquet",
        PATIENTS,
        [_patient(1, "Dan", "1975-07-07", "NY", None)],
    )
    encounters = _write(
        root / "staging" / "c.parquet",
        ENCOUNTERS,
        [
            _encounter(1, "p1", "2024-01-05T08:00:00", 2, "100.10"),
            _encounter(2, "p1", "2024-02-05T09:30:00", 0, "50.05"),
            _encounter(3, "p3", "2024-03-01T00:00:00", 5, "700.00"),
        ],
    )
    hidden_word = "SENTINEL-4711"
    secret = root / "secret.txt"
    secret.write_text(hidden_word)
    _write(
        root / "data" / "patients" / "scenario_id=s-three" / "secret.parquet",
        PATIENTS,
        [_patient(9, hidden_word, "2000-01-01", "ZZ", None)],
    )
    (root / "secret.csv").write_text(f"word\n{hidden_word}\n")
    (root / "secret.json").write_text(f'{{"word": "{hidden_word}"}}')
    views = (
        View("patients", PATIENTS, (FileSource(first, "s-one"), FileSource(second, "s-two"))),
        View("encounters", ENCOUNTERS, (FileSource(encounters, "s-one"),)),
        View("claims", CLAIMS),
        View("scenarios", SCENARIOS.schema, table=SCENARIOS),
    )
    return Place(root, views, secret, hidden_word)
