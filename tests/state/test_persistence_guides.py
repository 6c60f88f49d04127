"""The code of the guides to profiles and journeys is run, with import paths adapted.

What calls the generator is left out, statement by statement; what it would have made stands ready.
"""

from __future__ import annotations

import ast
import re
from contextlib import nullcontext
from datetime import date, datetime, timedelta
from types import SimpleNamespace

import pytest
from seeds import blocks, text_of

from healthsim_lake import Lake, state

GUIDES = ("profile-persistence", "journey-persistence")
GENERATOR = {
    "generate",
    "JourneyEngine",
    "engine",
    "ProfileJourneyOrchestrator",
    "orchestrator",
}
LEFT_OUT = {
    ("profile-persistence", 1): 2,
    ("profile-persistence", 8): 2,
    ("journey-persistence", 1): 3,
    ("journey-persistence", 2): 1,
    ("journey-persistence", 8): 3,
}
"""Blocks that call the generator, and how many statements do so; this list only shrinks."""

EVENTS = [{"event_id": f"e{number}"} for number in range(4)]
JOURNEY = {"journey_id": "x", "name": "X", "events": [{"event_id": "e", "event_type": "visit"}]}
MADE = {
    "cohort_id": "cohort-1",
    "date": date,
    "timedelta": timedelta,
    "patient": SimpleNamespace(id="patient-000"),
    "start_date": date(2024, 1, 1),
    "events": EVENTS,
    "new_spec": {**JOURNEY, "name": "another"},
    "result": {
        "cohort_id": "cohort-2",
        "patients": [{"id": "patient-001"}, {"id": "patient-003"}],
        "encounters": EVENTS,
    },
}
"""What the blocks take for granted, that which the generator would have made among it."""

BEFORE = {
    ("profile-persistence", 6): (
        "manager.profiles.save_profile('again', profile)\n"
        "record = manager.profiles.load_profile('again')\n"
        "manager.profiles.record_execution(record.id, cohort_id, seed=42, entity_count=7)\n"
    ),
    ("profile-persistence", 15): "profile_id = record.id\n",
    ("journey-persistence", 5): "manager.journeys.save_journey('old-journey', new_spec)\n",
    ("journey-persistence", 8): (
        "manager.profiles.save_profile('harris-diabetic', {'name': 'harris-diabetic'})\n"
    ),
}
"""What a block takes for granted although an earlier one deleted it, or none made it."""

WARNS = {("journey-persistence", 10): "taken .*: diabetic-first-year, new-member-onboarding$"}
"""Blocks that leave something undone on purpose, and how they say so."""

PRINTED = {
    "profile-persistence": (
        "medicare-diabetic: Standard Medicare diabetes cohort\n",
        "  Products: ['patientsim', 'membersim']\n  Executions: 1\n",
        "Version: 2\n",
        "  Cohort: cohort-1\n  Entities: 7\n  Seed: 42\n",
        "Cohort created from: again\n",
    ),
    "journey-persistence": (
        "Saved journey: journey-",
        "Duration: 365 days\nEvents: 3\nVersion: 1\n",
        "diabetic-first-year: 3 events, executed 1 times\n",
        "Now at version 2\n",
        ": 48 events for patient-001\n",
        ": 0 events for patient-002\n",
        ": 2024-01-01 to 2024-12-31\n",
        "Imported 35 built-in journey templates\n",
    ),
}
"""What the blocks have to say."""


def is_declaration(block: str) -> bool:
    return re.match(r"\w+\(\n +\w+: ", block) is not None


def runnable(block: str) -> tuple[ast.Module, int]:
    """Return a block without what calls the generator, and how many statements that were."""
    tree = ast.parse(block.replace("healthsim.", "healthsim_lake.").replace(", ...)", ")"))
    kept: list[ast.stmt] = []
    left_out = 0
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom):
            own = [one for one in statement.names if one.name not in GENERATOR]
            left_out += len(statement.names) - len(own)
            statement.names = own
            kept += [statement] if own else []
        elif any(isinstance(one, ast.Name) and one.id in GENERATOR for one in ast.walk(statement)):
            left_out += 1
        else:
            kept.append(statement)
    return ast.Module(kept, tree.type_ignores), left_out


@pytest.mark.usefixtures("in_force")
@pytest.mark.parametrize("guide", GUIDES)
def test_the_blocks_of_a_guide_run_in_order_and_say_what_they_should(guide, capsys):
    names: dict[str, object] = dict(MADE)
    left_out = {}
    for number, block in blocks(guide):
        if is_declaration(block):
            continue
        module, without = runnable(block)
        if without:
            left_out[guide, number] = without
        exec(BEFORE.get((guide, number), ""), names)  # noqa: S102  # our own text
        said = WARNS.get((guide, number))
        with nullcontext() if said is None else pytest.warns(UserWarning, match=said):
            exec(compile(module, f"{guide} block {number}", "exec"), names)  # noqa: S102  # what is promised is run
    assert left_out == {key: count for key, count in LEFT_OUT.items() if key[0] == guide}
    printed = capsys.readouterr().out
    assert [one for one in PRINTED[guide] if one not in printed] == []
    check_what_stands(guide, names)


