"""Checking everything that can be checked, without changing anything."""

from __future__ import annotations

from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.errors import IntegrityError
from healthsim_lake.maintenance.chain_check import check_log
from healthsim_lake.maintenance.data_check import DataCheck
from healthsim_lake.maintenance.findings import Report, Verification
from healthsim_lake.maintenance.inventory import Item, Role, listed, sorted_out
from healthsim_lake.maintenance.progress import Progress
from healthsim_lake.maintenance.references import References, collect
from healthsim_lake.storage import Entry, layout


def verify(log: CommitLog, ref: str | None, *, deep: bool, tell: Progress) -> Verification:
    """Check the whole lake, or one scenario with all its versions.

    Args:
        log: The lake's log.
        ref: Name or id of a scenario, perhaps deleted; None for everything.
        deep: Whether to read every byte of every data file.
        tell: Told how far it got.

    Raises:
        ScenarioNotFoundError: There is no such scenario.
    """
    log.require_lake_file()
    report = Report()
    if ref is not None:
        return _verify_scenario(log, ref, report, deep=deep, tell=tell)
    # Listed first: what is superseded or stray now was so before the log was read.
    entries = listed(log.storage, tell)
    checked = check_log(log.storage, report, tell)
    snapshot = checked.snapshot
    if checked.whole:
        _check_opened(log, snapshot, report)
    needed = collect(log, snapshot, tell)
    checking = DataCheck(log, snapshot, report, deep=deep, tell=tell)
    checking.run(needed, snapshot.scenarios.values())
    checking.documents(needed)
    checking.ledgers()
    if checked.whole:
        _check_places(log, entries, needed, snapshot, report)
    return report.conclude(snapshot.version, deep=deep)


def _verify_scenario(
    log: CommitLog, ref: str, report: Report, *, deep: bool, tell: Progress
) -> Verification:
    snapshot = log.refresh()
    state = snapshot.find(ref) or snapshot.find_deleted(ref) or snapshot.get(ref)
    needed = collect(log, snapshot.only(state), tell)
    DataCheck(log, snapshot, report, deep=deep, tell=tell).run(needed, [state])
    return report.conclude(snapshot.version, deep=deep)


def _check_opened(log: CommitLog, folded: Snapshot, report: Report) -> None:
    """Compare what a reader sees (from a checkpoint) with the fold of all commits."""
    try:
        head = log.refresh()
        opened = head if head.version == folded.version else log.at(version=folded.version)
    except IntegrityError as error:
        report.lost("log", layout.LOG, str(error))
        return
    if opened.state != folded.state:
        report.mendable("checkpoint", layout.CHECKPOINTS, "readers see another state than the log")


def _check_places(
    log: CommitLog, entries: list[Entry], needed: References, snapshot: Snapshot, report: Report
) -> None:
    """Report whatever stands where it should not, or takes space in vain."""
    for item in sorted_out(log.storage, entries, needed, head=snapshot):
        report.checked["stored objects"] += 1
        if item.role is not Role.NEEDED and _is_so(log, item):
            _report_item(item, report)


def _is_so(log: CommitLog, item: Item) -> bool:
    """Return whether something is still there: it may have been on its way when it was listed."""
    if item.role is Role.FOREIGN:
        return True
    return log.storage.stat(item.entry.key) is not None


def _report_item(item: Item, report: Report) -> None:
    key = item.entry.key
    match item.role:
        case Role.MISPLACED:
            report.mendable("misplaced", key, f"belongs to {item.belongs}", moves_to=item.belongs)
        case Role.STRAY:
            report.mendable("stray", key, "no commit made this file live", moves_to=item.belongs)
        case Role.PURGED:
            report.mendable("purged", key, "belongs to a scenario that was purged")
        case Role.SUPERSEDED:
            report.leftover("superseded", key, "no version that may be read needs it")
        case Role.WAITING:
            report.leftover("unfinished", key, "belongs to a transaction that runs, or died")
        case Role.TEMPORARY:
            report.leftover("temporary", key, "a value that is, or was, being written")
        case Role.FOREIGN if key.startswith(layout.DATA + "/"):
            report.leftover("foreign", key, "not a file of this lake; a glob over data/ may see it")
        case Role.FOREIGN:
            report.leftover("foreign", key, "not a file of this lake")
