"""Lakes that are carried: mirrors of a whole lake, compared by their logs.

The names below are imported when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from healthsim_lake._lazy import lazy_face

if TYPE_CHECKING:
    from healthsim_lake.sync.mirroring import mirror
    from healthsim_lake.sync.relation import Relation, compare
    from healthsim_lake.sync.report import Carried, SyncStatus

_HOMES = {
    "Carried": "report",
    "Relation": "relation",
    "SyncStatus": "report",
    "compare": "relation",
    "mirror": "mirroring",
}

__all__ = ["Carried", "Relation", "SyncStatus", "compare", "mirror"]

__getattr__ = lazy_face(__name__, _HOMES)
