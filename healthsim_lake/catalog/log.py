"""The commit log of a lake: its head, and what it says of the past."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from healthsim_lake import _json
from healthsim_lake._clock import to_utc
from healthsim_lake._shown import shown
from healthsim_lake.catalog import beside, chain, checkpoint
from healthsim_lake.catalog.actions import RowsAction
from healthsim_lake.catalog.commit import digest
from healthsim_lake.catalog.head import LogHead
from healthsim_lake.catalog.records import Manifest, ManifestRef, ScenarioRecord, Statistics
from healthsim_lake.catalog.retention_fold import applied
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.catalog.uncollected import uncollected
from healthsim_lake.errors import (
    DamagedCommitError,
    DataFileMissingError,
    InputError,
    KeyMissingError,
    VersionNotFoundError,
)
from healthsim_lake.storage import layout


class CommitLog(LogHead):
    """Answers for every version of a lake, and for every version of a scenario."""

    def at(self, *, version: int | None = None, timestamp: datetime | None = None) -> Snapshot:
        """Return the snapshot of a version of the lake, or the newest one not after a time.

        Raises:
            VersionNotFoundError: There is no such version, nothing was committed by then, or
                `vacuum` has forgotten it.
            InputError: The time is no datetime.
        """
        head = self.refresh()
        if version is None and timestamp is None:
            return head
        if timestamp is not None:
            if not isinstance(timestamp, datetime):
                raise InputError(
                    "a time must be a datetime, such as datetime.fromisoformat('2026-11-21T09:30'),"
                    f" not {shown(timestamp)}"
                )
            version = self.version_at(timestamp)
        if version is None or not 0 <= version <= head.version:
            raise VersionNotFoundError(
                f"the lake has no version {version}; it has 0 to {head.version}"
            )
        if version == head.version:
            return head
        if version < head.state.retention.before:
            raise VersionNotFoundError(f"version {version} of the lake {head.forgotten()}")
        past = self._rebuild(version)
        return replace(past, state=applied(past.state, head.state))

    def _rebuild(self, version: int) -> Snapshot:
        with uncollected():
            listed = checkpoint.keys(self.storage)
            lake_id = self._require().lake.lake_id
            start = checkpoint.newest(self.storage, lake_id, listed=listed, until=version)
            if start is None:
                found = chain.read_lake_file(self.storage)
                base = Snapshot(version=0, digest="" if found is None else found[1])
            else:
                base = start.snapshot
            commits = (self.read(number) for number in range(base.version + 1, version + 1))
            return base.advance((commit, "") for commit in commits)

    def version_at(self, moment: datetime) -> int:
        """Return the last version not after `moment`; naive times mean UTC.

        Raises:
            VersionNotFoundError: Nothing was committed by then.
        """
        # Times never go backwards.
        low, high, moment = 0, self.refresh().version, to_utc(moment)
        while low < high:
            middle = (low + high + 1) // 2
            if self.read(middle).timestamp <= moment:
                low = middle
            else:
                high = middle - 1
        if low == 0:
            raise VersionNotFoundError(f"nothing was committed to the lake by {moment}")
        return low

    def manifest(self, state: ScenarioState, version: int | None = None) -> Manifest:
        """Return the manifest of a scenario's newest state, or of one of its versions.

        Raises:
            VersionNotFoundError: The scenario never had that version.
            DamagedCommitError: The manifest is missing or altered.
        """
        manifest: Manifest | ManifestRef = state.manifest
        if version is not None and version != state.record.version:
            manifest = self._rows_in(state, version).manifest
        if isinstance(manifest, Manifest):
            return manifest
        try:
            data = self.storage.read(layout.manifest(state.record.id, manifest.txn_id))
        except KeyMissingError:
            self.refuse_forgotten(state.record, version)
            raise DamagedCommitError(
                f"the manifest {manifest.txn_id} of scenario {state.record.id} is missing"
            ) from None
        what = f"the manifest {manifest.txn_id}"
        return beside.parsed_manifest(data, manifest.sha256, what)

    @contextmanager
    def reading(self, *records: ScenarioRecord) -> Iterator[None]:
        """Say of a file that is missing what became of its version since it was looked up.

        Args:
            records: Those of the versions whose rows are read.

        Raises:
            VersionNotFoundError: Maintenance has forgotten one meanwhile.
            PurgedError: The scenario was purged.
            DataFileMissingError: None of that.
        """
        try:
            yield
        except DataFileMissingError:
            for record in records:
                self.refuse_forgotten(record)
            raise

    def refuse_forgotten(self, record: ScenarioRecord, version: int | None = None) -> None:
        """Return unless a version of a scenario was forgotten, or purged, since it was read.

        Args:
            record: The scenario's.
            version: The version; None for that of the record.

        Raises:
            VersionNotFoundError: It was forgotten; says by what.
            PurgedError: The scenario was purged.
            LakeReplacedError: The lake is not the one that was read.
        """
        head = self.refresh()
        self.verify_identity()
        head.refuse_purged(record.id)
        wanted = record.version if version is None else version
        now = head.scenarios.get(record.id)
        if now is None or wanted < now.versions[0].version:
            raise VersionNotFoundError(
                f"Version {wanted} of scenario '{record.name}' {head.forgotten()}"
            )

    def _no_version(self, state: ScenarioState, version: int) -> VersionNotFoundError:
        name, first = state.record.name, state.versions[0].version
        if 1 <= version < first:
            return VersionNotFoundError(
                f"Version {version} of scenario '{name}' {self.refresh().forgotten()}"
            )
        return VersionNotFoundError(
            f"Scenario '{name}' has no version {version}; it has {first} to {state.record.version}"
        )

    def statistics(self, state: ScenarioState, version: int | None = None) -> Statistics | None:
        """Return what was computed of a scenario's rows when they were written.

        They are no part of the snapshot: this reads a commit and a document.

        Returns:
            None where nothing was kept, or what was kept is damaged: everything in them can be
            computed anew from the rows.

        Raises:
            VersionNotFoundError: The scenario never had that version.
        """
        kept = self._rows_in(state, version).statistics
        if kept is None:
            return None
        try:
            data = self.storage.read(layout.statistics(state.record.id, kept.name))
        except KeyMissingError:
            return None
        if digest(data) != kept.sha256:
            return None
        try:
            return Statistics.model_validate(_json.loads(data))
        except (ValueError, RecursionError):
            return None

    def _rows_in(self, state: ScenarioState, version: int | None) -> RowsAction:
        """Return the action that gave a version of a scenario its rows: the last of its commit."""
        wanted = state.record.version if version is None else version
        chosen = next((one for one in reversed(state.versions) if one.version == wanted), None)
        if chosen is None:
            raise self._no_version(state, wanted)
        for action in reversed(self.read(chosen.manifest_commit).actions):
            if isinstance(action, RowsAction) and action.scenario_id == state.record.id:
                return action
        raise DamagedCommitError(
            f"commit {chosen.manifest_commit} holds no manifest of scenario {state.record.id}"
        )
