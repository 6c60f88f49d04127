"""A lake on an S3 server against bare transfers of the very same objects by the same client.

The baseline puts, or fetches, the objects that the operation makes or needs, those of the catalog
included, all of them at once, each in one request: what somebody does who knows that client. It
neither encodes nor decodes, checks nothing, and lets nobody else win.

The server is the one at HEALTHSIM_TEST_S3 or moto, see `carrying`. Either runs on this machine, and
so an operation costs what its processor time costs: notes say how much that is on each side, in
this process alone. A network leaves the processors idle, and adds its own time to both sides.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from itertools import count, repeat
from statistics import median
from typing import Any

import fsspec
from carrying import KEYS, server
from harness import Figure, Options, alternate

from healthsim_lake import Lake

BARE = "s3fs transfers of the very same objects"
QUESTION = "SELECT count(*) AS n, count(note) AS m FROM thing0"
TABLES = 8
_ANEW = ", lake opened anew"
_TEXT_BYTES = 4_000
"""Of one row; its half is left when it is compressed."""


def measure(options: Options) -> list[Figure]:
    """Measure saving, loading and asking, of objects of 4 MB and of 25 MB."""
    sizes = [(4, options.pick(9, 3)), (options.pick(25, 8), options.pick(5, 2))]
    figures = []
    with server() as endpoint:
        for megabytes, runs in sizes:
            figures += _Bench(endpoint, megabytes=megabytes, runs=runs).figures()
    return figures


class _Bench:
    """A lake of scenarios with some objects of one size."""

    def __init__(self, endpoint: str, *, megabytes: int, runs: int) -> None:
        self._runs, self._megabytes, self._numbers = runs, megabytes, count(1)
        self._store = {"endpoint_url": endpoint, **KEYS}
        self._client = fsspec.filesystem("s3", use_listings_cache=False, **self._store)
        self._bucket = f"bench-{megabytes}-{os.getpid()}"
        self._client.call_s3("create_bucket", Bucket=self._bucket)
        chance, rows = random.Random(1), megabytes * 2_000_000 // _TEXT_BYTES
        self._entities = {
            f"thing{table}s": [
                {"id": str(at), "note": chance.randbytes(_TEXT_BYTES // 2).hex()}
                for at in range(rows)
            ]
            for table in range(TABLES)
        }
        self._lake = self._opened()
        self._asked = self._opened("asked")  # has many commits, of which nothing else should know

    def _opened(self, place: str = "lake") -> Lake:
        return Lake(f"s3://{self._bucket}/{place}", storage_options=self._store)

    def figures(self) -> list[Figure]:
        """Measure everything."""
        self._lake.create()
        before = set(self._stored())
        self._lake.scenarios.save("one", self._entities)
        made = [path for path in self._stored() if path not in before]
        files = [path for path in made if "/data/" in path]
        catalog = self._stored("catalog")
        names = self._unread(self._runs + 1)
        return [
            self._load("", lambda: self._lake, files),
            self._load(_ANEW, self._opened, [*catalog, *files]),
            self._ask("", lambda: self._asked, files[:1], names),
            self._ask(_ANEW, self._opened, [*catalog, files[0]], repeat("one")),
            self._save(made),
        ]

    def _stored(self, folder: str = "") -> list[str]:
        found: list[str] = self._client.find(f"{self._bucket}/lake/{folder}".rstrip("/"))
        return found

    def _unread(self, number: int) -> Iterator[str]:
        """Return names of scenarios of one table that nobody has read."""
        names = [f"unread-{at}" for at in range(number)]
        self._asked.scenarios.save(names[0], {"thing0s": self._entities["thing0s"]})
        for name in names[1:]:
            self._asked.scenarios.clone(names[0], name)
        return iter(names)

    def _save(self, made: list[str]) -> Figure:
        objects = self._client.cat(made)

        def put() -> None:
            self._client.pipe({f"{path}.bare": data for path, data in objects.items()})

        def save() -> None:
            self._lake.scenarios.save(f"s{next(self._numbers)}", self._entities)

        return self._figure("Save on S3", save, put, of=TABLES)

    def _load(self, how: str, opened: Callable[[], Lake], needed: list[str]) -> Figure:
        return self._figure(
            f"Load from S3{how}",
            lambda: opened().scenarios.load("one"),
            lambda: self._client.cat(needed, max_concurrency=1),
            of=TABLES,
        )

    def _ask(
        self, how: str, opened: Callable[[], Lake], needed: list[str], names: Iterator[str]
    ) -> Figure:
        return self._figure(
            f"Ask on S3, of a file not read before{how}",
            lambda: opened().query(QUESTION, scenario=next(names)),
            lambda: self._client.cat(needed, max_concurrency=1),
            of=1,
        )

    def _figure(
        self, name: str, ours: Callable[[], Any], bare: Callable[[], Any], *, of: int
    ) -> Figure:
        one, other = _Clocked(ours), _Clocked(bare)
        pair = alternate(one, other, runs=self._runs)
        return pair.figure(
            f"{name} ({of} x {self._megabytes} MB)",
            target=1.5,
            against=BARE,
            note=f"processor time here {one.seconds * 1000:.0f} against "
            f"{other.seconds * 1000:.0f} ms",
        )


class _Clocked:
    """An action, and the processor time that this process needs for it."""

    def __init__(self, action: Callable[[], Any]) -> None:
        self._action = action
        self._taken: list[float] = []

    def __call__(self) -> Any:
        start = time.process_time()
        result = self._action()
        self._taken.append(time.process_time() - start)
        return result

    @property
    def seconds(self) -> float:
        """The median."""
        return median(self._taken)
