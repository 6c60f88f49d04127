"""Executions recorded one by one: each a small document, written without a commit."""

from __future__ import annotations

from collections.abc import Collection as Ids
from typing import Any

from pydantic import ValidationError

from healthsim_lake import _clock
from healthsim_lake.errors import DamagedCommitError, KeyExistsError
from healthsim_lake.library import ids
from healthsim_lake.library.executions import JourneyExecution, LedgerKind, ProfileExecution
from healthsim_lake.storage import Storage, layout
from healthsim_lake.tables.places import in_parallel


class Segments:
    """The segments of one ledger; what was read is kept, since it never changes.

    Args:
        storage: Where they are.
        kind: Of which ledger.
    """

    def __init__(self, storage: Storage, kind: LedgerKind) -> None:
        self._storage, self._kind = storage, kind
        self._read: dict[int, ProfileExecution | JourneyExecution] = {}

    def write(self, values: dict[str, Any]) -> int:
        """Store one execution durably, and return its id."""
        moment = _clock.now()
        execution_id = ids.alone(moment)
        while True:
            record = self._kind.record(**values, id=execution_id, executed_at=moment)
            data = record.to_bytes(exclude_none=True)
            try:
                self._storage.create(layout.segment(self._kind.collection, execution_id), data)
            except KeyExistsError:
                execution_id += ids.STEP
            else:
                return execution_id

    def listed(self) -> list[int]:
        """Return the ids of all segments in the store, oldest first."""
        folder = layout.segments(self._kind.collection)
        found = (layout.segment_id(entry.key) for entry in self._storage.list(folder))
        return [one for one in found if one is not None]

    def read(self, wanted: Ids[int]) -> list[ProfileExecution | JourneyExecution]:
        """Return the executions with these ids, in their order.

        Raises:
            KeyMissingError: One is gone: it was folded meanwhile.
            DamagedCommitError: One cannot be read.
        """
        unread = [one for one in wanted if one not in self._read]
        new = dict(zip(unread, in_parallel(self._storage, self._parsed, unread), strict=True))
        self._read = {one: new[one] if one in new else self._read[one] for one in wanted}
        return list(self._read.values())

    def _parsed(self, execution_id: int) -> ProfileExecution | JourneyExecution:
        key = layout.segment(self._kind.collection, execution_id)
        try:
            return self._kind.record.model_validate_json(self._storage.read(key))
        except ValidationError as error:
            raise DamagedCommitError(
                f"{key} cannot be read ({error.errors()[0]['msg']}); restore it from a backup"
            ) from error

    def delete(self, unwanted: Ids[int]) -> None:
        """Remove segments that a file of the ledger holds."""
        keys = [layout.segment(self._kind.collection, one) for one in unwanted]
        in_parallel(self._storage, self._storage.delete, keys)
