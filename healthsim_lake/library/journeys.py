"""`lake.journeys`: how things unfold over time."""

from __future__ import annotations

from collections.abc import Mapping
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


class _JourneyKind(DocumentKind[JourneyRecord, JourneySummary]):
    collection: Collection = "journeys"
    singular = "journey"

    def parse(self, spec: Any) -> Parsed:
        parsed = specs.JourneySpecification.from_dict(spec)
        return Parsed(
            spec=parsed.to_dict(),
            description=parsed.description,
            products=tuple(parsed.products),
            figures={"duration_days": parsed.duration_days, "event_count": len(parsed.all_events)},
        )

    def record(self, record: DocumentRecord, spec: dict[str, Any]) -> JourneyRecord:
        figures = self.parse(spec).figures  # of this version; the record has the newest's
        return JourneyRecord(
            **plain_fields(record),
            metadata=record.metadata,
            journey_spec=spec,
            duration_days=figures["duration_days"],
            event_count=int(figures["event_count"] or 0),
        )

    @property
    def summary(self) -> type[JourneySummary]:
        return JourneySummary

    def builtin(self) -> Mapping[str, Any]:
        return specs.builtin_journeys()


class Journeys(DocumentCollection[JourneyRecord, JourneySummary]):
    """Journeys, their versions, and who went through them.

    Attributes:
        executions: Which entities went through which journeys.
    """

    def __init__(self, committer: Committer) -> None:
        ledger = Ledger(committer, JOURNEY_LEDGER)
        super().__init__(committer, _JourneyKind(), ledger)
        self.executions = JourneyExecutions(committer, ledger)
