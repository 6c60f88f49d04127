"""What the catalog knows of profiles and journeys: versioned documents, and the changes to them.

A document is a specification with a name. Its versions count 1, 2, 3 …; every one stays readable.
The state keeps the records; the specifications themselves stand in the commits that brought them,
or beside the log when they are large.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from healthsim_lake.catalog.records import TXN_PATTERN, Digest, Record, Timestamp

MAX_EXECUTION_ID = 2**53 - 1
"""Ids of executions are integers that every JSON reader keeps exactly."""

Collection = Literal["profiles", "journeys"]
"""The kinds of document that a lake keeps."""

DOCUMENT_PATTERN = r"^(profile|journey)-[0-9a-f]{8}$"
DocumentId = Annotated[str, Field(pattern=DOCUMENT_PATTERN)]


class Body(Record):
    """A specification that stands inside its commit."""

    spec: dict[str, Any]


class BodyRef(Record):
    """A specification that stands in a document of its own because it is large.

    Attributes:
        txn_id: The transaction that wrote it, which names the document.
        sha256: Of the document's bytes.
    """

    txn_id: str = Field(pattern=TXN_PATTERN)
    sha256: Digest


class DocumentRecord(Record):
    """A profile or a journey, without its specification.

    Attributes:
        id: ``profile-`` or ``journey-`` and eight hex digits.
        name: Unique among the documents of its collection that are not deleted.
        description: Free text, or None.
        products: Products that it is meant for.
        tags: Labels to find it by.
        metadata: Any JSON object of the caller's.
        figures: Numbers read from the specification for lists, e.g. ``event_count``.
        version: Of the specification: 1, 2, 3 …
        revision: One more with every change of any kind.
        created_at: When it was first saved.
        updated_at: When it last changed.
        deleted: Whether it is a tombstone that `restore` can bring back.
    """

    id: DocumentId
    name: str
    description: str | None = None
    products: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    figures: dict[str, int | float | None] = {}
    version: int = Field(ge=1)
    revision: int = Field(ge=1)
    created_at: Timestamp
    updated_at: Timestamp
    deleted: bool = False


class DocumentRevision(Record):
    """One change that a document went through.

    Attributes:
        revision: 1, 2, 3 …
        version: The version of the specification from then on.
        commit: The commit that made the change.
        body_commit: The commit that holds the specification of this revision.
        timestamp: When.
        operation: What was done, e.g. ``save``, ``update``.
        author: Who, if given.
        message: Why, if given.
    """

    revision: int = Field(ge=1)
    version: int = Field(ge=1)
    commit: int = Field(ge=1)
    body_commit: int = Field(ge=1)
    timestamp: Timestamp
    operation: str
    author: str | None = None
    message: str | None = None


class DocumentState(Record):
    """A document with everything that happened to it.

    Attributes:
        collection: The kind of document.
        record: As it is now.
        revisions: All changes, oldest first.
        dropped_until: Executions up to this id do not count any more; 0 for none.
    """

    collection: Collection
    record: DocumentRecord
    revisions: tuple[DocumentRevision, ...]
    dropped_until: int = Field(default=0, ge=0, le=MAX_EXECUTION_ID)


class CreateDocument(Record):
    """A document that was not there before."""

    kind: Literal["create_document"] = "create_document"
    collection: Collection
    document_id: DocumentId
    name: str
    description: str | None = None
    products: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    figures: dict[str, int | float | None] = {}
    body: Body | BodyRef


class ChangeDocument(Record):
    """Another specification, name or description; what is None stays.

    Attributes:
        bump: Whether the version of the specification counts up.
    """

    kind: Literal["change_document"] = "change_document"
    document_id: DocumentId
    name: str | None = None
    description: str | None = None
    products: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    metadata: dict[str, Any] | None = None
    figures: dict[str, int | float | None] | None = None
    body: Body | BodyRef | None = None
    bump: bool = True


class DeleteDocument(Record):
    """Turn a document into a tombstone: its name is free, its versions wait.

    Attributes:
        drop_until: Its executions up to this id do not count any more; 0 keeps them.
    """

    kind: Literal["delete_document"] = "delete_document"
    document_id: DocumentId
    drop_until: int = Field(default=0, ge=0, le=MAX_EXECUTION_ID)


class RestoreDocument(Record):
    """Bring a document back, perhaps under another name."""

    kind: Literal["restore_document"] = "restore_document"
    document_id: DocumentId
    name: str


class DocumentNameFree(Record):
    """No document of the collection that is not deleted has this name, except perhaps this one."""

    kind: Literal["document_name_free"] = "document_name_free"
    collection: Collection
    name: str
    but: DocumentId | None = None


class DocumentIs(Record):
    """The document is at this revision, whether deleted or not; the version is for messages."""

    kind: Literal["document_is"] = "document_is"
    document_id: DocumentId
    revision: int = Field(ge=1)
    version: int = Field(ge=1)
