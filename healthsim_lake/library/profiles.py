"""`lake.profiles`: what to generate."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from healthsim_lake import specs
from healthsim_lake.catalog.documents import Collection, DocumentRecord
from healthsim_lake.library import bodies
from healthsim_lake.library.collection import DocumentCollection
from healthsim_lake.library.executions import PROFILE_LEDGER, ProfileExecution
from healthsim_lake.library.kinds import DocumentKind, Parsed
from healthsim_lake.library.ledger import Ledger
from healthsim_lake.library.records import ProfileRecord, ProfileSummary, plain_fields
from healthsim_lake.library.runs import ProfileExecutions
from healthsim_lake.tables.committer import Committer


class _ProfileKind(DocumentKind[ProfileRecord, ProfileSummary, "specs.ProfileSpecification"]):
    collection: Collection = "profiles"
    singular = "profile"
    summary = ProfileSummary

    def model(self, spec: Any) -> specs.ProfileSpecification:
        return specs.ProfileSpecification.from_dict(spec)

    def products(self, model: specs.ProfileSpecification) -> tuple[str, ...]:
        return model.all_products

    def figures(self, model: specs.ProfileSpecification) -> dict[str, int | float | None]:
        return {"entity_count": model.entity_count}

    def record(
        self, record: DocumentRecord, parsed: Parsed[specs.ProfileSpecification]
    ) -> ProfileRecord:
        return ProfileRecord(
            **plain_fields(record), metadata=deepcopy(record.metadata), profile_spec=parsed.model
        )

    def builtin(self) -> Mapping[str, Any]:
        return specs.builtin_profiles()


class Profiles(DocumentCollection[ProfileRecord, ProfileSummary, "specs.ProfileSpecification"]):
    """Profiles, their versions, and what came of them.

    Attributes:
        executions: Which cohorts came from which profiles.
    """

    def __init__(self, committer: Committer) -> None:
        ledger = Ledger(committer, PROFILE_LEDGER)
        super().__init__(committer, _ProfileKind(), ledger)
        self.executions = ProfileExecutions(committer, ledger)

    def as_executed(self, cohort_or_execution: str | int) -> dict[str, Any]:
        """Return what it takes to run a profile again: ``profile_spec``, ``products``, ``seed``.

        Args:
            cohort_or_execution: A scenario's id, or the id of a run.

        Returns:
            The specification and the products as they were then, whatever became of them since.

        Raises:
            ExecutionNotFoundError: Nothing led to that scenario, or no run has that id.
        """
        execution = self.executions.get(cohort_or_execution)
        record = self._as_run(execution)
        return {
            "profile_spec": record.profile_spec,
            "products": record.products,
            "seed": execution.seed,
        }

    def of_cohort(self, cohort_id: str) -> ProfileRecord | None:
        """Return the profile that a scenario came from, as it was run; None when unknown."""
        execution = self.executions.of_cohort(cohort_id)
        return None if execution is None else self._as_run(execution)

    def _as_run(self, execution: ProfileExecution) -> ProfileRecord:
        state = self._shelf().get_even_deleted(execution.profile_id)
        spec = self.executions.spec(execution)
        products = bodies.products_at(self._committer.log, state, execution.executed_at)
        then = {"version": execution.version, "products": products}
        return self._kind.record(state.record.model_copy(update=then), self._kind.parse(spec))
