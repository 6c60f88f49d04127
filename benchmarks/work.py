"""The work that is measured: believable scenarios as flat Python dicts, the same on every run."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from healthsim_lake import Lake

Row = dict[str, Any]
Scenario = dict[str, list[Row]]

CATALOG = Path(__file__).resolve().parent.parent / "catalog" / "entities"

GIVEN = "Maria James Aisha Wei Elena Robert José Fatima Daniel Ngozi Anna Luis Grace Omar Ruth Ivan"
FAMILY = "Garcia Smith Müller Chen Okafor Johnson Rossi Nguyen Brown Haddad Kowalski Lee Diaz Novak"
CITIES = (("Boston", "MA", "021"), ("Austin", "TX", "787"), ("Denver", "CO", "802"))
STREETS = ("Main Street", "Elm Avenue", "Lake View Road", "2nd Street", "Hospital Drive")
RACES = ("white", "black", "asian", "native", "other")
CLASSES = ("I", "O", "O", "O", "E", "U", "OBS")
DEPARTMENTS = ("Cardiology", "Emergency", "Family Medicine", "Oncology", "Orthopedics")
COMPLAINTS = ("chest pain", "shortness of breath", "routine check", "fever", "back pain")
CONDITIONS = (
    ("E11.9", "Type 2 diabetes mellitus without complications"),
    ("I10", "Essential (primary) hypertension"),
    ("J45.909", "Unspecified asthma, uncomplicated"),
    ("E78.5", "Hyperlipidemia, unspecified"),
    ("M54.50", "Low back pain, unspecified"),
    ("F32.9", "Major depressive disorder, single episode, unspecified"),
)
KINDS = ("admitting", "working", "final", "differential")


def build(patients: int, *, seed: int = 1) -> Scenario:
    """Return `patients` patients with two encounters and two diagnoses each.

    Every row has the same keys in the same order, all of them declared columns; some values are
    null. There are texts, dates, timestamps with a Z, whole numbers, floats, amounts of money and
    booleans, so that every kind of column is measured.
    """
    rng = Random(seed)
    people = [_patient(rng, number) for number in range(patients)]
    visits = [_encounter(rng, person) for person in people for _ in range(2)]
    findings = [_diagnosis(rng, visit) for visit in visits]
    return {"patients": people, "encounters": visits, "diagnoses": findings}


def with_residue(scenario: Scenario, *tables: str) -> Scenario:
    """Return `scenario` with two keys that nobody declared in each row of `tables`."""
    rng = Random(2)
    return {
        table: [{**row, **_residue(rng)} for row in rows] if table in tables else rows
        for table, rows in scenario.items()
    }


def check_declared(scenario: Scenario) -> None:
    """Stop unless every key of every row is a column of its table: else the work is another one."""
    for table, rows in scenario.items():
        fields = json.loads((CATALOG / f"{table}.json").read_text())["fields"]
        unknown = set().union(*rows).difference(field["name"] for field in fields)
        if unknown:
            raise SystemExit(f"not declared in {table}: {sorted(unknown)}")


def _patient(rng: Random, number: int) -> Row:
    born = date(1930, 1, 1) + timedelta(days=rng.randrange(33_000))
    given, family = rng.choice(GIVEN.split()), rng.choice(FAMILY.split())
    city, state, prefix = rng.choice(CITIES)
    deceased = rng.random() < 0.1
    return {
        "id": _uuid(rng),
        "mrn": f"MRN{number:08d}",
        "given_name": given,
        "family_name": family,
        "birth_date": born.isoformat(),
        "gender": rng.choice("MFMFMFOU"),
        "race": rng.choice(RACES),
        "language": _maybe(rng, "en", 0.1),
        "street_address": f"{rng.randrange(1, 9999)} {rng.choice(STREETS)}",
        "city": city,
        "state": state,
        "postal_code": f"{prefix}{rng.randrange(100):02d}",
        "phone": _maybe(rng, f"555-{rng.randrange(1000):03d}-{rng.randrange(10000):04d}", 0.2),
        "email": _maybe(rng, f"{given}.{family}{number}@example.org".lower(), 0.3),
        "deceased": deceased,
        "death_date": (born + timedelta(days=30_000)).isoformat() if deceased else None,
        "marital_status": _maybe(rng, rng.choice("MSDW"), 0.3),
        "latitude": round(rng.uniform(25, 48), 6),
        "longitude": round(rng.uniform(-124, -67), 6),
        "income": _maybe(rng, rng.randrange(10_000, 250_000), 0.2),
    }


def _encounter(rng: Random, person: Row) -> Row:
    start = datetime(2015, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(300_000_000))
    end = start + timedelta(minutes=rng.randrange(15, 10_000))
    return {
        "encounter_id": _uuid(rng),
        "patient_mrn": person["mrn"],
        "class_code": rng.choice(CLASSES),
        "status": "finished",
        "admission_time": _z(start),
        "discharge_time": _maybe(rng, _z(end), 0.05),
        "facility": f"{person['city']} General Hospital",
        "department": _maybe(rng, rng.choice(DEPARTMENTS), 0.1),
        "chief_complaint": _maybe(rng, rng.choice(COMPLAINTS), 0.3),
        "attending_physician": f"{rng.randrange(1_000_000_000, 2_000_000_000)}",
        "total_claim_cost": round(rng.uniform(50, 20_000), 2),
        "reason_code": _maybe(rng, rng.choice(CONDITIONS)[0], 0.4),
    }


def _diagnosis(rng: Random, visit: Row) -> Row:
    code, words = rng.choice(CONDITIONS)
    found = date.fromisoformat(visit["admission_time"][:10])
    return {
        "id": _uuid(rng),
        "code": code,
        "description": words,
        "type": rng.choice(KINDS),
        "patient_mrn": visit["patient_mrn"],
        "encounter_id": visit["encounter_id"],
        "diagnosed_date": found.isoformat(),
        "resolved_date": _maybe(rng, (found + timedelta(days=rng.randrange(400))).isoformat(), 0.6),
        "code_system": "ICD-10-CM",
    }


def _residue(rng: Random) -> Row:
    return {
        "triage_level": rng.randrange(1, 6),
        "care_team_note": f"seen by team {rng.choice('ABCD')}, bed {rng.randrange(400)}",
    }


def _uuid(rng: Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))


def _z(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _maybe(rng: Random, value: Any, nulls: float) -> Any:
    return None if rng.random() < nulls else value


def files_of(lake: Lake, table: str, **scenario: str) -> str:
    """Return a glob over the files that one scenario has of a table, for other engines."""
    return str(Path(lake.files(table, **scenario)[0]).parent / "*.parquet")
