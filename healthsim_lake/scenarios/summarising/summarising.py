"""Summaries, from what was computed when the rows were written."""

from __future__ import annotations

from healthsim_lake._shown import shown
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.records import EntitySet, KnownRows, Statistics
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.errors import InputError
from healthsim_lake.scenarios.entity_types import EntityTypes
from healthsim_lake.scenarios.loading import record_at
from healthsim_lake.scenarios.summarising.budget import USUAL_SAMPLES, fitted
from healthsim_lake.scenarios.summarising.diversity import most_different
from healthsim_lake.scenarios.summarising.figures import Known, figures
from healthsim_lake.scenarios.summarising.statistics import Gathering
from healthsim_lake.scenarios.summarising.summary import Summary, check_budget
from healthsim_lake.tables.measuring.statistics import from_document


def summarise(
    log: CommitLog,
    snapshot: Snapshot,
    state: ScenarioState,
    known: EntityTypes,
    *,
    budget: int,
    samples: int = USUAL_SAMPLES,
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
        samples: Rows of each type that are shown, as far as that many were kept.
        version: One of the scenario's versions; None for the newest.

    Raises:
        InputError: The budget is no positive integer, or `samples` no number of rows.
        VersionNotFoundError: It never had that version.
        IntegrityError: A data file that had to be read is missing or altered.
    """
    check_budget(budget)
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 0:
        raise InputError(f"samples={shown(samples)}: give a number of rows of each type, 0 or more")
    manifest = log.manifest(state, version)
    record = record_at(state, manifest, version)
    sets = [one for one in manifest.sets if one.rows]
    with log.reading(record):
        entries = _entries(log, snapshot, state, known, sets=sets, version=version)
    tables = [Known(one.key, one.table, from_document(entries[one.table])) for one in sets]
    written = next(one for one in state.versions if one.version == record.version).timestamp.date()
    bare = Summary(
        id=record.id,
        name=record.name,
        description=record.description,
        version=record.version,
        created_at=record.created_at,
        updated_at=record.updated_at,
        tags=record.tags,
        entity_counts={one.key: one.rows for one in sets},
    )
    chosen = {
        one.key: most_different([row for _, row in entries[one.table]["samples"]], samples)
        for one in sets
        if samples
    }
    return fitted(
        bare, chosen, lambda most: figures(tables, written=written, most=most), budget=budget
    )


def _entries(
    log: CommitLog,
    snapshot: Snapshot,
    state: ScenarioState,
    known: EntityTypes,
    *,
    sets: list[EntitySet],
    version: int | None,
) -> dict[str, KnownRows]:
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
