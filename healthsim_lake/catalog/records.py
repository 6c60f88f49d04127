"""What the catalog knows of data files and scenarios; frozen, and the same on disk as in memory."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, NotRequired

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    with_config,
)
from pydantic_core import from_json
from typing_extensions import TypedDict  # pydantic takes that of typing from Python 3.12 on

from healthsim_lake._clock import iso
from healthsim_lake.errors import InputError

Timestamp = Annotated[AwareDatetime, PlainSerializer(iso, return_type=str, when_used="json")]
"""A moment in UTC; in JSON, ISO 8601 text with six decimals and a Z."""

_HEADROOM = 20
"""So many levels deeper may a checkpoint hold what a commit brought."""

TABLE_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"
UUID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
DIGEST_PATTERN = r"^[0-9a-f]{64}$"
FILE_PATTERN = r"^[0-9a-f]{24}-[0-9]{1,9}$"
TXN_PATTERN = r"^[0-9a-f]{24}$"

TableName = Annotated[str, Field(pattern=TABLE_PATTERN)]
ScenarioId = Annotated[str, Field(pattern=UUID_PATTERN)]
FileName = Annotated[str, Field(pattern=FILE_PATTERN)]
Count = Annotated[int, Field(ge=0)]
Digest = Annotated[str, Field(pattern=DIGEST_PATTERN)]


class Record(BaseModel):
    """Base of everything in the catalog: immutable, and keeping keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="allow")

    def to_bytes(self, *, exclude_none: bool = False) -> bytes:
        """Return the record as it stands in the store, sure to be readable again.

        Readers stop at 200 levels and at numbers of 4,300 digits, and one commit that cannot be
        read is the end of a lake.

        Args:
            exclude_none: Leave fields out that are None.

        Raises:
            InputError: What a caller gave is nested too deeply, or holds too long a number or half
                of a character.
        """
        try:
            data = self.model_dump_json(exclude_none=exclude_none).encode()
            from_json(_HEADROOM * b"[" + data + _HEADROOM * b"]")
        except ValueError as error:
            reason = str(error).removeprefix("Error serializing to JSON: ")
            raise InputError(f"this cannot be kept as JSON: {reason}") from error
        return data


class DataFile(Record):
    """One immutable Parquet file.

    Attributes:
        name: ``<transaction>-<number>``; becomes live at most once and is retired at most once.
        rows: Rows in it.
        bytes: Its size.
        sha256: Of its bytes.
        bounds: Least and greatest value of the key, date and timestamp columns, as text.
    """

    name: FileName
    rows: int = Field(ge=0)
    bytes: int = Field(ge=0)
    sha256: Digest
    bounds: dict[str, tuple[str, str]] = {}


class EntitySet(Record):
    """The rows of one entity type in one state of a scenario.

    Attributes:
        key: The type's name as it was given when saved, e.g. ``patient`` or ``patients``.
        table: The table that holds the rows.
        files: Data files, in row order; empty for a type that was saved without rows.
    """

    key: str
    table: TableName
    files: tuple[DataFile, ...] = ()

    @property
    def rows(self) -> int:
        """Rows in all files."""
        return sum(file.rows for file in self.files)


class Manifest(Record):
    """All rows of one state of a scenario: a few files per entity type, in the order given."""

    sets: tuple[EntitySet, ...]

    def find(self, key: str) -> EntitySet | None:
        """Return the entity set saved under `key`, or stored in the table `key`."""
        for one in self.sets:
            if one.key == key:
                return one
        return next((one for one in self.sets if one.table == key), None)

    @property
    def counts(self) -> dict[str, int]:
        """Rows by entity key, empty types included."""
        return {one.key: one.rows for one in self.sets}

    def groups(self, scenario_id: str) -> tuple[FileGroup, ...]:
        """Return the files of all tables as groups of names."""
        return tuple(
            FileGroup(
                table=one.table,
                scenario_id=scenario_id,
                names=tuple(file.name for file in one.files),
            )
            for one in self.sets
            if one.files
        )


class ManifestRef(Record):
    """A manifest that stands in a document of its own because it is large.

    Attributes:
        txn_id: The transaction that wrote it, which names the document.
        sha256: Of the document's bytes.
    """

    txn_id: str = Field(pattern=TXN_PATTERN)
    sha256: Digest


AnyManifest = Annotated[Manifest | ManifestRef, Field(union_mode="left_to_right")]
"""A manifest that stands in place, as nearly all do, or one in a document of its own."""


def _is_number(text: str) -> str:
    _AMOUNT.validate_python(text)
    return text


def _is_day(text: str) -> str:
    date.fromisoformat(text[:10])
    return text


