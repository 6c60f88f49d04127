"""Provenance, workspaces and sessions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from pydantic import BaseModel, ValidationError

from healthsim_lake.errors import FormatError, InputError, NotFoundError, StorageError
from healthsim_lake.state.provenance import (
    EntityWithProvenance,
    Provenance,
    ProvenanceSummary,
    SourceType,
)
from healthsim_lake.state.session import Session, SessionManager
from healthsim_lake.state.workspace import Workspace, WorkspaceMetadata


def entity(number, provenance=None, **data):
    return EntityWithProvenance.from_model(
        {"id": str(number), **data}, str(number), "patient", provenance
    )


def test_source_types_are_text_and_show_their_names():
    assert str(SourceType.LOADED) == "SourceType.LOADED"
    assert SourceType.GENERATED == "generated"
    assert {one.value for one in SourceType} == {"loaded", "generated", "derived"}


def test_provenance_has_a_maker_for_each_source_type():
    made = Provenance.generated("diabetes", seed=4)
    assert (made.source_type, made.skill_used, made.generation_params) == (
        "generated",
        "diabetes",
        {"seed": 4},
    )
    assert Provenance.loaded("epic").source_system == "epic"
    assert Provenance.derived(["1", "2"]).derived_from == ["1", "2"]
    assert made.created_at.tzinfo is UTC
    with pytest.raises(ValidationError):
        Provenance(source_type="guessed")


def test_entities_are_made_of_models_mappings_pairs_and_plain_values():
    class Person(BaseModel):
        born: datetime

    dumped = EntityWithProvenance.from_model(
        Person(born=datetime(2020, 1, 1, tzinfo=UTC)), "1", "person"
    )
    assert dumped.data == {"born": "2020-01-01T00:00:00Z"}
    assert dumped.provenance.source_type is SourceType.GENERATED
    for model, data in (
        ({"a": 1}, {"a": 1}),
        ([("a", 1)], {"a": 1}),
        (5, {"value": 5}),
        ("text", {"value": "text"}),
        ([1], {"value": [1]}),
    ):
        assert EntityWithProvenance.from_model(model, "1", "x").data == data


def test_a_summary_counts_and_leaves_out_what_tells_nothing():
    found = ProvenanceSummary.from_entities(
        {
            "patients": [entity(1, Provenance.loaded("z")), entity(2, Provenance.loaded("a"))],
            "claims": [entity(3, Provenance.generated("s")), {"no": "provenance"}],
        }
    )
    assert found.total_entities == 3
    assert found.by_source_type == {"loaded": 2, "generated": 1}
    assert found.source_systems == ["a", "z"]
    assert found.skills_used == ["s"]
    assert ProvenanceSummary.from_entities({}) == ProvenanceSummary()


def test_an_entity_becomes_a_row_and_comes_back():
    was = entity("p1", Provenance.derived(["x"]), name={"given": "A"})
    row = was.to_row()
    assert row["_provenance"]["source_type"] == "derived"
    assert EntityWithProvenance.from_row(row, "patient") == was
    bare = EntityWithProvenance.from_row({"patient_id": 7}, "patient")
    assert (bare.entity_id, bare.data) == ("7", {"patient_id": 7})
    assert len(EntityWithProvenance.from_row({}, "patient").entity_id) == 36


def workspace(name="ward", **described):
    one = Workspace(metadata=WorkspaceMetadata(name=name, **described))
    one.add_entities("patients", [entity(1, Provenance.loaded("epic")), entity(2)])
    return one


def test_a_workspace_is_a_json_file_that_comes_back(tmp_path):
    was = workspace(tags=["a"], product="patientsim")
    path = was.save(tmp_path)
    assert path == tmp_path / f"{was.metadata.workspace_id}.json"
    document = json.loads(path.read_text())
    assert document["metadata"]["schema_version"] == "2.0"
    assert document["provenance_summary"]["by_source_type"] == {"loaded": 1, "generated": 1}
    assert Workspace.load(was.metadata.workspace_id, tmp_path) == was
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert (
        was.get_entity_count(),
        was.get_entity_count("patients"),
        was.get_entity_count("x"),
    ) == (2, 2, 0)
    assert was.get_entity_types() == ["patients"]
    assert was.to_summary()["entity_counts"] == {"patients": 2}


def test_workspaces_are_listed_filtered_found_and_deleted(tmp_path):
    ids = {}
    for name, tags in (("First Ward", ["a"]), ("second", ["a", "b"]), ("third", [])):
        one = workspace(name, tags=tags, product="trialsim" if name == "third" else "patientsim")
        one.save(tmp_path)
        ids[name] = one.metadata.workspace_id

    def names(**filters):
        return [one.metadata.name for one in Workspace.list_all(directory=tmp_path, **filters)]

    assert names() == ["third", "second", "First Ward"]
    assert names(search="WARD") == ["First Ward"]
    assert names(tags=["A"]) == ["second", "First Ward"]
    assert names(tags=["a", "b"]) == ["second"]
    assert names(product="trialsim") == ["third"]
    assert Workspace.find_by_name("ward", tmp_path).metadata.workspace_id == ids["First Ward"]
    assert Workspace.find_by_name("nothing", tmp_path) is None
    assert Workspace.delete(ids["second"], tmp_path)
    assert not Workspace.delete(ids["second"], tmp_path)
    assert names() == ["third", "First Ward"]
    assert Workspace.list_all(directory=tmp_path / "none") == []


@pytest.mark.parametrize("workspace_id", ["none", "../../etc/passwd", "", "a/b"])
def test_a_workspace_that_is_not_there_is_not_found(tmp_path, workspace_id):
    with pytest.raises(FileNotFoundError, match="not found"):
        Workspace.load(workspace_id, tmp_path)


def test_a_damaged_file_is_named_and_does_not_hide_the_others(tmp_path):
    workspace().save(tmp_path)
    (tmp_path / "bad.json").write_text('{"metadata": {}}')
    with pytest.raises(FormatError, match=r"bad\.json: no workspace: metadata\.name"):
        Workspace.load("bad", tmp_path)
    with pytest.warns(UserWarning, match=r"bad\.json"):
        assert len(Workspace.list_all(directory=tmp_path)) == 1


def test_a_folder_that_cannot_be_written_is_a_named_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write"):
        workspace().save(tmp_path / "file" / "below")


def test_a_workspace_is_a_scenario_of_the_lake_too(in_force):
    in_force.scenarios.save("ward", {})
    was = workspace(description="d", tags=["T"], product="patientsim")
    was.save()
    record = in_force.scenarios.get("ward-2")
    assert (record.description, record.tags) == ("d", ("T",))
    answer = in_force.query("SELECT id, source_type FROM patients ORDER BY id", scenario="ward-2")
    assert answer.results == [
        {"id": "1", "source_type": "loaded"},
        {"id": "2", "source_type": "generated"},
    ]
    was.add_entities("patients", [entity(3)])
    path = was.save()
    assert in_force.scenarios.get("ward-2").entity_counts == {"patients": 3}
    path.unlink()
    again = Workspace.load(was.metadata.workspace_id)
    assert again.entities == was.entities
    assert again.metadata.name == "ward"
    assert [one.metadata.name for one in Workspace.list_all()] == ["ward"]
    assert Workspace.delete(was.metadata.workspace_id)
    assert not in_force.scenarios.exists("ward-2")


@dataclass
class Visit(Session[dict]):
    data: dict

    @property
    def id(self):
        return self.data["id"]

    @property
    def primary_entity(self):
        return self.data

    @property
    def provenance(self):
        return Provenance.generated("test")

    def to_entities_with_provenance(self):
        return {
            "patients": [
                EntityWithProvenance.from_model(self.data, self.id, "patient", self.provenance)
            ]
        }

    def to_summary(self):
        return {"id": self.id}


class Visits(SessionManager[Visit]):
    def __init__(self, folder=None):
        self._folder, self._visits = folder, {}

    @property
    def product_name(self):
        return "patientsim"

    def count(self):
        return len(self._visits)

    def clear(self):
        self._visits.clear()

    def get_all(self):
        return list(self._visits.values())

    def get_by_id(self, session_id):
        return self._visits.get(session_id)

    def add(self, data):
        self._visits[data["id"]] = Visit(data)
        return self._visits[data["id"]]

    def _load_entities_from_workspace(self, loaded):
        for one in loaded.entities["patients"]:
            self.add(one.data)

    def _get_workspace_dir(self):
        return self._folder


@pytest.mark.parametrize("own_folder", [True, False])
def test_sessions_are_saved_loaded_listed_and_deleted(in_force, tmp_path, own_folder):
    manager = Visits(tmp_path / "w" if own_folder else None)
    assert manager.workspace_summary() == {
        "status": "empty",
        "product": "patientsim",
        "count": 0,
        "sessions": [],
    }
    manager.add({"id": "1"})
    saved = manager.save_workspace("Morning", description="d", tags=["t"])
    assert in_force.scenarios.get("Morning").entity_counts == {"patients": 1}
    manager.clear()
    manager.add({"id": "2"})
    assert manager.load_workspace(name="morn").metadata == saved.metadata
    assert [one.id for one in manager.get_all()] == ["1"]
    manager.clear()
    manager.add({"id": "2"})
    manager.load_workspace(saved.metadata.workspace_id, mode="merge")
    assert [one.id for one in manager.get_all()] == ["2", "1"]
    assert manager.workspace_summary()["status"] == "active"
    assert [one["name"] for one in manager.list_workspaces(tags=["t"])] == ["Morning"]
    assert manager.delete_workspace("Morn") is None
    assert manager.delete_workspace("Morning")["workspace_id"] == saved.metadata.workspace_id
    assert not in_force.scenarios.exists("Morning")
    assert manager.list_workspaces() == []


@pytest.mark.usefixtures("in_force")
def test_what_cannot_be_loaded_is_refused_and_drops_nothing(tmp_path):
    manager = Visits(tmp_path)
    manager.add({"id": "1"})
    with pytest.raises(InputError, match="Must provide"):
        manager.load_workspace()
    with pytest.raises(NotFoundError, match="not found"):
        manager.load_workspace("none")
    with pytest.raises(InputError, match="mode"):
        manager.load_workspace(name="x", mode="other")
    assert manager.count() == 1
