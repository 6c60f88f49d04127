"""Scenarios that the predecessor kept as JSON files: found, read, and brought into the lake.

    python -m healthsim_lake.state.legacy [--status] [--dry-run] [--no-backup] [--overwrite]

does what ``healthsim-lake migrate`` does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from healthsim_lake.state.legacy.files import (
    backup_json_scenarios,
    discover_json_scenarios,
    list_legacy_scenarios,
    scenarios_path,
    workspaces_path,
)
from healthsim_lake.state.legacy.migrating import (
    MigrationResult,
    get_migration_status,
    migrate_all_legacy_scenarios,
    migrate_all_scenarios,
    migrate_legacy_scenario,
    migrate_scenario,
    verify_migration,
)
from healthsim_lake.state.legacy.previewing import Preview, preview_migration
from healthsim_lake.state.legacy.sharing import (
    export_scenario_for_sharing,
    export_to_json,
    import_from_json,
)

__all__ = [
    "LEGACY_SCENARIOS_PATH",
    "LEGACY_WORKSPACES_PATH",
    "MigrationResult",
    "Preview",
    "backup_json_scenarios",
    "discover_json_scenarios",
    "export_scenario_for_sharing",
    "export_to_json",
    "get_migration_status",
    "import_from_json",
    "list_legacy_scenarios",
    "migrate_all_legacy_scenarios",
    "migrate_all_scenarios",
    "migrate_legacy_scenario",
    "migrate_scenario",
    "preview_migration",
    "verify_migration",
]

LEGACY_SCENARIOS_PATH: Path
LEGACY_WORKSPACES_PATH: Path


def __getattr__(name: str) -> Any:
    """Return the predecessor's folders, below the home of whoever asks now."""
    if name == "LEGACY_SCENARIOS_PATH":
        return scenarios_path()
    if name == "LEGACY_WORKSPACES_PATH":
        return workspaces_path()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
