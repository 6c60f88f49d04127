"""What stores and their clients say when something is wrong, in this package's words."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from healthsim_lake.errors import (
    AccessError,
    KeyExistsError,
    KeyMissingError,
    LakeError,
    ReadOnlyError,
    StorageError,
)

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
NOT_ALLOWED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
"""What a disk says when it is full, and when nothing may be written."""

NOT_NOW = frozenset({"ConditionalRequestConflict", "OperationAborted", "409"})
"""Another request for the same key is under way; this one was not carried out."""

_NO_BUCKET = {
    "NoSuchBucket",
    "InvalidBucketName",
    "ContainerNotFound",
    "ContainerBeingDeleted",
    "InvalidResourceName",
}
_NO_KEY = {"BlobNotFound"}
_TAKEN = {"PreconditionFailed", "BlobAlreadyExists", "ConditionNotMet", "412"}
_WHO = {
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidToken",
    "ExpiredToken",
    "TokenRefreshRequired",
    "AuthenticationFailed",
    "InvalidAuthenticationInfo",
    "NoAuthenticationInformation",
    "401",
}
_NO_CREDENTIALS = {
    "NoCredentialsError",
    "PartialCredentialsError",
    "CredentialRetrievalError",
    "TokenRetrievalError",
    "DefaultCredentialsError",
    "RefreshError",
}
_CLOCK = {"RequestTimeTooSkewed", "RequestExpired"}
_FORBIDDEN = {
    "AccessDenied",
    "AuthorizationFailure",
    "AuthorizationPermissionMismatch",
    "AuthorizationServiceMismatch",
    "InsufficientAccountPermissions",
    "403",
}
_WRITING = {"write", "delete", "copy", "move"}


def refusal_code(error: BaseException) -> str:
    """Return the code with which the store refused a request; empty if it said nothing."""
    seen: BaseException | None = error
    while seen is not None:
        response: Any = getattr(seen, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
        code = getattr(seen, "error_code", None) or getattr(seen, "code", None)
        if code:
            return str(getattr(code, "value", code))
        seen = seen.__cause__
    return ""


def explained(error: BaseException, url: str, key: str, verb: str) -> LakeError:
    """Return the error of this package that says what `error` of a client means.

    Args:
        error: Anything that a client raised.
        url: Of the store.
        key: What the request was about.
        verb: What was tried: ``read``, ``write``, …
    """
    if isinstance(error, LakeError):
        return error
    code, what = refusal_code(error), f"cannot {verb} {key}".rstrip()
    if code in _NO_BUCKET:
        return StorageError(
            errno.ENOENT,
            f"{what}: {url} lies in a bucket that does not exist; create it, or check the name",
        )
    if isinstance(error, FileExistsError) or code in _TAKEN:
        return KeyExistsError(errno.EEXIST, f"{key} already exists")
    if code in _NO_KEY or isinstance(
        error, FileNotFoundError | NotADirectoryError | IsADirectoryError
    ):
        return KeyMissingError(errno.ENOENT, f"{key} is not in the store")
    if code in _CLOCK:
        return StorageError(
            errno.EACCES,
            f"{what}: this machine's clock and that of {url} differ too much; set the clock right",
        )
    if code in _WHO or type(error).__name__ in _NO_CREDENTIALS:
        return AccessError(
            errno.EACCES,
            f"{what}: {url} does not know who is asking ({code or error}); check "
            "the credentials in storage_options or the environment",
        )
    if isinstance(error, PermissionError) or code in _FORBIDDEN:
        kind = ReadOnlyError if verb in _WRITING else AccessError
        return kind(
            errno.EACCES,
            f"{what}: these credentials have no permission for it at {url}; "
            f"ask for the right to {verb} there ({code or error})",
        )
    number = error.errno if isinstance(error, OSError) else None
    said = str(error) or type(error).__name__
    return StorageError(number, f"{what} at {url}: {said}")


@contextmanager
def mapped_errors(url: str, key: str, verb: str) -> Iterator[None]:
    """Turn errors of a client into the package's own."""
    try:
        yield
    except Exception as error:  # clients have no common base for what may go wrong
        meaning = explained(error, url, key, verb)
        if meaning is error:
            raise
        raise meaning from error
