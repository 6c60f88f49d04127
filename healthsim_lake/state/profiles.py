"""`ProfileManager`: the specifications' names for what `lake.profiles` does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from healthsim_lake.errors import InputError
from healthsim_lake.state.asking import at_most_one_of
from healthsim_lake.state.door import Door

if TYPE_CHECKING:
    import os

    from healthsim_lake.lake import Lake
    from healthsim_lake.library.executions import ProfileExecution
    from healthsim_lake.library.records import ProfileRecord, ProfileSummary


class ProfileManager(Door):
    """Saves, versions and finds profiles, and records what they were run for.

    Names and ids are taken everywhere.
    """

    def save_profile(
        self,
        name: str,
        profile_spec: Any,
        description: str | None = None,
        product: str | None = None,
        tags: Iterable[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        products: Iterable[str] | None = None,
    ) -> str:
        """Save a new profile and return its id, ``profile-`` and eight hex digits.

        Raises:
            NameTakenError: The name already exists.
            InputError: The specification cannot mean anything.
        """
        return self.lake.profiles.save(
            name,
            profile_spec,
            description=description,
            products=_either(product, products),
            tags=tags,
            metadata=metadata,
        ).id

    def load_profile(self, name_or_id: str, version: int | None = None) -> ProfileRecord:
        """Return a profile with its specification.

        Raises:
            DocumentNotFoundError: There is no such profile.
            VersionNotFoundError: It never had that version.
        """
        return self.lake.profiles.load(name_or_id, version=version)

    def profile_exists(self, name_or_id: str) -> bool:
        """Return whether there is a profile with that name or id."""
        return self.lake.profiles.exists(name_or_id)

    def list_profiles(
        self,
        product: str | None = None,
        tags: Iterable[str] | None = None,
        search: str | None = None,
        limit: int | None = 50,
        offset: int = 0,
        products: Iterable[str] | None = None,
    ) -> list[ProfileSummary]:
        """Return profiles with counts of their executions, last changed first."""
        return self.lake.profiles.list(
            product=product, products=products, tags=tags, search=search, limit=limit, offset=offset
        )

    def update_profile(
        self,
        name: str,
        profile_spec: Any = None,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        bump_version: bool = True,  # noqa: FBT001, FBT002  # positional in the specifications
        products: Iterable[str] | None = None,
        expected_version: int | None = None,
    ) -> ProfileRecord:
        """Change a profile; what is None stays.

        Raises:
            DocumentNotFoundError: There is no such profile.
            VersionConflictError: Somebody else changed it, or it is not at `expected_version`.
        """
        return self.lake.profiles.update(
            name,
            profile_spec,
            description=description,
            products=products,
            tags=tags,
            metadata=metadata,
            bump_version=bump_version,
            expected_version=expected_version,
        )

    def rename_profile(self, name_or_id: str, new_name: str) -> ProfileRecord:
        """Give a profile another name.

        Raises:
            NameTakenError: Another profile has that name.
        """
        return self.lake.profiles.rename(name_or_id, new_name)

    def delete_profile(self, name_or_id: str, delete_executions: bool = False) -> bool:  # noqa: FBT001, FBT002  # positional in the specifications
        """Delete a profile, by default without its executions; return False if there is none."""
        return self.lake.profiles.delete(
            name_or_id, drop_executions=delete_executions, missing_ok=True
        )

    def restore_profile(self, name_or_id: str) -> ProfileRecord:
        """Bring a deleted profile back."""
        return self.lake.profiles.restore(name_or_id)

    def record_execution(
        self,
        profile_id: str,
        cohort_id: str | None = None,
        seed: int | None = None,
        count: int | None = None,
        duration_ms: int = 0,
        status: str = "completed",
        error_message: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        entity_count: int | None = None,
    ) -> int:
        """Record one run of a profile and return its id; `count` and `entity_count` mean the same.

        Raises:
            DocumentNotFoundError: There is no such profile.
        """
        return self.lake.profiles.executions.record(
            profile_id,
            cohort_id=cohort_id,
            entity_count=at_most_one_of(count=count, entity_count=entity_count) or 0,
            seed=seed,
            duration_ms=duration_ms,
            status=status,
            error_message=error_message,
            metadata=metadata,
        )

    def record_executions(self, executions: Iterable[Mapping[str, Any]]) -> list[int]:
        """Record many runs at once, each as for `record_execution`, and return their ids."""
        return self.lake.profiles.executions.record_many(map(_counted, executions))

    def get_executions(self, profile_id: str, limit: int | None = 20) -> list[ProfileExecution]:
        """Return the runs of a profile, the newest first."""
        return self.lake.profiles.executions.of(profile_id, limit=limit)

    def get_cohort_profile(self, cohort_id: str) -> ProfileRecord | None:
        """Return the profile that a scenario came from, as it was run; None when unknown."""
        return self.lake.profiles.of_cohort(cohort_id)

    def get_execution_spec(self, cohort_id: str | int) -> dict[str, Any]:
        """Return ``profile_spec``, ``products`` and ``seed`` of a run, to run it again.

        Args:
            cohort_id: A scenario's id, or the id of a run.

        Raises:
            ExecutionNotFoundError: Nothing led to that scenario.
        """
        return self.lake.profiles.as_executed(cohort_id)

    def import_builtin_profiles(self) -> int:
        """Save the profiles that ship with the package; return how many were new."""
        return len(self.lake.profiles.import_builtin())


def get_profile_manager(
    lake: Lake | str | os.PathLike[str] | None = None,
) -> ProfileManager:
    """Return a manager of the default lake, or of another one."""
    return ProfileManager(lake)


def _counted(execution: Mapping[str, Any]) -> Mapping[str, Any]:
    if "count" not in execution:
        return execution
    known = dict(execution)
    counts = {"count": known.pop("count"), "entity_count": known.get("entity_count")}
    return {**known, "entity_count": at_most_one_of(**counts)}


def _either(product: str | None, products: Iterable[str] | None) -> Iterable[str] | None:
    if product is not None and products is not None:
        raise InputError("give either product or products, not both")
    return products if product is None else [product]
