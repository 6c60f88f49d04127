"""What the lake is measured against: plain Polars into Hive folders, and bare durable creates."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from uuid import uuid4

import polars as pl
from work import Row, Scenario


def save(root: Path, scenario: Scenario) -> list[Path]:
    """Write each table with Polars into its Hive folder: no catalog, no hash, no fsync."""
    scenario_id = uuid4()
    return [_write(root, scenario_id=str(scenario_id), table=one) for one in scenario.items()]


def _write(root: Path, *, scenario_id: str, table: tuple[str, list[Row]]) -> Path:
    name, rows = table
    folder = root / "data" / name / f"scenario_id={scenario_id}"
    folder.mkdir(parents=True)
    path = folder / "part-0.parquet"
    pl.from_dicts(rows).write_parquet(path)
    return path


def load(files: list[Path]) -> list[list[Row]]:
    """Read each file with Polars and return its rows as dicts."""
    return [pl.read_parquet(path).to_dicts() for path in files]


def durable_create(folder: Path, data: bytes) -> None:
    """Create one file so that it is there completely or not at all, whatever crashes."""
    aside, final = folder / f"{secrets.token_hex(8)}.tmp", folder / secrets.token_hex(8)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.link(aside, final)
    aside.unlink()
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
