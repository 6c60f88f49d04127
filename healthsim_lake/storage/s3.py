"""S3 and what speaks its language, in as few requests as it can be done in."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

from fsspec.asyn import sync

from healthsim_lake.storage.remote import FsspecStorage

_ONE_PUT = 5 * 2**30
"""The largest value that S3 takes in one request."""
_LARGE = 2**20
"""From here on, a copy costs more than to ask whether the client makes one."""
_SENDING = ("PutObject", "UploadPart")


class _Body(io.BytesIO):
    """A value to send.

    The HTTP client asks for its buffer, of which `io.BytesIO` makes a copy: the buffer could be
    written to. In new memory, that takes longer than to hash the value.
    """

    def getbuffer(self) -> memoryview:
        """Return the value itself."""
        return memoryview(self.getvalue())


def _as_body(params: dict[str, Any], **_: object) -> None:
    """Give botocore a file for bytes before it makes one; again at each attempt, from the start."""
    if isinstance(params.get("Body"), bytes):
        params["Body"] = _Body(params["Body"])


async def _send_uncopied(filesystem: Any, bucket: str) -> None:
    """Have the client of a bucket send what it is given; asking again changes nothing."""
    await filesystem.set_session()
    events = (await filesystem.get_s3(bucket)).meta.events
    for operation in _SENDING:
        event = f"before-parameter-build.s3.{operation}"
        events.register(event, _as_body, unique_id=f"healthsim-lake-{operation}")


class S3Storage(FsspecStorage):
    """A prefix in a bucket.

    The filesystem looks before it leaps: it asks for the size before it reads, for folders where a
    key is missing, for the bucket before it writes. Here every method is one request, a list one
    for each 1,000 keys.
    """

    def _get(self, path: str) -> bytes:
        found: bytes = self._client.cat_file(path, max_concurrency=1)
        return found

    def _put(self, path: str, data: bytes) -> None:
        if len(data) >= _LARGE:
            client = self._client
            sync(client.loop, _send_uncopied, client, self._parts(path)[0])
        super()._put(path, data)

    def _put_new(self, path: str, data: bytes) -> None:
        # In one piece: stores are known that forget the condition where a value comes in several.
        self._client.pipe_file(path, data, mode="create", chunksize=_ONE_PUT)

    def _head(self, path: str) -> Mapping[str, Any]:
        bucket, key = self._parts(path)
        found = self._client.call_s3("head_object", Bucket=bucket, Key=key)
        return {"size": found["ContentLength"], "LastModified": found["LastModified"]}

    def _first_names(self) -> Iterator[str]:
        bucket, prefix = self._parts(f"{self._prefix}/")
        for page in self._pages(Bucket=bucket, Prefix=prefix, Delimiter="/"):
            for one in page.get("CommonPrefixes", ()):
                yield one["Prefix"][len(prefix) :].rstrip("/")
            for one in page.get("Contents", ()):
                if one["Key"] != prefix:  # some tools make an object for a folder
                    yield one["Key"][len(prefix) :]

    def _find(self, path: str) -> Mapping[str, Mapping[str, Any]]:
        bucket, prefix = self._parts(f"{path}/")
        return {
            f"{bucket}/{one['Key']}": {"size": one["Size"], "LastModified": one["LastModified"]}
            for page in self._pages(Bucket=bucket, Prefix=prefix)
            for one in page.get("Contents", ())
            if not one["Key"].endswith("/")
        }

    def _pages(self, **wanted: str) -> Iterator[Mapping[str, Any]]:
        while True:
            page = self._client.call_s3("list_objects_v2", **wanted)
            yield page
            if not page.get("IsTruncated"):
                return
            wanted["ContinuationToken"] = page["NextContinuationToken"]

    def _copy(self, old: str, new: str) -> None:
        (bucket, key), (to_bucket, to_key) = self._parts(old), self._parts(new)
        self._client.call_s3(
            "copy_object",
            Bucket=to_bucket,
            Key=to_key,
            CopySource={"Bucket": bucket, "Key": key},
        )
