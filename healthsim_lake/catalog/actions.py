"""Changes and requirements as data; a lake's state is a fold of its actions.

An action says what to do, never the result of old state (`AddTag`, not "tags are now …"), so that
an operation which lost a race can be planned again. The one exception is a manifest, which replaces
the former one and is therefore guarded by `ScenarioIs` wherever it was computed from it.
Statistics are named beside a manifest and are no part of the state: see `log.CommitLog.statistics`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from healthsim_lake.catalog.documents import (
    ChangeDocument,
    CreateDocument,
    DeleteDocument,
    DocumentIs,
    DocumentNameFree,
    RestoreDocument,
)
from healthsim_lake.catalog.ledgers import ExtendLedger, LedgerIs
from healthsim_lake.catalog.records import (
    AnyManifest,
    Count,
    Origin,
    Record,
    ScenarioId,
    StatisticsRef,
    TableName,
)
from healthsim_lake.catalog.retention import Forget, Purge


class Protocol(Record):
    """What software must understand to read or write the lake from here on.

    Attributes:
        reader_features: Names that a reader must know, or refuse.
        writer_features: Names that a writer must know, or refuse.
    """

    kind: Literal["protocol"] = "protocol"
    reader_features: tuple[str, ...] = ()
    writer_features: tuple[str, ...] = ()


class DeclareTable(Record):
    """Pin the columns of a table, or replace them.

    Attributes:
        table: Its name.
        declaration: The entity type's document (`healthsim_lake.entities.types.EntityType`).
    """

    kind: Literal["declare_table"] = "declare_table"
    table: TableName
    declaration: dict[str, Any]


class CreateScenario(Record):
    """A scenario that was not there before."""

    kind: Literal["create_scenario"] = "create_scenario"
    scenario_id: ScenarioId
    name: str
    description: str | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    products: tuple[str, ...] = ()
    entity_counts: dict[str, Count] = {}
    manifest: AnyManifest
    statistics: StatisticsRef | None = None
    origins: tuple[Origin, ...] = ()


class ReplaceRows(Record):
    """New rows for a scenario that exists: all of them, or the old ones and more.

    Attributes:
        same_rows: Whether only the files changed (by maintenance), and not one row: then the time
            of the scenario's last change stays.
        origins: What it is made from now; None leaves what was known.
    """

    kind: Literal["replace_rows"] = "replace_rows"
    scenario_id: ScenarioId
    products: tuple[str, ...] = ()
    entity_counts: dict[str, Count] = {}
    manifest: AnyManifest
    statistics: StatisticsRef | None = None
    same_rows: bool = False
    origins: tuple[Origin, ...] | None = None


class RenameScenario(Record):
    """Another name for a scenario."""

    kind: Literal["rename_scenario"] = "rename_scenario"
    scenario_id: ScenarioId
    name: str


class DescribeScenario(Record):
    """Another description, or other metadata; what is None stays."""

    kind: Literal["describe_scenario"] = "describe_scenario"
    scenario_id: ScenarioId
    description: str | None = None
    metadata: dict[str, Any] | None = None


class AddTag(Record):
    """One more tag; nothing happens if the scenario has it, in any case."""

    kind: Literal["add_tag"] = "add_tag"
    scenario_id: ScenarioId
    tag: str


class RemoveTag(Record):
    """One tag less, compared without regard to case."""

    kind: Literal["remove_tag"] = "remove_tag"
    scenario_id: ScenarioId
    tag: str


class DeleteScenario(Record):
    """Turn a scenario into a tombstone: its name is free, its rows wait in history."""

    kind: Literal["delete_scenario"] = "delete_scenario"
    scenario_id: ScenarioId


class RestoreScenario(Record):
    """Bring a tombstone back, its rows under new file names."""

    kind: Literal["restore_scenario"] = "restore_scenario"
    scenario_id: ScenarioId
    name: str
    manifest: AnyManifest
    entity_counts: dict[str, Count] = {}
    statistics: StatisticsRef | None = None


RowsAction = CreateScenario | ReplaceRows | RestoreScenario
"""The actions that give a scenario its rows: a manifest, and statistics."""

Action = Annotated[
    Protocol
    | DeclareTable
    | CreateScenario
    | ReplaceRows
    | RenameScenario
    | DescribeScenario
    | AddTag
    | RemoveTag
    | DeleteScenario
    | RestoreScenario
    | CreateDocument
    | ChangeDocument
    | DeleteDocument
    | RestoreDocument
    | ExtendLedger
    | Forget
    | Purge,
    Field(discriminator="kind"),
]


class NameFree(Record):
    """No scenario that is not deleted has this name, except perhaps this one."""

    kind: Literal["name_free"] = "name_free"
    name: str
    but: ScenarioId | None = None


class Exists(Record):
    """The scenario is there and not deleted."""

    kind: Literal["exists"] = "exists"
    scenario_id: ScenarioId


class Deleted(Record):
    """The scenario is a tombstone."""

    kind: Literal["deleted"] = "deleted"
    scenario_id: ScenarioId


class ScenarioIs(Record):
    """The scenario is at this version of its own, whether deleted or not."""

    kind: Literal["scenario_is"] = "scenario_is"
    scenario_id: ScenarioId
    version: int = Field(ge=1)


class TableIs(Record):
    """The table is at this revision; 0 means that it was never declared."""

    kind: Literal["table_is"] = "table_is"
    table: TableName
    revision: int = Field(ge=0)


class Retained(Record):
    """A version of the lake may still be read, and a scenario in it was not purged.

    Whatever brings back rows of an earlier state carries this, because the files that it copied
    may be deleted as soon as it does not hold any more.

    Attributes:
        version: The version of the lake at which the rows were live.
        scenario_id: Whose rows they are.
    """

    kind: Literal["retained"] = "retained"
    version: int = Field(ge=0)
    scenario_id: ScenarioId | None = None


Requirement = Annotated[
    NameFree
    | Exists
    | Deleted
    | ScenarioIs
    | TableIs
    | DocumentNameFree
    | DocumentIs
    | LedgerIs
    | Retained,
    Field(discriminator="kind"),
]
