"""Profiles and journeys as versioned documents."""

from __future__ import annotations

import secrets

import pytest

import healthsim_lake as hl
from healthsim_lake.errors import (
    DocumentNotFoundError,
    FormatError,
    InputError,
    InvalidNameError,
    NameTakenError,
    ReadOnlyError,
    VersionConflictError,
    VersionNotFoundError,
)

SPEC = {"name": "medicare-diabetic", "demographics": {"count": 1000}, "remark": {"kept": [1, 2.5]}}
VISIT = {"event_id": "visit", "event_type": "encounter", "delay": {"min_days": 90, "max_days": 90}}
JOURNEY = {
    "journey_id": "first-year",
    "name": "First year",
    "duration_days": 365,
    "products": ["patientsim"],
    "events": [VISIT],
}


def test_a_saved_profile_is_loaded_as_it_was_given_by_name_and_by_id(lake):
    saved = lake.profiles.save("p", SPEC, description="d", products=["patientsim"], tags=["x"])
    for ref in ("p", saved.id):
        loaded = lake.profiles.load(ref)
        assert loaded == saved
        assert loaded.profile_spec == SPEC
        assert loaded.profile_spec.to_dict() == SPEC
    assert saved.version == 1
    assert saved.id.startswith("profile-")
    assert saved.product == "patientsim"


def test_a_mistyped_key_is_kept_and_told_with_what_was_meant(lake):
    spec = {"demografics": {"count": 9}, "demographics": {"cuont": 9}, "trial": {"arm": "A"}}
    kept = "kept in the profile, but without a meaning: "
    with pytest.warns(UserWarning, match=kept) as told:
        saved = lake.profiles.save("p", spec)
    assert saved.profile_spec == spec
    assert [str(one.message).removeprefix(kept) for one in told] == [
        "'demografics'; did you mean 'demographics'?",
        "demographics: 'cuont'; did you mean 'count'?",
    ]
    with pytest.warns(UserWarning, match="kept in the journey.*'evnts'; did you mean 'events'"):
        lake.journeys.save("j", {**JOURNEY, "evnts": []})
    with pytest.warns(UserWarning, match="did you mean 'demographics'"):
        lake.profiles.update("p", {"demographic": {}})


def test_a_journey_takes_description_products_and_figures_from_its_specification(lake):
    saved = lake.journeys.save("j", {**JOURNEY, "description": "of itself"})
    assert saved.description == "of itself"
    assert saved.products == ["patientsim"]
    assert (saved.duration_days, saved.event_count) == (365, 1)
    assert saved.journey_spec == {**JOURNEY, "description": "of itself"}


def test_every_version_stays_loadable_with_its_own_figures(lake):
    lake.journeys.save("j", JOURNEY)
    longer = {**JOURNEY, "events": [VISIT, {**VISIT, "event_id": "lab"}], "duration_days": 400}
    updated = lake.journeys.update("j", longer)
    assert (updated.version, updated.event_count) == (2, 2)
    first = lake.journeys.load("j", version=1)
    assert (first.version, first.event_count, first.duration_days) == (1, 1, 365)
    assert first.journey_spec == JOURNEY
    with pytest.raises(VersionNotFoundError, match="no version 3; it has 1 to 2"):
        lake.journeys.load("j", version=3)


def test_an_update_without_bump_keeps_the_version(lake):
    lake.profiles.save("p", SPEC)
    same = lake.profiles.update("p", description="new", tags=["a"], bump_version=False)
    assert (same.version, same.description, same.tags) == (1, "new", ["a"])
    assert lake.profiles.update("p", description="newer").version == 2
    assert [one.operation for one in lake.profiles.history("p")] == ["update", "update", "save"]


def test_what_an_update_does_not_name_stays(lake):
    lake.profiles.save("p", SPEC, description="d", tags=["t"], metadata={"a": 1})
    updated = lake.profiles.update("p", {**SPEC, "more": 1})
    assert (updated.description, updated.tags, updated.metadata) == ("d", ["t"], {"a": 1})


def test_a_taken_name_is_refused_and_nothing_is_written(lake):
    lake.profiles.save("p", SPEC)
    lake.journeys.save("p", JOURNEY)  # another collection
    before = lake.version
    with pytest.raises(NameTakenError, match="Profile 'p' already exists"):
        lake.profiles.save("p", SPEC)
    lake.profiles.save("q", SPEC)
    with pytest.raises(NameTakenError):
        lake.profiles.rename("q", "p")
    assert lake.version == before + 1


