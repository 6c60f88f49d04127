"""`lake.journeys`: how things unfold over time."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from healthsim_lake import specs
from healthsim_lake.catalog.documents import Collection, DocumentRecord
from healthsim_lake.library.collection import DocumentCollection
from healthsim_lake.library.executions import JOURNEY_LEDGER
from healthsim_lake.library.kinds import DocumentKind, Parsed
from healthsim_lake.library.ledger import Ledger
from healthsim_lake.library.records import JourneyRecord, JourneySummary, plain_fields
from healthsim_lake.library.runs import JourneyExecutions
from healthsim_lake.tables.committer import Committer


class _JourneyKind(DocumentKind[JourneyRecord, JourneySummary, "specs.JourneySpecification"]):
    collection: Collection = "journeys"
    singular = "journey"
    summary = JourneySummary

    def model(self, spec: Any) -> specs.JourneySpecification:
        return specs.JourneySpecification.from_dict(spec)

    def products(self, model: specs.JourneySpecification) -> tuple[str, ...]:
        return tuple(model.products)

    def figures(self, model: specs.JourneySpecification) -> dict[str, int | float | None]:
        return {"duration_days": model.duration_days, "event_count": len(model.all_events)}

    def record(
        self, record: DocumentRecord, parsed: Parsed[specs.JourneySpecification]
    ) -> JourneyRecord:
        return JourneyRecord(
            **plain_fields(record),
            metadata=deepcopy(record.metadata),
            journey_spec=parsed.spec,
            duration_days=parsed.model.duration_days,  # of this version
            event_count=len(parsed.model.all_events),
        )

    def builtin(self) -> Mapping[str, Any]:
        return specs.builtin_journeys()


class Journeys(DocumentCollection[JourneyRecord, JourneySummary, "specs.JourneySpecification"]):
    """Journeys, their versions, and who went through them.

    Attributes:
        executions: Which entities went through which journeys.
    """

    def __init__(self, committer: Committer) -> None:
        ledger = Ledger(committer, JOURNEY_LEDGER)
        super().__init__(committer, _JourneyKind(), ledger)
        self.executions = JourneyExecutions(committer, ledger)
