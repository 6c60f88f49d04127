"""Scenarios: save, load, list, rename, tag, delete, restore.

What touches rows is imported when first used, so that listing and renaming do not wait for Arrow
and Polars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from healthsim_lake._lazy import lazy_face

if TYPE_CHECKING:
    from healthsim_lake.scenarios.adding import Adding, check_strategy
    from healthsim_lake.scenarios.compacting import compact
    from healthsim_lake.scenarios.loading import Scenario, load
    from healthsim_lake.scenarios.pinned import PinnedTypes
    from healthsim_lake.scenarios.purging import purge
    from healthsim_lake.scenarios.restoring import restore
    from healthsim_lake.scenarios.saving import SaveRequest, Saving
    from healthsim_lake.scenarios.tables_in_use import TablesInUse
    from healthsim_lake.scenarios.upgrading import upgrade

_HOMES = {
    "Adding": "adding",
    "PinnedTypes": "pinned",
    "SaveRequest": "saving",
    "Saving": "saving",
    "Scenario": "loading",
    "TablesInUse": "tables_in_use",
    "check_strategy": "adding",
    "compact": "compacting",
    "load": "loading",
    "purge": "purging",
    "restore": "restoring",
    "upgrade": "upgrading",
}

__all__ = [
    "Adding",
    "PinnedTypes",
    "SaveRequest",
    "Saving",
    "Scenario",
    "TablesInUse",
    "check_strategy",
    "compact",
    "load",
    "purge",
    "restore",
    "upgrade",
]

__getattr__ = lazy_face(__name__, _HOMES)
