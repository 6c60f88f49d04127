"""SQL over a lake: what may run, and the one place that knows DuckDB.

The names below are imported when first used: DuckDB is an engine that only questions need.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from healthsim_lake.query.engine import Limits
    from healthsim_lake.query.questions import Questions
    from healthsim_lake.query.result import QueryResult

_HOMES = {"Limits": "engine", "QueryResult": "result", "Questions": "questions"}

__all__ = ["Limits", "QueryResult", "Questions"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
