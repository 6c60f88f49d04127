"""What a range of commits needs beside itself: data files, manifests and other documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from healthsim_lake.catalog import beside
from healthsim_lake.catalog.actions import RowsAction
from healthsim_lake.catalog.commit import Commit, parse_commit
from healthsim_lake.catalog.documents import BodyRef, ChangeDocument, CreateDocument
from healthsim_lake.catalog.ledgers import ExtendLedger
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.records import FileGroup, Manifest, ManifestRef
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.errors import DamagedCommitError, KeyMissingError
from healthsim_lake.storage import Storage, layout
from healthsim_lake.tables.places import FileRef, in_parallel

Name = tuple[str, str, str]
"""Table, scenario id and name of a data file."""


@dataclass(frozen=True, slots=True)
class Link:
    """One commit with the bytes that it stands in the log with."""

    commit: Commit
    data: bytes


@dataclass(frozen=True, slots=True)
class Document:
    """A document that a commit names.

    Attributes:
        key: Where it stands, in both lakes.
        sha256: Of its bytes.
        needed: False for what may be gone without damage.
        size: Its bytes; 0 where only the document itself tells.
    """

    key: str
    sha256: str
    needed: bool
    size: int = 0


@dataclass(slots=True)
class Inventory:
    """What commits need.

    Attributes:
        links: The commits, in order.
        live: Data files that the last of them leaves live.
        past: Data files that came and went within them.
        retired: Data files of earlier commits that they supersede.
        documents: All the rest.
    """

    links: list[Link] = field(default_factory=list)
    live: dict[Name, FileRef] = field(default_factory=dict)
    past: dict[Name, FileRef] = field(default_factory=dict)
    retired: set[Name] = field(default_factory=set)
    documents: list[Document] = field(default_factory=list)


def inventory(log: CommitLog, first: int, last: int) -> Inventory:
    """Return what commits `first` to `last` of a lake need.

    A manifest that no scenario has any more may have been forgotten, and its files with it.

    Raises:
        DamagedCommitError: A commit or a manifest is missing or altered.
    """
    found, storage, head = Inventory(), log.storage, log.latest()
    gone_ledgers: set[str] = set()
    for link in _links(storage, first, last):
        found.links.append(link)
        known, forgotten = _files_of(storage, link.commit, found.documents, head)
        for name in names(link.commit.publishes):
            if name[1] in forgotten:
                continue
            if name not in known:
                raise DamagedCommitError(
                    f"commit {link.commit.version} publishes {name[2]}, which no manifest of it has"
                )
            found.live[name] = known[name]
        for name in names(link.commit.retires):
            ref = found.live.pop(name, None)
            if ref is None:
                found.retired.add(name)
            else:
                found.past[name] = ref
        for action in link.commit.actions:
            if isinstance(action, ExtendLedger):
                gone_ledgers.update(
                    layout.ledger_file(action.ledger, name) for name in action.replaces
                )
    found.documents = [
        Document(one.key, one.sha256, needed=False, size=one.size)
        if one.key in gone_ledgers
        else one
        for one in found.documents
    ]
    return found


def names(groups: Sequence[FileGroup]) -> Iterator[Name]:
    """Yield the data files of groups."""
    return ((group.table, group.scenario_id, name) for group in groups for name in group.names)


def _links(storage: Storage, first: int, last: int) -> Iterator[Link]:
    versions = range(first, last + 1)
    for version, data in zip(
        versions, in_parallel(storage, lambda one: _bytes(storage, one), versions), strict=True
    ):
        yield Link(parse_commit(data, version), data)


def _bytes(storage: Storage, version: int) -> bytes:
    try:
        return storage.read(layout.commit(version))
    except KeyMissingError as error:
        raise DamagedCommitError(f"commit {version} is missing from the log") from error


def _files_of(
    storage: Storage, commit: Commit, documents: list[Document], head: Snapshot
) -> tuple[dict[Name, FileRef], set[str]]:
    """Return the data files that the manifests of a commit name; note its documents.

    Returns:
        The files, and the scenarios whose manifest of that time was forgotten.
    """
    found: dict[Name, FileRef] = {}
    forgotten: set[str] = set()
    for action in commit.actions:
        if isinstance(action, RowsAction):
            manifest = action.manifest
            scenario_id = action.scenario_id
            if isinstance(manifest, ManifestRef):
                key = layout.manifest(scenario_id, manifest.txn_id)
                state = head.scenarios.get(scenario_id)
                if storage.stat(key) is None and (state is None or state.manifest != manifest):
                    forgotten.add(scenario_id)
                    continue
                documents.append(Document(key, manifest.sha256, needed=True))
                manifest = _read_manifest(storage, key, manifest.sha256)
            for one in manifest.sets:
                for file in one.files:
                    found[one.table, scenario_id, file.name] = FileRef(one.table, scenario_id, file)
            if action.statistics is not None:
                key = layout.statistics(scenario_id, action.statistics.name)
                documents.append(Document(key, action.statistics.sha256, needed=False))
        elif isinstance(action, CreateDocument | ChangeDocument):
            documents.extend(_body(action))
        elif isinstance(action, ExtendLedger):
            new = action.file
            key = layout.ledger_file(action.ledger, new.name)
            documents.append(Document(key, new.sha256, needed=True, size=new.bytes))
    return found, forgotten


def _body(action: CreateDocument | ChangeDocument) -> Iterator[Document]:
    if isinstance(action.body, BodyRef):
        collection = f"{action.document_id.partition('-')[0]}s"
        key = layout.document(collection, action.document_id, action.body.txn_id)
        yield Document(key, action.body.sha256, needed=True)


def _read_manifest(storage: Storage, key: str, sha256: str) -> Manifest:
    try:
        data = storage.read(key)
    except KeyMissingError as error:
        raise DamagedCommitError(f"the manifest {key} is missing") from error
    return beside.parsed_manifest(data, sha256, f"the manifest {key}")
