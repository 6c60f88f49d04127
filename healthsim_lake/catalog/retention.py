"""What may still be read: retention, and scenarios that were purged.

Nothing is deleted before the log says so. `vacuum` commits `Forget` first and deletes afterwards,
so that every reader and writer knows what they can no longer rely on, whatever happens between.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from healthsim_lake.catalog.records import Record, ScenarioId, Timestamp


class Retention(Record):
    """Which versions of the lake may still be read.

    Attributes:
        before: Versions of the lake below this one are forgotten; 0 if none ever was.
        commit: The commit that forgot them; 0 for none.
        abandoned: Transactions whose files were given up because nothing was heard of them for
            too long, with the time of that; kept for as long as results of requests are.
    """

    before: int = Field(default=0, ge=0)
    commit: int = Field(default=0, ge=0)
    abandoned: dict[str, Timestamp] = {}


class Purged(Record):
    """What is left of a scenario that was purged: enough to say so.

    Attributes:
        name: What it was called.
        commit: The commit that purged it.
        timestamp: When.
    """

    name: str
    commit: int = Field(ge=1)
    timestamp: Timestamp


class Forget(Record):
    """Versions of the lake that may not be read any more.

    Attributes:
        before: All versions below this one; never more than the version of this very commit.
        abandons: Transactions that may not commit any more, because their files will be deleted.
    """

    kind: Literal["forget"] = "forget"
    before: int = Field(ge=0)
    abandons: tuple[str, ...] = ()


class Purge(Record):
    """A scenario that is removed with all its versions, now and in every earlier state."""

    kind: Literal["purge"] = "purge"
    scenario_id: ScenarioId
