"""The specifications' helpers for names; the rules are in `scenarios.writing.autoname`."""

from __future__ import annotations

from collections.abc import Iterable

from healthsim_lake.catalog.names import free_name
from healthsim_lake.scenarios.writing.autoname import (
    base_name,
    extract_keywords,
    parse_scenario_name,
    sanitize_name,
)
from healthsim_lake.state.checked import checked
from healthsim_lake.state.door import AnyLake, lake_of

__all__ = [
    "ensure_unique_name",
    "extract_keywords",
    "generate_scenario_name",
    "parse_scenario_name",
    "sanitize_name",
]


@checked
def ensure_unique_name(base: str, lake: AnyLake = None) -> str:
    """Return `base`, or ``base-2``, ``base-3`` … if a scenario has that name now.

    Somebody else may take it before it is used; `persist` and ``unique=True`` choose in the commit.
    """
    return free_name(base, {one.name for one in lake_of(lake).scenarios.list(limit=None)})


@checked
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
