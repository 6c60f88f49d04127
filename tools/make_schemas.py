"""Write the JSON Schemas of a lake's catalog and of specifications into ``catalog/schemas``.

    python tools/make_schemas.py [--check]

They are generated from the models, and a test keeps them in step.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pydantic import BaseModel

from healthsim_lake.catalog.checkpoint import Checkpoint
from healthsim_lake.catalog.commit import Commit, LakeFile
from healthsim_lake.catalog.records import Manifest, Statistics
from healthsim_lake.catalog.state import ScenarioDetails
from healthsim_lake.entities.types import EntityType
from healthsim_lake.specs import JourneySpecification, ProfileSpecification

MODELS: dict[str, type[BaseModel]] = {
    "checkpoint": Checkpoint,
    "commit": Commit,
    "entity-type": EntityType,
    "journey-specification": JourneySpecification,
    "lake": LakeFile,
    "manifest": Manifest,
    "profile-specification": ProfileSpecification,
    "scenario-details": ScenarioDetails,
    "statistics": Statistics,
}
FOLDER = Path(__file__).parent.parent / "catalog" / "schemas"


def texts() -> dict[str, str]:
    """Return the text of each schema by file name."""
    found = {}
    for name, model in MODELS.items():
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **model.model_json_schema(),
        }
        found[f"{name}.schema.json"] = json.dumps(schema, indent=2, sort_keys=True) + "\n"
    return found


def main(arguments: list[str]) -> int:
    """Write the schemas, or with ``--check`` say which are out of step."""
    stale = [
        name
        for name, text in texts().items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text() != text
    ]
    if "--check" in arguments:
        print("\n".join(f"out of step: {name}" for name in stale) or "all schemas are in step")
        return 1 if stale else 0
    for name, text in texts().items():
        (FOLDER / name).write_text(text)
    print(f"wrote {len(MODELS)} schemas, {len(stale)} of them changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
