"""Every operation that writes, as a table: the exams run all of them.

To put a new operation to the exam, add a function that takes a lake which `prepare` made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from healthsim_lake import EntityType, FieldSpec, Lake
from healthsim_lake.catalog import checkpoint
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


def make_small_things_large() -> None:
    """Write manifests beside the log and checkpoints often, as a large lake would."""
    manifests.INLINE_BYTES = 700
    checkpoint.LEAST_BYTES = 6_000


OPERATIONS: dict[str, Callable[[Lake], Any]] = {
    "save": lambda lake: lake.scenarios.save("new", {**people("7"), "claims": [{"id": "c"}]}),
    "overwrite": lambda lake: lake.scenarios.save("kept", people("8"), overwrite=True, tags=["n"]),
    "add": lambda lake: lake.scenarios.add("kept", people("9")),
    "replace": lambda lake: lake.scenarios.add("kept", people("4"), on_duplicate="replace"),
    "delete": lambda lake: lake.scenarios.delete("kept"),
    "restore": lambda lake: lake.scenarios.restore("gone"),
    "rename": lambda lake: lake.scenarios.rename("kept", "renamed"),
    "describe": lambda lake: lake.scenarios.describe("kept", "described"),
    "tag": lambda lake: lake.tags.add("kept", "new"),
    "declare": lambda lake: lake.entities.declare(
        WIDGETS.model_copy(update={"name": "gadgets", "singular": "gadget"})
    ),
    "upgrade": lambda lake: lake.entities.upgrade("widgets", PAINTED),
    "compact": lambda lake: lake.maintenance.compact("small"),
    "vacuum": lambda lake: lake.maintenance.vacuum(keep_versions=1),
    "purge": lambda lake: lake.maintenance.purge("kept"),
    "purge a tombstone": lambda lake: lake.maintenance.purge("gone"),
    "repair": lambda lake: lake.maintenance.repair(),
}
