"""Mending what `verify` says can be mended; nothing that was committed is ever deleted here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from healthsim_lake.catalog import checkpoint
from healthsim_lake.catalog.commit import digest
from healthsim_lake.errors import KeyMissingError
from healthsim_lake.maintenance.chain_check import check_log
from healthsim_lake.maintenance.findings import Finding, Report, Verification
from healthsim_lake.maintenance.progress import Progress
from healthsim_lake.maintenance.vacuum import Keep, Vacuum
from healthsim_lake.maintenance.verify import verify
from healthsim_lake.storage import layout
from healthsim_lake.tables.committer import Committer

_LEFTOVERS = ("abandoned", "temporary", "purged")


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What `repair` did, and what is left.

    Attributes:
        mended: What was wrong, and is not any more.
        removed: Keys of what nothing needs: of dead transactions, of purged scenarios.
        left: What a verification says now.
    """

    mended: tuple[Finding, ...]
    removed: tuple[str, ...]
    left: Verification

    @property
    def ok(self) -> bool:
        """Whether nothing is left to mend, and nothing is lost."""
        return self.left.ok

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "ok": self.ok,
            "mended": [one.to_dict() for one in self.mended],
            "removed": list(self.removed),
            "left": self.left.to_dict(),
        }


def repair(committer: Committer, tell: Progress) -> RepairReport:
    """Mend the log first, then folders, then checkpoints; see `verify` for what is looked at.

    A torn commit is put aside under ``catalog/torn/``; files that no commit made live go to
    ``history/``, where `vacuum` finds them.

    Raises:
        ReadOnlyError: The lake was opened for reading only.
        DamagedCommitError: The log is damaged in a way that only a backup mends.
    """
    log = committer.log
    log.require_lake_file()
    mended = _put_torn_commits_aside(committer, tell)
    committer.tidy()
    before = verify(log, None, deep=False, tell=tell)
    for finding in before.mendable:
        _mend(committer, finding)
    removed: tuple[str, ...] = ()
    if not before.lost:
        removed = Vacuum(committer, tell).run(Keep(), dry_run=False, only=_LEFTOVERS).keys
    left = verify(log, None, deep=False, tell=tell)
    still = {(one.what, one.where) for one in left.findings}
    mended += [one for one in before.mendable if (one.what, one.where) not in still]
    return RepairReport(tuple(mended), removed, left)


def _put_torn_commits_aside(committer: Committer, tell: Progress) -> list[Finding]:
    report, storage = Report(), committer.log.storage
    check_log(storage, report, tell)
    torn = [one for one in report.findings if one.what == "commit-torn"]
    if torn and not committer.read_only:
        for one in torn:
            version = layout.commit_version(one.where)
            try:
                data = storage.read(one.where)
            except KeyMissingError:
                continue  # somebody else repairs, too
            storage.move(one.where, layout.torn(version or 0, digest(data)))
        committer.log.drop()
    return torn


def _mend(committer: Committer, finding: Finding) -> None:
    storage = committer.log.storage
    if finding.what == "checkpoint":
        for key in checkpoint.keys(storage):
            if finding.where in (key, layout.CHECKPOINTS):
                storage.delete(key)
        committer.log.drop()
    elif finding.moves_to is not None and storage.stat(finding.moves_to) is None:
        storage.move(finding.where, finding.moves_to)
    elif finding.moves_to is not None and _same(committer, finding.where, finding.moves_to):
        storage.delete(finding.where)


def _same(committer: Committer, one: str, other: str) -> bool:
    """Return whether two keys hold the same bytes; a copy in the wrong place may go then."""
    storage = committer.log.storage
    try:
        return storage.read(one) == storage.read(other)
    except KeyMissingError:
        return False
