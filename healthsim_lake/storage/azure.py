"""Azure Blob Storage, in as few requests as it can be done in."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from fsspec.asyn import sync

from healthsim_lake.errors import StorageError
from healthsim_lake.storage.remote import FsspecStorage

_FOLDER_MARKS = ("hdi_isfolder", "Hdi_isfolder")
_COPY_POLLS = 600


class AzureStorage(FsspecStorage):
    """A prefix in a container.

    The filesystem lists where a key is missing, tells no container from no blob, and does not wait
    for a copy that the store makes by and by. Here every method is one request, a list one for
    each 5,000 keys, and a copy is there when `copy` returns.
    """

    def _put(self, path: str, data: bytes) -> None:
        self._ask(path, "upload_blob", data, length=len(data), overwrite=True)

    def _put_new(self, path: str, data: bytes) -> None:
        # Not by the filesystem, for which every conflict means that the key is taken.
        self._ask(path, "upload_blob", data, length=len(data), overwrite=False)

    def _head(self, path: str) -> Mapping[str, Any]:
        found = self._ask(path, "get_blob_properties")
        return {"size": found.size, "LastModified": found.last_modified}

    def _first_names(self) -> Iterator[str]:
        prefix = self._parts(f"{self._prefix}/")[1]
        for one in self._listed("walk_blobs", f"{self._prefix}/", delimiter="/"):
            if one.name != prefix:  # some tools make a blob for a folder
                yield one.name[len(prefix) :].rstrip("/")

    def _find(self, path: str) -> Mapping[str, Mapping[str, Any]]:
        container = self._parts(path)[0]
        return {
            f"{container}/{one.name}": {"size": one.size, "LastModified": one.last_modified}
            for one in self._listed("list_blobs", f"{path}/", include=["metadata"])
            if not one.name.endswith("/") and not _is_folder(one)
        }

    def _copy(self, old: str, new: str) -> None:
        source = self._blob(old).url
        state = self._ask(new, "start_copy_from_url", source)["copy_status"]
        for _ in range(_COPY_POLLS):
            if state != "pending":
                break
            time.sleep(0.1)
            state = self._ask(new, "get_blob_properties").copy.status
        if state != "success":
            raise StorageError(f"{self.url}: a copy of {old} ended as {state!r}; try again")

    def _remove(self, path: str) -> None:
        self._ask(path, "delete_blob")

    def _blob(self, path: str) -> Any:
        container, key = self._parts(path)
        return self._client.service_client.get_blob_client(container, key)

    def _ask(self, path: str, method: str, *arguments: Any, **options: Any) -> Any:
        """Do one request for a blob."""
        return sync(self._client.loop, getattr(self._blob(path), method), *arguments, **options)

    def _listed(self, method: str, start: str, **options: Any) -> list[Any]:
        container, prefix = self._parts(start)
        service = self._client.service_client

        async def collect() -> list[Any]:
            listing = getattr(service.get_container_client(container), method)
            return [one async for one in listing(name_starts_with=prefix, **options)]

        found: list[Any] = sync(self._client.loop, collect)
        return found


def _is_folder(blob: Any) -> bool:
    """Return whether a blob stands for a folder; accounts with folders list them, too."""
    marks = blob.metadata or {}
    return any(marks.get(name) == "true" for name in _FOLDER_MARKS)
