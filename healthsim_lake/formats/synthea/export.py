"""A Synthea export, opened: what it holds is known from its headers, its rows are streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import pyarrow as pa

from healthsim_lake.formats.synthea.convert import Batch, batches, columns
from healthsim_lake.formats.synthea.plan import FilePlan, plan_files
from healthsim_lake.formats.synthea.report import FileReport, SyntheaReport
from healthsim_lake.formats.synthea.source import find_files

FORMAT = "synthea"

Progress = Callable[[str, int, int], None]
"""Called with the file being read, and the bytes of the whole export read so far and in all."""


def read(path: str | PathLike[str], *, on_progress: Progress | None = None) -> SyntheaExport:
    """Open a Synthea CSV export of any generation since 2017.

    Only headers are read now; rows are read while the export is saved or iterated.

    Args:
        path: A folder of CSV files, a folder whose ``csv`` folder holds them, or a zip.
        on_progress: Called while rows are read with (file, bytes read so far, bytes in all), both
            over the whole export.

    Raises:
        FormatError: Nothing there, no CSV file in it, a file that is no UTF-8 text, a file of
            another program with the name of one of Synthea's, or two files of one name.
    """
    place = Path(fspath(path)).expanduser()
    return SyntheaExport(place.name or str(place), plan_files(find_files(place)), on_progress)


class SyntheaExport:
    """An export whose rows are streamed, made by `read`.

    Every CSV row is one row of one table, with the cells' text under the declared field names; a
    column without a declared field keeps its header's spelling, an empty cell is null. Iterating
    again reads the files again.
    """

    def __init__(
        self, source: str, plans: list[FilePlan], on_progress: Progress | None = None
    ) -> None:
        self._source = source
        self._plans = plans
        self._on_progress = on_progress
        self._report = self._new_report()

    def __repr__(self) -> str:
        return f"<SyntheaExport {self._source!r}: {', '.join(self.tables)}>"

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that will appear, those of files without rows included."""
        return tuple(self.types())

    def types(self) -> dict[str, pa.Schema]:
        """Return each table with the columns of its batches; all are text."""
        keys: dict[str, dict[str, None]] = {}
        for plan in self._plans:
            for table in plan.tables:
                keys.setdefault(table, {}).update(dict.fromkeys(columns(plan, table)))
        return {
            table: pa.schema([(name, pa.string()) for name in names])
            for table, names in keys.items()
        }

    def batches(self) -> Iterator[Batch]:
        """Yield (table, Arrow table of text) in the order of files and rows.

        A batch has at most 50,000 rows; the observations' tables take turns. A batch with ragged
        rows has the columns ``_missing`` or ``_surplus`` besides those of `types`.

        Raises:
            FormatError: A file cannot be read to its end; says file and line.
        """
        self._report = self._new_report()
        for plan, report in zip(self._plans, self._report.files, strict=True):
            for batch in batches(plan, report):
                yield batch
                self._tell(report)
            self._tell(report)
        self._report.complete = True

    __iter__ = batches

    @property
    def provenance(self) -> dict[str, str]:
        """Where the rows come from, for the provenance columns."""
        return {"source_type": "loaded", "source_system": FORMAT}

    @property
    def report(self) -> SyntheaReport:
        """What was found, unknown, missing, empty and malformed; complete after iteration."""
        return self._report

    @property
    def metadata(self) -> dict[str, Any]:
        """What the scenario keeps so that `write` can restore the files; complete after iteration.

        One key, ``synthea``, whose value lists the files with their headers as spelled.
        """
        files = [
            {
                **report.to_dict(),
                "header": list(plan.header),
                "keys": {table: list(keys) for table, keys in plan.keys.items()},
                "bom": plan.bom,
                "newline": plan.newline,
            }
            for plan, report in zip(self._plans, self._report.files, strict=True)
        ]
        missing = self._report.missing_files
        return {FORMAT: {"source": self._source, "missing_files": missing, "files": files}}

    def _new_report(self) -> SyntheaReport:
        files = [
            FileReport(
                file=plan.file.name,
                known=plan.layout is not None,
                rows=dict.fromkeys(plan.tables, 0),
                unknown_columns=plan.unknown_columns,
                repeated_columns=plan.repeated_columns,
            )
            for plan in self._plans
        ]
        return SyntheaReport(self._source, files)

    def _tell(self, report: FileReport) -> None:
        if self._on_progress is not None:
            done = sum(file.bytes_read for file in self._report.files)
            self._on_progress(report.file, done, sum(plan.file.size for plan in self._plans))