_AMOUNT = TypeAdapter(Decimal)
_Year = Annotated[int, Field(ge=-9_999, le=9_999)]
_Whole = Annotated[int, Field(ge=0, lt=2**63)]
_Amount = Annotated[str, Field(max_length=400), AfterValidator(_is_number)]
_Day = Annotated[str, AfterValidator(_is_day)]


@with_config(ConfigDict(extra="allow"))
class KnownRows(TypedDict):
    """What is known of one table's rows; `healthsim_lake.tables.measuring.statistics` says what."""

    rows: _Whole
    samples: list[tuple[_Whole, dict[str, Any]]]
    values: NotRequired[dict[str, dict[str, _Whole] | None]]
    codes: NotRequired[list[tuple[str | None, str | None, _Whole]]]
    approximate: NotRequired[bool]
    births: NotRequired[list[tuple[_Year, _Whole]]]
    deaths: NotRequired[list[tuple[_Year, _Whole]]]
    amounts: NotRequired[dict[str, tuple[str, _Whole, _Amount, _Amount | None, _Amount | None]]]
    dates: NotRequired[list[tuple[str, _Day | None, _Day | None]]]


class Statistics(Record):
    """What is known of the rows of one state of a scenario; it can be computed anew from them.

    Attributes:
        seed: What the samples were drawn with: the id of the scenario that was saved first.
        tables: By table, what is known of its rows; ``samples`` are positions and rows.
    """

    seed: str
    tables: dict[str, KnownRows]


class StatisticsRef(Record):
    """Where statistics stand: never in the log, which is kept for ever, since they hold rows.

    Attributes:
        name: Names the document; ``<transaction>-<number>``, like a data file's.
        sha256: Of the document's bytes.
    """

    name: FileName
    sha256: Digest


class FileGroup(Record):
    """Data files of one table and scenario, by name: what a commit makes live or retires."""

    table: TableName
    scenario_id: ScenarioId
    names: tuple[FileName, ...]


class ScenarioVersion(Record):
    """One state that a scenario had.

    Attributes:
        version: 1, 2, 3 … within the scenario.
        commit: The commit that made it.
        timestamp: When.
        operation: What was done, e.g. ``save``, ``add``, ``rename``.
        entity_count: Rows in this state; 0 for a deletion.
        manifest_commit: The commit that holds this state's manifest.
        author: Who, if given.
        message: Why, if given.
    """

    version: int = Field(ge=1)
    commit: int = Field(ge=1)
    timestamp: Timestamp
    operation: str
    entity_count: int = Field(ge=0)
    manifest_commit: int = Field(ge=1)
    author: str | None = None
    message: str | None = None


class Origin(Record):
    """A scenario whose rows another one was made from.

    Attributes:
        operation: ``clone``, ``merge`` or ``transfer``.
        scenario_id: The source.
        name: What it was called then.
        version: Its version whose rows were taken.
        conflicts: Of a merge: rows of this source, by entity key, that were dropped or given new
            ids because another source has their key.
        lake_id: Of a transfer: the lake that it came from.
        own_version: Of a transfer: the version here that holds what was taken.
    """

    operation: str
    scenario_id: ScenarioId
    name: str
    version: int = Field(ge=1)
    conflicts: dict[str, int] = {}
    lake_id: str | None = None
    own_version: int | None = None


class ScenarioRecord(Record):
    """A scenario as it stands at one version of the lake, without its rows.

    Attributes:
        id: UUID, the same for all its versions.
        name: Unique among the scenarios that are not deleted.
        description: Free text, or None.
        tags: In the order they were added.
        metadata: Any JSON object of the caller's.
        products: Products that its entity types belong to, sorted.
        created_at: When it was first saved.
        updated_at: When it last changed.
        version: Its newest version, see `ScenarioVersion`.
        entity_counts: Rows by entity key, as saved; empty types included.
        deleted: Whether it is a tombstone that `restore` can bring back.
        origins: What it was cloned from, or merged from in this order; empty for all others.
    """

    id: ScenarioId
    name: str
    description: str | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    products: tuple[str, ...] = ()
    created_at: Timestamp
    updated_at: Timestamp
    version: int = Field(ge=1)
    entity_counts: dict[str, Count] = {}
    deleted: bool = False
    origins: tuple[Origin, ...] = ()

    @cached_property
    def entity_count(self) -> int:
        """Rows of all types."""
        return sum(self.entity_counts.values())

    def has_tag(self, tag: str) -> bool:
        """Return whether the scenario carries `tag`, in any case."""
        wanted = tag.strip().casefold()
        return any(own.casefold() == wanted for own in self.tags)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON values, with ``entity_count``."""
        shown = self.model_dump(mode="json", exclude={"deleted"})
        return {**shown, "entity_count": self.entity_count}
