"""Every error this package raises on purpose, in one tree.

    LakeError
    ├── InputError (ValueError)             what was given cannot be taken; nothing was changed
    │   ├── ParameterError (TypeError)      no such parameter, or a value of the wrong type
    │   ├── InvalidNameError                a scenario, tag or table name breaks a rule
    │   ├── InvalidEntityError              a row that cannot be kept exactly; says table, row, key
    │   ├── InvalidPathError                a key or path that would leave the lake
    │   ├── InvalidSpecificationError       a specification or entity type that cannot be
    │   ├── FormatError                     a file of other people that cannot be read
    │   └── QueryError                      SQL that was not, or could not be, answered
    │       ├── QueryRefusedError           the statement asks for more than a question may
    │       └── QueryLimitError             it ran into a limit on time, rows or memory
    ├── NotFoundError (LookupError, ValueError)
    │   ├── ScenarioNotFoundError
    │   ├── VersionNotFoundError
    │   ├── PurgedError                     the scenario was removed for good, with all its versions
    │   ├── EntityTypeNotFoundError
    │   ├── DocumentNotFoundError           no profile or journey has that name or id
    │   ├── ExecutionNotFoundError          nothing that was run has that id
    │   └── LakeNotFoundError (FileNotFoundError)   there is no lake at that place
    ├── ConflictError                       somebody else's change, or an earlier one, is in the way
    │   ├── NameTakenError (ValueError)     the name already exists
    │   ├── VersionConflictError            the thing changed since it was read
    │   ├── AbandonedError                  it took so long that maintenance gave its files up
    │   ├── CommitTimeoutError (TimeoutError)       proven not committed, within the deadline
    │   ├── CommitStateUnknownError         the store did not say whether the commit was kept
    │   ├── ForkedError                     two copies of a lake went separate ways
    │   └── ForeignLakeError                a lake with another id is in the way
    ├── StorageError (OSError)
    │   ├── KeyExistsError (FileExistsError)
    │   ├── KeyMissingError (FileNotFoundError)
    │   ├── ReadOnlyError (PermissionError)
    │   ├── AccessError (PermissionError)   the store does not know, or not let in, who is asking
    │   ├── StorageFullError                no space left; nothing was kept
    │   └── UnsafeStoreError                the store ignores conditional creates
    └── IntegrityError                      what is stored is not what was written
        ├── NotALakeError                   the place holds something else
        ├── NewerFormatError                written by a release that this one cannot follow
        ├── DamagedCommitError
        ├── DataFileMissingError
        ├── DataFileAlteredError
        ├── ClockError                      the newest commit lies in the future
        └── LakeReplacedError               the lake was replaced or restored under a living process

Branches group what a caller would do next: mend the input, look elsewhere, try again, look at the
disk, call for help. Each error is also the builtin that one would expect, so that plain
``except ValueError`` keeps working.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

from healthsim_lake._shown import shown

_SHOWN_PROBLEMS = 8
_SHOWN_PARTS = 12
_PLAIN_KEY = re.compile(r"[\w-]{1,100}")


class LakeError(Exception):
    """Base of all errors raised on purpose by this package."""


class InputError(LakeError, ValueError):
    """What was given cannot be taken; nothing was changed."""


class ParameterError(InputError, TypeError):
    """A function was called with a parameter it does not have, or a value of the wrong type."""


class InvalidNameError(InputError):
    """A scenario, tag or table name breaks a rule."""


class InvalidEntityError(InputError):
    """A row that cannot be kept exactly.

    Attributes:
        table: Table (or entity key) that the row was meant for.
        row: Position of the row in its input, counted from 0; None when it concerns all rows.
        key: Path of the offending key inside the row, as written in the message.
    """

    def __init__(
        self, reason: str, *, table: str, row: int | None = None, key: str | None = None
    ) -> None:
        self.reason, self.table, self.row, self.key = reason, table, row, key
        where = table if row is None else f"{table}[{row}]"
        if key is not None:
            where = f"{where}, key {key}"
        super().__init__(f"{where}: {reason}")


class InvalidPathError(InputError):
    """A key or path that is malformed or would leave the lake."""


class InvalidSpecificationError(InputError):
    """A profile or journey specification, or an entity type, that cannot mean what it says.

    Attributes:
        kind: What was given, e.g. ``journey specification``.
        problems: Path and reason of everything that is wrong. A path holds the keys (text) and
            positions (numbers) to walk; the empty path means the whole.
    """

    def __init__(self, kind: str, problems: Iterable[tuple[tuple[str | int, ...], str]]) -> None:
        self.kind, self.problems = kind, tuple(problems)
        lines = [
            f"{_path_text(path)}: {reason}" if path else reason
            for path, reason in self.problems[:_SHOWN_PROBLEMS]
        ]
        more = len(self.problems) - len(lines)
        if more > 0:
            lines.append(f"and {more} more")
        super().__init__(f"{kind}: {'; '.join(lines)}")


def _path_text(path: tuple[str | int, ...]) -> str:
    parts = (
        f".{part}" if isinstance(part, str) and _PLAIN_KEY.fullmatch(part) else f"[{shown(part)}]"
        for part in path
    )
    first = list(itertools.islice(parts, _SHOWN_PARTS))
    more = "…" if len(path) > _SHOWN_PARTS else ""
    return "".join(first).removeprefix(".") + more


class FormatError(InputError):
    """A file of other people that cannot be read as what it claims to be."""


class QueryError(InputError):
    """SQL that could not be answered."""


class QueryRefusedError(QueryError):
    """The statement asks for more than a question may."""


class QueryLimitError(QueryError):
    """The statement ran into a limit on time, rows or memory."""


class NotFoundError(LakeError, LookupError, ValueError):
    """What was asked for is not there."""


class ScenarioNotFoundError(NotFoundError):
    """No scenario has that name or id."""


class VersionNotFoundError(NotFoundError):
    """The thing exists, but not at that version or time."""


class PurgedError(NotFoundError):
    """The scenario was purged: its rows are gone, in all versions."""


class EntityTypeNotFoundError(NotFoundError):
    """No table or entity type has that name."""


class DocumentNotFoundError(NotFoundError):
    """No profile or journey has that name or id."""


class ExecutionNotFoundError(NotFoundError):
    """Nothing that was run has that id, or led to that scenario."""


class LakeNotFoundError(NotFoundError, FileNotFoundError):
    """There is no lake at that place."""


class ConflictError(LakeError):
    """Somebody else's change, or an earlier one, is in the way."""


