"""Rows of a save or an add, on their way into data files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from healthsim_lake import _clock
from healthsim_lake._shown import shown
from healthsim_lake.catalog.records import EntitySet
from healthsim_lake.entities.codec import Chunk, encode_frame, encode_rows
from healthsim_lake.entities.types import EntityType
from healthsim_lake.errors import InputError
from healthsim_lake.scenarios.exchange.provenance import MARKS
from healthsim_lake.scenarios.summarising.statistics import Gathering, Picked
from healthsim_lake.scenarios.writing import sources
from healthsim_lake.scenarios.writing.sources import Batch, Entities, Export, Progress
from healthsim_lake.scenarios.writing.tables_in_use import TablesInUse
from healthsim_lake.tables.underway import PendingFile
from healthsim_lake.tables.writer import FileWriter

MOST_UNSENT = 4
"""Small chunks that wait for each other before helpers write them.

While rows become columns, a helper would only fight for the interpreter's lock, and slow both down
(by 6 to 7 % of a small save). More of them would tell late that a disk is full, and take memory.
"""
_SMALL_BYTES = 2**20
"""A chunk that is no smaller than this is not small, however few its rows are."""


@dataclass(frozen=True, slots=True)
class GivenRows:
    """Rows as a caller gave them, and what he wants to be told of them.

    Attributes:
        entities: Entity type to rows, or an export.
        provenance: Values for provenance columns that a row does not feed; they go before those
            that the entities came with.
        on_progress: Told how far it got, after every chunk.
        keys: Gets the key of each row that has one, by entity key, in row order.
    """

    entities: Entities
    provenance: Mapping[str, str] = field(default_factory=dict)
    on_progress: Progress | None = None
    keys: dict[str, list[Any]] | None = None


def write_rows(
    given: GivenRows, *, writer: FileWriter, tables: TablesInUse, gathering: Gathering
) -> list[EntitySet]:
    """Write all rows into data files that are not true yet, and may still be on their way.

    Args:
        given: The rows.
        writer: Takes the chunks.
        tables: Says which table a key means.
        gathering: Told of all rows.

    Returns:
        One entity set for each key, in the order given; those without rows included.

    Raises:
        InvalidEntityError: A row cannot be kept exactly; says which.
        InvalidNameError: No table can be named after a key.
        InputError: The provenance names another column, or holds what is no text.
    """
    entities, provenance, keys = given.entities, given.provenance, given.keys
    _check_provenance(provenance)

    def new_sink(key: str) -> _Sink:
        return _Sink(key, writer, tables, gathering, keep_keys=keys is not None)

    if isinstance(entities, Export):
        provenance = {**entities.provenance, **provenance}
    sinks = {key: new_sink(key) for key in sources.keys_of(entities)}
    for key in sinks:
        tables.known(key)
    moment = _clock.now()
    unsent: list[_Sink] = []
    for key, batch in sources.batches(entities):
        sink = sinks.setdefault(key, new_sink(key))
        large = sink.take(batch, moment, provenance)
        del batch  # or it would be held while the next one is made
        unsent.append(sink)
        if large or len(unsent) > MOST_UNSENT:
            _send(unsent)
            _keep_samples(unsent)
            unsent.clear()
        if given.on_progress is not None:
            given.on_progress(key, sink.rows)
    _send(unsent)
    # The last ones first: those before are in the hands of helpers, and these may still be ours
    sets = [sink.close() for sink in reversed(sinks.values())]
    _keep_samples(unsent)  # while the files are written
    writer.measure()
    if keys is not None:
        keys.update({key: sink.keys for key, sink in sinks.items()})
    return sets[::-1]


def _send(sinks: Iterable[_Sink]) -> None:
    for sink in sinks:
        sink.send()


def _keep_samples(sinks: Iterable[_Sink]) -> None:
    for sink in sinks:
        sink.keep_samples()


class _Sink:
    """The files of one entity key."""

    def __init__(
        self,
        key: str,
        writer: FileWriter,
        tables: TablesInUse,
        gathering: Gathering,
        *,
        keep_keys: bool,
    ) -> None:
        self.key, self.rows = key, 0
        self.keys: list[Any] = []
        self._keep_keys = keep_keys
        self._writer, self._tables, self._gathering = writer, tables, gathering
        self._files: list[PendingFile] = []
        self._unsent: list[tuple[Chunk, EntityType]] = []
        self._picked: list[Picked] = []

    def take(self, batch: Batch, moment: datetime, provenance: Mapping[str, str]) -> bool:
        """Encode a batch; return whether it is so large that it is to be sent at once."""
        entity_type = self._tables.known(self.key) or self._tables.infer(self.key, batch)
        chunk = _encode(
            entity_type,
            batch,
            defaults=_defaults(entity_type, moment, provenance),
            key=self.key,
            offset=self.rows,
        )
        if self._keep_keys and entity_type.key is not None:
            known = _listed(chunk.data[entity_type.key])
            self.keys += (key for key in known if key is not None)
        self._unsent.append((chunk, entity_type))
        picked = self._gathering.pick(entity_type.name, batch, chunk, offset=self.rows)
        self._picked.append(picked)
        self.rows += chunk.rows
        return not _is_small(chunk)

    def send(self) -> None:
        """Give what is encoded to the helpers."""
        self._files += [self._writer.submit(*one) for one in self._unsent]
        self._unsent.clear()

    def keep_samples(self) -> None:
        """Keep samples of what was taken; best while the files are written."""
        for picked in self._picked:
            self._gathering.keep(picked)
        self._picked.clear()

    def close(self) -> EntitySet:
        """Return the files, encoded."""
        entity_type = self._tables.known(self.key) or self._tables.infer(self.key, [])
        files = [pending.description() for pending in reversed(self._files)]
        return EntitySet(key=self.key, table=entity_type.name, files=tuple(files[::-1]))


def _is_small(chunk: Chunk) -> bool:
    data = chunk.data
    return isinstance(data, pa.Table) and data.get_total_buffer_size() < _SMALL_BYTES


def _listed(column: Any) -> list[Any]:
    """Return the values of a column of a small chunk, which is Arrow's, or of a large one."""
    values: list[Any] = column.to_pylist() if hasattr(column, "to_pylist") else column.to_list()
    return values


def _encode(
    entity_type: EntityType, batch: Batch, *, defaults: Mapping[str, Any], key: str, offset: int
) -> Chunk:
    if isinstance(batch, pa.Table):
        return encode_frame(entity_type, batch, defaults=defaults, table=key, offset=offset)
    rows: Sequence[Any] = batch
    return encode_rows(entity_type, rows, defaults=defaults, table=key, offset=offset)


def _check_provenance(provenance: Mapping[str, str]) -> None:
    for mark, value in provenance.items():
        if mark not in MARKS:
            raise InputError(f"provenance: {shown(mark)} is not known; use {', '.join(MARKS)}")
        try:
            value.encode()
        except (AttributeError, UnicodeEncodeError):
            raise InputError(f"provenance: {mark} must be text, not {value!r:.60}") from None


def _defaults(
    entity_type: EntityType, moment: datetime, provenance: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "created_at": moment.replace(tzinfo=None),
        "source_type": "generated",
        "source_system": entity_type.product,
        **provenance,
    }
