"""A scenario on its way into files; what is held does not grow with it."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from healthsim_lake import _clock, _json
from healthsim_lake.catalog.records import EntitySet
from healthsim_lake.entities.types import EntityType
from healthsim_lake.scenarios.exchange import documents
from healthsim_lake.scenarios.exchange.formats import Format
from healthsim_lake.scenarios.exchange.provenance import MARKS, ROW_MARKS
from healthsim_lake.scenarios.exchange.result import ExportResult
from healthsim_lake.scenarios.exchange.targets import ABOUT, written_folder
from healthsim_lake.scenarios.loading import Chosen
from healthsim_lake.scenarios.writing.sources import Progress
from healthsim_lake.storage import Storage
from healthsim_lake.storage.placing import written_file
from healthsim_lake.tables.outgoing import Agreement, TableFrames, export_columns, row_blocks
from healthsim_lake.tables.places import refs

GZIP_LEVEL = 6
_BUFFER = 1024 * 1024


Table = tuple[EntitySet, EntityType]
"""Rows of one type, and the columns they have."""


class Outgoing:
    """One export.

    Args:
        storage: Where the rows are.
        chosen: The scenario, at the version that is written, and what to write of it.
        include_provenance: Whether to tell where rows came from.
        on_progress: Called with an entity key and its rows so far.
    """

    def __init__(
        self,
        storage: Storage,
        chosen: Chosen,
        *,
        include_provenance: bool,
        on_progress: Progress | None,
    ) -> None:
        self._storage, self._record, self._tables = storage, chosen.record, chosen.tables
        self._include_provenance = include_provenance
        self._on_progress: Progress = on_progress or _ignore
        self._agreement = Agreement(MARKS)

    def write(self, target: Path, form: Format) -> ExportResult:
        """Write everything to `target`, and tell about it.

        Raises:
            StorageError: It cannot be written; nothing was changed.
            IntegrityError: A data file of the lake is missing or altered.
        """
        if form.in_folder:
            with written_folder(target) as folder:
                self._fill(folder, form)
                size = sum(one.stat().st_size for one in folder.iterdir())
        else:
            with written_file(target) as aside:
                self._document(aside, form)
                size = aside.stat().st_size
        counts = {one.key: one.rows for one, _ in self._tables}
        return ExportResult(
            scenario_id=self._record.id,
            scenario_name=self._record.name,
            format=form.name,
            file_path=str(target),
            entities_exported=counts,
            total_entities=sum(counts.values()),
            file_size_bytes=size,
        )

    def _document(self, path: Path, form: Format) -> None:
        entities = ((one.key, self._rows(one)) for one, _ in self._tables)
        with _open_text(path, form) as stream:
            stream.writelines(documents.texts(self._head(), entities, self._tail))

    def _fill(self, folder: Path, form: Format) -> None:
        for one, entity_type in self._tables:
            path = folder / f"{one.table}{form.suffix}"
            if form.name == "ndjson":
                with _open_text(path, form) as stream:
                    stream.writelines(documents.lines(self._rows(one)))
            elif form.name == "csv":
                with _open_bytes(path, form) as raw:
                    self._frames(one, entity_type).write_csv(raw)
            else:
                self._frames(one, entity_type).write_parquet(path)
        about = {
            **self._head(),
            **self._tail(),
            "format": form.name,
            "entities": {table[0].key: _about(table, form) for table in self._tables},
        }
        (folder / ABOUT).write_text(_json.dumps_pretty(about) + "\n", encoding="utf-8")

    def _head(self) -> dict[str, Any]:
        return {**documents.head(self._record), "exported_at": _clock.iso(_clock.now())}

    def _tail(self) -> dict[str, Any]:
        """Return what is known of all rows once they were read."""
        return {"provenance": self._agreement.common} if self._include_provenance else {}

    def _rows(self, one: EntitySet) -> Iterator[list[dict[str, Any]]]:
        done = 0
        for block in row_blocks(self._storage, refs(one, self._record.id), self._agreement):
            done += len(block)
            if self._include_provenance:
                yield block
            else:
                yield [documents.without_provenance(row) for row in block]
            self._on_progress(one.key, done)

    def _frames(self, one: EntitySet, entity_type: EntityType) -> TableFrames:
        left_out = () if self._include_provenance else ROW_MARKS
        return TableFrames(
            self._storage,
            entity_type,
            self._record.id,
            refs(one, self._record.id),
            columns=export_columns(entity_type, without=left_out),
            agreement=self._agreement,
            on_rows=lambda rows: self._on_progress(one.key, rows),
        )


def _about(table: Table, form: Format) -> dict[str, Any]:
    one, entity_type = table
    described = {"file": f"{one.table}{form.suffix}", "rows": one.rows}
    if form.name == "ndjson":
        return described
    kinds = {spec.name: spec.type for spec in entity_type.columns}
    shown = export_columns(entity_type)
    return {**described, "columns": {name: kinds.get(name, "text") for name in shown}}


def _ignore(_key: str, _rows: int) -> None:
    """Tell nobody."""


@contextmanager
def _open_bytes(path: Path, form: Format) -> Iterator[IO[bytes]]:
    with path.open("wb", buffering=_BUFFER) as raw:
        if not form.gzipped:
            yield raw
            return
        # no name and no time inside: the same rows make the same bytes
        with gzip.GzipFile("", "wb", GZIP_LEVEL, raw, mtime=0) as packed:
            yield packed  # type: ignore[misc]  # a GzipFile is written to like any file


@contextmanager
def _open_text(path: Path, form: Format) -> Iterator[IO[str]]:
    with _open_bytes(path, form) as raw:
        text = io.TextIOWrapper(raw, encoding="ascii", newline="\n")
        yield text
        text.flush()
        text.detach()
