"""`lake.profiles.executions` and `lake.journeys.executions`: what was run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from healthsim_lake._shown import shown
from healthsim_lake.catalog.shelf import Shelf
from healthsim_lake.errors import ExecutionNotFoundError
from healthsim_lake.library import bodies
from healthsim_lake.library.executions import Execution, JourneyExecution, ProfileExecution
from healthsim_lake.library.ledger import Ledger
from healthsim_lake.tables.committer import Committer


class Executions:
    """What profiles and journeys have in common.

    Args:
        committer: Reads what is true, and changes it.
        ledger: Where executions are kept.
    """

    def __init__(self, committer: Committer, ledger: Ledger) -> None:
        self._committer, self._ledger = committer, ledger

    def record_many(self, executions: Iterable[Mapping[str, Any]]) -> list[int]:
        """Record a batch, all of it or nothing, and return the ids in order.

        Args:
            executions: Values by column name, as `record` takes them; the document under
                ``profile_id`` or ``journey_id``, by name or id.

        Raises:
            DocumentNotFoundError: A profile or journey is not there.
            InputError: A row has an unknown key or a value of a wrong type; names the row.
        """
        return self._ledger.record_many(executions)

    def fold(self) -> int:
        """Put what was recorded one by one into one file, and return how many that were.

        Writers do this by themselves from time to time; no answer changes.
        """
        return self._ledger.fold(least=1)

    def _owner(self, ref: str) -> str:
        collection = self._ledger.kind.collection
        return Shelf(self._committer.view(), collection).get_even_deleted(ref).record.id


class ProfileExecutions(Executions):
    """Which cohorts came from which profiles."""

    def record(
        self,
        profile: str,
        *,
        cohort_id: str | None = None,
        entity_count: int | None = None,
        seed: int | None = None,
        duration_ms: int | None = None,
        status: str | None = None,
        error_message: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> int:
        """Record one run of a profile, durably, and return its id.

        Args:
            profile: Name or id.
            cohort_id: The scenario it led to.
            entity_count: How many entities it made.
            seed: Of the generator.
            duration_ms: How long it took, in milliseconds.
            status: ``completed`` by default.
            error_message: What went wrong, if it did.
            metadata: Any JSON object.

        Raises:
            DocumentNotFoundError: There is no such profile.
            InputError: A value of a wrong type.
        """
        return self._ledger.record(
            {
                "profile_id": profile,
                "cohort_id": cohort_id,
                "entity_count": entity_count,
                "seed": seed,
                "duration_ms": duration_ms,
                "status": status,
                "error_message": error_message,
                "metadata": metadata,
            }
        )

    def of(self, profile: str, *, limit: int | None = 20) -> list[ProfileExecution]:
        """Return the runs of a profile, the newest first; also of a deleted one.

        Raises:
            DocumentNotFoundError: There never was such a profile.
        """
        found = self._ledger.find(limit=limit, profile_id=self._owner(profile))
        return [one for one in found if isinstance(one, ProfileExecution)]

    def of_cohort(self, cohort_id: str) -> ProfileExecution | None:
        """Return the last run that led to a scenario, or None."""
        found = self._ledger.find(limit=1, cohort_id=cohort_id)
        return next((one for one in found if isinstance(one, ProfileExecution)), None)

    def get(self, cohort_or_execution: str | int) -> ProfileExecution:
        """Return one run.

        Args:
            cohort_or_execution: A scenario's id, or the id of a run.

        Raises:
            ExecutionNotFoundError: Nothing led to that scenario, or no run has that id.
        """
        execution: Execution | None
        if isinstance(cohort_or_execution, int):
            execution = self._ledger.get(cohort_or_execution)
        else:
            execution = self.of_cohort(cohort_or_execution)
        if not isinstance(execution, ProfileExecution):
            raise ExecutionNotFoundError(
                f"no profile was recorded for scenario {shown(cohort_or_execution)}: not found"
            )
        return execution

    def spec(self, execution: ProfileExecution) -> dict[str, Any]:
        """Return the very specification that was run, whatever became of it since."""
        log, owner = self._committer.log, execution.profile_id
        return bodies.read_at(log, "profiles", owner, execution.spec_commit)

    def spec_of(self, cohort_or_execution: str | int) -> tuple[ProfileExecution, dict[str, Any]]:
        """Return a run and its specification; see `get` and `spec`."""
        execution = self.get(cohort_or_execution)
        return execution, self.spec(execution)


class JourneyExecutions(Executions):
    """Which entities went through which journeys."""

    def record(
        self,
        journey: str,
        *,
        profile_id: str | None = None,
        cohort_id: str | None = None,
        entity_id: str | None = None,
        start_date: date | None = None,
        end_date: date | None = None,
        events_generated: int | None = None,
        duration_ms: int | None = None,
        status: str | None = None,
        error_message: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> int:
        """Record one run of a journey, durably, and return its id.

        Args:
            journey: Name or id.
            profile_id: The profile behind it.
            cohort_id: The scenario it belongs to.
            entity_id: The entity it was run for.
            start_date: First day of the timeline.
            end_date: Last day of the timeline.
            events_generated: How many events it made.
            duration_ms: How long it took, in milliseconds.
            status: ``completed`` by default.
            error_message: What went wrong, if it did.
            metadata: Any JSON object.

        Raises:
            DocumentNotFoundError: There is no such journey.
            InputError: A value of a wrong type.
        """
        return self._ledger.record(
            {
                "journey_id": journey,
                "profile_id": profile_id,
                "cohort_id": cohort_id,
                "entity_id": entity_id,
                "start_date": start_date,
                "end_date": end_date,
                "events_generated": events_generated,
                "duration_ms": duration_ms,
                "status": status,
                "error_message": error_message,
                "metadata": metadata,
            }
        )

    def of(self, journey: str, *, limit: int | None = 20) -> list[JourneyExecution]:
        """Return the runs of a journey, the newest first; also of a deleted one.

        Raises:
            DocumentNotFoundError: There never was such a journey.
        """
        found = self._ledger.find(limit=limit, journey_id=self._owner(journey))
        return [one for one in found if isinstance(one, JourneyExecution)]

    def of_entity(self, entity_id: str) -> list[JourneyExecution]:
        """Return all runs for an entity, the newest first."""
        found = self._ledger.find(entity_id=entity_id)
        return [one for one in found if isinstance(one, JourneyExecution)]
