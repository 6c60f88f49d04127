"""As much of Google Cloud Storage's JSON interface as a lake uses, in this process.

There is no emulator that keeps conditions: this one does, unless it is told to ignore them.
"""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PAGE = 3
"""Keys on a page of a listing; the real store has 1,000."""


class GCSServer:
    """A server of objects.

    Attributes:
        options: For the filesystem.
        buckets: Content and time of objects by key, by bucket.
        requests: What was asked.
        honest: Whether conditions are kept.
        refusing: A status for all requests.
    """

    def __init__(self) -> None:
        self.buckets: dict[str, dict[str, tuple[bytes, str]]] = {}
        self.requests: list[str] = []
        self.honest, self.refusing, self.lock = True, 0, threading.Lock()
        owner = self

        class Handler(_Handler):
            server_of_objects = owner

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        address = f"http://127.0.0.1:{self._server.server_port}"
        self.options = {"endpoint_url": address, "token": "anon", "project": "p"}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of_objects: GCSServer

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_DELETE = do_GET  # noqa: N815  # the names that http.server calls

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        store = self.server_of_objects
        with store.lock:
            store.requests.append(f"{self.command} {self.path}")
            parts = [unquote(part) for part in url.path.partition("/b/")[2].split("/")]
            bucket = store.buckets.get(parts[0])
            if store.refusing:
                self._answer(store.refusing, {"error": {"message": "no", "code": store.refusing}})
            elif bucket is None:
                self._answer(404, {"error": {"message": "The specified bucket does not exist."}})
            elif url.path.startswith("/upload/"):
                self._insert(bucket, query, body)
            elif len(parts) == 2:
                self._list(bucket, query)
            elif parts[2] not in bucket:
                self._answer(404, {"error": {"message": "No such object"}})
            elif self.command == "DELETE":
                del bucket[parts[2]]
                self._answer(204, b"")
            elif self.command == "POST":
                self._rewrite(bucket, parts, query)
            else:
                self._get(bucket, parts[2], query)

    def _insert(self, bucket: dict[str, Any], query: dict[str, str], body: bytes) -> None:
        key = query["name"]
        if (
            query.get("ifGenerationMatch") == "0"
            and key in bucket
            and self.server_of_objects.honest
        ):
            self._answer(412, {"error": {"message": "conditionNotMet", "code": 412}})
            return
        bucket[key] = body, datetime.now(UTC).isoformat()
        self._answer(200, _facts(bucket, key))

    def _list(self, bucket: dict[str, Any], query: dict[str, str]) -> None:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter")
        found: dict[str, dict[str, Any] | None] = {}
        for key in sorted(key for key in bucket if key.startswith(prefix)):
            head, parted, _ = key[len(prefix) :].partition(delimiter or "\0")
            found[prefix + head + parted] = None if parted else _facts(bucket, key)
        start = int(query.get("pageToken", 0))
        page = list(found.items())[start : start + PAGE]
        answer: dict[str, Any] = {
            "items": [facts for _, facts in page if facts],
            "prefixes": [name for name, facts in page if not facts],
        }
        if start + PAGE < len(found):
            answer["nextPageToken"] = str(start + PAGE)
        self._answer(200, {name: value for name, value in answer.items() if value})

    def _rewrite(self, bucket: dict[str, Any], parts: list[str], query: dict[str, str]) -> None:
        if "rewriteToken" not in query:  # as with large objects, which take several requests
            self._answer(200, {"done": False, "rewriteToken": "more"})
            return
        bucket[parts[7]] = bucket[parts[2]][0], datetime.now(UTC).isoformat()
        self._answer(200, {"done": True})

    def _get(self, bucket: dict[str, Any], key: str, query: dict[str, str]) -> None:
        if query.get("alt") != "media":
            self._answer(200, _facts(bucket, key))
            return
        content = bucket[key][0]
        wanted = self.headers.get("Range")
        if wanted is None:
            self._answer(200, content)
            return
        first, last = wanted.removeprefix("bytes=").split("-")
        self._answer(206, content[int(first) : int(last) + 1])

    def _answer(self, status: int, content: bytes | dict[str, Any]) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _facts(bucket: dict[str, Any], key: str) -> dict[str, Any]:
    content, updated = bucket[key]
    return {"name": key, "size": str(len(content)), "updated": updated}
