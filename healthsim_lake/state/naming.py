"""The specifications' helpers for names; the rules are in `scenarios.writing.autoname`."""

from __future__ import annotations

import os
from collections.abc import Iterable

from healthsim_lake.catalog.names import free_name
from healthsim_lake.default import default_lake
from healthsim_lake.lake import Lake
from healthsim_lake.scenarios.writing.autoname import (
    base_name,
    extract_keywords,
    parse_scenario_name,
    sanitize_name,
)

__all__ = [
    "ensure_unique_name",
    "extract_keywords",
    "generate_scenario_name",
    "parse_scenario_name",
    "sanitize_name",
]

AnyLake = Lake | str | os.PathLike[str] | None


def ensure_unique_name(base: str, lake: AnyLake = None) -> str:
    """Return `base`, or ``base-2``, ``base-3`` … if a scenario has that name now.

    Somebody else may take it before it is used; `persist` and ``unique=True`` choose in the commit.
    """
    home = Lake(lake) if isinstance(lake, str | os.PathLike) else lake or default_lake()
    return free_name(base, {record.name for record in home.scenarios.list(limit=None)})


def generate_scenario_name(
    keywords: Iterable[str] | None = None,
    context: str | None = None,
    entity_type: str | None = None,
    prefix: str | None = None,
    include_date: bool = True,  # noqa: FBT001, FBT002  # positional in the specifications
    lake: AnyLake = None,
) -> str:
    """Return a name such as ``diabetes-texas-20241227`` that no scenario has now."""
    base = base_name(
        keywords=keywords,
        context=context,
        entity_type=entity_type,
        prefix=prefix,
        include_date=include_date,
    )
    return ensure_unique_name(base, lake)