class NameTakenError(ConflictError, ValueError):
    """The name already exists."""


class VersionConflictError(ConflictError):
    """The thing changed since it was read."""


class AbandonedError(ConflictError):
    """A transaction took so long that maintenance gave its files up; nothing was changed."""


class CommitTimeoutError(ConflictError, TimeoutError):
    """Proven not committed within the deadline; nothing was changed."""


class CommitStateUnknownError(ConflictError):
    """The store did not say whether the commit was kept; look before trying again."""


class ForkedError(ConflictError):
    """Two copies of a lake went separate ways; says after which commit."""


class ForeignLakeError(ConflictError):
    """The place holds a lake with another id."""


class StorageError(LakeError, OSError):
    """The store could not do what was asked (disk full, permission, network)."""

    def __str__(self) -> str:
        """Return the message alone, which a number of the system (`errno`) explains to nobody."""
        return self.strerror or super().__str__()


class KeyExistsError(StorageError, FileExistsError):
    """An exclusive create found the key taken."""


class KeyMissingError(StorageError, FileNotFoundError):
    """The key is not in the store."""


class ReadOnlyError(StorageError, PermissionError):
    """The lake was opened, or its store is mounted, for reading only."""


class AccessError(StorageError, PermissionError):
    """The store does not know who is asking, or does not let them read."""


class StorageFullError(StorageError):
    """There is no space left; nothing was kept."""


class UnsafeStoreError(StorageError):
    """The store ignores conditional creates, so two writers could both win."""


class IntegrityError(LakeError):
    """What is stored is not what was written."""


class NotALakeError(IntegrityError):
    """The place holds something that is not a lake."""


class NewerFormatError(IntegrityError):
    """Written by a release whose format this one cannot follow."""


class DamagedCommitError(IntegrityError):
    """A commit is missing, torn or altered."""


class DataFileMissingError(IntegrityError):
    """A data file that the catalog names is nowhere."""


class DataFileAlteredError(IntegrityError):
    """A data file differs from what was committed."""


class ClockError(IntegrityError):
    """The newest commit lies further in the future than clocks may differ."""


class LakeReplacedError(IntegrityError):
    """The lake was replaced, or restored from a backup, under a living process."""
