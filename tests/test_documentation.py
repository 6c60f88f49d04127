"""What the documents say is run, and what is generated is in step."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from healthsim_lake import Lake
from healthsim_lake.formats import synthea
from healthsim_lake.storage import layout

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_every_python_block_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = blocks("python")
    assert len(found) >= 3
    names: dict[str, object] = {}
    for block in found:
        exec(compile(block, "README.md", "exec"), names)  # noqa: S102  # our own document
    assert names["rows"][0]["pets"] == ["cat"]
    assert names["answer"].results == [{"mrn": "M1", "code": "E11.9"}]
    assert names["scenario"]["patients"] == [{"id": "p1"}]


def test_every_command_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("HEALTHSIM_LAKE", str(tmp_path / "lake"))
    commands = [
        line
        for block in blocks("bash")
        for line in block.splitlines()
        if line.startswith("healthsim-lake ")
    ]
    assert len(commands) >= 3
    with synthea.demo_export() as export:
        for command in commands:
            adapted = command.replace("path/to/output/csv", f"'{export}'").replace(
                "healthsim-lake", f"'{sys.executable}' -m healthsim_lake", 1
            )
            done = subprocess.run(adapted, shell=True, capture_output=True, text=True, check=False)  # noqa: S602  # our own document
            assert done.returncode == 0, (command, done.stderr)
            assert done.stdout


def test_what_is_promised_is_shown_by_tests_that_exist():
    section = re.search(r"^## What is promised\n(.*?)^## ", README, re.DOTALL | re.MULTILINE)
    assert section is not None
    pointers = re.findall(r"`(tests/[^`]+)`", section[1])
    assert len(pointers) >= 5
    for pointer in pointers:
        path, _, name = pointer.partition("::")
        place = ROOT / path
        assert place.exists(), pointer
        found = [place] if place.is_file() else list(place.rglob("test_*.py"))
        defined = re.findall(r"^def (test_\w+)", "".join(map(Path.read_text, found)), re.MULTILINE)
        assert name in defined if name else defined, pointer


def test_the_first_screen_of_the_readme_holds_the_two_commands():
    first_screen = "\n".join(README.splitlines()[:20])
    assert 'python -m pip install -e ".[dev]" && healthsim-lake demo\n' in first_screen
    assert 'python -m pip install -e ".[dev]" && python -m pytest\n' in first_screen
    assert "-m venv" in first_screen


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda p: p.stem)
def test_every_example_runs(path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(path)])
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out


def test_the_schemas_are_those_of_the_models():
    tool = runpy.run_path(str(ROOT / "tools" / "make_schemas.py"))
    for name, text in tool["texts"]().items():
        assert (ROOT / "catalog" / "schemas" / name).read_text() == text, name


def schema(name: str) -> dict:
    return json.loads((ROOT / "catalog" / "schemas" / f"{name}.schema.json").read_text())


def test_what_a_lake_holds_follows_the_schemas(tmp_path, monkeypatch):
    monkeypatch.setattr("healthsim_lake.catalog.checkpoint.LEAST_BYTES", 100)
    lake = Lake(tmp_path / "lake")
    lake.scenarios.save("a", {"patients": [{"id": "1"}], "widgets": [{"size": 1}]}, tags=["t"])
    lake.scenarios.add("a", {"patients": [{"id": "2"}]}, message="why")
    lake.tags.remove("a", "t")
    lake.scenarios.rename("a", "b")
    lake.scenarios.delete("b")
    lake.scenarios.restore("b")
    folder = tmp_path / "lake"
    documents = {
        "lake": [folder / layout.LAKE],
        "commit": sorted((folder / layout.LOG).glob("*.json")),
        "checkpoint": sorted((folder / layout.CHECKPOINTS).iterdir()),
        "statistics": sorted((folder / "catalog").rglob("*.statistics.json")),
        "entity-type": sorted((ROOT / "catalog" / "entities").glob("*.json")),
    }
    for name, paths in documents.items():
        assert paths, name
        for path in paths:
            first, *lines = (
                path.read_text().split("\n") if name == "checkpoint" else [path.read_text()]
            )
            jsonschema.validate(json.loads(first), schema(name))
            for line in lines:
                jsonschema.validate(json.loads(line), schema("scenario-details"))


def test_the_format_page_names_every_action_and_requirement():
    page = (ROOT / "catalog" / "FORMAT.md").read_text()
    for definition in schema("commit")["$defs"].values():
        kind = definition.get("properties", {}).get("kind", {}).get("const")
        if kind is not None:
            assert f"`{kind}`" in page, kind
