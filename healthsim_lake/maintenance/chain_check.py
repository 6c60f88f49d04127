"""Checks of the log: every commit, every link of the chain, every checkpoint."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from healthsim_lake.catalog import checkpoint
from healthsim_lake.catalog.chain import IN_FLIGHT_SECONDS, read_lake_file
from healthsim_lake.catalog.commit import Commit, digest, parse_commit
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.errors import DamagedCommitError, KeyMissingError
from healthsim_lake.maintenance.findings import Report
from healthsim_lake.maintenance.progress import Progress, counted
from healthsim_lake.storage import Storage, layout


@dataclass(frozen=True, slots=True)
class Checked:
    """The log as far as it is whole.

    Attributes:
        snapshot: The state at the last commit that follows from all before it.
        whole: Whether that is the head.
    """

    snapshot: Snapshot
    whole: bool


def check_log(storage: Storage, report: Report, tell: Progress) -> Checked:
    """Read all commits from the first one, and all checkpoints, and compare.

    Raises:
        NotALakeError: There is none.
        NewerFormatError: A newer release wrote what this one cannot follow.
    """
    found = read_lake_file(storage)
    if found is None:
        return Checked(Snapshot(version=0, digest=""), whole=True)
    lake, lake_digest = found
    versions = [layout.commit_version(entry.key) for entry in storage.list(layout.LOG)]
    head = max((one for one in versions if one is not None), default=0)
    marks = {
        parts[0]: (key, parts[1])
        for key in checkpoint.keys(storage)
        if (parts := layout.checkpoint_parts(key)) is not None
    }
    snapshot = Snapshot(version=0, digest=lake_digest)
    for version in counted(range(1, head + 1), "reading commits", tell):
        following = _follow(storage, snapshot, version, head, report)
        if following is None:
            return Checked(snapshot, whole=False)
        snapshot = following
        if version in marks:
            _check_mark(storage, marks.pop(version)[0], snapshot, lake.lake_id, report)
    for key, _ in marks.values():
        report.mendable("checkpoint", key, "stands for a commit that is not there")
    return Checked(snapshot, whole=True)


def _follow(
    storage: Storage, snapshot: Snapshot, version: int, head: int, report: Report
) -> Snapshot | None:
    """Return the snapshot after commit `version`; None, with a finding, where that ends."""
    key = layout.commit(version)
    try:
        data = storage.read(key)
    except KeyMissingError:
        report.lost("commit-missing", key, "is missing although later commits are there")
        return None
    report.checked["commits"] += 1
    try:
        commit: Commit = parse_commit(data, version)
    except DamagedCommitError as error:
        if version == head and is_torn(data):
            if _is_fresh(storage, key):
                return None  # somebody is writing it at this moment
            report.mendable("commit-torn", key, "the newest commit was never written to its end")
        else:
            report.lost("commit-damaged", key, str(error))
        return None
    if commit.previous != snapshot.digest:
        report.lost("chain-broken", key, f"does not follow commit {version - 1} as it is here")
        return None
    if snapshot.timestamp is not None and commit.timestamp < snapshot.timestamp:
        report.lost("time-backwards", key, "is older than the commit before it")
    return snapshot.advance([(commit, digest(data))])


def is_torn(data: bytes) -> bool:
    """Return whether `data` is a beginning of a JSON document, and not a whole one.

    A commit that is whole and says something wrong was altered after it was made: it may have been
    acknowledged, and must not be put aside.
    """
    text = data.rstrip(b"\0").decode(errors="replace")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        # What ends too early fails at its end, or in a text that was not closed.
        return error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
    except (ValueError, RecursionError):  # too long a number, too deep: no beginning of a commit
        return False
    return False


def _is_fresh(storage: Storage, key: str) -> bool:
    entry = storage.stat(key)
    return entry is None or time.time() - entry.modified < IN_FLIGHT_SECONDS


def _check_mark(
    storage: Storage, key: str, snapshot: Snapshot, lake_id: str, report: Report
) -> None:
    """Compare a checkpoint with what the commits say."""
    start = checkpoint.usable(storage, key, lake_id)
    report.checked["checkpoints"] += 1
    if start is None:
        report.mendable("checkpoint", key, "cannot be used: it is torn, or of another history")
    elif start.snapshot.state != snapshot.state or start.snapshot.tidied > snapshot.tidied:
        report.mendable("checkpoint", key, "says something else than the commits up to it")
