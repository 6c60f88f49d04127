"""Two logs side by side: which one goes on where the other ends, and where they part."""

from __future__ import annotations

from dataclasses import dataclass

from healthsim_lake.catalog.chain import read_lake_file
from healthsim_lake.catalog.commit import digest
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.errors import ForeignLakeError, ForkedError, InputError, KeyMissingError
from healthsim_lake.storage import Storage, layout
from healthsim_lake.sync.report import SyncStatus


@dataclass(frozen=True, slots=True)
class Relation:
    """How a target stands to a source.

    Attributes:
        kind: ``same``, ``ahead`` (the source is), ``behind``, ``forked``, ``empty``, ``foreign``.
        source: Newest commit of the source.
        target: Newest commit of the target.
        common: Last commit that both have.
    """

    kind: str
    source: int
    target: int
    common: int

    def require_one_history(self, source: str, target: str) -> None:
        """Return if one log is the beginning of the other.

        Raises:
            ForeignLakeError: The target is another lake.
            ForkedError: They part; says after which commit.
        """
        if self.kind == "foreign":
            raise ForeignLakeError(
                f"{target} holds another lake than {source}; nothing was changed. Choose an empty "
                "place, or transfer single scenarios with scenario=... or tag=..."
            )
        if self.kind == "forked":
            raise ForkedError(
                f"{source} and {target} are one lake up to version {self.common} and part there "
                f"(they are at {self.source} and {self.target}); nothing was changed. Transfer "
                "the scenarios that are wanted with scenario=... or tag=..."
            )

    def status(self, here: str, there: str) -> SyncStatus:
        """Return the relation as it is shown."""
        return SyncStatus(here, there, self.kind, self.source, self.target, self.common)


def refuse_itself(source: CommitLog, target: CommitLog) -> None:
    """Refuse to carry a lake to itself, or to a place among its own files.

    Raises:
        InputError: That was asked for.
    """
    here, there = source.storage.url, target.storage.url
    if here == there:
        raise InputError(f"{here} cannot be carried to itself")
    if there.startswith(here.rstrip("/") + "/"):
        raise InputError(f"{there} lies within {here}, which cannot be carried to a part of itself")


def compare(source: CommitLog, target: CommitLog) -> Relation:
    """Compare the logs of two lakes; a few requests, however long they are.

    Raises:
        LakeNotFoundError: There is no source.
        NotALakeError: The target is in use for something else.
    """
    head = source.refresh().version
    own = source.lake_id
    found = read_lake_file(target.storage)
    if found is None:
        return Relation("empty", head, 0, 0)
    if found[0].lake_id != own:
        return Relation("foreign", head, target.refresh().version, 0)
    ours, theirs = _Digests(source.storage), _Digests(target.storage)
    if ours.of(head) == theirs.of(head):
        ahead = _last(theirs, head)
        return Relation("same" if ahead == head else "behind", head, ahead, head)
    reached = _newest_until(theirs, head)
    if reached == head:
        reached = _last(theirs, head)
    common = _common(ours, theirs, min(reached, head))
    kind = "ahead" if common == reached else "forked"
    return Relation(kind, head, reached, common)


class _Digests:
    """Digests of the commits of one lake; version 0 stands for ``lake.json``."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._known: dict[int, str | None] = {}

    def of(self, version: int) -> str | None:
        """Return the digest of a commit, or None if it is not there."""
        if version not in self._known:
            key = layout.commit(version) if version else layout.LAKE
            try:
                self._known[version] = digest(self._storage.read(key))
            except KeyMissingError:
                self._known[version] = None
        return self._known[version]


def _last(digests: _Digests, present: int) -> int:
    """Return the newest commit of a log that has commit `present`."""
    step = 1
    while digests.of(present + step) is not None:
        present, step = present + step, 2 * step
    return _newest_until(digests, present + step, present=present)


def _newest_until(digests: _Digests, absent: int, *, present: int = 0) -> int:
    """Return the newest commit up to `absent`, by bisection: a log has no gaps."""
    while absent - present > 1:
        middle = (present + absent) // 2
        if digests.of(middle) is None:
            absent = middle
        else:
            present = middle
    return absent if digests.of(absent) is not None else present


def _common(ours: _Digests, theirs: _Digests, limit: int) -> int:
    """Return the last commit that both have: each names the one before it, so bisection finds it.

    Both are known to have `lake.json` in common, or they would be other lakes.
    """
    if ours.of(limit) == theirs.of(limit):
        return limit
    same, other = 0, limit
    while other - same > 1:
        middle = (same + other) // 2
        if ours.of(middle) == theirs.of(middle):
            same = middle
        else:
            other = middle
    return same
