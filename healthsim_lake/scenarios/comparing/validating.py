"""A scenario's rows checked against what its entity types say."""

from __future__ import annotations

from collections.abc import Sequence

from healthsim_lake._shown import shown
from healthsim_lake.errors import InputError
from healthsim_lake.scenarios.comparing.diffing import Side, check_versions
from healthsim_lake.scenarios.comparing.report import ValidationReport
from healthsim_lake.scenarios.entity_types import EntityTypes
from healthsim_lake.scenarios.loading import choose_sets
from healthsim_lake.tables.committer import Committer
from healthsim_lake.tables.inspecting.inspection import Inspection, Targets


def validate(
    committer: Committer,
    known: EntityTypes,
    ref: str,
    *,
    version: int | None,
    types: Sequence[str] | None,
    limit: int | None,
) -> ValidationReport:
    """Check the rows of a scenario; see `Comparisons.validate`."""
    check_versions(version)
    if limit is not None and (type(limit) is not int or limit < 0):
        raise InputError(
            f"limit_per_rule is a number from 0 on, or None for all; not {shown(limit)}"
        )
    snapshot, log, registry = committer.view(), committer.log, known.registry()
    state = snapshot.get(ref)
    side = Side.of(log, state, version or state.record.version)
    sets = {one.table: (one, known.at(one.table, snapshot)) for one in side.manifest.sets}
    wanted = (
        side.manifest.sets
        if types is None
        else choose_sets(side.manifest, types, registry, side.record)
    )
    targets = Targets(log.storage, sets, side.record.id)
    inspection = Inspection(log.storage, registry, targets, limit=limit)
    by_table = {one.table: one for one in wanted}
    with log.reading(side.record):
        found = {
            table: inspection.check(by_table[table], sets[table][1], side.record.id)
            for table in inspection.order(list(by_table))
        }
    return ValidationReport(
        record=side.record,
        rows={one.key: one.rows for one in wanted},
        findings=tuple(finding for table in by_table for finding in found[table]),
        unjudged=tuple(inspection.unjudged),
    )
