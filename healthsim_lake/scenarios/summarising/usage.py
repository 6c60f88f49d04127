"""How much a lake, or a scenario, holds; from the catalog alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.state import ScenarioState


@dataclass(frozen=True, slots=True)
class TableUsage:
    """What one table holds of the scenarios that were looked at, in their newest versions.

    Attributes:
        table: Its name.
        scenarios: Scenarios that have rows in it.
        versions: Versions that these scenarios had so far.
        rows: Live rows.
        files: Live data files.
        bytes: Their size.
    """

    table: str
    scenarios: int
    versions: int
    rows: int
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What a lake, or a scenario, holds.

    Attributes:
        scenarios: Scenarios that were looked at.
        versions: Versions that they had so far.
        rows: Live rows.
        files: Live data files.
        bytes: Their size.
        tables: The same by table, the largest first; only tables with rows.
    """

    scenarios: int
    versions: int
    rows: int
    files: int
    bytes: int
    tables: tuple[TableUsage, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON values."""
        return asdict(self)


def usage(log: CommitLog, states: Iterable[ScenarioState]) -> Usage:
    """Add up what scenarios hold.

    Raises:
        DamagedCommitError: A manifest is missing or altered.
    """
    scenarios, versions = 0, 0
    sums: dict[str, list[int]] = {}
    for state in states:
        scenarios += 1
        versions += len(state.versions)
        for one in log.manifest(state).sets:
            if one.files:
                size = sum(file.bytes for file in one.files)
                own = (1, len(state.versions), one.rows, len(one.files), size)
                former = sums.get(one.table, [0] * len(own))
                sums[one.table] = [a + b for a, b in zip(former, own, strict=True)]
    tables = [TableUsage(table, *numbers) for table, numbers in sums.items()]
    tables.sort(key=lambda one: (-one.bytes, one.table))
    return Usage(
        scenarios=scenarios,
        versions=versions,
        rows=sum(one.rows for one in tables),
        files=sum(one.files for one in tables),
        bytes=sum(one.bytes for one in tables),
        tables=tuple(tables),
    )
