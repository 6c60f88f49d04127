"""Google Cloud Storage, in as few requests as it can be done in."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from healthsim_lake.errors import StorageError
from healthsim_lake.storage.remote import FsspecStorage


class GCSStorage(FsspecStorage):
    """A prefix in a bucket, by the store's JSON interface.

    The filesystem first asks what kind of bucket it has, and lists where a key is missing. Here
    every method is one request, a list one for each 1,000 keys.
    """

    def _get(self, path: str) -> bytes:
        found: bytes = self._ask("GET", "b/{}/o/{}", *self._parts(path), alt="media")[1]
        return found

    def _get_range(self, path: str, start: int, end: int) -> bytes:
        wanted = {"Range": f"bytes={start}-{end - 1}"}
        parts = self._parts(path)
        found: bytes = self._ask("GET", "b/{}/o/{}", *parts, alt="media", headers=wanted)[1]
        return found

    def _put_new(self, path: str, data: bytes) -> None:
        self._upload(path, data, ifGenerationMatch="0")

    def _put(self, path: str, data: bytes) -> None:
        self._upload(path, data)

    def _upload(self, path: str, data: bytes, **condition: str) -> None:
        bucket, key = self._parts(path)
        url = self._client.base.replace("/storage/v1/", "/upload/storage/v1/") + "b/{}/o"
        kind = {"Content-Type": "application/octet-stream"}
        file = _Payload(data)  # long values that are no file keep the client's loop busy
        self._ask_bucket(
            "POST", url, bucket, uploadType="media", name=key, data=file, headers=kind, **condition
        )

    def _head(self, path: str) -> Mapping[str, Any]:
        parts = self._parts(path)
        return _facts(self._ask("GET", "b/{}/o/{}", *parts, fields="size,updated", json_out=True))

    def _first_names(self) -> Iterator[str]:
        bucket, prefix = self._parts(f"{self._prefix}/")
        for page in self._pages(bucket, prefix=prefix, delimiter="/"):
            yield from (one[len(prefix) :].rstrip("/") for one in page.get("prefixes", ()))
            for one in page.get("items", ()):
                if one["name"] != prefix:  # some tools make an object for a folder
                    yield one["name"][len(prefix) :]

    def _find(self, path: str) -> Mapping[str, Mapping[str, Any]]:
        bucket, prefix = self._parts(f"{path}/")
        return {
            f"{bucket}/{one['name']}": _facts(one)
            for page in self._pages(bucket, prefix=prefix)
            for one in page.get("items", ())
            if not one["name"].endswith("/")
        }

    def _pages(self, bucket: str, **wanted: str) -> Iterator[Mapping[str, Any]]:
        while True:
            page = self._ask_bucket("GET", "b/{}/o", bucket, json_out=True, **wanted)
            yield page
            if "nextPageToken" not in page:
                return
            wanted["pageToken"] = page["nextPageToken"]

    def _copy(self, old: str, new: str) -> None:
        token: dict[str, str] = {}
        while True:
            done = self._ask(
                "POST",
                "b/{}/o/{}/rewriteTo/b/{}/o/{}",
                *self._parts(old),
                *self._parts(new),
                headers={"Content-Type": "application/json"},
                json_out=True,
                **token,
            )
            if done["done"]:
                return
            token = {"rewriteToken": done["rewriteToken"]}  # large objects take several requests

    def _remove(self, path: str) -> None:
        self._ask("DELETE", "b/{}/o/{}", *self._parts(path))

    def _ask_bucket(self, *arguments: Any, **options: Any) -> Any:
        """Do a request that finds nothing only where the bucket is missing."""
        try:
            return self._ask(*arguments, **options)
        except FileNotFoundError as error:
            raise StorageError(
                errno.ENOENT,
                f"{self.url} lies in a bucket that does not exist; create it, or check the name",
            ) from error

    def _ask(self, *arguments: Any, **options: Any) -> Any:
        """Do one request; the client says by the text alone that something is forbidden."""
        try:
            return self._client.call(*arguments, **options)
        except OSError as error:
            if str(error).startswith("Forbidden"):
                raise PermissionError(errno.EACCES, str(error)) from error
            raise


class _Payload(io.BytesIO):
    """A value on its way; whoever sends it closes it, and may have to send it again."""

    def close(self) -> None:
        """Do nothing."""


def _facts(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"size": int(item["size"]), "LastModified": datetime.fromisoformat(item["updated"])}
