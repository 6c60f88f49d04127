"""What came of carrying a lake, and how two lakes stand to each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

Progress = Callable[[str, int, int], None]
"""Called with what is being carried, bytes so far, and bytes in all."""


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """How the lake at `there` stands to the one at `here`.

    Attributes:
        here: URL of the one lake.
        there: URL of the other.
        relation: ``same``, ``ahead`` (here has commits that there lacks), ``behind``, ``forked``,
            ``empty`` (nothing is there), or ``foreign`` (another lake is there).
        version_here: Newest commit here.
        version_there: Newest commit there.
        common: Last commit that both have.
    """

    here: str
    there: str
    relation: str
    version_here: int
    version_there: int
    common: int

    def to_dict(self) -> dict[str, Any]:
        """Return the status as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Moved:
    """A scenario that was carried by itself.

    Attributes:
        scenario_id: The same in both lakes.
        name: Its name.
        outcome: ``created``, ``updated``, or ``unchanged``: the target has what the source has.
        version: Its version in the target.
    """

    scenario_id: str
    name: str
    outcome: str
    version: int


@dataclass(frozen=True, slots=True)
class Carried:
    """What was carried from one lake to another, or would be.

    Attributes:
        source: URL that it came from.
        target: URL that it went to.
        since: Newest commit of the target before.
        version: Newest commit of the target after.
        commits: Commits that were carried.
        files: Data files, documents and commits that were carried; of a dry run, data files.
        bytes: Their size.
        present: Files that an earlier attempt had carried already.
        target_ahead: Commits that the target has and the source has not; a pull brings them.
        dry_run: Whether all this would only be done.
        scenarios: Of a transfer: what became of each.
    """

    source: str
    target: str
    since: int
    version: int
    commits: int
    files: int
    bytes: int
    present: int
    target_ahead: int = 0
    dry_run: bool = False
    scenarios: tuple[Moved, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return asdict(self)