def test_an_update_that_expects_another_version_names_both(lake):
    lake.profiles.save("p", SPEC)
    lake.profiles.update("p", {**SPEC, "x": 1})
    with pytest.raises(VersionConflictError, match="is at version 2, not 1"):
        lake.profiles.update("p", SPEC, expected_version=1)
    assert lake.profiles.update("p", SPEC, expected_version=2).version == 3


def test_of_two_updates_at_the_same_moment_one_wins(lake, monkeypatch):
    lake.profiles.save("p", SPEC)
    other = hl.Lake(lake.url)
    plan, raced = type(lake._committer).begin, []

    def begin(self, label=None):
        if not raced:
            raced.append(True)
            other.profiles.update("p", {**SPEC, "who": "other"})
        return plan(self, label)

    monkeypatch.setattr(type(lake._committer), "begin", begin)
    with pytest.raises(VersionConflictError, match=r"version 2 now, this change .* version 1"):
        lake.profiles.update("p", {**SPEC, "who": "me"})
    assert lake.profiles.load("p").profile_spec.to_dict()["who"] == "other"


def test_a_deleted_profile_comes_back_with_all_its_versions(lake):
    saved = lake.profiles.save("p", SPEC)
    lake.profiles.update("p", {**SPEC, "x": 1})
    assert lake.profiles.delete("p")
    assert not lake.profiles.exists("p")
    with pytest.raises(DocumentNotFoundError, match="it was deleted; restore"):
        lake.profiles.load("p")
    lake.profiles.save("p", SPEC)
    with pytest.raises(NameTakenError):
        lake.profiles.restore(saved.id)
    restored = lake.profiles.restore(saved.id, "p-again")
    assert (restored.id, restored.name, restored.version) == (saved.id, "p-again", 2)
    assert lake.profiles.load(saved.id, version=1).profile_spec == SPEC


def test_deleting_what_is_not_there_is_an_error_unless_told_otherwise(lake):
    assert lake.profiles.delete("p", missing_ok=True) is False
    with pytest.raises(DocumentNotFoundError):
        lake.profiles.delete("p")


def test_lists_are_filtered_by_product_tag_and_text(lake):
    lake.profiles.save("one", SPEC, products=["a", "b"], tags=["X"], description="hundred % sure")
    lake.profiles.save("two", SPEC, products=["b"], tags=["y"])
    names = lambda **given: [one.name for one in lake.profiles.list(**given)]  # noqa: E731
    assert names() == ["two", "one"]
    assert names(product="A") == ["one"]
    assert names(products=["a", "b"]) == ["two", "one"]
    assert names(tags=["x"]) == ["one"]
    assert names(tags=["x", "Y"]) == ["two", "one"]
    assert names(search="% SURE") == ["one"]
    assert names(search="_") == []
    assert names(limit=1, offset=1) == ["one"]
    assert lake.profiles.list()[0].entity_count == 1000
    with pytest.raises(InputError, match="negative"):
        lake.profiles.list(limit=-1)
    with pytest.raises(InputError, match="offset must be an integer"):
        lake.profiles.list(offset="1")
    with pytest.raises(InputError, match="search must be text"):
        lake.profiles.list(search=5)
    with pytest.raises(InvalidNameError, match="products must be a list of texts"):
        lake.profiles.list(products="a")
    with pytest.raises(InvalidNameError, match="tags must be a list of texts, not int"):
        lake.profiles.save("three", SPEC, tags=5)


def test_a_large_specification_stands_in_a_document_of_its_own(lake, lake_url):
    large = {**SPEC, "notes": ["x" * 1000] * 40}
    saved = lake.profiles.save("p", large)
    assert hl.Lake(lake_url).profiles.load("p").profile_spec == large
    storage = lake._log.storage
    assert [entry.key for entry in storage.list(f"catalog/profiles/{saved.id}")]


