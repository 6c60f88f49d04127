"""A commit: one link of the chain that says what is true."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import Field, ValidationError

from healthsim_lake.catalog.actions import Action, Requirement
from healthsim_lake.catalog.records import (
    DIGEST_PATTERN,
    TXN_PATTERN,
    UUID_PATTERN,
    FileGroup,
    Record,
    Timestamp,
)
from healthsim_lake.errors import (
    DamagedCommitError,
    NewerFormatError,
    NotALakeError,
)

FORMAT = 1
MAGIC: Literal["healthsim-lake"] = "healthsim-lake"
READER_FEATURES: frozenset[str] = frozenset()
"""Optional features of the format that this release can follow; version 1 has none yet."""


class TornCommitError(DamagedCommitError):
    """A commit is no complete JSON text: part of it was not written, or not yet."""


class LakeFile(Record):
    """What ``catalog/lake.json`` holds; written once."""

    magic: Literal["healthsim-lake"] = MAGIC
    format: int = Field(default=FORMAT, ge=1)
    lake_id: str = Field(pattern=UUID_PATTERN)


class Commit(Record):
    """One committed change.

    Attributes:
        format: Major version of the format.
        version: Its place in the log, from 1.
        txn_id: The transaction, the same on every attempt.
        previous: SHA-256 of the bytes of the commit before, or of ``lake.json`` for the first.
        timestamp: When; never below that of the commit before.
        writer: Software and release that wrote it.
        operation: What was done, e.g. ``save``.
        author: Who, if given.
        message: Why, if given.
        idempotency_key: If given, a second commit with the same key is refused for seven days.
        result: What the operation answers with, e.g. a scenario's id; for repeated requests.
        tidied: Version up to which the writer knows that folders and log agree.
        requires: What held when the commit was made.
        actions: What it changes.
        publishes: Files that it makes live.
        retires: Files that it supersedes.
    """

    format: int = Field(default=FORMAT, ge=1)
    version: int = Field(ge=1)
    txn_id: str = Field(pattern=TXN_PATTERN)
    previous: str = Field(pattern=DIGEST_PATTERN)
    timestamp: Timestamp
    writer: str
    operation: str
    author: str | None = None
    message: str | None = None
    idempotency_key: str | None = None
    result: str | None = None
    tidied: int = Field(ge=0)
    requires: tuple[Requirement, ...] = ()
    actions: tuple[Action, ...] = ()
    publishes: tuple[FileGroup, ...] = ()
    retires: tuple[FileGroup, ...] = ()


def digest(data: bytes) -> str:
    """Return the SHA-256 of `data` as hex digits."""
    return hashlib.sha256(data).hexdigest()


def parse_commit(data: bytes, version: int) -> Commit:
    """Return the commit that `data` holds.

    Raises:
        NewerFormatError: It uses a format, an action or a requirement of a later release.
        TornCommitError: It is no JSON text.
        DamagedCommitError: It is not the commit of that version.
    """
    try:
        commit = Commit.model_validate_json(data)
    except ValidationError as error:
        kinds = {one["type"] for one in error.errors()}
        if "union_tag_invalid" in kinds:
            raise NewerFormatError(
                f"commit {version} holds a change that this release does not know; "
                "install a newer release of healthsim-lake"
            ) from error
        kind = TornCommitError if "json_invalid" in kinds else DamagedCommitError
        raise kind(
            f"commit {version} cannot be read ({error.errors()[0]['msg']}); "
            "restore catalog/log from a backup"
        ) from error
    if commit.format > FORMAT:
        raise newer_format(commit.format)
    if commit.version != version:
        raise DamagedCommitError(f"the log holds commit {commit.version} in place of {version}")
    return commit


def parse_lake_file(data: bytes, url: str) -> LakeFile:
    """Return what a ``lake.json`` says.

    Raises:
        NotALakeError: It is something else.
        NewerFormatError: A lake of a later format.
    """
    try:
        found = LakeFile.model_validate_json(data)
    except ValidationError as error:
        raise NotALakeError(f"{url}: catalog/lake.json does not describe a lake") from error
    if found.format > FORMAT:
        raise newer_format(found.format)
    return found


def newer_format(found: int) -> NewerFormatError:
    """Return the error for a lake of format `found`."""
    return NewerFormatError(
        f"the lake has format {found}, this release knows up to {FORMAT}; "
        "install a newer release of healthsim-lake"
    )
