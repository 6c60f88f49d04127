"""What each change of a document commits."""

from __future__ import annotations

from collections.abc import Sequence

from healthsim_lake import _clock
from healthsim_lake.catalog.documents import (
    ChangeDocument,
    CreateDocument,
    DeleteDocument,
    DocumentIs,
    DocumentNameFree,
    DocumentState,
    RestoreDocument,
)
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.transaction import Draft
from healthsim_lake.errors import VersionConflictError
from healthsim_lake.library import ids


def creation(snapshot: Snapshot, new: Sequence[CreateDocument], operation: str) -> Draft:
    """Return the draft that adds documents.

    Raises:
        VersionConflictError: Somebody else's document got the same id at the same moment.
    """
    for one in new:
        if one.document_id in snapshot.state.documents:
            raise VersionConflictError(
                f"the id {one.document_id} was given to another document at the same moment; "
                "nothing was changed, save again"
            )
    return Draft(
        operation=operation,
        actions=tuple(new),
        requires=tuple(DocumentNameFree(collection=one.collection, name=one.name) for one in new),
        result=new[0].document_id if len(new) == 1 else None,
    )


def update(action: ChangeDocument, state: DocumentState) -> Draft:
    """Return the draft that changes a document as it was read."""
    return Draft(
        operation="update",
        actions=(action,),
        requires=(_unchanged(state),),
        result=state.record.id,
    )


def rename(state: DocumentState, name: str) -> Draft:
    """Return the draft that gives a document another name."""
    action = ChangeDocument(document_id=state.record.id, name=name, bump=False)
    free = DocumentNameFree(collection=state.collection, name=name, but=state.record.id)
    return Draft(
        operation="rename",
        actions=(action,),
        requires=(free, _unchanged(state)),
        result=state.record.id,
    )


def deletion(state: DocumentState, *, drop_executions: bool) -> Draft:
    """Return the draft that makes a document a tombstone."""
    until = ids.last_until(_clock.now()) if drop_executions else 0
    return Draft(
        operation="delete",
        actions=(DeleteDocument(document_id=state.record.id, drop_until=until),),
        requires=(_unchanged(state),),
        result=state.record.id,
    )


def restoration(state: DocumentState, name: str) -> Draft:
    """Return the draft that brings a document back."""
    return Draft(
        operation="restore",
        actions=(RestoreDocument(document_id=state.record.id, name=name),),
        requires=(
            DocumentNameFree(collection=state.collection, name=name),
            _unchanged(state),
        ),
        result=state.record.id,
    )


def _unchanged(state: DocumentState) -> DocumentIs:
    record = state.record
    return DocumentIs(document_id=record.id, revision=record.revision, version=record.version)
