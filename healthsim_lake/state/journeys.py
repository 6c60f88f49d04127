"""`JourneyManager`: the specifications' names for what `lake.journeys` does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from healthsim_lake.state.door import Door

if TYPE_CHECKING:
    import os

    from healthsim_lake.lake import Lake
    from healthsim_lake.library.executions import JourneyExecution
    from healthsim_lake.library.records import JourneyRecord, JourneySummary


class JourneyManager(Door):
    """Saves, versions and finds journeys, and records who went through them.

    Names and ids are taken everywhere.
    """

    def save_journey(
        self,
        name: str,
        journey_spec: Any,
        description: str | None = None,
        products: Iterable[str] | None = None,
        tags: Iterable[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> str:
        """Save a new journey and return its id, ``journey-`` and eight hex digits.

        Raises:
            NameTakenError: The name already exists.
            InputError: The specification cannot mean anything.
        """
        return self.lake.journeys.save(
            name,
            journey_spec,
            description=description,
            products=products,
            tags=tags,
            metadata=metadata,
        ).id

    def load_journey(self, name_or_id: str, version: int | None = None) -> JourneyRecord:
        """Return a journey with its specification.

        Raises:
            DocumentNotFoundError: There is no such journey.
            VersionNotFoundError: It never had that version.
        """
        return self.lake.journeys.load(name_or_id, version=version)

    def journey_exists(self, name_or_id: str) -> bool:
        """Return whether there is a journey with that name or id."""
        return self.lake.journeys.exists(name_or_id)

    def list_journeys(
        self,
        products: Iterable[str] | None = None,
        tags: Iterable[str] | None = None,
        search: str | None = None,
        limit: int | None = 50,
        offset: int = 0,
        product: str | None = None,
    ) -> list[JourneySummary]:
        """Return journeys with counts of their executions, last changed first."""
        return self.lake.journeys.list(
            product=product, products=products, tags=tags, search=search, limit=limit, offset=offset
        )

    def update_journey(
        self,
        name_or_id: str,
        journey_spec: Any = None,
        description: str | None = None,
        products: Iterable[str] | None = None,
        tags: Iterable[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        bump_version: bool = True,  # noqa: FBT001, FBT002  # positional in the specifications
        expected_version: int | None = None,
    ) -> JourneyRecord:
        """Change a journey; what is None stays.

        Raises:
            DocumentNotFoundError: There is no such journey.
            VersionConflictError: Somebody else changed it, or it is not at `expected_version`.
        """
        return self.lake.journeys.update(
            name_or_id,
            journey_spec,
            description=description,
            products=products,
            tags=tags,
            metadata=metadata,
            bump_version=bump_version,
            expected_version=expected_version,
        )

    def rename_journey(self, name_or_id: str, new_name: str) -> JourneyRecord:
        """Give a journey another name.

        Raises:
            NameTakenError: Another journey has that name.
        """
        return self.lake.journeys.rename(name_or_id, new_name)

    def delete_journey(self, name_or_id: str, delete_executions: bool = True) -> bool:  # noqa: FBT001, FBT002  # positional in the specifications
        """Delete a journey, by default with its executions; return False if there is none."""
        return self.lake.journeys.delete(
            name_or_id, drop_executions=delete_executions, missing_ok=True
        )

    def restore_journey(self, name_or_id: str) -> JourneyRecord:
        """Bring a deleted journey back."""
        return self.lake.journeys.restore(name_or_id)

    def record_execution(
        self,
        journey_id: str,
        profile_id: str | None = None,
        cohort_id: str | None = None,
        entity_id: str | None = None,
        start_date: date | None = None,
        end_date: date | None = None,
        events_generated: int = 0,
        duration_ms: int = 0,
        status: str = "completed",
        error_message: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> int:
        """Record one run of a journey and return its id.

        Raises:
            DocumentNotFoundError: There is no such journey.
        """
        return self.lake.journeys.executions.record(
            journey_id,
            profile_id=profile_id,
            cohort_id=cohort_id,
            entity_id=entity_id,
            start_date=start_date,
            end_date=end_date,
            events_generated=events_generated,
            duration_ms=duration_ms,
            status=status,
            error_message=error_message,
            metadata=metadata,
        )

    def record_executions(self, executions: Iterable[Mapping[str, Any]]) -> list[int]:
        """Record many runs at once and return their ids."""
        return self.lake.journeys.executions.record_many(executions)

    def get_executions(self, name_or_id: str, limit: int | None = 20) -> list[JourneyExecution]:
        """Return the runs of a journey, the newest first."""
        return self.lake.journeys.executions.of(name_or_id, limit=limit)

    def get_entity_journeys(self, entity_id: str) -> list[JourneyExecution]:
        """Return all runs for an entity, the newest first."""
        return self.lake.journeys.executions.of_entity(entity_id)

    def import_builtin_journeys(self) -> int:
        """Save the journeys that ship with the package; return how many were new."""
        return len(self.lake.journeys.import_builtin())


def get_journey_manager(
    lake: Lake | str | os.PathLike[str] | None = None,
) -> JourneyManager:
    """Return a manager of the default lake, or of another one."""
    return JourneyManager(lake)
