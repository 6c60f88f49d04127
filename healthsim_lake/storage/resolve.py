"""From what a person calls a place to the storage behind it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fsspec

from healthsim_lake._shown import shown
from healthsim_lake.errors import InvalidPathError
from healthsim_lake.storage.azure import AzureStorage
from healthsim_lake.storage.base import Storage
from healthsim_lake.storage.gcs import GCSStorage
from healthsim_lake.storage.local import LocalStorage
from healthsim_lake.storage.remote import FsspecStorage
from healthsim_lake.storage.requests import CONDITIONAL
from healthsim_lake.storage.s3 import S3Storage

_EXTRAS = {
    **dict.fromkeys(("s3", "s3a"), "s3"),
    **dict.fromkeys(("gs", "gcs"), "gcs"),
    **dict.fromkeys(("az", "abfs", "abfss"), "azure"),
}
_KINDS = {"s3": S3Storage, "gcs": GCSStorage, "azure": AzureStorage}


def open_storage(
    url: str | os.PathLike[str],
    options: Mapping[str, Any] | None = None,
    *,
    single_writer: bool = False,
) -> Storage:
    """Return the storage at `url`; nothing is read or made yet.

    Args:
        url: A folder's path (``~`` is understood), a ``file://`` URL, or any URL that fsspec knows.
        options: Passed to the filesystem, e.g. credentials.
        single_writer: The caller's promise that nobody else writes there.

    Raises:
        InvalidPathError: An unknown protocol, an empty path, or an extra that is not installed.
    """
    text = os.fspath(url)
    if not text or "\0" in text:
        raise InvalidPathError(f"{shown(text)} is not a path or URL")
    if "://" not in text:
        return LocalStorage(Path(text).expanduser().absolute())
    protocol = text.partition("://")[0]
    given = dict(options or {})
    if protocol in CONDITIONAL:
        given.setdefault("use_listings_cache", False)  # what others wrote has to be seen
    try:
        filesystem, path = fsspec.url_to_fs(text, **given)
    except ImportError as error:
        extra = _EXTRAS.get(protocol)
        remedy = f"; pip install 'healthsim-lake[{extra}]'" if extra else ""
        raise InvalidPathError(f"cannot open {shown(text)}: {error}{remedy}") from error
    except (ValueError, TypeError) as error:
        raise InvalidPathError(f"cannot open {shown(text)}: {error}") from error
    if filesystem.protocol == "file" or "file" in filesystem.protocol:
        return LocalStorage(Path(path).absolute())
    if protocol in CONDITIONAL and not path.strip("/"):
        raise InvalidPathError(f"{shown(text)} names no bucket")
    kind = _KINDS.get(_EXTRAS.get(protocol, ""), FsspecStorage)
    return kind(filesystem, path, single_writer=single_writer)
