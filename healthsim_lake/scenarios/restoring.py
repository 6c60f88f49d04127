"""Bringing a deleted scenario back."""

from __future__ import annotations

from healthsim_lake.catalog.records import Manifest, ScenarioRecord
from healthsim_lake.catalog.state import ScenarioState
from healthsim_lake.catalog.transaction import Label
from healthsim_lake.scenarios import lifecycle, manifests, statistics
from healthsim_lake.scenarios.copying import linked
from healthsim_lake.tables.committer import Committer


def restore(
    committer: Committer, tombstone: ScenarioState, name: str, label: Label
) -> ScenarioRecord:
    """Give the files of `tombstone` new names, commit, publish, and return the record.

    A file's name is live at most once, so rows that come back come under new names; their bytes
    are shared where the disk can do that.

    Raises:
        NameTakenError: Another scenario has the name now.
        DataFileMissingError: A file is gone, e.g. by `vacuum`.
    """
    scenario_id = tombstone.record.id
    old = committer.log.manifest(tombstone)
    transaction = committer.begin(label)
    with committer.new_files(transaction, scenario_id) as writer:
        sets = [linked(committer.log.storage, one, scenario_id, writer) for one in old.sets]
        writer.sync()
        manifest = Manifest(sets=tuple(sets))
        kept = manifests.stored(
            committer.log.storage, manifest, scenario_id=scenario_id, txn_id=transaction.txn_id
        )
        known = statistics.carried(committer.log, tombstone, writer=writer, scenario_id=scenario_id)
        committed = committer.commit(
            lambda _snapshot: lifecycle.restore(
                scenario_id, name, manifest, kept=kept, statistics=known
            ),
            transaction=transaction,
        )
    return committed.snapshot.get(scenario_id).record
