"""How actions on documents and ledgers change the state."""

from __future__ import annotations

from healthsim_lake.catalog.commit import Commit
from healthsim_lake.catalog.documents import (
    ChangeDocument,
    CreateDocument,
    DeleteDocument,
    DocumentRecord,
    DocumentRevision,
    DocumentState,
    RestoreDocument,
)
from healthsim_lake.catalog.ledgers import ExtendLedger, LedgerState
from healthsim_lake.catalog.state import State

_KEPT_AS_GIVEN = ("name", "description", "products", "tags", "metadata", "figures")


def create_document(action: CreateDocument, state: State, commit: Commit) -> None:
    """Put a new document into the state."""
    record = DocumentRecord(
        id=action.document_id,
        **{field: getattr(action, field) for field in _KEPT_AS_GIVEN},
        version=1,
        revision=1,
        created_at=commit.timestamp,
        updated_at=commit.timestamp,
    )
    state.put_document(
        DocumentState(
            collection=action.collection,
            record=record,
            revisions=(_revision(record, commit, body_commit=commit.version),),
        )
    )


def change_document(action: ChangeDocument, state: State, commit: Commit) -> None:
    """Change what is given of a document."""
    given = {field: getattr(action, field) for field in _KEPT_AS_GIVEN}
    _change(
        state,
        action.document_id,
        commit,
        new_body=action.body is not None,
        bump=action.bump,
        **{field: value for field, value in given.items() if value is not None},
    )


def delete_document(action: DeleteDocument, state: State, commit: Commit) -> None:
    """Make a document a tombstone, and forget its executions if asked to."""
    _change(state, action.document_id, commit, deleted=True)
    if action.drop_until:
        former = state.documents[action.document_id]
        until = max(former.dropped_until, action.drop_until)
        state.put_document(former.model_copy(update={"dropped_until": until}))
        ledger = state.ledgers.get(former.collection)
        if ledger is not None:
            tallies = dict(ledger.tallies)
            tallies.pop(action.document_id, None)
            state.ledgers[former.collection] = ledger.model_copy(update={"tallies": tallies})


def restore_document(action: RestoreDocument, state: State, commit: Commit) -> None:
    """Bring a document back."""
    _change(state, action.document_id, commit, deleted=False, name=action.name)


def extend_ledger(action: ExtendLedger, state: State, _commit: Commit) -> None:
    """Add a file to a ledger."""
    former = state.ledgers.get(action.ledger, LedgerState())
    tallies = dict(former.tallies)
    for document_id, new in action.tallies.items():
        old = tallies.get(document_id)
        tallies[document_id] = new if old is None else old.plus(new)
    gone = set(action.forgets)
    state.ledgers[action.ledger] = LedgerState(
        version=former.version + 1,
        files=(*(one for one in former.files if one.name not in action.replaces), action.file),
        folded=(*(one for one in former.folded if one not in gone), *action.folds),
        tallies=tallies,
        last_batch_id=max(former.last_batch_id, action.last_batch_id),
    )


def _change(
    state: State,
    document_id: str,
    commit: Commit,
    *,
    new_body: bool = False,
    bump: bool = False,
    **given: object,
) -> None:
    former = state.documents[document_id]
    record = former.record.model_copy(
        update={
            **given,
            "version": former.record.version + bump,
            "revision": former.record.revision + 1,
            "updated_at": commit.timestamp,
        }
    )
    body_commit = commit.version if new_body else former.revisions[-1].body_commit
    revision = _revision(record, commit, body_commit=body_commit)
    state.put_document(
        former.model_copy(update={"record": record, "revisions": (*former.revisions, revision)})
    )


def _revision(record: DocumentRecord, commit: Commit, *, body_commit: int) -> DocumentRevision:
    return DocumentRevision(
        revision=record.revision,
        version=record.version,
        commit=commit.version,
        body_commit=body_commit,
        timestamp=commit.timestamp,
        operation=commit.operation,
        author=commit.author,
        message=commit.message,
    )
