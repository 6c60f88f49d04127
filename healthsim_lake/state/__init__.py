"""The vocabulary of the specifications, over the one store of a lake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from healthsim_lake._lazy import lazy_face
from healthsim_lake.state.auto_persist import (
    AutoPersistService,
    CloneResult,
    ExportResult,
    MergeResult,
    PersistResult,
    ScenarioBrief,
    get_auto_persist_service,
    reset_service,
)
from healthsim_lake.state.functions import (
    add_scenario_tags,
    delete_scenario,
    export_scenario_to_json,
    get_manager,
    get_samples,
    get_scenario_tags,
    get_summary,
    import_scenario_from_json,
    list_scenarios,
    load_scenario,
    persist,
    query_scenario,
    rename_scenario,
    reset_manager,
    save_scenario,
    scenario_exists,
)
from healthsim_lake.state.journeys import JourneyManager, get_journey_manager
from healthsim_lake.state.loaded import LoadedScenario
from healthsim_lake.state.manager import StateManager
from healthsim_lake.state.naming import (
    ensure_unique_name,
    extract_keywords,
    generate_scenario_name,
    parse_scenario_name,
    sanitize_name,
)
from healthsim_lake.state.profiles import ProfileManager, get_profile_manager
from healthsim_lake.state.provenance import (
    EntityWithProvenance,
    Provenance,
    ProvenanceSummary,
    SourceType,
)
from healthsim_lake.state.session import Session, SessionManager
from healthsim_lake.state.summary import (
    ScenarioSummary,
    generate_summary,
    get_scenario_by_name,
)
from healthsim_lake.state.workspace import Workspace, WorkspaceMetadata

if TYPE_CHECKING:
    from healthsim_lake.query import QueryResult
    from healthsim_lake.state.records import (
        ExecutionRecord,
        JourneyExecutionRecord,
        JourneyRecord,
        JourneySummary,
        ProfileExecutionRecord,
        ProfileRecord,
        ProfileSummary,
    )

_RECORDS = (
    "ExecutionRecord",
    "JourneyExecutionRecord",
    "JourneyRecord",
    "JourneySummary",
    "ProfileExecutionRecord",
    "ProfileRecord",
    "ProfileSummary",
)
"""Imported when first used: executions need Arrow, answers an engine."""

__all__ = [
    "AutoPersistService",
    "CloneResult",
    "EntityWithProvenance",
    "ExecutionRecord",
    "ExportResult",
    "JourneyExecutionRecord",
    "JourneyManager",
    "JourneyRecord",
    "JourneySummary",
    "LoadedScenario",
    "MergeResult",
    "PersistResult",
    "ProfileExecutionRecord",
    "ProfileManager",
    "ProfileRecord",
    "ProfileSummary",
    "Provenance",
    "ProvenanceSummary",
    "QueryResult",
    "ScenarioBrief",
    "ScenarioSummary",
    "Session",
    "SessionManager",
    "SourceType",
    "StateManager",
    "Workspace",
    "WorkspaceMetadata",
    "add_scenario_tags",
    "delete_scenario",
    "ensure_unique_name",
    "export_scenario_to_json",
    "extract_keywords",
    "generate_scenario_name",
    "generate_summary",
    "get_auto_persist_service",
    "get_journey_manager",
    "get_manager",
    "get_profile_manager",
    "get_samples",
    "get_scenario_by_name",
    "get_scenario_tags",
    "get_summary",
    "import_scenario_from_json",
    "list_scenarios",
    "load_scenario",
    "parse_scenario_name",
    "persist",
    "query_scenario",
    "rename_scenario",
    "reset_manager",
    "reset_service",
    "sanitize_name",
    "save_scenario",
    "scenario_exists",
]

__getattr__ = lazy_face(
    __name__, {**dict.fromkeys(_RECORDS, "records"), "QueryResult": "auto_persist"}
)


def __dir__() -> list[str]:
    return sorted(__all__)
