"""The floor plan is checked, not remembered."""

from __future__ import annotations

import ast
import graphlib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import healthsim_lake

PACKAGE = Path(healthsim_lake.__file__).parent
NAME = "healthsim_lake"

FLOORS = (
    {"__main__"},
    {"cli"},
    {"state"},
    {"default"},
    {"lake"},
    {"carrying", "maintenance"},
    {"scenarios"},
    {"library", "sync", "query"},
    {"tables"},
    {"catalog", "entities"},
    {"storage"},
    {"_json", "_clock", "_forks", "_lazy", "_unpacking", "_version"},
    {"errors"},
    {"_shown"},
)
"""Upper floors import lower ones, never the other way; rooms of a floor are strangers."""

_GROUND = {"_shown", "errors", "entities", "_json", "_clock", "_lazy", "_unpacking"}
WING = {"formats": _GROUND, "specs": _GROUND, "generation": {*_GROUND, "specs"}}
"""The domain wing meets the lake in these places only."""

WING_GUESTS = {"specs": {"library", "cli", "state", "default"}}
"""Who uses a room of the wing, where that is not only the doors."""

THIRD_PARTY_ROOMS = {
    "duckdb": {"query"},
    "fsspec": {"storage"},
    "typer": {"cli"},
    "rich": {"cli"},
    "yaml": {"library"},
    "polars": {"entities", "tables", "query", "formats"},
}
"""Where an engine or a framework may be imported at run time."""


@dataclass(frozen=True)
class Import:
    importer: str
    target: str
    line: int
    inside_function: bool
    only_typing: bool

    @property
    def room(self) -> str:
        return room_of(self.importer)


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports_of(module: str) -> Iterator[Import]:
    tree = ast.parse(MODULES[module].read_text())

    def walk(node: ast.AST, *, inside: bool, typing: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(module, alias.name, child.lineno, inside, typing)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{module}:{child.lineno} imports relatively"
                for alias in child.names:
                    whole = f"{child.module}.{alias.name}"
                    target = whole if whole in MODULES else str(child.module)
                    yield Import(module, target, child.lineno, inside, typing)
            else:
                is_typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
                is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from walk(child, inside=inside or is_function, typing=typing or is_typing)

    yield from walk(tree, inside=False, typing=False)


IMPORTS = [one for module in MODULES for one in imports_of(module)]
OWN = [one for one in IMPORTS if one.target.split(".")[0] == NAME]


def floor_of(room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def test_every_room_has_its_floor():
    rooms = {room_of(module) for module in MODULES} - {""}
    planned = set().union(*FLOORS) | set(WING)
    assert rooms == planned


def test_floors_import_downwards_only():
    wrong = []
    for one in OWN:
        target = room_of(one.target)
        if "" in (one.room, target) or one.room == target:
            continue
        if one.room in WING:
            allowed = target in WING[one.room]
        elif target in WING:
            allowed = one.room in WING_GUESTS.get(target, {"cli", "state", "default"})
        else:
            allowed = floor_of(one.room) < floor_of(target)
        if not allowed:
            wrong.append(f"{one.importer}:{one.line} imports {one.target}")
    assert not wrong


def test_third_parties_stay_in_their_rooms():
    wrong = [
        f"{one.importer}:{one.line} imports {one.target}"
        for one in IMPORTS
        if not one.only_typing
        and (rooms := THIRD_PARTY_ROOMS.get(one.target.split(".")[0])) is not None
        and one.room not in rooms
    ]
    assert not wrong


def test_nothing_is_imported_inside_a_function():
    assert not [f"{one.importer}:{one.line}" for one in IMPORTS if one.inside_function]


def test_no_modules_import_each_other_in_a_circle():
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for one in OWN:
        if not one.only_typing and one.target != one.importer:
            graph[one.importer].add(one.target)
    list(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize(
    "name",
    [
        module
        for module, path in MODULES.items()
        if path.name == "__init__.py" and "_HOMES" in path.read_text()
    ],
)
def test_every_name_of_a_lazy_face_is_there(name):
    face = importlib.import_module(name)
    assert set(face._HOMES) | {"__version__"} >= set(face.__all__)
    for public in face.__all__:
        assert getattr(face, public) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = face.no_such_name
