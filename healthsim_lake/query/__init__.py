"""SQL over a lake: what may run, and the one place that knows DuckDB.

The names below are imported when first used: DuckDB is an engine that only questions need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from healthsim_lake._lazy import lazy_face

if TYPE_CHECKING:
    from healthsim_lake.query.catalog_tables import CatalogTable
    from healthsim_lake.query.engine import Limits
    from healthsim_lake.query.questions import Questions
    from healthsim_lake.query.result import QueryResult

_HOMES = {
    "CatalogTable": "catalog_tables",
    "Limits": "engine",
    "QueryResult": "result",
    "Questions": "questions",
}

__all__ = ["CatalogTable", "Limits", "QueryResult", "Questions"]

__getattr__ = lazy_face(__name__, _HOMES)
