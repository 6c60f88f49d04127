"""A catalog of many scenarios: every one a commit of its own, as saving makes them, without rows.

Listing never looks at rows, and thousands of Parquet files would take minutes to write. The log is
made in memory, where nothing waits for a disk, and then laid out as files.
"""

from __future__ import annotations

from pathlib import Path

import work

from healthsim_lake import Lake, _clock
from healthsim_lake.catalog.actions import CreateScenario, NameFree
from healthsim_lake.catalog.log import CommitLog
from healthsim_lake.catalog.transaction import Draft, Transaction
from healthsim_lake.storage import layout, open_storage


def build(root: Path, scenarios: int) -> None:
    """Make a lake: one scenario is saved, and its commit is made again under other names."""
    lake = Lake(f"memory://{root.name}-{_clock.new_uuid()}/lake")
    lake.scenarios.save(
        "cohort", work.build(1), description="Patients with encounters", tags=["benchmark", "all"]
    )
    storage = open_storage(lake.url)
    log = CommitLog(storage)
    (saved,) = (one for one in log.read(1).actions if isinstance(one, CreateScenario))
    for number in range(1, scenarios):
        _create(log, saved, number)
    folders = (layout.LOG, layout.CHECKPOINTS)
    for key in (layout.LAKE, *(one.key for folder in folders for one in storage.list(folder))):
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(storage.read(key))


def read(root: Path) -> list[Path]:
    """Return the files that opening the lake reads: the newest checkpoint, and what follows it."""
    newest = max((root / layout.CHECKPOINTS).iterdir())
    at = int(newest.name.split("-")[0])
    commits = sorted((root / layout.LOG).iterdir())
    return [root / layout.LAKE, newest, *commits[at:]]


def _create(log: CommitLog, saved: CreateScenario, number: int) -> None:
    scenario_id, name = _clock.new_uuid(), f"cohort-{number:05d}"
    action = saved.model_copy(
        update={
            "scenario_id": scenario_id,
            "name": name,
            "description": f"Patients of cohort {number} with their encounters and diagnoses",
            "tags": ("benchmark", f"group-{number % 10}"),
        }
    )
    draft = Draft(
        operation="save",
        actions=(action,),
        requires=(NameFree(name=name),),
        result=scenario_id,
    )
    Transaction(log, tidy=lambda snapshot: snapshot.tidied).commit(lambda _: draft)
