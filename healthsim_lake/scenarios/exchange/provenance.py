"""Where all rows of a scenario came from, as far as they agree."""

from __future__ import annotations

from collections.abc import Mapping

MARKS = ("source_type", "source_system", "skill_used")
"""What may be said of all rows of a scenario at once."""
ROW_MARKS = (*MARKS, "generation_seed", "scenario_id")
"""Where a row tells where it came from."""
LOADED = {"source_type": "loaded"}
"""What is said of rows from files that say nothing."""


def provenance_of(head: Mapping[str, object]) -> dict[str, str]:
    """Return what a document says of all its rows; if nothing, that they were loaded."""
    said = head.get("provenance")
    if not isinstance(said, Mapping):
        return LOADED
    return {name: said[name] for name in MARKS if isinstance(said.get(name), str)} or LOADED
