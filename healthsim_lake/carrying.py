"""How a lake is carried to other places, and fetched from there."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from healthsim_lake import scenarios, sync
from healthsim_lake.errors import InputError, ReadOnlyError

if TYPE_CHECKING:
    from healthsim_lake.catalog.log import CommitLog
    from healthsim_lake.catalog.snapshot import Snapshot
    from healthsim_lake.scenarios.entity_types import EntityTypes
    from healthsim_lake.sync.report import Carried, Progress, SyncStatus
    from healthsim_lake.tables.committer import Committer


class Carrying(ABC):
    """The part of `Lake` that knows of other lakes."""

    url: str
    entities: EntityTypes
    _log: CommitLog
    _committer: Committer
    _pinned: Snapshot | None

    @abstractmethod
    def _elsewhere(
        self,
        url: str | os.PathLike[str],
        storage_options: Mapping[str, Any] | None,
        *,
        single_writer: bool = False,
    ) -> Carrying:
        """Return the lake at `url`."""

    def push(
        self,
        url: str | os.PathLike[str],
        *,
        scenario: str | Sequence[str] | None = None,
        tag: str | None = None,
        storage_options: Mapping[str, Any] | None = None,
        single_writer: bool = False,
        dry_run: bool = False,
        on_progress: Progress | None = None,
    ) -> Carried:
        """Bring a mirror of this lake up to date, or carry some scenarios into another lake.

        A mirror has the same log: only what it lacks is carried, readers of it see whole commits
        at every moment, and a push that was interrupted is continued by the next one. A scenario
        that is carried by itself is saved in the history of the lake that it comes to, with its id.

        Args:
            url: Where the other lake is, or will be.
            scenario: Carry only this one, by name or id, or these.
            tag: Carry only the scenarios with this tag.
            storage_options: Of the other lake's filesystem.
            single_writer: See `Lake`; for the other lake.
            dry_run: Only say what would be carried.
            on_progress: Called with what was carried, bytes so far, and bytes in all.

        Raises:
            ForkedError: Both were written to since they were one; says after which version.
            ForeignLakeError: A mirror was wanted, and another lake is there.
            VersionConflictError: Scenarios changed in both lakes; names them.
            NotALakeError: Something else is there.
        """
        there = self._elsewhere(url, storage_options, single_writer=single_writer)
        carry = self._carrier_to(there, scenario, tag)
        return carry(dry_run=dry_run, on_progress=on_progress)

    def pull(
        self,
        url: str | os.PathLike[str],
        *,
        scenario: str | Sequence[str] | None = None,
        tag: str | None = None,
        storage_options: Mapping[str, Any] | None = None,
        dry_run: bool = False,
        on_progress: Progress | None = None,
    ) -> Carried:
        """Bring this lake up to where its mirror is, or fetch some scenarios; see `push`.

        Raises:
            LakeNotFoundError: There is no lake at `url`.
            ReadOnlyError: This lake was opened for reading only.
        """
        there = self._elsewhere(url, storage_options)
        carry = there._carrier_to(self, scenario, tag)  # noqa: SLF001  # of the same class
        return carry(dry_run=dry_run, on_progress=on_progress)

    def clone_from(
        self,
        url: str | os.PathLike[str],
        *,
        storage_options: Mapping[str, Any] | None = None,
        on_progress: Progress | None = None,
    ) -> Carried:
        """Make this lake a mirror of the one at `url`; nothing may be here yet, or a part of it.

        Raises:
            LakeNotFoundError: There is no lake at `url`.
        """
        return self.pull(url, storage_options=storage_options, on_progress=on_progress)

    def sync_status(
        self,
        url: str | os.PathLike[str],
        *,
        storage_options: Mapping[str, Any] | None = None,
    ) -> SyncStatus:
        """Return how the lake at `url` stands to this one; a few requests."""
        there = self._elsewhere(url, storage_options)
        return sync.compare(self._whole(), there._log).status(self.url, there.url)  # noqa: SLF001  # of its own class

    def _carrier_to(
        self, target: Carrying, scenario: str | Sequence[str] | None, tag: str | None
    ) -> Callable[..., Carried]:
        """Return what carries that much of this lake to `target`."""
        log, committer = self._whole(), target._committer
        if committer.read_only:
            raise ReadOnlyError(f"{target.url} was opened for reading only")
        if scenario is None and tag is None:
            return partial(sync.mirror, log, committer.log)
        refs = (scenario,) if isinstance(scenario, str) else tuple(scenario or ())
        return partial(scenarios.transfer, log, committer, target.entities, scenarios=refs, tag=tag)

    def _whole(self) -> CommitLog:
        """Return the log, unless this is the lake as it was.

        Raises:
            InputError: It is.
        """
        if self._pinned is not None:
            raise InputError(
                f"this is the lake as it was at version {self._pinned.version}; "
                f"push {self.url} itself"
            )
        return self._log
