"""`lake.tags`: labels to find scenarios by."""

from __future__ import annotations

from collections import Counter

from healthsim_lake.catalog.names import check_tags
from healthsim_lake.errors import InputError
from healthsim_lake.scenarios import lifecycle
from healthsim_lake.tables.committer import Committer


class Tags:
    """Add, remove and count tags; they are compared without regard to case."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer

    def add(self, ref: str, *tags: str) -> tuple[str, ...]:
        """Add tags to a scenario and return all it has; those it had already are no error."""
        return self._change(ref, add=check_tags(tags))

    def remove(self, ref: str, *tags: str) -> tuple[str, ...]:
        """Remove tags from a scenario and return those it keeps; absent ones are no error."""
        return self._change(ref, remove=check_tags(tags))

    def of(self, ref: str, *, missing_ok: bool = False) -> tuple[str, ...]:
        """Return the tags of a scenario, in the order they were added.

        Args:
            ref: Name or id.
            missing_ok: Return nothing where there is no such scenario.
        """
        snapshot = self._committer.view()
        if missing_ok and snapshot.find(ref) is None:
            return ()
        return snapshot.get(ref).record.tags

    def count(self) -> dict[str, int]:
        """Return how many scenarios carry each tag, most used first."""
        spelled: dict[str, str] = {}
        counts: Counter[str] = Counter()
        for record in self._committer.view().records():
            for tag in record.tags:
                counts[spelled.setdefault(tag.casefold(), tag)] += 1
        return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))

    def _change(
        self, ref: str, *, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()
    ) -> tuple[str, ...]:
        if not add and not remove:
            raise InputError("give at least one tag")
        record = self._committer.view().get(ref).record
        if all(record.has_tag(tag) for tag in add) and not any(map(record.has_tag, remove)):
            return record.tags
        plan = lifecycle.change_tags(record.id, add=add, remove=remove)
        return self._committer.commit(plan).snapshot.get(record.id).record.tags
