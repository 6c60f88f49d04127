"""What the log still needs: every file and document that a version which may be read names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from healthsim_lake.catalog.commit import Commit
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.records import Manifest, StatisticsRef
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.errors import IntegrityError
from healthsim_lake.maintenance.progress import Progress, counted, silent
from healthsim_lake.tables.places import FileRef, refs


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A version whose manifest cannot be read.

    Attributes:
        state: The scenario.
        version: Its version.
        reason: Why.
    """

    state: ScenarioState
    version: int
    reason: str


@dataclass(slots=True)
class References:
    """What is named by the versions that may be read.

    Attributes:
        live: Data files of scenarios as they are now, by name.
        past: Data files of their earlier versions, and of tombstones.
        documents: SHA-256 of documents beside the log, by collection, owner and transaction.
        dispensable: Documents, likewise, that may be missing: what they say can be computed.
        ledger_files: Ledger and name of files of executions.
        unreadable: Versions whose manifest cannot be read; what they name is not known.
    """

    live: dict[str, FileRef] = field(default_factory=dict)
    past: dict[str, FileRef] = field(default_factory=dict)
    documents: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
    dispensable: set[tuple[str, str, str]] = field(default_factory=set)
    ledger_files: set[tuple[str, str]] = field(default_factory=set)
    unreadable: list[Unreadable] = field(default_factory=list)

    def take(self, other: References) -> None:
        """Add the documents that other versions name."""
        for document, digests in other.documents.items():
            self.documents.setdefault(document, set()).update(digests)
        self.dispensable |= other.dispensable

    def names(self, document: tuple[str, str, str] | None) -> bool:
        """Return whether any version names a document; see `layout.document_parts`."""
        return document in self.documents or document in self.dispensable

    def file(self, name: str) -> FileRef | None:
        """Return the data file of that name, if any version needs it."""
        return self.live.get(name) or self.past.get(name)


def collect(log: CommitLog, snapshot: Snapshot, tell: Progress = silent) -> References:
    """Return what the versions in `snapshot` name; each commit is read once.

    Args:
        log: The lake's log.
        snapshot: Its scenarios list the versions that may be read.
        tell: Told how many scenarios were looked at.
    """
    collecting = _Collecting(log)
    for state in counted(list(snapshot.scenarios.values()), "reading manifests", tell):
        collecting.scenario(state)
    for document in snapshot.state.documents.values():
        for commit in {one.body_commit for one in document.revisions}:
            collecting.documents(commit, document.collection, document.record.id)
    found = collecting.found
    for ledger, ledger_state in snapshot.state.ledgers.items():
        found.ledger_files.update((ledger, one.name) for one in ledger_state.files)
    for name in found.live:
        found.past.pop(name, None)
    return found


class _Collecting:
    def __init__(self, log: CommitLog) -> None:
        self._log, self.found = log, References()
        self._commits: dict[int, Commit] = {}

    def scenario(self, state: ScenarioState) -> None:
        """Take in all versions of a scenario."""
        newest = state.versions[-1].manifest_commit
        seen = set()
        for one in reversed(state.versions):
            if one.manifest_commit in seen:
                continue
            seen.add(one.manifest_commit)
            is_live = one.manifest_commit == newest and not state.record.deleted
            room = self.found.live if is_live else self.found.past
            try:
                manifest = self._log.manifest(state, one.version)
                self.documents(one.manifest_commit, "scenarios", state.record.id)
            except IntegrityError as error:
                self.found.unreadable.append(Unreadable(state, one.version, str(error)))
                continue
            for ref in files_of(manifest, state.record.id):
                room[ref.file.name] = ref

    def documents(self, commit: int, collection: str, owner: str) -> None:
        """Take in the documents beside the log that a commit names for a scenario or document."""
        if commit not in self._commits:
            self._commits[commit] = self._log.read(commit)
        for action in self._commits[commit].actions:
            owners = getattr(action, "scenario_id", None), getattr(action, "document_id", None)
            if owner in owners:
                for _, value in action:
                    if isinstance(value, StatisticsRef):
                        written_by = value.name.split("-")[0]
                        self.found.dispensable.add((collection, owner, written_by))
                    txn = getattr(value, "txn_id", None)
                    if txn is not None:
                        known = self.found.documents.setdefault((collection, owner, txn), set())
                        known.add(value.sha256)


def files_of(manifest: Manifest, scenario_id: str) -> Iterator[FileRef]:
    """Yield all data files of one state of a scenario."""
    for one in manifest.sets:
        yield from refs(one, scenario_id)
