"""Files whose table got other columns before they were committed, written again to fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from healthsim_lake.catalog.records import EntitySet
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.entities.types import EntityType
from healthsim_lake.scenarios.writing.tables_in_use import TablesInUse
from healthsim_lake.storage import Storage
from healthsim_lake.tables.rewriting.recode import recoded
from healthsim_lake.tables.writer import FileWriter


def followed(
    storage: Storage,
    sets: Sequence[EntitySet],
    writer: FileWriter,
    tables: TablesInUse,
    snapshot: Snapshot,
) -> Sequence[EntitySet]:
    """Return `sets` with the columns that their tables have in `snapshot`.

    Args:
        storage: Where their files are.
        sets: What a transaction wrote.
        writer: Its files.
        tables: What the files were written with; follows, too.
        snapshot: What is committed on; others may have declared a table meanwhile.
    """
    changed = tables.outdated(snapshot)
    if not changed:
        return sets
    tables.replace(changed)
    return recode(storage, sets, writer, types=changed)


def recode(
    storage: Storage,
    sets: Sequence[EntitySet],
    writer: FileWriter,
    *,
    types: Mapping[str, EntityType],
) -> list[EntitySet]:
    """Return `sets` with the files of the tables in `types` written anew with those columns."""
    writer.settle()  # or there may be nothing to read yet
    result = []
    for one in sets:
        entity_type = types.get(one.table)
        if entity_type is None:
            result.append(one)
            continue
        keys = [writer.key(one.table, file.name) for file in one.files]
        futures = [
            writer.submit(recoded(storage.read(key), entity_type, where=key), entity_type)
            for key in keys
        ]
        files = tuple(future.result() for future in futures)
        result.append(one.model_copy(update={"files": files}))
    writer.sync()
    return result
