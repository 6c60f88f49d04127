"""Other people's representations of health data, to and from the rows of this package.

Each is imported when first used: they read through Arrow and Polars.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from healthsim_lake.formats import synthea

_HOMES = {"synthea": "synthea"}

__all__ = ["synthea"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{_HOMES[name]}")
