"""Scenarios: save, load, list, rename, tag, delete, restore, export, import.

What touches rows is imported when first used, so that listing and renaming do not wait for Arrow
and Polars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from healthsim_lake._lazy import lazy_face

if TYPE_CHECKING:
    from healthsim_lake.scenarios.adding import Adding, check_strategy
    from healthsim_lake.scenarios.cloning import CloneRequest, Cloning
    from healthsim_lake.scenarios.compacting import compact
    from healthsim_lake.scenarios.diffing import diff
    from healthsim_lake.scenarios.loading import Scenario, choose, load
    from healthsim_lake.scenarios.merging import (
        MergeRequest,
        Merging,
        check_conflict_strategy,
    )
    from healthsim_lake.scenarios.pinned import PinnedTypes
    from healthsim_lake.scenarios.purging import purge
    from healthsim_lake.scenarios.restoring import restore
    from healthsim_lake.scenarios.sampling import Sampling, check_request
    from healthsim_lake.scenarios.saving import SaveRequest, Saving
    from healthsim_lake.scenarios.summarising import summarise
    from healthsim_lake.scenarios.tables_in_use import TablesInUse
    from healthsim_lake.scenarios.transferring import transfer
    from healthsim_lake.scenarios.upgrading import upgrade
    from healthsim_lake.scenarios.validating import validate

_HOMES = {
    "Adding": "adding",
    "CloneRequest": "cloning",
    "Cloning": "cloning",
    "MergeRequest": "merging",
    "Merging": "merging",
    "PinnedTypes": "pinned",
    "SaveRequest": "saving",
    "Sampling": "sampling",
    "Saving": "saving",
    "Scenario": "loading",
    "TablesInUse": "tables_in_use",
    "check_request": "sampling",
    "check_conflict_strategy": "merging",
    "check_strategy": "adding",
    "choose": "loading",
    "diff": "diffing",
    "compact": "compacting",
    "load": "loading",
    "purge": "purging",
    "restore": "restoring",
    "summarise": "summarising",
    "transfer": "transferring",
    "upgrade": "upgrading",
    "validate": "validating",
}

__all__ = [
    "Adding",
    "CloneRequest",
    "Cloning",
    "MergeRequest",
    "Merging",
    "PinnedTypes",
    "Sampling",
    "SaveRequest",
    "Saving",
    "Scenario",
    "TablesInUse",
    "check_conflict_strategy",
    "check_request",
    "check_strategy",
    "choose",
    "compact",
    "diff",
    "load",
    "purge",
    "restore",
    "summarise",
    "transfer",
    "upgrade",
    "validate",
]

__getattr__ = lazy_face(__name__, _HOMES)
