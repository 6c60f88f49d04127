"""Specifications on their way into a commit and out of it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from healthsim_lake import _json
from healthsim_lake.catalog.commit import digest
from healthsim_lake.catalog.documents import Body, BodyRef, Collection, DocumentRevision
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.errors import DamagedCommitError, InputError, KeyMissingError
from healthsim_lake.storage import Storage, layout

INLINE_BYTES = 16 * 1024


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
        kept = _json.kept(dict(spec))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"this specification cannot be kept: {error}") from error
    data = _json.dumps(kept)
    if len(data) < INLINE_BYTES:
        return Body(spec=kept)
    document_id, txn_id = ids
    storage.create(layout.document(collection, document_id, txn_id), data)
    return BodyRef(txn_id=txn_id, sha256=digest(data))


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


def _read_document(
    storage: Storage, collection: Collection, document_id: str, ref: BodyRef
) -> dict[str, Any]:
    key = layout.document(collection, document_id, ref.txn_id)
    try:
        data = storage.read(key)
    except KeyMissingError as error:
        raise DamagedCommitError(f"the specification {key} is missing") from error
    if digest(data) != ref.sha256:
        raise DamagedCommitError(f"the specification {key} was altered")
    found: dict[str, Any] = _json.loads(data)
    return found
