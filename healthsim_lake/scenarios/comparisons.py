"""Verbs of `lake.scenarios` that compare: scenarios with each other, and with their types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from healthsim_lake import scenarios
from healthsim_lake.scenarios.room import Room

if TYPE_CHECKING:
    from healthsim_lake.scenarios.comparing.difference import Difference
    from healthsim_lake.scenarios.comparing.report import ValidationReport


class Comparisons(Room):
    """Compare scenarios and check them; nothing is ever changed."""

    def diff(
        self,
        a: str,
        b: str | None = None,
        *,
        version_a: int | None = None,
        version_b: int | None = None,
        types: Sequence[str] | None = None,
    ) -> Difference:
        """Compare two scenarios, or two versions of one: what became of the rows of `a`?

        Rows are matched by the key of their type, and are the same if they have the same keys with
        the same JSON values: ``1``, ``1.0``, null and absent differ; the order of rows, of keys,
        and how rows are spread over files do not matter. Of rows that share a key, equal ones
        cancel each other, and the rest is matched in order. Rows without a key are only added or
        removed. Counts are there at once, rows are read when asked for.

        Args:
            a: Name or id.
            b: Another scenario; None compares two versions of `a`.
            version_a: Version of `a`; None for the newest or, without `b`, the one before
                `version_b`.
            version_b: Version of `b` (or of `a`, without `b`); None for the newest. Versions of a
                deleted scenario can be compared, too.
            types: Entity types to compare; None for all.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
            VersionNotFoundError: It never had that version, or has none before its first.
            EntityTypeNotFoundError: Neither side holds such a type.
            InputError: Both sides are the same version of the same scenario.
            IntegrityError: A file is missing or differs from what was committed.
        """
        return scenarios.diff(
            self._committer, self._types, (a, b), (version_a, version_b), types=types
        )

    def validate(
        self,
        ref: str,
        *,
        version: int | None = None,
        types: Sequence[str] | None = None,
        limit_per_rule: int | None = 10,
    ) -> ValidationReport:
        """Check a scenario's rows against what its entity types say, and report every problem.

        Rules: ``missing`` (a required field is absent or null), ``type`` (a value that its column
        cannot hold), ``rounded`` (one that its column holds only nearly), ``values`` (outside of
        the allowed set), ``reference`` (points to a row that is not in the scenario), ``repeated``
        (a key that an earlier row has). Saving never asks for any of this.

        A reference is judged if the scenario gives the column that it points to at least one value.
        Null points to nothing, and so do ids that are empty or all zeros, such as ``0`` and the nil
        UUID. What was not judged is in the report's ``unjudged``.

        Args:
            ref: Name or id.
            version: One of its versions; None for the newest.
            types: Entity types to check; None for all.
            limit_per_rule: Rows to show for each rule that a column breaks; None for all. Counts
                are always complete.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
            VersionNotFoundError: It never had that version.
            EntityTypeNotFoundError: It holds no such type.
            InputError: A negative limit.
            IntegrityError: A file is missing or differs from what was committed.
        """
        return scenarios.validate(
            self._committer,
            self._types,
            ref,
            version=version,
            types=types,
            limit=limit_per_rule,
        )
