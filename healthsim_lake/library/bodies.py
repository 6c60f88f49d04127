"""Specifications on their way into a commit and out of it again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from healthsim_lake import _json
from healthsim_lake.catalog import beside
from healthsim_lake.catalog.beside import INLINE_BYTES
from healthsim_lake.catalog.documents import (
    Body,
    BodyRef,
    ChangeDocument,
    Collection,
    CreateDocument,
    DocumentRevision,
    DocumentState,
)
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.errors import DamagedCommitError, InputError, KeyMissingError
from healthsim_lake.storage import Storage, layout


def stored(
    storage: Storage, spec: Mapping[str, Any], collection: Collection, *, ids: tuple[str, str]
) -> Body | BodyRef:
    """Return what a commit says of `spec`: itself, or a reference to where it was written.

    Args:
        storage: Where to.
        spec: JSON values.
        collection: The kind of document.
        ids: Of the document and of the transaction.

    Raises:
        InputError: A part of it cannot be kept: too deep, too large a number, no text.
    """
    try:
        text = _json.kept_text(dict(spec))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"this specification cannot be kept: {error}") from error
    if len(text) < INLINE_BYTES:
        return Body(spec=_json.loads(text))
    document_id, txn_id = ids
    key = layout.document(collection, document_id, txn_id)
    written = beside.write(storage, key, text.encode("ascii"))
    return BodyRef(txn_id=txn_id, sha256=written)


def discard(
    storage: Storage, body: Body | BodyRef | None, collection: Collection, document_id: str
) -> None:
    """Remove what `stored` wrote for a transaction that was not committed."""
    if isinstance(body, BodyRef):
        storage.delete(layout.document(collection, document_id, body.txn_id))


def read(
    log: CommitLog, collection: Collection, document_id: str, revision: DocumentRevision
) -> dict[str, Any]:
    """Return the specification of one revision of a document.

    Raises:
        DamagedCommitError: It is missing or altered.
    """
    return read_at(log, collection, document_id, revision.body_commit)


def read_at(
    log: CommitLog, collection: Collection, document_id: str, commit: int
) -> dict[str, Any]:
    """Return the specification that a commit brought; see `read`."""
    for action in log.read(commit).actions:
        body = getattr(action, "body", None)
        if body is not None and getattr(action, "document_id", None) == document_id:
            if isinstance(body, Body):
                return dict(body.spec)
            return _read_document(log.storage, collection, document_id, body)
    raise DamagedCommitError(f"commit {commit} holds no specification of {document_id}")


def products_at(log: CommitLog, state: DocumentState, moment: datetime) -> tuple[str, ...]:
    """Return the products that a document was meant for at a time.

    The state only keeps those of now; where it changed since, the commits tell.
    """
    earlier = [one.commit for one in state.revisions if one.timestamp <= moment]
    if len(earlier) == len(state.revisions):
        return state.record.products
    for commit in reversed(earlier):
        for action in log.read(commit).actions:
            if (
                isinstance(action, CreateDocument | ChangeDocument)
                and action.document_id == state.record.id
                and action.products is not None
            ):
                return action.products
    return state.record.products


def _read_document(
    storage: Storage, collection: Collection, document_id: str, ref: BodyRef
) -> dict[str, Any]:
    key = layout.document(collection, document_id, ref.txn_id)
    try:
        data = storage.read(key)
    except KeyMissingError as error:
        raise DamagedCommitError(f"the specification {key} is missing") from error
    try:
        found = _json.loads(beside.verified(data, ref.sha256, f"the specification {key}"))
    except (ValueError, RecursionError) as error:
        raise DamagedCommitError(f"the specification {key} is no JSON") from error
    if not isinstance(found, dict):
        raise DamagedCommitError(f"the specification {key} is no object")
    return found
