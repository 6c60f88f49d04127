"""The documents of one collection, as they stand in a snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from healthsim_lake._shown import shown, similar
from healthsim_lake.catalog.documents import Collection, DocumentRevision, DocumentState
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.errors import DocumentNotFoundError, VersionNotFoundError

SINGULAR: Mapping[Collection, str] = {"profiles": "profile", "journeys": "journey"}


class Shelf:
    """Finds profiles, or journeys, by name and id; ids win.

    Args:
        snapshot: Where to look.
        collection: The kind of document.
    """

    def __init__(self, snapshot: Snapshot, collection: Collection) -> None:
        self._state, self._documents = snapshot.state, snapshot.state.documents
        self._collection = collection
        self._noun = SINGULAR[collection].capitalize()

    def __iter__(self) -> Iterator[DocumentState]:
        """Yield all documents, tombstones included, in the order they were first saved."""
        return (one for one in self._documents.values() if one.collection == self._collection)

    def named(self, name: str) -> DocumentState | None:
        """Return the document of that name that is not deleted, or None."""
        return self._state.document_named(self._collection, name) if isinstance(name, str) else None

    def find(self, ref: str) -> DocumentState | None:
        """Return the document with that id or name, or None; tombstones do not count."""
        found = self._by_id(ref)
        return self.named(ref) if found is None or found.record.deleted else found

    def find_deleted(self, ref: str) -> DocumentState | None:
        """Return the tombstone with that id, or the one of that name that was deleted last."""
        found = self._by_id(ref)
        if found is not None:
            return found if found.record.deleted else None
        graves = [one for one in self if one.record.deleted and one.record.name == ref]
        return max(graves, key=lambda one: one.revisions[-1].commit, default=None)

    def get(self, ref: str) -> DocumentState:
        """Return the document with that id or name.

        Raises:
            DocumentNotFoundError: There is none; the message says whether `restore` helps.
        """
        found = self.find(ref)
        if found is not None:
            return found
        if self.find_deleted(ref) is not None:
            raise DocumentNotFoundError(
                f"{self._noun} {shown(ref)} not found: it was deleted; restore({shown(ref)}) "
                "brings it back"
            )
        hint = similar(ref, (one.record.name for one in self if not one.record.deleted))
        raise DocumentNotFoundError(f"{self._noun} {shown(ref)} not found in the lake{hint}")

    def get_even_deleted(self, ref: str) -> DocumentState:
        """Return the document, or what is left of it, with that id or name.

        Raises:
            DocumentNotFoundError: There never was one.
        """
        return self.find(ref) or self.find_deleted(ref) or self.get(ref)

    def _by_id(self, ref: str) -> DocumentState | None:
        found = self._documents.get(ref) if isinstance(ref, str) else None
        return found if found is not None and found.collection == self._collection else None


def revision_of(state: DocumentState, version: int | None) -> DocumentRevision:
    """Return the last revision at a version of the specification; None means the newest.

    Raises:
        VersionNotFoundError: The document never had that version.
    """
    record = state.record
    if version is None:
        return state.revisions[-1]
    at_version = [one for one in state.revisions if one.version == version]
    if not at_version:
        raise VersionNotFoundError(
            f"{SINGULAR[state.collection].capitalize()} '{record.name}' has no version {version}; "
            f"it has 1 to {record.version}"
        )
    return at_version[-1]
