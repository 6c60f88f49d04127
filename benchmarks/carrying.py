"""Pushing a lake to an S3 server against `aws s3 sync` and plain puts of the same files.

The server is the one at HEALTHSIM_TEST_S3 (an endpoint with the keys testkey and testsecret), or
moto in a process of its own. It needs room for 15 GB, or 2 GB with ``--quick``: there are servers
that give the room of what was deleted back late, and stand still when they are full.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import fsspec
from harness import Figure, Options, Pair, timed

from healthsim_lake import Lake

SYNCED = "aws s3 sync of the lake's folder"
PUT = "s3fs put of the lake's folder"
KEYS = {"key": "testkey", "secret": "testsecret"}


def push(options: Options) -> list[Figure]:
    """Measure pushes of many small and of some large files, and one that has nothing to carry."""
    small, large = Lake(options.folder / "small"), Lake(options.folder / "large")
    _fill(small, scenarios=options.pick(200, 20), tables=10, size=50_000)
    _fill(large, scenarios=options.pick(20, 4), tables=1, size=50_000_000)
    with server() as endpoint:
        bench = _Bench(endpoint, runs=options.pick(5, 2))
        figures = bench.of(small, "Push, files of 50 kB")
        figures += bench.of(large, "Push, files of 50 MB")
        bench.push(small, "same")
        figures.append(
            bench.pair(lambda: bench.push(small, "same"), lambda: bench.baseline(small)).figure(
                "… of nothing new", target=0.1, against=bench.against
            )
        )
    return figures


class _Bench:
    """A bucket that pushes and their baseline fill in turn."""

    def __init__(self, endpoint: str, *, runs: int) -> None:
        self._endpoint, self._runs, self._numbers = endpoint, runs, count(1)
        self._store = {"endpoint_url": endpoint, **KEYS}
        self._client = fsspec.filesystem("s3", **self._store)
        self._bucket = f"bench-{os.getpid()}"
        self._client.call_s3("create_bucket", Bucket=self._bucket)
        self._aws = shutil.which("aws")
        self.against = SYNCED if self._aws else PUT

    def of(self, lake: Lake, name: str) -> list[Figure]:
        pair = self.pair(lambda: self.push(lake), lambda: self.baseline(lake))
        return [pair.figure(name, target=1.0, against=self.against)]

    def push(self, lake: Lake, place: str = "") -> None:
        url = f"s3://{self._bucket}/{place or self._place()}"
        lake.push(url, storage_options=self._store)

    def baseline(self, lake: Lake) -> None:
        if self._aws:
            _sync(lake.url, f"s3://{self._bucket}/{self._place()}", self._endpoint)
        else:
            self._client.put(lake.url, f"{self._bucket}/{self._place()}", recursive=True)

    def pair(self, ours: Callable[[], None], baseline: Callable[[], None]) -> Pair:
        """Run both in turn; what they stored is deleted in between, for the server has an end."""
        found = Pair([], [])
        for run in range(self._runs + 1):
            for action, seconds in ((ours, found.ours), (baseline, found.baseline)):
                taken = timed(action)
                if run:  # the first is a warm-up
                    seconds.append(taken)
                self._client.invalidate_cache()
                for place in self._client.glob(f"{self._bucket}/run-*"):
                    self._client.rm(place, recursive=True)
        return found

    def _place(self) -> str:
        return f"run-{next(self._numbers)}"


def _fill(lake: Lake, *, scenarios: int, tables: int, size: int) -> None:
    chance = random.Random(1)
    for number in range(scenarios):
        rows = [
            {"id": str(at), "note": chance.randbytes(size // 20).hex()[: size // 10]}
            for at in range(20)
        ]
        lake.scenarios.save(f"s{number}", {f"thing{at}s": rows for at in range(tables)})


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
def server() -> Iterator[str]:
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
