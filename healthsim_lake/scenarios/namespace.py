"""`lake.scenarios`: every verb for scenarios; the work is done in the rooms beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from healthsim_lake import scenarios
from healthsim_lake._shown import shown
from healthsim_lake.catalog.metadata import check_metadata
from healthsim_lake.catalog.names import check_name, check_tags, check_text
from healthsim_lake.catalog.records import ScenarioRecord, ScenarioVersion
from healthsim_lake.catalog.transaction import Label
from healthsim_lake.errors import InputError, ScenarioNotFoundError, VersionNotFoundError
from healthsim_lake.scenarios import lifecycle
from healthsim_lake.scenarios.comparisons import Comparisons
from healthsim_lake.scenarios.copies import Copies
from healthsim_lake.scenarios.exchanging import Exchange
from healthsim_lake.scenarios.listing import Sort, in_order, select
from healthsim_lake.scenarios.summaries import Summaries
from healthsim_lake.scenarios.writing.persisting import Persistence

if TYPE_CHECKING:
    from healthsim_lake.scenarios.loading import Scenario
    from healthsim_lake.scenarios.writing.adding import OnDuplicate
    from healthsim_lake.scenarios.writing.sources import Entities, Progress


class Scenarios(Copies, Comparisons, Exchange, Persistence, Summaries):
    """Save, find, load and change scenarios.

    `ref` is a name or an id, everywhere; ids win. Every method sees all writes that were
    acknowledged before it was called.
    """

    def save(
        self,
        name: str,
        entities: Entities,
        *,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        overwrite: bool = False,
        metadata: Mapping[str, Any] | None = None,
        provenance: Mapping[str, str] | None = None,
        expected_version: int | None = None,
        unique: bool = False,
        idempotency_key: str | None = None,
        author: str | None = None,
        message: str | None = None,
        on_progress: Progress | None = None,
    ) -> ScenarioRecord:
        """Save a scenario: all tables in one commit, or nothing.

        Args:
            name: 1 to 200 characters, unique in the lake.
            entities: Entity type to rows. Rows are lists, generators of mappings or pydantic
                models, Polars frames, Arrow tables or record-batch readers; or an export such as
                `healthsim_lake.formats.synthea.read` returns.
            description: Free text.
            tags: Labels to find it by.
            overwrite: Replace a scenario of that name; it keeps its id, and its former state
                stays loadable as an earlier version. What is None here keeps its old value.
            metadata: Any JSON object.
            provenance: Values of ``source_type``, ``source_system``, ``skill_used`` for rows that
                do not say.
            expected_version: With `overwrite`, refuse if the scenario is at another version.
            unique: Put a number behind a name that is taken, e.g. ``name-2``; see the record that
                is returned. Not together with `overwrite`.
            idempotency_key: A second save with the same key within 7 days does nothing and returns
                the scenario of the first.
            author: Who, for the history.
            message: Why, for the history.
            on_progress: Called with an entity key and its rows so far, after every chunk.

        Returns:
            The scenario's record, with counts by entity key.

        Raises:
            NameTakenError: The name exists and `overwrite` is false.
            InvalidNameError: The name, a tag or an entity key breaks a rule.
            InvalidEntityError: A row cannot be kept exactly; says table, row and key.
            VersionConflictError: `expected_version` does not hold.
        """
        if unique and overwrite:
            raise InputError("give either unique or overwrite, not both")
        request = scenarios.SaveRequest(
            name=check_name(name),
            description=check_text(description, "description"),
            tags=None if tags is None else check_tags(tags),
            metadata=check_metadata(metadata),
            overwrite=overwrite,
            expected_version=expected_version,
            unique=unique,
        )
        saving = scenarios.Saving(self._committer, self._types.in_use(), request)
        return saving.run(
            scenarios.GivenRows(entities, provenance or {}, on_progress),
            label=Label(author=author, message=message, idempotency_key=idempotency_key),
        )

    def add(
        self,
        ref: str,
        entities: Entities,
        *,
        on_duplicate: OnDuplicate = "keep",
        provenance: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        author: str | None = None,
        message: str | None = None,
        on_progress: Progress | None = None,
    ) -> ScenarioRecord:
        """Add rows behind those that a scenario has, in one commit.

        Args:
            ref: Name or id.
            entities: As for `save`.
            on_duplicate: What to do with a row whose key the scenario already has: ``keep`` both,
                ``replace`` the old one, or ``error``.
            provenance: As for `save`.
            idempotency_key: As for `save`.
            author: Who, for the history.
            message: Why, for the history.
            on_progress: As for `save`.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
            InvalidEntityError: A row cannot be kept exactly, or with ``error`` has a taken key.
        """
        scenarios.check_strategy(on_duplicate)
        adding = scenarios.Adding(self._committer, self._types.in_use(), on_duplicate=on_duplicate)
        return adding.run(
            ref,
            scenarios.GivenRows(entities, provenance or {}, on_progress),
            label=Label(author=author, message=message, idempotency_key=idempotency_key),
        )

    def load(
        self,
        ref: str,
        *,
        types: Sequence[str] | None = None,
        version: int | None = None,
        as_of: datetime | None = None,
    ) -> Scenario:
        """Load a scenario with its rows, exactly as they were saved.

        Args:
            ref: Name or id.
            types: Entity types to read; None for all.
            version: One of its versions, see `history`; None for the newest.
            as_of: Load what was true at this time; naive times mean UTC.

        Raises:
            ScenarioNotFoundError: There is (or was) no such scenario.
            VersionNotFoundError: It never had that version, or `vacuum` has forgotten it.
            PurgedError: It was purged.
            EntityTypeNotFoundError: It holds no such type.
            IntegrityError: A file is missing or differs from what was committed.
        """
        if version is not None and as_of is not None:
            raise InputError("give either version or as_of, not both")
        head = self._committer.view()
        snapshot = head
        if as_of is not None:
            snapshot = self._committer.log.at(timestamp=as_of)
            known = head.find(ref)
            ref = ref if snapshot.find(ref) or known is None else known.record.id
        try:
            return scenarios.load(
                self._committer.log,
                snapshot,
                snapshot.get(ref),
                self._types,
                types=types,
                version=version,
            )
        except VersionNotFoundError:
            newest_is_meant = version is None and as_of is None
            if not newest_is_meant or self._committer.view().version == head.version:
                raise
        # It was overwritten, and vacuum forgot the former state, while its files were looked for.
        return self.load(ref, types=types)

    def get(self, ref: str) -> ScenarioRecord:
        """Return a scenario's record, without its rows.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
        """
        return self._committer.view().get(ref).record

    def exists(self, ref: str) -> bool:
        """Return whether there is a scenario with that name or id."""
        return self._committer.view().find(ref) is not None

    def list(
        self,
        *,
        tag: str | None = None,
        search: str | None = None,
        product: str | None = None,
        limit: int | None = 100,
        offset: int = 0,
        sort: Sort = "updated_at",
    ) -> list[ScenarioRecord]:
        """Return scenarios, last changed first.

        Args:
            tag: Only those with this tag, in any case.
            search: Only those with this text in name or description, in any case.
            product: Only those with entities of this product.
            limit: At most so many; None for all.
            offset: Leave out so many first.
            sort: ``updated_at`` or ``created_at``, the newest first, or ``name``.

        Raises:
            InputError: A negative limit or offset, or an unknown order.
        """
        found = self._committer.view().records()
        ordered = in_order(found, sort)
        return select(ordered, tag=tag, search=search, product=product, limit=limit, offset=offset)

    def rename(self, ref: str, name: str, *, unique: bool = False) -> ScenarioRecord:
        """Give a scenario another name; its id stays.

        Args:
            ref: Name or id.
            name: The new one.
            unique: Put a number behind a name that is taken, e.g. ``name-2``.

        Raises:
            NameTakenError: Another scenario has that name, and `unique` is false.
        """
        checked = check_name(name)
        return self._change(ref, lambda own: lifecycle.rename(own, checked, unique=unique))

    def describe(
        self,
        ref: str,
        description: str | None = None,
        *,
        metadata: Mapping[str, Any] | None = None,
    ) -> ScenarioRecord:
        """Set the description, the metadata, or both."""
        text, checked = check_text(description, "description"), check_metadata(metadata)
        return self._change(ref, lambda own: lifecycle.describe(own, text, checked))

    def delete(
        self, ref: str, *, missing_ok: bool = False, purge: bool = False
    ) -> ScenarioRecord | None:
        """Delete a scenario; `restore` brings it back until it is forgotten by maintenance.

        Args:
            ref: Name or id.
            missing_ok: Return None where there is no such scenario.
            purge: Remove the bytes of all its versions at once; nothing brings them back.

        Returns:
            What was deleted.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
        """
        if missing_ok and not self.exists(ref):
            return None
        record = self.get(ref)
        if purge:
            return scenarios.purge(self._committer, record.id).record
        self._committer.commit(lifecycle.delete(self._committer, record.id))
        return record

    def restore(self, ref: str, name: str | None = None) -> ScenarioRecord:
        """Bring a deleted scenario back, with all its versions.

        Args:
            ref: Its id, or its name: then the one of that name that was deleted last.
            name: Another name for it, e.g. because its own was taken meanwhile.

        Raises:
            ScenarioNotFoundError: No deleted scenario has that name or id.
            PurgedError: It was purged.
            NameTakenError: Another scenario has the name now.
        """
        snapshot = self._committer.view()
        tombstone = snapshot.find_deleted(ref)
        if tombstone is None:
            known = snapshot.find(ref)
            snapshot.refuse_purged(ref)
            reason = "it is not deleted" if known else "it is not known here"
            raise ScenarioNotFoundError(f"Deleted scenario {shown(ref)} not found: {reason}")
        wanted = tombstone.record.name if name is None else check_name(name)
        return scenarios.restore(self._committer, self._types, tombstone, name=wanted)

    def history(self, ref: str) -> Sequence[ScenarioVersion]:
        """Return all versions of a scenario, the newest first; also of a deleted one.

        Raises:
            ScenarioNotFoundError: There never was such a scenario.
        """
        snapshot = self._committer.view()
        state = snapshot.find(ref) or snapshot.find_deleted(ref) or snapshot.get(ref)
        return tuple(reversed(state.versions))

    def _change(self, ref: str, plan_for: Any) -> ScenarioRecord:
        scenario_id = self.get(ref).id
        committed = self._committer.commit(plan_for(scenario_id))
        return committed.snapshot.get(scenario_id).record
