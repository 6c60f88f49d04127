"""What has to hold of a lake after whatever happened to a writer."""

from __future__ import annotations

import json
from typing import Any

from faulty import lake_on
from operations import people

from healthsim_lake import Lake
from healthsim_lake.scenarios.loading import Scenario
from healthsim_lake.storage import Storage, layout
from healthsim_lake.tables.reader import TableRows

_DECODED: dict[str, list[dict[str, Any]]] = {}
"""Rows of data files by SHA-256: most files of most cases are the same ones."""


def rows_of(scenario: Scenario) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a scenario whose files were read, and checked, just now."""
    found = {}
    for key, rows in scenario._rows.items():
        found[key] = []
        for ref, data in rows._files:
            if ref.file.sha256 not in _DECODED:
                one = TableRows(rows._type, rows.scenario_id, [(ref, data)])
                _DECODED[ref.file.sha256] = one.dicts
            found[key] += _DECODED[ref.file.sha256]
    return found


def _numbered(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Return rows with their texts numbered in the order they come: new ids are other ones every
    time, but which of them are the same, and which differ, is always the same."""
    numbers: dict[str, int] = {}

    def number(value: Any) -> Any:
        return numbers.setdefault(value, len(numbers)) if isinstance(value, str) else value

    return {
        key: [{name: number(value) for name, value in row.items()} for row in found]
        for key, found in rows.items()
    }


def _library(lake: Lake) -> dict[str, Any]:
    """Return everything that can be read of profiles and journeys, and of what was run."""
    found: dict[str, Any] = {}
    for collection in (lake.profiles, lake.journeys):
        ledger = collection._ledger
        tallies = ledger.tallies()
        owner = ledger.kind.owner
        names: dict[str, str] = {}
        for state in collection._shelf():
            record = state.record
            names[record.id] = record.name
            found[f"{owner} {record.name}"] = {
                "deleted": record.deleted,
                "tags": record.tags,
                "runs": tallies[record.id].count if record.id in tallies else 0,
                "versions": [
                    (one.version, collection._spec(state, one.version)) for one in state.revisions
                ],
            }
        runs = ledger.table().drop_columns(["id", "executed_at", "spec_commit"]).to_pylist()
        found[f"{owner} runs"] = sorted(str({**run, owner: names[run[owner]]}) for run in runs)
    return dict(sorted(found.items()))


def content(lake: Lake) -> str:
    """Return everything that can be read: all versions of all scenarios, deleted ones as well."""
    snapshot = lake._log.refresh()
    found: dict[str, Any] = {}
    for state in snapshot.scenarios.values():
        record = state.record
        shown: dict[str, Any] = {"tags": record.tags, "description": record.description}
        if record.deleted:
            shown["deleted"] = lake._log.manifest(state).counts
        else:
            shown["versions"] = {
                one.version: rows_of(lake.scenarios.load(record.id, version=one.version))
                for one in state.versions
            }
        if record.name == "renumbered":
            shown["versions"] = {one: _numbered(rows) for one, rows in shown["versions"].items()}
        found[record.name] = shown
    return json.dumps(
        {
            "scenarios": dict(sorted(found.items())),
            "library": _library(lake),
            "tables": {name: one.revision for name, one in sorted(snapshot.tables.items())},
            "purged": sorted(one.name for one in snapshot.state.purged.values()),
        }
    )


def assert_nothing_uncommitted_shows(storage: Storage) -> None:
    """A glob over data/ shows only files that some commit made live; on a disk."""
    if not storage.stages:
        return
    lake = lake_on(storage)
    committed = {
        name
        for version in range(1, lake.version + 1)
        for group in lake._log.read(version).publishes
        for name in group.names
    }
    shown = {layout.data_file(entry.key)[3] for entry in storage.list(layout.DATA)}
    assert shown <= committed


def assert_folders_are_the_head(storage: Storage) -> None:
    """A glob over data/ is exactly the head; in an object store, at least the head."""
    lake = lake_on(storage)
    snapshot = lake._log.refresh()
    live = {
        layout.live(group.table, group.scenario_id, name)
        for state in snapshot.scenarios.values()
        if not state.record.deleted
        for group in lake._log.manifest(state).groups(state.record.id)
        for name in group.names
    }
    shown = {entry.key for entry in storage.list(layout.DATA)}
    assert shown == live if storage.stages else shown >= live


def examine(storage: Storage, allowed: set[str], *, repairs: bool) -> None:
    """Examine a lake as a crash left it.

    Args:
        storage: Where it is.
        allowed: What it may read, see `content`.
        repairs: Whether somebody repairs what can be mended; else the next writer has to cope.
    """
    lake = lake_on(storage)
    left = content(lake)
    assert left in allowed
    assert_nothing_uncommitted_shows(storage)
    found = lake.maintenance.verify()
    assert not found.lost, str(found)
    if found.mendable and repairs:
        # Somebody repairs; what was true stays true.
        repaired = lake_on(storage).maintenance.repair()
        assert repaired.ok, str(repaired.left)
        assert content(lake_on(storage)) == left
        assert_folders_are_the_head(storage)


def examine_next_writer(storage: Storage) -> None:
    """The next writer proceeds, and brings the folders in order."""
    writer = lake_on(storage)
    before = json.loads(content(writer))["scenarios"]
    writer.scenarios.save("next", people("99"))
    assert_folders_are_the_head(storage)
    after = json.loads(content(lake_on(storage)))["scenarios"]
    assert after.pop("next")["versions"] == {"1": people("99")}
    assert after == before
    found = lake_on(storage).maintenance.verify(deep=False)
    if storage.stages and {one.what for one in found.mendable} == {"purged"}:
        # A purge died after its commit: what is left of it shows nowhere, and repair deletes it.
        found = lake_on(storage).maintenance.repair().left
    elif not storage.stages and found.mendable:
        # Object stores have no moves: what a dead writer left is put away by repair.
        found = lake_on(storage).maintenance.repair().left
    assert found.ok, str(found)
