"""An S3 server in this process that counts what it is asked, and can be told to misbehave."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import fsspec
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from healthsim_lake import Lake


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    span: str = ""

    @property
    def length(self) -> int | None:
        """How many bytes of an object were asked for, where not all of them were."""
        first, _, last = self.span.removeprefix("bytes=").partition("-")
        return int(last) - int(first) + 1 if last else None

    def __str__(self) -> str:
        kind = "LIST" if "list-type" in self.query else self.method
        return f"{kind} {self.path}"


Trouble = Callable[[Request], str | None]
"""Returns what goes wrong with a request, or None: ``lost`` (carried out, then the connection
drops), ``dropped`` (never arrives), ``half`` (half of it arrives), ``lost-500`` (carried out, then
500), ``late`` (carried out, then answered when nobody waits any more), ``slow`` (takes a while),
``409``, ``403``, ``503``, ``ignored`` (its condition is)."""

LATE, SLOW = 2.0, 0.15
"""Seconds; a client that is to give up meanwhile has a shorter ``read_timeout``."""

_ANSWERS = {
    "409": ("409 Conflict", "ConditionalRequestConflict"),
    "403": ("403 Forbidden", "AccessDenied"),
    "key": ("403 Forbidden", "InvalidAccessKeyId"),
    "clock": ("403 Forbidden", "RequestTimeTooSkewed"),
    "gone": ("404 Not Found", "NoSuchBucket"),
    "500": ("500 Internal Server Error", "InternalError"),
    "503": ("503 Service Unavailable", "SlowDown"),
}


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        pass


class S3Server:
    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()
        self._trouble: Trouble | None = None
        self.requests: list[Request] = []
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.options = {
            "endpoint_url": f"http://127.0.0.1:{self._server.server_port}",
            "key": "anybody",
            "secret": "anything",
            "config_kwargs": {"retries": {"max_attempts": 1}},
        }
        self._client = fsspec.filesystem("s3", **self.options)
        self._buckets = 0

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def bucket(self) -> str:
        self._buckets += 1
        name = f"bucket-{self._buckets}"
        self._client.call_s3("create_bucket", Bucket=name)
        return name

    def lake(self, bucket: str, **options: Any) -> Lake:
        return Lake(f"s3://{bucket}/some/lake", storage_options=self.options, **options)

    @contextmanager
    def counted(self) -> Iterator[list[Request]]:
        """Collect the requests that come meanwhile."""
        begin, found = len(self.requests), list[Request]()
        yield found
        found.extend(self.requests[begin:])

    @contextmanager
    def troubled(self, trouble: Trouble) -> Iterator[None]:
        self._trouble = trouble
        try:
            yield
        finally:
            self._trouble = None

    def _answer(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        request = Request(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            environ["QUERY_STRING"],
            environ.get("HTTP_RANGE", ""),
        )
        with self._lock:
            self.requests.append(request)
            wrong = self._trouble(request) if self._trouble else None
        if wrong == "ignored":
            environ.pop("HTTP_IF_NONE_MATCH", None)
            wrong = None
        if wrong == "slow":
            time.sleep(SLOW)
            wrong = None
        if wrong is None:
            return self._app(environ, start)
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(size // 2 if wrong == "half" else size)
        if wrong.startswith(("lost", "late")):
            self._carry_out(environ, body)
        if wrong == "late":
            time.sleep(LATE)
        if wrong in {"lost", "late", "dropped", "half"}:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionError("the answer is lost")
        status, code = _ANSWERS[wrong.removeprefix("lost-")]
        text = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
        start(status, [("Content-Length", str(len(text))), ("Content-Type", "application/xml")])
        return [text]

    def _carry_out(self, environ: WSGIEnvironment, body: bytes) -> None:
        environ = {**environ, "wsgi.input": io.BytesIO(body)}
        for _ in self._app(environ, lambda *_: lambda _: None):
            pass
