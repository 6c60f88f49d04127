"""Profiles and journeys: versioned documents, and the ledger of what was run.

What needs Arrow, pydantic models of specifications, or YAML is imported when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from healthsim_lake._lazy import lazy_face

if TYPE_CHECKING:
    from healthsim_lake.library.journeys import Journeys
    from healthsim_lake.library.profiles import Profiles
    from healthsim_lake.library.tables import LibraryTable, catalog_tables
    from healthsim_lake.library.yamltext import yaml_text, yaml_value

_HOMES = {
    "Journeys": "journeys",
    "LibraryTable": "tables",
    "Profiles": "profiles",
    "catalog_tables": "tables",
    "yaml_text": "yamltext",
    "yaml_value": "yamltext",
}

__all__ = ["Journeys", "LibraryTable", "Profiles", "catalog_tables", "yaml_text", "yaml_value"]

__getattr__ = lazy_face(__name__, _HOMES)
