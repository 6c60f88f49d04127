"""Documents beside the log: a commit names them by digest because they are large."""

from __future__ import annotations

from pydantic import ValidationError

from healthsim_lake.catalog.commit import digest
from healthsim_lake.catalog.records import Manifest
from healthsim_lake.errors import DamagedCommitError, KeyExistsError
from healthsim_lake.storage import Storage

INLINE_BYTES = 16 * 1024
"""What is smaller stands inside its commit."""


def write(storage: Storage, key: str, data: bytes) -> str:
    """Write a document of a transaction, and return its digest."""
    try:
        storage.create(key, data)
    except KeyExistsError:
        # An earlier attempt of this transaction wrote one; a lost race may have changed it since.
        if storage.read(key) != data:
            storage.delete(key)
            storage.create(key, data)
    return digest(data)


def verified(data: bytes, sha256: str, what: str) -> bytes:
    """Return the bytes of a document, which are what was committed.

    Args:
        data: As they were read.
        sha256: As the commit has it.
        what: The document, for errors.

    Raises:
        DamagedCommitError: They are not.
    """
    if digest(data) != sha256:
        raise DamagedCommitError(f"{what} was altered")
    return data


def parsed_manifest(data: bytes, sha256: str, what: str) -> Manifest:
    """Return the manifest that a document holds; for the arguments see `verified`.

    Raises:
        DamagedCommitError: It is not what was committed, or no manifest.
    """
    try:
        return Manifest.model_validate_json(verified(data, sha256, what))
    except ValidationError as error:
        raise DamagedCommitError(f"{what} cannot be read ({error.errors()[0]['msg']})") from error