def test_a_large_specification_that_is_refused_leaves_nothing_behind(lake):
    lake.profiles.save("p", SPEC, idempotency_key="k")
    large = {**SPEC, "notes": ["x" * 1000] * 40}
    with pytest.raises(NameTakenError):
        lake.profiles.save("p", large)
    assert lake.profiles.save("q", large, idempotency_key="k").name == "p"
    with pytest.raises(InputError):
        lake.profiles.update("p", large, message="\ud800")
    assert list(lake._log.storage.list("catalog/profiles")) == []


def test_an_altered_document_is_noticed(tmp_path):
    lake = hl.Lake(tmp_path)
    lake.profiles.save("p", {**SPEC, "notes": ["x" * 1000] * 40})
    (document,) = (tmp_path / "catalog" / "profiles").rglob("*.json")
    document.chmod(0o644)
    document.write_bytes(document.read_bytes().replace(b"xxx", b"yyy"))
    with pytest.raises(hl.errors.DamagedCommitError, match="was altered"):
        lake.profiles.load("p")


def test_differences_name_the_path_and_match_events_by_their_id(lake):
    lake.journeys.save("j", JOURNEY)
    lab = {**VISIT, "event_id": "lab"}
    later = {**VISIT, "delay": {"min_days": 30, "max_days": 90}}
    lake.journeys.update("j", {**JOURNEY, "events": [lab, later], "remark": "new"})
    found = [str(one) for one in lake.journeys.diff("j")]
    assert found == [
        "~ events[visit].delay.min_days: 90 -> 30",
        f"+ events[lab]: {lab!r}",
        "+ remark: 'new'",
    ]
    assert lake.journeys.diff("j", 1, 1) == ()


def test_a_copy_has_its_own_history(lake):
    lake.profiles.save("p", SPEC, description="d", products=["a"], tags=["t"])
    copy = lake.profiles.copy("p", "q")
    assert (copy.version, copy.description, copy.products, copy.tags) == (1, "d", ["a"], ["t"])
    lake.profiles.update("q", {**SPEC, "x": 1})
    assert lake.profiles.load("p").version == 1


@pytest.mark.parametrize("suffix", ["json", "yaml", "yml"])
def test_an_exported_document_is_imported_as_it_was(lake, tmp_path, suffix):
    spec = {**SPEC, "from": "2024-01-01", "yes": "no", "text": "Zürich: 'a' \"b\""}
    lake.profiles.save("p", spec, description="d", products=["a"], tags=["t"], metadata={"m": 1})
    path = lake.profiles.export("p", tmp_path / "deep" / f"p.{suffix}")
    again = lake.profiles.import_file(path, name="q")
    assert again.profile_spec == spec
    assert (again.description, again.products, again.tags) == ("d", ["a"], ["t"])
    assert again.metadata == {"m": 1}


def test_a_specification_alone_is_imported_under_its_name_or_its_stem(lake, tmp_path):
    (tmp_path / "file.yaml").write_text("name: inner\ndemographics: {count: 5}\nday: 2024-01-01\n")
    assert lake.profiles.import_file(tmp_path / "file.yaml").name == "inner"
    assert lake.profiles.load("inner").profile_spec.to_dict()["day"] == "2024-01-01"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.yaml", "a: &x [*x]\n", "aliases"),
        ("a.yaml", "a: [1, 2\n", "line 2"),
        ("a.yaml", "a: !!python/object/apply:os.system ['true']\n", "could not determine"),
        ("a.yaml", "a: .nan\n", "JSON has no form"),
        ("a.json", '{"a": 1', "line 1"),
        ("a.json", "[1]", "top level"),
        ("a.json", '{"kind": "journey", "spec": {}}', "not a profile"),
    ],
)
def test_a_file_that_cannot_be_taken_says_why_and_nothing_is_written(
    lake, tmp_path, name, text, said
):
    (tmp_path / name).write_text(text)
    with pytest.raises(FormatError, match=said):
        lake.profiles.import_file(tmp_path / name)
    assert lake.profiles.list() == []


def test_builtin_documents_are_imported_once_and_touch_nobody_elses(lake):
    names = set(lake.profiles.builtin())
    taken = min(names)
    mine = lake.profiles.save(taken, SPEC)
    with pytest.warns(UserWarning, match=f"not imported: {taken}$"):
        added = lake.profiles.import_builtin()
    assert set(added) == names - {taken}
    assert lake.profiles.load(taken) == mine
    before = lake.version
    with pytest.warns(UserWarning, match=f"not imported: {taken}$"):
        assert lake.profiles.import_builtin() == ()
    assert lake.version == before
    assert len(lake.profiles.list(tags=["builtin"], limit=None)) == len(names) - 1


