"""Pushing a lake to an S3 server against `aws s3 sync` and plain puts of the same files.

The server is the one at HEALTHSIM_TEST_S3 (an endpoint with the keys testkey and testsecret), or
moto in a process of its own.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import fsspec
from harness import Figure, Options, alternate

from healthsim_lake import Lake

SYNCED = "aws s3 sync of the lake's folder"
PUT = "s3fs put of the lake's folder"
KEYS = {"key": "testkey", "secret": "testsecret"}


def push(options: Options) -> list[Figure]:
    """Measure a push to an empty place, and one that has nothing to carry."""
    lake = Lake(options.folder / "lake")
    _fill(lake, files=options.pick(2_000, 200), size=50_000)
    with _server() as endpoint:
        store = {"endpoint_url": endpoint, **KEYS}
        client = fsspec.filesystem("s3", **store)
        bucket, numbers = f"bench-{os.getpid()}", count(1)
        client.call_s3("create_bucket", Bucket=bucket)

        def ours() -> None:
            lake.push(f"s3://{bucket}/ours-{next(numbers)}", storage_options=store)

        def put() -> None:
            client.put(lake.url, f"{bucket}/put-{next(numbers)}", recursive=True)

        def sync(to: str | None = None) -> None:
            _sync(lake.url, f"s3://{bucket}/{to or f'sync-{next(numbers)}'}", endpoint)

        lake.push(f"s3://{bucket}/same", storage_options=store)
        sync("synced")
        runs = options.pick(5, 2)
        figures = [alternate(ours, put, runs=runs).figure("Push", target=None, against=PUT)]
        if shutil.which("aws"):
            pair = alternate(ours, sync, runs=runs)
            again = alternate(
                lambda: lake.push(f"s3://{bucket}/same", storage_options=store), sync, runs=runs
            )
            figures += [
                pair.figure("Push", target=1.0, against=SYNCED),
                again.figure("… of nothing new", target=0.1, against=SYNCED),
            ]
    return figures


def _fill(lake: Lake, *, files: int, size: int) -> None:
    chance = random.Random(1)
    for number in range(files // 10):
        rows = [{"id": str(at), "note": chance.randbytes(size // 20).hex()} for at in range(10)]
        lake.scenarios.save(f"s{number}", {f"thing{at}s": rows for at in range(10)})


def _sync(folder: str, url: str, endpoint: str) -> None:
    subprocess.run(  # noqa: S603  # ours
        ["aws", "--endpoint-url", endpoint, "s3", "sync", "--only-show-errors", folder, url],  # noqa: S607  # whichever one is installed
        check=True,
        env={
            **os.environ,
            "AWS_ACCESS_KEY_ID": KEYS["key"],
            "AWS_SECRET_ACCESS_KEY": KEYS["secret"],
            "AWS_DEFAULT_REGION": "us-east-1",
        },
    )


@contextmanager
def _server() -> Iterator[str]:
    """Give the endpoint of a server of S3."""
    given = os.environ.get("HEALTHSIM_TEST_S3")
    if given:
        yield given
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = shutil.which(
        "moto_server", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    )
    if program is None:
        raise SystemExit("moto_server is not installed, and HEALTHSIM_TEST_S3 names no server")
    command = [program, "-H", "127.0.0.1", "-p", str(port)]
    silent = subprocess.DEVNULL
    server = subprocess.Popen(command, stdout=silent, stderr=silent)  # noqa: S603  # ours
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()
