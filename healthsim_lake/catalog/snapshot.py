"""The state of a lake at one version: a fold of the actions of all commits up to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from healthsim_lake._shown import shown, similar
from healthsim_lake.catalog.commit import Commit
from healthsim_lake.catalog.fold import fold
from healthsim_lake.catalog.records import ScenarioRecord
from healthsim_lake.catalog.state import IdempotentResult, ScenarioState, State, TableState
from healthsim_lake.errors import (
    DamagedCommitError,
    EntityTypeNotFoundError,
    PurgedError,
    ScenarioNotFoundError,
)

IDEMPOTENCY_WINDOW = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is true at one version of the lake; immutable, safe to share between threads.

    Attributes:
        version: Number of the newest commit; 0 for a lake without commits.
        digest: SHA-256 of that commit (of ``lake.json`` at version 0).
        timestamp: When it was made; None at version 0.
        tidied: Version up to which folders and log are known to agree.
        state: Scenarios, names and tables.
    """

    version: int
    digest: str
    timestamp: datetime | None = None
    tidied: int = 0
    state: State = field(default_factory=State)

    def advance(self, commits: Iterable[tuple[Commit, str]]) -> Snapshot:
        """Return the snapshot after `commits`, given with their digests, in order.

        Raises:
            DamagedCommitError: One changes what is not there.
        """
        state = self.state.mutable_copy()
        last, digest, tidied = None, self.digest, self.tidied
        for commit, own_digest in commits:
            try:
                for action in commit.actions:
                    fold(action, state, commit)
            except KeyError as error:
                raise DamagedCommitError(
                    f"commit {commit.version} changes {error}, which is not there; "
                    "restore catalog/log from a backup"
                ) from error
            if commit.idempotency_key is not None:
                state.remember(commit.idempotency_key, _result_of(commit))
            last, digest, tidied = commit, own_digest, max(tidied, commit.tidied)
        if last is None:
            return self
        state.forget_results_before(last.timestamp - IDEMPOTENCY_WINDOW)
        return replace(
            self,
            version=last.version,
            digest=digest,
            timestamp=last.timestamp,
            tidied=tidied,
            state=state,
        )

    @property
    def scenarios(self) -> Mapping[str, ScenarioState]:
        """All scenarios by id, tombstones included."""
        return self.state.scenarios

    @property
    def tables(self) -> Mapping[str, TableState]:
        """All declared tables by name."""
        return self.state.tables

    def only(self, state: ScenarioState) -> Snapshot:
        """Return the snapshot with this scenario alone, and without documents and ledgers."""
        scenarios = {state.record.id: state}
        alone = replace(self.state, scenarios=scenarios, documents={}, ledgers={})
        return replace(self, state=alone)

    def find(self, ref: str) -> ScenarioState | None:
        """Return the scenario with that id or name, or None; ids win, tombstones do not count."""
        if not isinstance(ref, str):
            return None
        found = self.state.scenarios.get(ref)
        if found is None or found.record.deleted:
            found = self.state.scenarios.get(self.state.names.get(ref, ""))
        return found

    def get(self, ref: str) -> ScenarioState:
        """Return the scenario with that id or name.

        Raises:
            ScenarioNotFoundError: There is none; the message says so, and whether `restore` helps.
            PurgedError: It was purged.
        """
        found = self.find(ref)
        if found is not None:
            return found
        self.refuse_purged(ref)
        if self.find_deleted(ref) is not None:
            raise ScenarioNotFoundError(
                f"Scenario {shown(ref)} not found: it was deleted; restore({shown(ref)}) "
                "brings it back"
            )
        hint = similar(ref, self.state.names)
        raise ScenarioNotFoundError(f"Scenario {shown(ref)} not found in the lake{hint}")

    def find_deleted(self, ref: str) -> ScenarioState | None:
        """Return the tombstone with that id, or the one of that name that was deleted last."""
        if not isinstance(ref, str):
            return None
        by_id = self.state.scenarios.get(ref)
        if by_id is not None:
            return by_id if by_id.record.deleted else None
        graves = [
            one
            for one in self.state.scenarios.values()
            if one.record.deleted and one.record.name == ref
        ]
        return max(graves, key=lambda one: one.commit, default=None)

    def refuse_purged(self, ref: str) -> None:
        """Return unless the scenario with that id, or the last one of that name, was purged.

        Raises:
            PurgedError: It was; says when.
        """
        if not isinstance(ref, str):
            return
        gone = self.state.purged
        found = gone.get(ref)
        if found is None and self.find_deleted(ref) is None:
            found = next((one for one in reversed(gone.values()) if one.name == ref), None)
        if found is not None:
            raise PurgedError(
                f"Scenario {shown(ref)} was purged by commit {found.commit} "
                f"({found.timestamp:%Y-%m-%d %H:%M} UTC): all its rows and versions are gone"
            )

    def forgotten(self) -> str:
        """Return the end of a sentence about a version that may not be read any more."""
        kept = self.state.retention
        return (
            f"was forgotten by vacuum at commit {kept.commit}; "
            f"versions of the lake from {kept.before} on are kept"
        )

    def table(self, name: str) -> TableState:
        """Return what is declared of table `name`.

        Raises:
            EntityTypeNotFoundError: Never declared in this lake.
        """
        try:
            return self.state.tables[name]
        except KeyError:
            raise EntityTypeNotFoundError(f"the lake has no table {shown(name)}") from None

    def records(self) -> list[ScenarioRecord]:
        """Return all scenarios that are not deleted, last changed first."""
        alive = [one for one in self.state.scenarios.values() if not one.record.deleted]
        # Two sorts of what is nearly in order already cost less than one by pairs
        alive.sort(key=lambda one: one.commit, reverse=True)
        alive.sort(key=lambda one: one.record.updated_at, reverse=True)
        return [one.record for one in alive]


def _result_of(commit: Commit) -> IdempotentResult:
    return IdempotentResult(commit=commit.version, timestamp=commit.timestamp, result=commit.result)
