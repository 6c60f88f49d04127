"""The export that ships with the package."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from healthsim_lake.formats import synthea

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "make_demo_export.py"
SHIPPED = ROOT / "catalog" / "demo"


@pytest.fixture(scope="module")
def tables():
    def read(path):
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    return {path.stem: read(path) for path in SHIPPED.glob("*.csv")}


def test_the_shipped_files_are_what_the_tool_makes(tmp_path):
    subprocess.run([sys.executable, TOOL, tmp_path], check=True, timeout=60)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    shipped = {path.name: path.read_bytes() for path in SHIPPED.iterdir()}
    assert made == shipped


def test_it_is_small():
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= 300_000


def test_it_is_found_in_the_installed_package_and_read_without_a_complaint(rows_of):
    with synthea.demo_export() as folder:
        export = synthea.read(folder)
        rows = rows_of(export)
    report = export.report

    assert len(rows["patients"]) == 60
    assert report.complete
    assert [report.unknown_files, report.unknown_columns, report.malformed] == [[], {}, []]
    assert all(report.tables.values())


def test_every_reference_leads_somewhere(tables):
    patients = {row["Id"] for row in tables["patients"]}
    encounters = {row["Id"] for row in tables["encounters"]}
    payers = {row["Id"] for row in tables["payers"]}
    organizations = {row["Id"] for row in tables["organizations"]}
    providers = {row["Id"] for row in tables["providers"]}
    for rows in tables.values():
        for row in rows:
            assert row.get("PATIENT", row.get("PATIENTID")) in {None, *patients}
            assert row.get("ENCOUNTER", row.get("APPOINTMENTID")) in {None, *encounters}
            assert row.get("PAYER", row.get("PRIMARYPATIENTINSURANCEID")) in {None, *payers}
            assert row.get("PROVIDER", row.get("PROVIDERID")) in {None, *providers}
            assert row.get("ORGANIZATION") in {None, *organizations}


def test_dates_lie_within_lifetimes(tables):
    people = {row["Id"]: row for row in tables["patients"]}
    for row in tables["encounters"]:
        person = people[row["PATIENT"]]
        assert person["BIRTHDATE"] < row["START"] < row["STOP"]
        assert row["STOP"][:10] <= (person["DEATHDATE"] or "2025-06-30")


def test_diabetics_have_a_high_hba1c_and_others_do_not(tables):
    diabetics = {r["PATIENT"] for r in tables["conditions"] if r["CODE"] == "44054006"}
    first = {}
    for row in sorted(tables["observations"], key=lambda row: row["DATE"]):
        if row["CODE"] == "4548-4":
            first.setdefault(row["PATIENT"], float(row["VALUE"]))
    assert len(diabetics) == 20
    assert all((value >= 6.5) == (patient in diabetics) for patient, value in first.items())
