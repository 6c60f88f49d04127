"""`lake.scenarios`: clones and merges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from healthsim_lake import scenarios
from healthsim_lake._shown import shown
from healthsim_lake.catalog.metadata import check_metadata
from healthsim_lake.catalog.names import check_name, check_tags, check_text
from healthsim_lake.catalog.transaction import Label
from healthsim_lake.errors import InputError
from healthsim_lake.scenarios.copying.results import CloneResult, MergeResult
from healthsim_lake.scenarios.room import Room

if TYPE_CHECKING:
    from healthsim_lake.scenarios.copying.merging import ConflictStrategy

_FEWEST = 2


class Copies(Room):
    """Make scenarios out of scenarios."""

    def clone(
        self,
        ref: str,
        name: str | None = None,
        *,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        types: Sequence[str] | None = None,
        version: int | None = None,
        as_of: datetime | None = None,
        new_ids: bool = False,
        unique: bool = False,
        idempotency_key: str | None = None,
        author: str | None = None,
        message: str | None = None,
    ) -> CloneResult:
        """Make a scenario with the rows of another one, which can then go its own way.

        The cost does not depend on the size: both share the bytes of their files. With `new_ids`
        the files that hold identifiers are written anew.

        Args:
            ref: Name or id of the source.
            name: Of the clone; by default ``<source>-copy``, with a number behind it if that is
                taken.
            description: Free text; by default that of the source.
            tags: Labels; by default those of the source.
            metadata: Any JSON object; by default that of the source.
            types: Entity types to clone; None for all.
            version: One of the source's versions, see `history`; None for the newest.
            as_of: The source as it was at this time; naive times mean UTC.
            new_ids: Give every row new identifiers of the same form (its key, and what else rows
                are pointed to by, such as an ``mrn``), and let every reference follow. References
                to what the clone does not hold stay as they are.
            unique: Put a number behind a `name` that is taken, e.g. ``name-2``.
            idempotency_key: A second clone with the same key within 7 days does nothing and
                returns the result of the first.
            author: Who, for the history.
            message: Why, for the history.

        Raises:
            ScenarioNotFoundError: There is (or was) no such scenario.
            VersionNotFoundError: It never had that version.
            EntityTypeNotFoundError: It holds no such type.
            NameTakenError: The name exists, and `unique` is false.
            InvalidNameError: The name or a tag breaks a rule.
            DataFileMissingError: A file of the source is gone.
        """
        if version is not None and as_of is not None:
            raise InputError("give either version or as_of, not both")
        request = scenarios.CloneRequest(
            ref=ref,
            name=None if name is None else check_name(name),
            description=check_text(description, "description"),
            tags=None if tags is None else check_tags(tags),
            metadata=check_metadata(metadata),
            types=types,
            version=version,
            as_of=as_of,
            new_ids=new_ids,
            unique=unique,
        )
        label = Label(author=author, message=message, idempotency_key=idempotency_key)
        return scenarios.Cloning(self._committer, self._types, request).run(label)

    def merge(
        self,
        sources: Iterable[str],
        name: str,
        *,
        conflict_strategy: ConflictStrategy | None = None,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        unique: bool = False,
        idempotency_key: str | None = None,
        author: str | None = None,
        message: str | None = None,
    ) -> MergeResult:
        """Make a scenario with the rows of several others, those of the first source first.

        Rows of two sources are in conflict if they are of one type and have the same key; rows of
        one source never are. What a reference points to in its source is there in the result: if
        a row leaves, references to it go to the row that stays. Files without conflicts are
        shared, not written anew.

        Args:
            sources: Names or ids, two or more.
            name: Of the new scenario.
            conflict_strategy: ``skip`` keeps the row of the first source, ``overwrite`` that of
                the last; ``rename`` keeps both and gives the later one new identifiers, which the
                references in its source follow; ``keep`` keeps all rows as they are. By default
                ``skip``, but ``keep`` where sources are clones of one another, whose keys are the
                same on purpose. Rows of types without a key are always kept.
            description: Free text; by default it names the sources.
            tags: Labels; by default those of all sources.
            metadata: Any JSON object; by default that of all sources, where the first one that
                has a key gives its value.
            unique: Put a number behind a `name` that is taken, e.g. ``name-2``.
            idempotency_key: A second merge with the same key within 7 days does nothing and
                returns the result of the first.
            author: Who, for the history.
            message: Why, for the history.

        Raises:
            InputError: Fewer than two sources, one of them twice, or an unknown strategy.
            ScenarioNotFoundError: A source is not there, or was deleted meanwhile.
            NameTakenError: The name exists, and `unique` is false.
            InvalidNameError: The name or a tag breaks a rule.
            DataFileMissingError: A file of a source is gone.
        """
        refs = () if isinstance(sources, str) else tuple(sources)
        if len(refs) < _FEWEST:
            raise InputError(
                f"At least 2 scenarios are needed to merge, as a list of names or ids; "
                f"got {shown(sources)}"
            )
        scenarios.check_conflict_strategy(conflict_strategy)
        request = scenarios.MergeRequest(
            refs=refs,
            name=check_name(name),
            strategy=conflict_strategy,
            description=check_text(description, "description"),
            tags=None if tags is None else check_tags(tags),
            metadata=check_metadata(metadata),
            unique=unique,
        )
        label = Label(author=author, message=message, idempotency_key=idempotency_key)
        return scenarios.Merging(self._committer, self._types, request).run(label)
