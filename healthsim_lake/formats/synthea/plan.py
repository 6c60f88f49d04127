"""How one file's columns become the keys of rows, decided from its header alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import chain, count

from healthsim_lake.entities.naming import (
    RESERVED_TABLES,
    plural_of,
    singular_of,
    snake_case,
    table_name_for,
)
from healthsim_lake.entities.registry import Registry
from healthsim_lake.errors import FormatError
from healthsim_lake.formats.synthea.layout import LAYOUTS, PATIENTS, VITAL_SIGNS, Layout
from healthsim_lake.formats.synthea.loinc import MEASURE_COLUMNS
from healthsim_lake.formats.synthea.source import SUFFIX, CsvFile
from healthsim_lake.formats.synthea.text import has_bom, open_csv

SURPLUS = "_surplus"
"""Key of a row with more cells than its header: the surplus cells, as a JSON list."""
MISSING = "_missing"
"""Key of a row with fewer cells than its header: how many are missing."""
SOURCE_ROW = "source_row"
"""Key of rows of a file that feeds several tables: the row's position in it, from 1."""
MRN = "mrn"
"""Key of patients that repeats their id, so that ``patient_mrn`` joins."""

MAX_COLUMNS = 4_096

RAGGED_KEYS = frozenset({SURPLUS, MISSING})

_NAME_ROOM = 48  # leaves room for a suffix within the 63 characters of a table name
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class FilePlan:
    """What will become of one file.

    Attributes:
        file: The file.
        layout: Synthea's layout of it; None for a file that Synthea does not write.
        header: The header cells as spelled; empty when the file has no first line.
        keys: Table to the key of each header cell, in the header's order.
        unknown_columns: Header cells that feed no declared field; they keep their spelling.
        repeated_columns: Header cells that stand in the header a second time.
        bom: Whether the file starts with a byte order mark.
        newline: How its first line ends.
    """

    file: CsvFile
    layout: Layout | None
    header: tuple[str, ...]
    keys: Mapping[str, tuple[str, ...]]
    unknown_columns: tuple[str, ...]
    repeated_columns: tuple[str, ...]
    bom: bool
    newline: str

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that the file's rows go to."""
        return tuple(self.keys)

    def position(self, column: str) -> int | None:
        """Return where a column of Synthea's stands in the header, by its upper-case name."""
        names = [_canonical(cell) for cell in self.header]
        return names.index(column) if column in names else None


def plan_files(files: Collection[CsvFile]) -> list[FilePlan]:
    """Plan all files of an export: Synthea's own in a fixed order, then the others by name.

    Raises:
        FormatError: A file cannot be read, or is another program's file of the same name.
    """
    known = {file.name.lower(): file for file in files}
    ours = [(known[name], layout) for name, layout in LAYOUTS.items() if name in known]
    plans = [_plan_known(file, layout) for file, layout in ours]
    taken = set(chain.from_iterable(layout.tables for layout in LAYOUTS.values()))
    for file in files:
        if file.name.lower() not in LAYOUTS:
            table = _table_name(file.name, taken)
            taken.add(table)
            plans.append(_plan_unknown(file, table))
    return plans


def _plan_known(file: CsvFile, layout: Layout) -> FilePlan:
    header, first, newline = _head(file)
    names = [_canonical(cell) for cell in header]
    if header and not set(layout.required) <= set(names):
        raise FormatError(
            f"{file.name}: not a file of Synthea's: its header must have the columns "
            f"{', '.join(layout.required)}, but reads {_shown(header)}"
        )
    moved: Mapping[str, str] = {}
    other = layout.alternative
    if other and other.probe in names:
        value = dict(zip(names, first, strict=False)).get(other.probe, "")
        moved = other.fields if value and not other.usual.match(value) else {}
    return FilePlan(
        file=file,
        layout=layout,
        header=header,
        keys={
            table: _keys(header, {**fields, **moved}, _own_keys(layout, table))
            for table, fields in layout.tables.items()
        },
        unknown_columns=tuple(cell for cell in header if _canonical(cell) not in layout.headers),
        repeated_columns=_repeated(names, header),
        bom=has_bom(file),
        newline=newline,
    )


def _plan_unknown(file: CsvFile, table: str) -> FilePlan:
    header, _, newline = _head(file)
    return FilePlan(
        file=file,
        layout=None,
        header=header,
        keys={table: _keys(header, {}, RAGGED_KEYS)},
        unknown_columns=(),
        repeated_columns=_repeated(list(header), header),
        bom=has_bom(file),
        newline=newline,
    )


def _head(file: CsvFile) -> tuple[tuple[str, ...], list[str], str]:
    with open_csv(file) as text:
        rows = (row for row in text.rows() if row)
        header = next(rows, [])
        if len(header) > MAX_COLUMNS:
            raise FormatError(
                f"{file.name}: its first line has {len(header):,} cells, and more than "
                f"{MAX_COLUMNS:,} columns are not read; is this a CSV file with a header?"
            )
        return tuple(header), next(rows, []), text.newline


def _canonical(cell: str) -> str:
    return cell.strip().upper()


def _shown(header: tuple[str, ...]) -> str:
    cells = ", ".join(repr(cell) for cell in header[:_SHOWN])
    return f"{cells} and {len(header) - _SHOWN} more" if len(header) > _SHOWN else cells


def _repeated(names: list[str], header: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cell for i, cell in enumerate(header) if names[i] in names[:i])


def _own_keys(layout: Layout, table: str) -> frozenset[str]:
    """Return the keys that rows get besides those of their cells."""
    own = set(RAGGED_KEYS)
    if len(layout.tables) > 1:
        own.add(SOURCE_ROW)
    if table == PATIENTS:
        own.add(MRN)
    if table == VITAL_SIGNS:
        own.update(MEASURE_COLUMNS)
    return frozenset(own)


def _keys(
    header: tuple[str, ...], fields: Mapping[str, str], own: Collection[str]
) -> tuple[str, ...]:
    """Return one key per cell, all different: the field that it feeds, else its own spelling."""
    fed: list[str | None] = []
    for cell in header:
        field = fields.get(_canonical(cell))
        fed.append(None if field in fed else field)
    taken = set(own).union(key for key in fed if key is not None)
    keys = []
    for cell, field in zip(header, fed, strict=True):
        key = _free(cell, taken) if field is None else field
        taken.add(key)
        keys.append(key)
    return tuple(keys)


def _free(name: str, taken: Collection[str]) -> str:
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate


def _table_name(file_name: str, taken: Collection[str]) -> str:
    """Return a table for a file that Synthea does not write: ``LabOrders.csv`` to ``lab_orders``.

    A file named like a table that Synthea's own files feed gets a table of its own, so that the
    rows of two files never mix.
    """
    name = re.sub(r"[^a-z0-9_]+", "_", snake_case(file_name[: -len(SUFFIX)])).strip("_")
    if not name[:1].isalpha():
        name = f"file_{name}"
    name = name[:_NAME_ROOM].rstrip("_")
    numbered = (f"{name}_file_{number}" for number in count(2))
    tables = map(_table_of, chain((name, f"{name}_file"), numbered))
    return next(table for table in tables if table is not None and table not in taken)


def _table_of(name: str) -> str | None:
    known = Registry().find(name)
    if known is not None:
        return known.name
    return None if plural_of(singular_of(name)) in RESERVED_TABLES else table_name_for(name)
