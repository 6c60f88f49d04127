"""Persisting rows as a language model sends them, against writing the same people made flat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import work
from harness import Figure, Options, alternate

from healthsim_lake.state import StateManager

ALIASES = {"given_name": "first_name", "birth_date": "date_of_birth", "postal_code": "zip"}


def measure(options: Options) -> list[Figure]:
    """Measure 10,000 patients and 20,000 encounters, some keys nested, some called otherwise."""
    flat = work.build(options.pick(10_000, 1_000))
    del flat["diagnoses"]
    mixed = {
        "patients": [_mixed(row, number) for number, row in enumerate(flat["patients"])],
        "encounters": flat["encounters"],
    }
    manager = StateManager(options.folder / "lake")
    plain = options.folder / "plain"
    plain.mkdir()
    runs = options.pick(15, 3)
    pair = alternate(
        lambda: manager.persist(mixed, context="diabetic patients in Texas over 65"),
        lambda: _write(flat, plain),
        runs=runs,
    )
    patients, encounters = len(flat["patients"]), len(flat["encounters"])
    return [
        pair.figure(
            f"Persist {patients:,} patients and {encounters:,} encounters",
            target=2.0,
            against="polars.from_dicts and write_parquet of the same people made flat",
        )
    ]


def _mixed(row: dict[str, Any], number: int) -> dict[str, Any]:
    """Return every second patient with nested names and addresses, the others with aliases."""
    if number % 2:
        return {ALIASES.get(key, key): value for key, value in row.items()}
    parts = ("given_name", "family_name", "street_address", "city", "state", "postal_code")
    kept = {key: value for key, value in row.items() if key not in parts}
    name = {"given": row["given_name"], "family": row["family_name"]}
    address = {
        "line1": row["street_address"],
        "city": row["city"],
        "state": row["state"],
        "postal_code": row["postal_code"],
    }
    return {**kept, "name": name, "address": address}


def _write(scenario: work.Scenario, folder: Path) -> None:
    for table, rows in scenario.items():
        frame = pl.from_dicts(rows, infer_schema_length=None)
        frame.write_parquet(folder / f"{table}.parquet")
