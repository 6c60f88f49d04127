"""Whether a requirement holds in a snapshot."""

from __future__ import annotations

from functools import singledispatch

from healthsim_lake.catalog import actions
from healthsim_lake.catalog.documents import DocumentIs, DocumentNameFree
from healthsim_lake.catalog.ledgers import LedgerIs
from healthsim_lake.catalog.shelf import SINGULAR, Shelf
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.errors import (
    DocumentNotFoundError,
    NameTakenError,
    ScenarioNotFoundError,
    VersionConflictError,
    VersionNotFoundError,
)


@singledispatch
def check(requirement: actions.Requirement, snapshot: Snapshot) -> None:
    """Return if `requirement` holds in `snapshot`.

    Raises:
        ConflictError: It does not; the message names what is there instead.
        ScenarioNotFoundError: The scenario it speaks of is gone.
    """
    raise TypeError(f"no check for {requirement.kind} at version {snapshot.version}")


@check.register
def _(requirement: actions.NameFree, snapshot: Snapshot) -> None:
    owner = snapshot.state.names.get(requirement.name)
    if owner is not None and owner != requirement.but:
        raise NameTakenError(f"Scenario '{requirement.name}' already exists. Use another name.")


@check.register
def _(requirement: actions.Exists, snapshot: Snapshot) -> None:
    snapshot.refuse_purged(requirement.scenario_id)
    found = snapshot.scenarios.get(requirement.scenario_id)
    if found is None or found.record.deleted:
        raise ScenarioNotFoundError(
            f"Scenario {requirement.scenario_id} not found: it was deleted meanwhile"
        )


@check.register
def _(requirement: actions.Deleted, snapshot: Snapshot) -> None:
    snapshot.refuse_purged(requirement.scenario_id)
    found = snapshot.scenarios.get(requirement.scenario_id)
    if found is None:
        raise ScenarioNotFoundError(f"Scenario {requirement.scenario_id} not found")
    if not found.record.deleted:
        raise VersionConflictError(
            f"Scenario '{found.record.name}' is not deleted; there is nothing to restore"
        )


@check.register
def _(requirement: actions.ScenarioIs, snapshot: Snapshot) -> None:
    snapshot.refuse_purged(requirement.scenario_id)
    found = snapshot.scenarios.get(requirement.scenario_id)
    if found is None:
        raise ScenarioNotFoundError(f"Scenario {requirement.scenario_id} not found")
    if found.record.version != requirement.version:
        raise VersionConflictError(
            f"Scenario '{found.record.name}' is at version {found.record.version}, "
            f"not {requirement.version}: it was changed meanwhile; load it again"
        )


@check.register
def _(requirement: actions.TableIs, snapshot: Snapshot) -> None:
    found = snapshot.tables.get(requirement.table)
    revision = 0 if found is None else found.revision
    if revision != requirement.revision:
        raise VersionConflictError(
            f"table {requirement.table} is at revision {revision}, not {requirement.revision}"
        )


@check.register
def _(requirement: DocumentNameFree, snapshot: Snapshot) -> None:
    found = Shelf(snapshot, requirement.collection).named(requirement.name)
    if found is not None and found.record.id != requirement.but:
        singular = SINGULAR[requirement.collection].capitalize()
        raise NameTakenError(f"{singular} '{requirement.name}' already exists. Use another name.")


@check.register
def _(requirement: DocumentIs, snapshot: Snapshot) -> None:
    found = snapshot.state.documents.get(requirement.document_id)
    if found is None:
        raise DocumentNotFoundError(f"{requirement.document_id} not found")
    if found.record.revision != requirement.revision:
        raise VersionConflictError(
            f"'{found.record.name}' was changed by somebody else at the same moment: it is at "
            f"version {found.record.version} now, this change was made for version "
            f"{requirement.version}; load it again"
        )


@check.register
def _(requirement: LedgerIs, snapshot: Snapshot) -> None:
    found = snapshot.state.ledgers.get(requirement.ledger)
    version = 0 if found is None else found.version
    if version != requirement.version:
        raise VersionConflictError(
            f"the ledger of {requirement.ledger} is at version {version}, not {requirement.version}"
        )


@check.register
def _(requirement: actions.Retained, snapshot: Snapshot) -> None:
    if requirement.scenario_id is not None:
        snapshot.refuse_purged(requirement.scenario_id)
    if requirement.version < snapshot.state.retention.before:
        raise VersionNotFoundError(
            f"version {requirement.version} of the lake {snapshot.forgotten()}"
        )