def check_what_stands(guide: str, names: dict[str, object]) -> None:
    """Check what the blocks left behind, in names and in the lake."""
    manager = names["manager"]
    assert isinstance(manager, state.StateManager)
    if guide == "profile-persistence":
        assert not manager.profiles.profile_exists("medicare-diabetic")
        assert names["exec_spec"]["seed"] == 42
        assert names["exec_spec"]["profile_spec"] == names["profile"]
        assert [one.name for one in names["membersim_profiles"]] == ["medicare-diabetic"]
        assert [one.name for one in names["diabetes_profiles"]] == ["medicare-diabetic"]
        assert [one.name for one in names["matching"]] == ["medicare-diabetic"]
        return
    assert not manager.journeys.journey_exists("old-journey")
    assert manager.journeys.load_journey("diabetic-first-year").tags == ["diabetes", "hedis"]
    assert manager.journeys.load_journey("new-member-onboarding").event_count == 3
    assert [one.entity_id for one in names["executions"]][-1] == "patient-000"
    assert manager.profiles.get_cohort_profile("cohort-2").name == "harris-diabetic"
    assert len(manager.journeys.get_entity_journeys("patient-001")) == 2


@pytest.mark.parametrize(("guide", "number"), LEFT_OUT)
def test_what_is_left_out_of_a_guide_is_told_at_every_run(guide, number):
    assert number < len(list(blocks(guide)))
    pytest.skip(f"NOT YET: {guide}, block {number} also calls the generator")


DECIDED = {("ProfileRecord", "id"): str, ("ProfileSummary", "id"): str}
DECIDED |= {("ProfileExecutionRecord", "profile_id"): str}
"""Where the guides disagree with the contract, which has ids as text."""

TYPES = {"datetime": datetime, "date": date, "dict": dict, "int": int, "str": str} | {
    "List[str]": list,
    "list[str]": list,
    "ProfileSpecification": object,
}


def declared(guide: str) -> dict[str, dict[str, str]]:
    """Return the fields of each record of a guide, with the types it names."""
    found = {}
    for _, block in blocks(guide):
        if is_declaration(block):
            found[block.split("(")[0]] = dict(
                re.findall(r"^ +(\w+): ([\w\[\]]+)", block, re.MULTILINE)
            )
    for name, table in re.findall(
        r"^### (\w+)\n(.*?)(?=^#)", text_of(guide), re.DOTALL | re.MULTILINE
    ):
        rows = dict(re.findall(r"^\| `(\w+)` \| ([\w\[\]]+) \|", table, re.MULTILINE))
        found |= {name: rows} if rows else {}
    return found


def shown(lake: Lake) -> dict[str, object]:
    """Return one of each record, with a value in every field."""
    manager = state.StateManager(lake)
    common = {"cohort_id": "c", "duration_ms": 1, "error_message": "e", "metadata": {}}
    manager.profiles.save_profile("p", {"name": "p", "demographics": {"count": 5}}, "d")
    manager.profiles.record_execution("p", seed=1, count=5, **common)
    manager.journeys.save_journey("j", {**JOURNEY, "duration_days": 9}, "d")
    manager.journeys.record_execution(
        "j", profile_id="p", entity_id="e", start_date=date.max, end_date=date.max, **common
    )
    return {
        "ProfileRecord": manager.profiles.load_profile("p"),
        "ProfileSummary": manager.profiles.list_profiles()[0],
        "ProfileExecutionRecord": manager.profiles.get_executions("p")[0],
        "JourneyRecord": manager.journeys.load_journey("j"),
        "JourneySummary": manager.journeys.list_journeys()[0],
        "JourneyExecutionRecord": manager.journeys.get_executions("j")[0],
    }


def test_the_records_have_the_fields_that_the_guides_declare(tmp_path):
    records = shown(Lake(tmp_path))
    fields = {name: own for guide in GUIDES for name, own in declared(guide).items()}
    assert fields.keys() == records.keys()
    for name, own in fields.items():
        assert isinstance(records[name], getattr(state, name))
        assert len(own) >= 10
        for field, kind in own.items():
            value = getattr(records[name], field)
            assert isinstance(value, DECIDED.get((name, field), TYPES[kind])), (name, field, value)


def test_every_name_of_the_state_package_is_there():
    for name in state.__all__:
        assert getattr(state, name) is not None
    assert state.ExecutionRecord is state.ProfileExecutionRecord
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = state.no_such_name
