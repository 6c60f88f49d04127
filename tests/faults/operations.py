"""Every operation that writes, as a table: the exams run all of them.

To put a new operation to the exam, add a function that takes a lake which `prepare` made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from healthsim_lake import EntityType, FieldSpec, Lake
from healthsim_lake.catalog import checkpoint
from healthsim_lake.library import bodies, files
from healthsim_lake.scenarios.writing import manifests

WIDGETS = EntityType(
    name="widgets",
    singular="widget",
    key="id",
    fields=(FieldSpec(id=1, name="id", type="text"),),
)
PAINTED = WIDGETS.model_copy(
    update={"fields": (*WIDGETS.fields, FieldSpec(id=2, name="colour", type="text"))}
)


def people(*ids: str) -> dict[str, list[dict[str, Any]]]:
    return {"patients": [{"id": one, "pets": ["cat"]} for one in ids]}


def profile(count: int, *, notes: str = "short") -> dict[str, Any]:
    return {"id": "p", "name": "p", "demographics": {"count": count}, "notes": notes}


def journey(days: int) -> dict[str, Any]:
    visit = {"event_id": "visit", "name": "Visit", "event_type": "encounter", "delay": {"days": 1}}
    return {"journey_id": "j", "name": "j", "duration_days": days, "events": [visit]}


def linked(*ids: str) -> dict[str, list[dict[str, Any]]]:
    """Return people, and encounters that point to them."""
    visits = [{"encounter_id": f"e{one}", "patient_id": one} for one in ids]
    return {**people(*ids), "encounters": visits}


def prepare(lake: Lake) -> None:
    """Make a lake with some of everything."""
    lake.scenarios.save("kept", {**people("1", "2"), "encounters": [{"encounter_id": "e"}]})
    lake.scenarios.save("kept", people("3"), overwrite=True, tags=["Old"])
    lake.scenarios.add("kept", people("4"))
    lake.scenarios.save("small", people("5"))
    for number in range(3):
        lake.scenarios.add("small", people(f"5{number}"))
    lake.scenarios.save("gone", people("6"))
    lake.scenarios.delete("gone")
    lake.entities.declare(WIDGETS)
    lake.scenarios.save("widgets", {"widgets": [{"id": "w", "colour": "red"}]})
    lake.scenarios.save("linked", linked("1", "2"))
    lake.profiles.save("plan", profile(1, notes=LONG), tags=["builtin"])
    lake.profiles.update("plan", profile(2))
    lake.profiles.save("dropped", profile(3, notes=LONG))
    lake.journeys.save("way", journey(30))
    lake.profiles.executions.record("plan", seed=1)
    lake.profiles.executions.record("dropped", seed=2)
    lake.profiles.delete("dropped")
    lake.profiles.executions.record_many([{"profile_id": "plan", "seed": one} for one in (3, 4)])
    lake.profiles.executions.record_many([{"profile_id": "plan", "seed": 5}])
    lake.journeys.executions.record("way", entity_id="1")


LONG = "n" * 600
"""A text that makes a specification too long for a commit."""

SMALL_LIMITS: tuple[tuple[Any, str, int], ...] = (
    (manifests, "INLINE_BYTES", 700),
    (bodies, "INLINE_BYTES", 500),
    (files, "MOST_FILES", 2),
    (checkpoint, "LEAST_BYTES", 6_000),
)
"""Limits, by module and name, that make a small lake behave as a large one does: documents stand
beside the log, checkpoints are written, and the ledger is put together."""


def make_small_things_large(put: Callable[[Any, str, int], None] = setattr) -> None:
    """Set the limits, with `put`: for good in a process that does nothing else."""
    for module, name, limit in SMALL_LIMITS:
        put(module, name, limit)


def fetch(lake: Lake) -> None:
    """Fetch a scenario from a lake elsewhere."""
    elsewhere = Lake("memory://fetched-from")
    if not elsewhere.scenarios.exists("fetched"):
        elsewhere.scenarios.save("fetched", linked("7"))
    lake.pull(elsewhere.url, scenario="fetched")


OPERATIONS: dict[str, Callable[[Lake], Any]] = {
    "save": lambda lake: lake.scenarios.save("new", {**people("7"), "claims": [{"id": "c"}]}),
    "overwrite": lambda lake: lake.scenarios.save("kept", people("8"), overwrite=True, tags=["n"]),
    "add": lambda lake: lake.scenarios.add("kept", people("9")),
    "replace": lambda lake: lake.scenarios.add("kept", people("4"), on_duplicate="replace"),
    "delete": lambda lake: lake.scenarios.delete("kept"),
    "restore": lambda lake: lake.scenarios.restore("gone"),
    "rename": lambda lake: lake.scenarios.rename("kept", "renamed"),
    "restore under another name": lambda lake: lake.scenarios.restore("gone", "back"),
    "clone": lambda lake: lake.scenarios.clone("kept", "copy"),
    "clone of a former version": lambda lake: lake.scenarios.clone("kept", "copy", version=1),
    "clone of a table": lambda lake: lake.scenarios.clone("linked", types=["patients"]),
    "clone with new ids": lambda lake: lake.scenarios.clone("linked", "renumbered", new_ids=True),
    "merge": lambda lake: lake.scenarios.merge(["kept", "small"], "both"),
    "merge that renames": lambda lake: lake.scenarios.merge(
        ["linked", "kept"], "renumbered", conflict_strategy="rename"
    ),
    "persist": lambda lake: lake.scenarios.persist(people("7"), context="two people"),
    "persist into": lambda lake: lake.scenarios.persist(people("7"), ref="kept", tags=["n"]),
    "fetch": fetch,
    "describe": lambda lake: lake.scenarios.describe("kept", "described"),
    "tag": lambda lake: lake.tags.add("kept", "new"),
    "untag": lambda lake: lake.tags.remove("kept", "old"),
    "save a profile": lambda lake: lake.profiles.save("new", profile(7)),
    "save a long profile": lambda lake: lake.profiles.save("new", profile(7, notes=LONG)),
    "update a profile": lambda lake: lake.profiles.update("plan", profile(8, notes=LONG)),
    "rename a profile": lambda lake: lake.profiles.rename("plan", "renamed"),
    "copy a profile": lambda lake: lake.profiles.copy("plan", "copy", version=1),
    "delete a profile": lambda lake: lake.profiles.delete("plan"),
    "delete a profile and its runs": lambda lake: lake.profiles.delete(
        "plan", drop_executions=True
    ),
    "restore a profile": lambda lake: lake.profiles.restore("dropped"),
    "import profiles": lambda lake: lake.profiles.import_builtin(),
    "save a journey": lambda lake: lake.journeys.save("new", journey(7)),
    "update a journey": lambda lake: lake.journeys.update("way", journey(8)),
    "delete a journey": lambda lake: lake.journeys.delete("way"),
    "record a run": lambda lake: lake.profiles.executions.record("plan", seed=7),
    "record a journey": lambda lake: lake.journeys.executions.record("way", entity_id="7"),
    "record runs": lambda lake: lake.profiles.executions.record_many(
        [{"profile_id": "plan", "seed": one} for one in (7, 8)]
    ),
    "fold runs": lambda lake: lake.profiles.executions.fold(),
    "declare": lambda lake: lake.entities.declare(
        WIDGETS.model_copy(update={"name": "gadgets", "singular": "gadget"})
    ),
    "upgrade": lambda lake: lake.entities.upgrade("widgets", PAINTED),
    "compact": lambda lake: lake.maintenance.compact("small"),
    "vacuum": lambda lake: lake.maintenance.vacuum(keep_versions=1),
    "purge": lambda lake: lake.maintenance.purge("kept"),
    "purge a tombstone": lambda lake: lake.maintenance.purge("gone"),
    "delete for good": lambda lake: lake.scenarios.delete("linked", purge=True),
    "tidy": lambda lake: lake.maintenance.tidy(),
    "doctor": lambda lake: lake.maintenance.doctor(),
    "repair": lambda lake: lake.maintenance.repair(),
}