def test_names_that_look_like_ids_are_refused(lake):
    with pytest.raises(InvalidNameError, match="form of an id"):
        lake.profiles.save("profile-0123abcd", SPEC)
    with pytest.raises(InvalidNameError, match="empty"):
        lake.profiles.save(" ", SPEC)


def test_a_read_only_lake_refuses_and_a_past_lake_shows_the_past(lake):
    lake.profiles.save("p", SPEC)
    then = lake.version
    lake.profiles.update("p", {**SPEC, "x": 1})
    past = lake.at(version=then)
    assert past.profiles.load("p").version == 1
    with pytest.raises(ReadOnlyError):
        past.profiles.save("q", SPEC)
    with pytest.raises(ReadOnlyError):
        past.profiles.executions.record("p")


def test_the_same_idempotency_key_saves_once(lake):
    first = lake.profiles.save("p", SPEC, idempotency_key="k")
    assert lake.profiles.save("p", SPEC, idempotency_key="k") == first


def test_an_id_that_is_taken_is_never_given_again(lake, lake_url, monkeypatch):
    first = lake.profiles.save("p", SPEC)
    lake.profiles.delete("p")
    drawn = [first.id[-8:], "0" * 8, "0" * 8]
    drawing = secrets.token_hex
    monkeypatch.setattr("secrets.token_hex", lambda n: drawn.pop(0) if n == 4 else drawing(n))
    late = hl.Lake(lake_url)
    assert not late.profiles.exists("q")
    assert lake.profiles.save("q", SPEC).id == "profile-00000000"
    with pytest.raises(VersionConflictError, match="given to another document"):
        late.profiles.save("r", SPEC)
    monkeypatch.undo()
    assert lake.profiles.restore("p").id == first.id


def test_a_specification_that_was_given_as_a_model_is_kept_as_it_was_then(lake):
    spec = lake.profiles.save("p", SPEC).profile_spec
    saved = lake.profiles.save("q", spec)
    spec.products.append("changed")
    assert saved.profile_spec == SPEC
    assert lake.profiles.load("q").profile_spec == SPEC


def test_what_is_done_to_a_record_changes_nothing_in_the_lake(lake):
    saved = lake.profiles.save("p", SPEC, tags=["t"], metadata={"a": [1]})
    journey = lake.journeys.save("j", JOURNEY, metadata={"a": [1]})
    for one in (saved, journey, lake.profiles.load("p"), lake.journeys.load("j")):
        one.metadata["a"].append(2)
        one.tags.append("u")
    journey.journey_spec["events"].clear()
    lake.profiles.load("p").profile_spec.products.append("x")
    again = lake.profiles.load("p")
    assert (again.metadata, again.tags, again.profile_spec) == ({"a": [1]}, ["t"], SPEC)
    assert lake.journeys.load("j").metadata == {"a": [1]}
    assert lake.journeys.load("j").journey_spec == JOURNEY


def test_names_are_found_after_every_change_and_in_a_lake_just_opened(lake, lake_url):
    ids = [lake.profiles.save(f"p{number}", SPEC).id for number in range(3)]
    lake.profiles.rename("p0", "moved")
    lake.profiles.delete("p1")
    lake.profiles.save("p1", SPEC)
    lake.profiles.restore(ids[1], "back")
    lake.profiles.rename("p2", "p0")
    for one in (lake, hl.Lake(lake_url)):
        found = {name: one.profiles.load(name).id for name in ("moved", "back", "p0")}
        assert found == {"moved": ids[0], "back": ids[1], "p0": ids[2]}
        assert not one.profiles.exists("p2")
        assert not one.profiles.exists(["p1"])
        assert not one.journeys.exists("p1")


def test_documents_survive_a_checkpoint(lake, lake_url):
    lake.profiles.save("p", SPEC)
    for number in range(40):
        lake.profiles.update("p", {**SPEC, "n": number, "fill": "x" * 4000})
    fresh = hl.Lake(lake_url)
    assert fresh.profiles.load("p").version == 41
    assert fresh.profiles.load("p", version=7).profile_spec.to_dict()["n"] == 5
    assert list(lake._log.storage.list("catalog/checkpoint"))
