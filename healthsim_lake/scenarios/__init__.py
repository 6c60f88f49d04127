"""Scenarios: save, load, list, rename, tag, delete, restore, export, import.

What touches rows is imported when first used, so that listing and renaming do not wait for Arrow
and Polars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from healthsim_lake._lazy import lazy_face

if TYPE_CHECKING:
    from healthsim_lake.scenarios.comparing.diffing import diff
    from healthsim_lake.scenarios.comparing.validating import validate
    from healthsim_lake.scenarios.copying.cloning import CloneRequest, Cloning
    from healthsim_lake.scenarios.copying.merging import (
        MergeRequest,
        Merging,
        check_conflict_strategy,
    )
    from healthsim_lake.scenarios.copying.restoring import restore
    from healthsim_lake.scenarios.copying.transferring import transfer
    from healthsim_lake.scenarios.loading import Scenario, choose, load
    from healthsim_lake.scenarios.purging import purge
    from healthsim_lake.scenarios.summarising.sampling import Sampling, check_request
    from healthsim_lake.scenarios.summarising.summarising import summarise
    from healthsim_lake.scenarios.writing.adding import Adding, check_strategy
    from healthsim_lake.scenarios.writing.compacting import compact
    from healthsim_lake.scenarios.writing.pinned import PinnedTypes
    from healthsim_lake.scenarios.writing.rows import GivenRows
    from healthsim_lake.scenarios.writing.saving import SaveRequest, Saving
    from healthsim_lake.scenarios.writing.tables_in_use import TablesInUse
    from healthsim_lake.scenarios.writing.upgrading import upgrade

_HOMES = {
    "Adding": "writing.adding",
    "CloneRequest": "copying.cloning",
    "Cloning": "copying.cloning",
    "GivenRows": "writing.rows",
    "MergeRequest": "copying.merging",
    "Merging": "copying.merging",
    "PinnedTypes": "writing.pinned",
    "SaveRequest": "writing.saving",
    "Sampling": "summarising.sampling",
    "Saving": "writing.saving",
    "Scenario": "loading",
    "TablesInUse": "writing.tables_in_use",
    "check_request": "summarising.sampling",
    "check_conflict_strategy": "copying.merging",
    "check_strategy": "writing.adding",
    "choose": "loading",
    "diff": "comparing.diffing",
    "compact": "writing.compacting",
    "load": "loading",
    "purge": "purging",
    "restore": "copying.restoring",
    "summarise": "summarising.summarising",
    "transfer": "copying.transferring",
    "upgrade": "writing.upgrading",
    "validate": "comparing.validating",
}

__all__ = [
    "Adding",
    "CloneRequest",
    "Cloning",
    "GivenRows",
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
