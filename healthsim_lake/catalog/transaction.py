"""Writing to the log: plan, create, and plan again where somebody was faster."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from healthsim_lake import _clock
from healthsim_lake._version import __version__
from healthsim_lake.catalog.actions import Action, Requirement
from healthsim_lake.catalog.check import check
from healthsim_lake.catalog.commit import Commit
from healthsim_lake.catalog.creation import Creation
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.names import check_text
from healthsim_lake.catalog.records import FileGroup
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.errors import (
    AbandonedError,
    ClockError,
    CommitTimeoutError,
    InputError,
    IntegrityError,
    LakeReplacedError,
    NewerFormatError,
)
from healthsim_lake.storage import layout

WRITER = f"healthsim-lake {__version__}"
MAX_CLOCK_SKEW = timedelta(hours=1)
LONG_RUNNING = timedelta(minutes=10)
"""A transaction older than this makes sure that its files are still there."""
_FIRST_SLOTS, _MOST_SLOTS = 4, 16


@dataclass(frozen=True, slots=True)
class Draft:
    """What a transaction wants to commit, planned on one snapshot.

    Attributes:
        operation: What is done, e.g. ``save``.
        actions: What changes.
        requires: What has to hold.
        publishes: Files that become live.
        retires: Files that are superseded.
        result: What the operation answers with, for repeated requests.
    """

    operation: str
    actions: tuple[Action, ...]
    requires: tuple[Requirement, ...] = ()
    publishes: tuple[FileGroup, ...] = ()
    retires: tuple[FileGroup, ...] = ()
    result: str | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """Who and why, and the key under which a repeated request is recognised.

    Raises:
        InputError: One of them is no text, or the key is empty.
    """

    author: str | None = None
    message: str | None = None
    idempotency_key: str | None = None

    def __post_init__(self) -> None:
        for name in ("author", "message", "idempotency_key"):
            check_text(getattr(self, name), name)
        if self.idempotency_key == "":
            raise InputError("idempotency_key must not be empty: it tells requests apart")


Plan = Callable[[Snapshot], Draft]
Tidy = Callable[[Snapshot], int]


@dataclass(frozen=True, slots=True)
class Committed:
    """How a transaction ended.

    Attributes:
        snapshot: The state after it.
        commit: The commit, or None if an earlier request with the same idempotency key did it.
        result: What the operation answers with.
    """

    snapshot: Snapshot
    commit: Commit | None
    result: str | None


class Transaction:
    """One change of the lake, from its first plan to its commit.

    Attributes:
        txn_id: Names it, on every attempt.
        done: The commit, once it stands.

    Args:
        log: The lake's log.
        tidy: Makes folders and log agree; returns the version up to which they do.
        label: Who, why, and the idempotency key.
        deadline: Seconds after which a transaction that keeps losing gives up.
    """

    def __init__(
        self, log: CommitLog, *, tidy: Tidy, label: Label | None = None, deadline: float = 60.0
    ) -> None:
        self.txn_id = _clock.new_txn_id()
        self._log, self._tidy, self._label = log, tidy, label or Label()
        self._deadline = deadline
        self._creation = Creation(log.storage, self.txn_id)
        self._begun = _clock.now()
        self._settled: Callable[[], None] = lambda: None
        self._waited = 0.0
        self.done: Commit | None = None

    @property
    def may_stand(self) -> bool:
        """Whether its commit is, or may be, in the log: its files must then not be removed."""
        return self._creation.may_stand

    def waits_for(self, settled: Callable[[], None]) -> None:
        """Have `settled` called before each create: it returns when all that is named is there."""
        self._settled = settled

    def commit(self, plan: Plan, *, known: Snapshot | None = None) -> Committed:
        """Plan, check and commit; plan again for as long as others are faster.

        Args:
            plan: Called with the newest snapshot, at least once; raises what is wrong.
            known: A snapshot that was read for this transaction. Where looking for a newer one
                costs a request, it is planned on first: the create tells whether it is the newest.

        Raises:
            ConflictError: A requirement does not hold.
            AbandonedError: It took so long that maintenance gave its files up.
            CommitTimeoutError: Others were faster until the deadline; nothing was changed.
            CommitStateUnknownError: The store did not say whether it kept the commit.
            LakeReplacedError: The lake is not the one that was read.
        """
        if self._log.storage.stages or (known is not None and not known.digest):
            known = None  # a look costs nothing, or there was no lake yet
        queue = self._log.writers
        turns = queue.turns
        # Nothing stands between taking the lock and noting that: an interrupt would keep it
        with queue.lock:
            try:
                # Whoever was before us has committed
                return self._take_turn(plan, known if queue.turns == turns else None)
            finally:
                queue.turns += 1

    def _take_turn(self, plan: Plan, known: Snapshot | None) -> Committed:
        started, lost = time.monotonic(), 0
        self._log.create_lake()
        while True:
            attempt, self._waited = time.monotonic(), 0.0
            done = self._attempt(plan, known or self._log.refresh())
            if done is not None:
                return done
            if known is not None:
                known = None
                continue  # somebody committed since; that is no sign of a crowd
            lost += 1
            cost = time.monotonic() - attempt - self._waited
            self._wait(lost, cost=cost, started=started)

    def _attempt(self, plan: Plan, snapshot: Snapshot) -> Committed | None:
        """Plan and create once; None if somebody else was faster."""
        key = self._label.idempotency_key
        earlier = None if key is None else snapshot.state.results.get(key)
        if earlier is not None:
            return Committed(snapshot, None, earlier.result)
        try:
            commit = self._prepare(snapshot, plan)
        except LakeReplacedError:
            raise
        except IntegrityError:
            self._log.verify_identity()  # what is missing may belong to another history
            raise
        data = commit.to_bytes()
        self._wait_for_files()
        self._log.verify_identity()
        if not self._creation.run(commit.version, data):
            return None
        self.done = commit
        return Committed(self._log.accept(commit, data), commit, commit.result)

    def _wait_for_files(self) -> None:
        """Wait until everything is there that the commit names; others are not to blame for it."""
        start = time.monotonic()
        self._settled()
        self._waited += time.monotonic() - start

    def _prepare(self, snapshot: Snapshot, plan: Plan) -> Commit:
        if snapshot.state.writer_features:
            raise NewerFormatError(
                f"writing needs {', '.join(snapshot.state.writer_features)}; "
                "install a newer release of healthsim-lake"
            )
        if self.txn_id in snapshot.state.retention.abandoned:
            raise AbandonedError(
                "nothing was heard of this transaction for so long that vacuum gave its files up; "
                "nothing was changed, do it again"
            )
        draft = plan(snapshot)
        for requirement in draft.requires:
            check(requirement, snapshot)
        self._check_files(draft)
        return Commit(
            version=snapshot.version + 1,
            txn_id=self.txn_id,
            previous=snapshot.digest,
            timestamp=_next_timestamp(snapshot),
            writer=WRITER,
            operation=draft.operation,
            author=self._label.author,
            message=self._label.message,
            idempotency_key=self._label.idempotency_key,
            result=draft.result,
            tidied=self._tidy(snapshot),
            requires=draft.requires,
            actions=draft.actions,
            publishes=draft.publishes,
            retires=draft.retires,
        )

    def _check_files(self, draft: Draft) -> None:
        """Refuse to commit files that are gone, e.g. because somebody cleaned up by hand."""
        if _clock.now() - self._begun < LONG_RUNNING:
            return
        storage = self._log.storage
        for group in draft.publishes:
            for name in group.names:
                staged = layout.staged(name)
                live = layout.live(group.table, group.scenario_id, name)
                if storage.stat(staged if storage.stages else live) is None:
                    raise AbandonedError(
                        f"the data file {name} of this transaction is gone, which began at "
                        f"{_clock.iso(self._begun)}; nothing was changed, do it again"
                    )

    def _wait(self, lost: int, *, cost: float, started: float) -> None:
        """Back off by a random number of slots, each as long as an attempt takes here."""
        if time.monotonic() - started > self._deadline:
            raise CommitTimeoutError(
                f"{lost} attempts lost to other writers within {self._deadline:g} s; "
                "nothing was changed, try again"
            )
        slots = min(_FIRST_SLOTS * 2 ** (lost - 1), _MOST_SLOTS)
        time.sleep(random.uniform(0, slots) * cost * 1.1)  # noqa: S311  # spreads writers, no secret


def _next_timestamp(snapshot: Snapshot) -> datetime:
    """Return now, but never less than the time of the commit before."""
    now = _clock.now()
    if snapshot.timestamp is None or snapshot.timestamp <= now:
        return now
    if snapshot.timestamp - now > MAX_CLOCK_SKEW:
        raise ClockError(
            f"the newest commit was made at {_clock.iso(snapshot.timestamp)}, but this machine's "
            f"clock says {_clock.iso(now)}; set the clock right before writing"
        )
    return snapshot.timestamp
