"""Rows of one file to Arrow batches of text, streamed."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from healthsim_lake import _json
from healthsim_lake.formats.synthea.layout import PATIENTS, VITAL_SIGNS
from healthsim_lake.formats.synthea.loinc import (
    MEASURE_COLUMNS,
    MEASURES,
    table_by_category,
    table_by_code,
)
from healthsim_lake.formats.synthea.plan import MISSING, MRN, SOURCE_ROW, SURPLUS, FilePlan
from healthsim_lake.formats.synthea.report import FileReport
from healthsim_lake.formats.synthea.text import CsvText, open_csv

MAX_ROWS = 50_000
MAX_CHARACTERS = 32 * 2**20
"""A batch ends after so many rows or characters of text, whichever comes first."""

_BLOCK = 250  # rows transposed at a time: few enough to stay in the processor's cache

Batch = tuple[str, pa.Table]


def columns(plan: FilePlan, table: str) -> tuple[str, ...]:
    """Return the keys of the rows that a file gives a table.

    A batch with ragged rows has `MISSING` and `SURPLUS` besides.
    """
    keys = plan.keys[table]
    if len(plan.tables) > 1:
        keys = (*keys, SOURCE_ROW)
    if table == VITAL_SIGNS:
        keys = (*keys, *MEASURE_COLUMNS)
    return (*keys, MRN) if _has_mrn(plan, table) else keys


def batches(plan: FilePlan, report: FileReport) -> Iterator[Batch]:
    """Yield a file's rows as (table, Arrow table of text), counting them in `report`.

    Args:
        plan: What becomes of the file.
        report: The file's report, filled while rows are read.

    Raises:
        FormatError: The file cannot be read further; says where.
    """
    done = 0
    with open_csv(plan.file) as text:
        for block in _blocks(text, plan, report):
            report.bytes_read = text.bytes_read
            for table, batch in _split(plan, block, done):
                report.rows[table] += batch.num_rows
                yield table, batch
            done += block.height
        report.lines, report.bytes_read = text.line, text.bytes_read


class _Block:
    """Rows on their way to columns."""

    def __init__(self, width: int) -> None:
        self.height = 0
        self._width = width
        self._columns: list[list[str]] = [[] for _ in range(width)]
        self._waiting: list[list[str]] = []
        self._surplus: dict[int, str] = {}
        self._missing: dict[int, str] = {}

    def add(self, row: list[str]) -> None:
        """Take a row of the header's width."""
        self._waiting.append(row)
        self.height += 1
        if len(self._waiting) == _BLOCK:
            self._transpose()

    def add_ragged(self, row: list[str]) -> str:
        """Take a row of another width; return what is wrong with it."""
        given = f"{len(row)} cells where the header has {self._width}"
        lack = self._width - len(row)
        if lack > 0:
            self._missing[self.height] = str(lack)
            self.add(row + [""] * lack)
            return f"{given}; the rest is left empty"
        self._surplus[self.height] = _json.dumps(row[self._width :]).decode()
        self.add(row[: self._width])
        return f"{given}; the surplus is kept under {SURPLUS!r}"

    def arrays(self) -> tuple[list[pa.Array], dict[str, pa.Array]]:
        """Return one array per header cell, and by key those that ragged rows need besides."""
        self._transpose()
        ragged = {MISSING: self._missing, SURPLUS: self._surplus}
        return [_text(column) for column in self._columns], {
            key: pa.array([cells.get(i) for i in range(self.height)], pa.string())
            for key, cells in ragged.items()
            if cells
        }

    def _transpose(self) -> None:
        if self._waiting:
            for column, cells in zip(self._columns, zip(*self._waiting, strict=True), strict=True):
                column.extend(cells)
            self._waiting.clear()


def _blocks(text: CsvText, plan: FilePlan, report: FileReport) -> Iterator[_Block]:
    rows = text.rows()
    next((row for row in rows if row), None)
    width = len(plan.header)
    block, limit = _Block(width), text.read + MAX_CHARACTERS
    for row in rows:
        if len(row) == width:
            block.add(row)
        elif row:
            report.add_malformed(text.row_line, block.add_ragged(row))
        else:
            report.blank_lines += 1
        if block.height == MAX_ROWS or text.read > limit:
            yield block
            block, limit = _Block(width), text.read + MAX_CHARACTERS
    if block.height:
        yield block


def _split(plan: FilePlan, block: _Block, done: int) -> Iterator[Batch]:
    """Yield a block's rows by table; `done` rows of the file came before."""
    arrays, ragged = block.arrays()
    if len(plan.tables) == 1:
        yield plan.tables[0], _batch(plan, plan.tables[0], arrays, ragged)
        return
    numbers = pa.array(range(done + 1, done + 1 + block.height)).cast(pa.string())
    routes = _routes(plan, arrays)
    for table in plan.tables:
        mask = pc.equal(routes, table)
        batch = _batch(plan, table, arrays, {SOURCE_ROW: numbers, **ragged}).filter(mask)
        if batch.num_rows:
            yield table, batch


def _batch(
    plan: FilePlan, table: str, arrays: list[pa.Array], besides: dict[str, pa.Array]
) -> pa.Table:
    cells = dict(zip(plan.keys[table], arrays, strict=True)) | besides
    if table == VITAL_SIGNS:
        cells |= _measures(cells["code"], cells["value"], cells.get("unit"))
    if _has_mrn(plan, table):
        cells[MRN] = cells["id"]
    return pa.table(list(cells.values()), names=list(cells))


def _has_mrn(plan: FilePlan, table: str) -> bool:
    return table == PATIENTS and "id" in plan.keys[table]


def _routes(plan: FilePlan, arrays: list[pa.Array]) -> pa.Array:
    """Return the table of each observation."""

    def column(name: str) -> list[str]:
        position = plan.position(name)
        return [] if position is None else pc.fill_null(arrays[position], "").to_pylist()

    categories = column("CATEGORY")
    if categories:
        by_category = {category: table_by_category(category) for category in set(categories)}
        return pa.array([by_category[category] for category in categories], pa.string())
    codes = column("CODE")
    names = list(zip(codes, column("DESCRIPTION") or [""] * len(codes), strict=True))
    by_code = {name: table_by_code(*name) for name in set(names)}
    return pa.array([by_code[name] for name in names], pa.string())


def _measures(code: pa.Array, value: pa.Array, unit: pa.Array | None) -> dict[str, pa.Array]:
    """Return the columns that repeat the value of single vital signs."""
    result = {column: pa.nulls(len(code), pa.string()) for column in MEASURE_COLUMNS}
    for loinc, measure in MEASURES.items():
        chosen = pc.equal(code, loinc)
        if measure.unit is not None and unit is not None:
            chosen = pc.and_(chosen, pc.fill_null(pc.equal(unit, measure.unit), True))
        result[measure.column] = pc.if_else(
            pc.fill_null(chosen, False), value, result[measure.column]
        )
    return result


def _text(cells: list[str]) -> pa.Array:
    """Return cells as an array in which an empty cell is null."""
    array = pa.array(cells, pa.string())
    return pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.string()), array)
