"""The documents that the project was written from mean here what they say."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest

import healthsim_lake.generation
import healthsim_lake.generation.profiles
from healthsim_lake import specs
from healthsim_lake.specs import JourneySpecification, ProfileSpecification

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def seeds() -> Path:
    folder = ROOT.parent / "shared" / "seeds"
    if not folder.is_dir():
        pytest.skip(f"SKIPPED WITHOUT THE SPECIFICATIONS: {folder} is not there")
    return folder


def declarations(document: Path) -> Iterator[ast.stmt]:
    """The statements of a document's code blocks that declare profiles and journeys."""
    text = document.read_text().replace("from healthsim.", "from healthsim_lake.")
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        listing = block.startswith("ProfileRecord(")  # of fields and types, no Python
        if listing or ("Specification" not in block and "_spec = {" not in block):
            continue
        for statement in ast.parse(block).body:
            source = ast.unparse(statement)
            declares = isinstance(statement, ast.ImportFrom) or re.match(
                r"\w+ = (\{|(Profile|Journey)Specification\b)", source
            )
            if declares and not re.search(r"state|Engine|Orchestrator|Record\(", source):
                yield statement
            elif "JourneyEngine, JourneySpecification" in source:
                yield ast.parse(source.replace("JourneyEngine, ", "")).body[0]


def run(document: Path, **names: object) -> dict[str, object]:
    for statement in declarations(document):
        exec(compile(ast.Module([statement], []), document.name, "exec"), names)  # noqa: S102  # as written there
    return names


def test_what_the_profile_guide_declares_is_a_profile(seeds):
    names = run(seeds / "profile-persistence.md")
    assert names["ProfileSpecification"] is ProfileSpecification
    assert names["profile"] == {
        "name": "medicare-diabetic",
        "description": "Medicare beneficiaries with Type 2 diabetes",
        "demographics": {"count": 1000},
    }
    assert names["profile"].entity_count == 1000
    assert names["updated_spec"].demographics.count == 2000


def test_what_the_journey_guide_declares_are_journeys(seeds):
    asked = json.loads('{"events": [{"event_id": "a", "event_type": "encounter"}]}')
    names = run(seeds / "journey-persistence.md", journey=SimpleNamespace(journey_spec=asked))
    assert names["spec"] == asked
    yearly = JourneySpecification.from_dict(names["journey_spec"])
    assert yearly == names["journey_spec"]
    assert [one.delay.shortest for one in yearly.all_events] == [90, 90, 60]
    crossing = JourneySpecification.from_dict(names["cross_product_spec"])
    assert crossing.to_dict() == names["cross_product_spec"]
    assert [one.name for one in crossing.all_events] == ["enrollment", "welcome-visit", "first-rx"]
    assert [(one.delay.shortest, one.delay.longest) for one in crossing.all_events] == [
        (0, 0),
        (14, 30),
        (14, 45),
    ]


def test_the_import_paths_of_the_guides_lead_to_the_same_classes():
    assert healthsim_lake.generation.profiles.DemographicsSpec is specs.DemographicsSpec
    for name in healthsim_lake.generation.__all__:
        assert getattr(healthsim_lake.generation, name) is getattr(specs, name)
    for name in healthsim_lake.generation.profiles.__all__:
        assert getattr(healthsim_lake.generation.profiles, name) is getattr(specs, name)


def test_the_packages_import_nothing_until_a_name_is_used():
    program = (
        "import sys, healthsim_lake.specs, healthsim_lake.generation;"
        "assert 'pydantic' not in sys.modules;"
        "healthsim_lake.generation.ProfileSpecification;"
        "assert 'pydantic' in sys.modules;"
        "assert not {'polars', 'duckdb', 'pyarrow'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", ["profile", "journey"])
def test_the_schemas_and_the_models_agree(kind):
    schema = json.loads((ROOT / f"catalog/schemas/{kind}-specification.schema.json").read_text())
    examples = importlib.import_module(f"test_{kind}_specification")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(examples.EVERYTHING, schema)
    jsonschema.validate({}, schema)
    wrong = {
        "profile": {"demographics": {"age": {"mean": 5, "std_dev": -1}}},
        "journey": {"events": [{"event_id": "a", "event_type": "b", "delay": {"weeks": 1}}]},
    }
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong[kind], schema)
