"""Checks of what the log names: manifests, data files, documents, ledgers."""

from __future__ import annotations

import contextlib
import hashlib
from collections import defaultdict
from collections.abc import Iterable

import pyarrow as pa

from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.errors import (
    DamagedCommitError,
    DataFileAlteredError,
    DataFileMissingError,
    IntegrityError,
    KeyMissingError,
)
from healthsim_lake.maintenance.findings import Report
from healthsim_lake.maintenance.progress import Progress, counted
from healthsim_lake.maintenance.references import References
from healthsim_lake.scenarios.writing.pinned import PinnedTypes
from healthsim_lake.storage import layout
from healthsim_lake.tables import parquet, places
from healthsim_lake.tables.places import FileRef


class DataCheck:
    """Checks what versions name against what is there.

    Args:
        log: The lake's log.
        snapshot: What is true.
        report: Takes what is found.
        deep: Whether to read every byte, and not only compare sizes.
        tell: Told how far it got.
    """

    def __init__(
        self, log: CommitLog, snapshot: Snapshot, report: Report, *, deep: bool, tell: Progress
    ) -> None:
        self._log, self._storage, self._snapshot = log, log.storage, snapshot
        self._report, self._deep, self._tell = report, deep, tell
        self._types = PinnedTypes()
        self._schemas: dict[str, pa.Schema | None] = {}

    def run(self, needed: References, chosen: Iterable[ScenarioState]) -> None:
        """Check the chosen scenarios' records, and everything in `needed`."""
        for state in chosen:
            self._record(state)
        for one in needed.unreadable:
            where = f"{one.state.record.name}, version {one.version}"
            self._report.lost("manifest", where, one.reason)
        for ref in counted(list(needed.live.values()), "checking data files", self._tell):
            self._file(ref, live=True)
        for ref in counted(list(needed.past.values()), "checking earlier versions", self._tell):
            self._file(ref, live=False)

    def ledgers(self) -> None:
        """Check the files of executions."""
        for ledger, state in self._snapshot.state.ledgers.items():
            for file in state.files:
                key = layout.ledger_file(ledger, file.name)
                self._report.checked["ledger files"] += 1
                try:
                    data = self._storage.read(key)
                except KeyMissingError:
                    self._report.lost("ledger-file", key, "is missing")
                    continue
                if hashlib.sha256(data).hexdigest() != file.sha256:
                    self._report.lost("ledger-file", key, "differs from what was committed")

    def documents(self, needed: References) -> None:
        """Check that documents beside the log are there, and are what was committed."""
        there: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
        for room in ("scenarios", "profiles", "journeys"):
            for entry in self._storage.list(f"catalog/{room}"):
                parts = layout.document_parts(entry.key)
                if parts in needed.documents and not layout.is_statistics(entry.key):
                    there[parts].append(entry.key)
        self._report.checked["documents"] += len(needed.documents)
        for parts, wanted in sorted(needed.documents.items()):
            where = "/".join(("catalog", *parts))
            if len(there[parts]) < len(wanted):
                self._report.lost("document", where, "is missing")
            elif self._deep and not wanted <= self._digests(there[parts]):
                self._report.lost("document", where, "differs from what was committed")

    def _digests(self, keys: Iterable[str]) -> set[str]:
        found = set()
        for key in keys:
            with contextlib.suppress(KeyMissingError):  # then its digest is missing, and told
                found.add(hashlib.sha256(self._storage.read(key)).hexdigest())
        return found

    def _record(self, state: ScenarioState) -> None:
        record = state.record
        self._report.checked["scenarios"] += 1
        self._report.checked["versions"] += len(state.versions)
        if not record.deleted and self._snapshot.state.names.get(record.name) != record.id:
            self._report.lost("name", record.name, "is not found by its name")
        try:
            counts = self._log.manifest(state).counts
        except IntegrityError:
            return  # told by the references
        if counts != record.entity_counts:
            self._report.lost("counts", record.name, "its record counts other rows than its files")

    def _file(self, ref: FileRef, *, live: bool) -> None:
        self._report.checked["data files"] += 1
        try:
            key = places.locate(self._storage, ref)
            if self._deep:
                self._report.checked["bytes"] += ref.file.bytes
                self._content(ref, self._storage.read(key), live=live)
        except (DataFileMissingError, KeyMissingError):
            if self._still_needed(ref):
                self._report.lost("data-file-missing", str(ref), "is nowhere")
        except DataFileAlteredError as error:
            self._report.lost("data-file-altered", str(ref), str(error))

    def _still_needed(self, ref: FileRef) -> bool:
        """Return whether a file that is gone was not forgotten or moved while this looked."""
        head = self._log.refresh()
        if head.version == self._snapshot.version:
            return True
        try:
            places.locate(self._storage, ref)
        except DataFileMissingError:
            now = head.scenarios.get(ref.scenario_id)
            return now is not None and head.state.retention == self._snapshot.state.retention
        return False

    def _content(self, ref: FileRef, data: bytes, *, live: bool) -> None:
        if hashlib.sha256(data).hexdigest() != ref.file.sha256:
            raise DataFileAlteredError("differs from what was committed (SHA-256)")
        table, _ = parquet.read_table(data, where=str(ref))
        if len(table) != ref.file.rows:
            self._report.lost(
                "rows", str(ref), f"holds {len(table)} rows, {ref.file.rows} were committed"
            )
        schema = self._schema(ref.table) if live else None
        if schema is not None and not schema.equals(_plain(table.schema)):
            self._report.lost("schema", str(ref), f"has other columns than the table {ref.table}")

    def _schema(self, table: str) -> pa.Schema | None:
        """Return the columns that a table was declared with; None, with a finding, if none were."""
        if table not in self._schemas:
            self._schemas[table] = None
            try:
                declared = self._types.find(table, self._snapshot)
            except DamagedCommitError as error:
                self._report.lost("declaration", table, str(error))
            else:
                if declared is None:
                    self._report.lost("declaration", table, "has rows and was never declared")
                else:
                    self._schemas[table] = _plain(declared.arrow_schema)
        return self._schemas[table]


def _plain(schema: pa.Schema) -> pa.Schema:
    """Return a schema as names and types; long and short text are the same in Parquet."""
    return pa.schema(
        pa.field(one.name, pa.string() if pa.types.is_large_string(one.type) else one.type)
        for one in schema
    )
