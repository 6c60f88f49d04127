"""A new scenario from files that are written: the one place where copies become a commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from healthsim_lake.catalog import actions
from healthsim_lake.catalog.records import EntitySet, Manifest, Origin
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.transaction import Draft
from healthsim_lake.scenarios import manifests
from healthsim_lake.scenarios.recode import recode
from healthsim_lake.scenarios.tables_in_use import TablesInUse, declarations
from healthsim_lake.storage import Storage
from healthsim_lake.tables.writer import FileWriter


@dataclass(frozen=True, slots=True)
class Described:
    """What is said of a new scenario.

    Attributes:
        name: Checked, or chosen so that it is free.
        description: Free text, or None.
        tags: Checked.
        metadata: Checked.
        origins: What it is made from.
    """

    name: str
    description: str | None
    tags: tuple[str, ...]
    metadata: Mapping[str, Any]
    origins: tuple[Origin, ...]


class Creation:
    """Plans the commit of a new scenario.

    Args:
        storage: Where the files are.
        tables: The types of the tables that they belong to.
        writer: Wrote them.
        scenario_id: Of the new scenario.
        txn_id: Of the transaction.
    """

    def __init__(
        self,
        storage: Storage,
        tables: TablesInUse,
        writer: FileWriter,
        *,
        scenario_id: str,
        txn_id: str,
    ) -> None:
        self._storage, self._tables, self._writer = storage, tables, writer
        self._id, self._txn_id = scenario_id, txn_id

    def draft(
        self,
        snapshot: Snapshot,
        sets: Sequence[EntitySet],
        described: Described,
        *,
        operation: str,
        requires: Sequence[actions.Requirement],
    ) -> Draft:
        """Return the draft that makes the scenario, on `snapshot`.

        Args:
            snapshot: What is true now.
            sets: Its rows; files of tables that got other columns meanwhile are written anew.
            described: Name and what goes with it.
            operation: What is done.
            requires: What has to hold besides that the name is free.
        """
        changed = self._tables.outdated(snapshot)
        if changed:
            sets = recode(self._storage, sets, self._writer, types=changed)
            self._tables.replace(changed)
        self._writer.sync()
        manifest = Manifest(sets=tuple(sets))
        types = {one.table: self._tables.types[one.table] for one in sets if one.files}
        declared, fitting = declarations(types, snapshot)
        create = actions.CreateScenario(
            scenario_id=self._id,
            name=described.name,
            description=described.description,
            tags=described.tags,
            metadata=dict(described.metadata),
            products=tuple(sorted({one.product for one in types.values()})),
            entity_counts=manifest.counts,
            manifest=manifests.stored(
                self._storage, manifest, scenario_id=self._id, txn_id=self._txn_id
            ),
            origins=described.origins,
        )
        return Draft(
            operation=operation,
            actions=(*declared, create),
            requires=(*requires, *fitting, actions.NameFree(name=described.name)),
            publishes=manifest.groups(self._id),
            result=self._id,
        )
