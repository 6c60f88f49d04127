"""Eight processes that commit to one lake at the same moment, 25 commits each."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import baseline
from harness import Figure, Options, Pair

from healthsim_lake import Lake

PROCESSES = 8
ROWS = 10
COMMIT_BYTES = 1_200
DATA_BYTES = 6_000
"""Sizes of a commit and of a data file of so few rows; both are written durably by a save."""
KINDS = {
    "tag": ("commits alone", 1, 2.5, "bare durable creates by the same processes"),
    "save": (
        f"saves of {ROWS} rows", 2, None,
        "2 bare durable creates each, of data file and commit; no rows are encoded",
    ),
}  # fmt: skip


def measure(options: Options) -> list[Figure]:
    """Measure how long all of them take, the waiting for each other included."""
    return [_figure(options, kind) for kind in KINDS]


def _figure(options: Options, kind: str) -> Figure:
    name, creates, target, against = KINDS[kind]
    commits, runs = options.pick(25, 4), options.pick(3, 1)
    pair = Pair([], [])
    for number in range(runs):
        folder = options.folder / f"{kind}-{number}"
        with Lake(folder / "lake") as lake:
            for writer in range(PROCESSES):
                lake.scenarios.save(f"of {writer}", _rows("own"))
            first = lake.version
            pair.ours.append(_run(kind, folder / "lake", commits))
            if lake.version != first + PROCESSES * commits:
                raise SystemExit(f"{lake.version - first} commits of {PROCESSES * commits}")
        (folder / "plain").mkdir()
        pair.baseline.append(_run(f"plain-{creates}", folder / "plain", commits))
    return pair.figure(
        f"{PROCESSES} processes, {commits} {name} each",
        target=target,
        against=against,
        note=f"{PROCESSES * commits / min(pair.ours):.0f} a second at best",
    )


def _run(kind: str, place: Path, commits: int) -> float:
    """Start all processes, let them go at one moment, and return the seconds until all are done."""
    command = [sys.executable, __file__, kind, str(place)]
    children = [
        subprocess.Popen(  # noqa: S603  # this file
            [*command, str(number), str(commits)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    for child in children:
        _expect(child, "ready")
    os.sync()
    start = time.perf_counter()
    for child in children:
        _tell(child)
    for child in children:
        _expect(child, "done")
    seconds = time.perf_counter() - start
    for child in children:
        child.communicate("end\n")
    return seconds


def _tell(child: subprocess.Popen[str]) -> None:
    if child.stdin is not None:
        child.stdin.write("go\n")
        child.stdin.flush()


def _expect(child: subprocess.Popen[str], word: str) -> None:
    said = child.stdout.readline().strip() if child.stdout is not None else ""
    if said != word:
        raise SystemExit(f"a writer said {said!r}, not {word!r}")


def _rows(name: str) -> dict[str, list[dict[str, str]]]:
    return {"patients": [{"id": f"{name}-{at}", "gender": "F"} for at in range(ROWS)]}


def _child(kind: str, place: Path, number: str, commits: int) -> None:
    """Be one of the processes."""
    with Lake(place) as lake:
        if not kind.startswith("plain"):
            with Lake(place.parent / f"warm-up-{number}") as other:
                other.scenarios.save("warm-up", _rows("warm-up"))
            lake.scenarios.list()
        payloads = [os.urandom(size) for size in (COMMIT_BYTES, DATA_BYTES)]
        print("ready", flush=True)
        sys.stdin.readline()
        for at in range(commits):
            name = f"{number}-{at}"
            match kind:
                case "tag":
                    lake.tags.add(f"of {number}", name)
                case "save":
                    lake.scenarios.save(name, _rows(name))
                case _:
                    for payload in payloads[: int(kind[-1])]:
                        baseline.durable_create(place, payload)
        print("done", flush=True)
        sys.stdin.readline()  # leaving costs more than a commit, and others are still at it


if __name__ == "__main__":
    _child(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
