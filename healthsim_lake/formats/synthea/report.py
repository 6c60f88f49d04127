"""What an export held: found, unknown, missing, empty and malformed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from healthsim_lake.formats.synthea.layout import LAYOUTS

MAX_LISTED = 100
"""Malformed rows that are listed one by one for each file; all are counted."""


@dataclass(frozen=True, slots=True)
class MalformedRow:
    """A row that does not fit its header; it is kept all the same.

    Attributes:
        file: File name.
        line: Line on which the row begins, counted from 1, the header's line included.
        reason: What is wrong with it.
    """

    file: str
    line: int
    reason: str


@dataclass(slots=True)
class FileReport:
    """What one file held.

    Attributes:
        file: File name as spelled.
        known: Whether Synthea writes a file of that name.
        rows: Table to the number of rows that went there; zero for a table without rows.
        lines: Physical lines, header included.
        bytes_read: Bytes read so far, uncompressed.
        blank_lines: Lines without any cell, which are no rows.
        unknown_columns: Columns that feed no declared field; kept under their own spelling.
        repeated_columns: Columns whose name stands in the header twice; kept under another key.
        malformed_count: Rows that do not fit the header.
        malformed: The first of them, at most `MAX_LISTED`.
    """

    file: str
    known: bool
    rows: dict[str, int]
    lines: int = 0
    bytes_read: int = 0
    blank_lines: int = 0
    unknown_columns: tuple[str, ...] = ()
    repeated_columns: tuple[str, ...] = ()
    malformed_count: int = 0
    malformed: list[MalformedRow] = field(default_factory=list)

    def add_malformed(self, line: int, reason: str) -> None:
        """Count a malformed row, and list it while there is room."""
        self.malformed_count += 1
        if len(self.malformed) < MAX_LISTED:
            self.malformed.append(MalformedRow(self.file, line, reason))

    @property
    def row_count(self) -> int:
        """Rows in all tables together."""
        return sum(self.rows.values())

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "file": self.file,
            "known": self.known,
            "rows": dict(self.rows),
            "lines": self.lines,
            "blank_lines": self.blank_lines,
            "unknown_columns": list(self.unknown_columns),
            "repeated_columns": list(self.repeated_columns),
            "malformed_count": self.malformed_count,
            "malformed": [{"line": row.line, "reason": row.reason} for row in self.malformed],
        }


@dataclass(slots=True)
class SyntheaReport:
    """What an export held.

    Attributes:
        source: Name of the folder or zip.
        files: One report per file, in the order of reading.
        complete: Whether all rows were read; until then the counts are those so far.
    """

    source: str
    files: list[FileReport]
    complete: bool = False

    @property
    def tables(self) -> dict[str, int]:
        """Table to number of rows."""
        counts: dict[str, int] = {}
        for file in self.files:
            for table, rows in file.rows.items():
                counts[table] = counts.get(table, 0) + rows
        return counts

    @property
    def row_count(self) -> int:
        """Rows in all tables together."""
        return sum(file.row_count for file in self.files)

    @property
    def missing_files(self) -> list[str]:
        """Files that a recent Synthea writes and that are not there; older ones wrote fewer."""
        found = {file.file.lower() for file in self.files}
        return [name for name, layout in LAYOUTS.items() if layout.expected and name not in found]

    @property
    def unknown_files(self) -> list[str]:
        """Files that Synthea does not write; each became a type of its own."""
        return [file.file for file in self.files if not file.known]

    @property
    def unknown_columns(self) -> dict[str, list[str]]:
        """File to its columns that feed no declared field."""
        return {f.file: list(f.unknown_columns) for f in self.files if f.unknown_columns}

    @property
    def empty_files(self) -> list[str]:
        """Files without rows."""
        return [file.file for file in self.files if not file.row_count]

    @property
    def malformed(self) -> list[MalformedRow]:
        """Rows that do not fit their header, at most `MAX_LISTED` of each file."""
        return [row for file in self.files for row in file.malformed]

    @property
    def malformed_count(self) -> int:
        """Number of all rows that do not fit their header."""
        return sum(file.malformed_count for file in self.files)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "source": self.source,
            "complete": self.complete,
            "row_count": self.row_count,
            "tables": self.tables,
            "missing_files": self.missing_files,
            "unknown_files": self.unknown_files,
            "unknown_columns": self.unknown_columns,
            "empty_files": self.empty_files,
            "malformed_count": self.malformed_count,
            "files": [file.to_dict() for file in self.files],
        }

    def to_text(self) -> str:
        """Return the report as a few lines for people; nothing is said of what is in order."""
        lines = [f"{self.source}: {self.row_count:,} rows from {len(self.files)} files"]
        lines += [f"  {table}: {rows:,}" for table, rows in self.tables.items()]
        unknown = [f"{file} ({', '.join(names)})" for file, names in self.unknown_columns.items()]
        repeated = [
            f"{f.file} ({', '.join(f.repeated_columns)})" for f in self.files if f.repeated_columns
        ]
        notes = {
            "No such file": self.missing_files,
            "Not Synthea's, kept as a type of its own": self.unknown_files,
            "No rows": self.empty_files,
            "Unknown columns, kept under their own name": unknown,
            "Columns given twice, kept under a second name": repeated,
        }
        lines += [f"{label}: {', '.join(items)}" for label, items in notes.items() if items]
        if self.malformed_count:
            lines.append(f"Rows that do not fit their header, kept: {self.malformed_count:,}")
            lines += [f"  {row.file}, line {row.line}: {row.reason}" for row in self.malformed]
        return "\n".join(lines)
