"""Summaries, from what was computed when the rows were written."""

from __future__ import annotations

from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.records import EntitySet, Statistics
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.errors import InputError
from healthsim_lake.scenarios.entity_types import EntityTypes
from healthsim_lake.scenarios.loading import record_at
from healthsim_lake.scenarios.summarising.budget import MOST_SAMPLES, fitted
from healthsim_lake.scenarios.summarising.diversity import most_different
from healthsim_lake.scenarios.summarising.figures import Known, figures
from healthsim_lake.scenarios.summarising.statistics import Entry, Gathering
from healthsim_lake.scenarios.summarising.summary import Summary
from healthsim_lake.tables.measuring.statistics import from_document


def summarise(
    log: CommitLog,
    snapshot: Snapshot,
    state: ScenarioState,
    known: EntityTypes,
    *,
    budget: int,
    version: int | None = None,
) -> Summary:
    """Return the summary of a scenario.

    It reads what the commit says; only of rows that were written before commits said anything, or
    whose statistics were lost, the data files are read.

    Args:
        log: The lake's log.
        snapshot: Gives the columns of the tables.
        state: The scenario.
        known: Says what columns a table has.
        budget: Tokens, see `Summary.token_estimate`.
        version: One of the scenario's versions; None for the newest.

    Raises:
        InputError: The budget is no positive integer.
        VersionNotFoundError: It never had that version.
        IntegrityError: A data file that had to be read is missing or altered.
    """
    if isinstance(budget, bool) or not isinstance(budget, int) or budget < 1:
        raise InputError(f"budget={budget!r}: give a number of tokens, 1 or more")
    manifest = log.manifest(state, version)
    record = record_at(state, manifest, version)
    sets = [one for one in manifest.sets if one.rows]
    entries = _entries(log, snapshot, state, known, sets=sets, version=version)
    tables = [Known(one.key, one.table, from_document(entries[one.table])) for one in sets]
    written = next(one for one in state.versions if one.version == record.version).timestamp.date()
    bare = Summary(
        id=record.id,
        name=record.name,
        description=record.description,
        version=record.version,
        updated_at=record.updated_at,
        tags=record.tags,
        entity_counts={one.key: one.rows for one in sets},
    )
    samples = {
        one.key: most_different([row for _, row in entries[one.table]["samples"]], MOST_SAMPLES)
        for one in sets
    }
    return fitted(
        bare, samples, lambda most: figures(tables, written=written, most=most), budget=budget
    )


def _entries(
    log: CommitLog,
    snapshot: Snapshot,
    state: ScenarioState,
    known: EntityTypes,
    *,
    sets: list[EntitySet],
    version: int | None,
) -> dict[str, Entry]:
    """Return what is known of each table, computed where nothing was kept."""
    kept = log.statistics(state, version)
    found = {} if kept is None else kept.tables
    missing = [one for one in sets if one.table not in found]
    if not missing:
        return found
    former = None if kept is None else Statistics(seed=kept.seed, tables={})
    gathering = Gathering(log.storage, state.record.id, former=former)
    computed = gathering.entries(missing, lambda table: known.at(table, snapshot), written={})
    return {**found, **computed}
