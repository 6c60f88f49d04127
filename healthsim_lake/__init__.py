"""A file-based lakehouse for synthetic healthcare scenarios.

    import healthsim_lake as hl

    lake = hl.Lake("my-lake")
    lake.scenarios.save("demo", {"patients": [{"id": "p1", "birth_date": "1950-02-03"}]})
    lake.query("SELECT count(*) FROM patients").results

Names are imported when first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from healthsim_lake._lazy import lazy_face
from healthsim_lake._version import __version__

if TYPE_CHECKING:
    from healthsim_lake.catalog.records import ScenarioRecord, ScenarioVersion
    from healthsim_lake.default import default_lake, use_lake
    from healthsim_lake.entities.types import EntityType, FieldSpec
    from healthsim_lake.lake import Lake
    from healthsim_lake.library.records import JourneyRecord, ProfileRecord
    from healthsim_lake.query.result import QueryResult
    from healthsim_lake.scenarios.comparing.difference import Difference
    from healthsim_lake.scenarios.comparing.report import ValidationReport
    from healthsim_lake.scenarios.copying.results import CloneResult, MergeResult
    from healthsim_lake.scenarios.loading import Scenario
    from healthsim_lake.scenarios.summarising.summary import Summary
    from healthsim_lake.specs import JourneySpecification, ProfileSpecification

_HOMES = {
    "CloneResult": "scenarios.copying.results",
    "Difference": "scenarios.comparing.difference",
    "EntityType": "entities.types",
    "FieldSpec": "entities.types",
    "JourneyRecord": "library.records",
    "JourneySpecification": "specs",
    "Lake": "lake",
    "MergeResult": "scenarios.copying.results",
    "ProfileRecord": "library.records",
    "ProfileSpecification": "specs",
    "QueryResult": "query.result",
    "Scenario": "scenarios.loading",
    "ScenarioRecord": "catalog.records",
    "ScenarioVersion": "catalog.records",
    "Summary": "scenarios.summarising.summary",
    "ValidationReport": "scenarios.comparing.report",
    "default_lake": "default",
    "use_lake": "default",
}

__all__ = [
    "CloneResult",
    "Difference",
    "EntityType",
    "FieldSpec",
    "JourneyRecord",
    "JourneySpecification",
    "Lake",
    "MergeResult",
    "ProfileRecord",
    "ProfileSpecification",
    "QueryResult",
    "Scenario",
    "ScenarioRecord",
    "ScenarioVersion",
    "Summary",
    "ValidationReport",
    "__version__",
    "default_lake",
    "use_lake",
]

__getattr__ = lazy_face(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
