"""All operations in any order, by two writers, with crashes and backups, against a dictionary."""

from __future__ import annotations

import copy
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import real_stores
from exam import assert_folders_are_the_head, assert_nothing_uncommitted_shows
from faulty import Crash, Dying, Meanwhile, lake_on
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from operations import PAINTED, WIDGETS
from rehearsal import FULL
from remembered import looked_at

from healthsim_lake import FieldSpec, Lake
from healthsim_lake.errors import LakeReplacedError, NotFoundError, VersionNotFoundError
from healthsim_lake.scenarios.writing import manifests
from healthsim_lake.storage import Storage, layout, open_storage

if TYPE_CHECKING:
    from s3_server import S3Server

NAMES = st.sampled_from(["a", "b", "c"])
WIDGET = st.fixed_dictionaries(
    {"id": st.sampled_from(["1", "2", "3"])},
    optional={"colour": st.sampled_from(["red", None, 7]), "weight": st.sampled_from([1, 2.5])},
)
ROWS = st.lists(WIDGET, max_size=3)
ENTITIES = st.fixed_dictionaries(
    {}, optional={"widgets": ROWS, "patients": st.just([{"id": "p", "pets": ["cat"]}])}
)
TYPES = [
    WIDGETS,
    PAINTED,
    PAINTED.model_copy(
        update={"fields": (*PAINTED.fields, FieldSpec(id=3, name="weight", type="float"))}
    ),
]

Entities = dict[str, list[dict[str, Any]]]


@dataclass
class Model:
    """What the lake should hold.

    Attributes:
        live: Rows by entity key, by name.
        graves: Names and rows of what was deleted, with the version of the lake that did it.
    """

    live: dict[str, Entities] = field(default_factory=dict)
    graves: list[tuple[str, Entities, int]] = field(default_factory=list)


class Machine(RuleBasedStateMachine):
    """Two writers over one lake; a third one dies now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.storage = self.place()
        self.writers = [lake_on(self.storage), lake_on(self.storage)]
        self.model, self.backup = Model(), None
        self.recorded: dict[int, dict[str, tuple[str, Entities]]] = {}
        self.type, self.clean, self.crashed, self.repaired = 0, True, False, True
        warnings.simplefilter("ignore")

    def place(self) -> Storage:
        """Return where the lake is."""
        memory = Path("/dev/shm")  # noqa: S108  # a folder of its own is made in it
        self.folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
        return open_storage(self.folder / "lake")

    def leave(self) -> None:
        """Take the place away."""
        shutil.rmtree(self.folder)

    def keep(self) -> None:
        """Make a backup of the place."""
        shutil.rmtree(self.folder / "backup", ignore_errors=True)
        shutil.copytree(self.folder / "lake", self.folder / "backup")

    def bring_back(self) -> None:
        """Make the place as it was."""
        shutil.rmtree(self.folder / "lake")
        shutil.copytree(self.folder / "backup", self.folder / "lake")

    def teardown(self) -> None:
        if self.recorded:
            self._check_versions(list(self.recorded))
        self.leave()

    @initialize()
    def begin(self) -> None:
        self.writers[0].entities.declare(WIDGETS)
        self._record()

    # What is done, and what that means for the model

    def _do(self, writer: int, act: Callable[[Lake], Any], mean: Callable[[Model], None]) -> None:
        act(self.writers[writer])
        mean(self.model)
        self.clean = True
        self._record()

    def _die(self, step: int, act: Callable[[Lake], Any], mean: Callable[[Model], None]) -> None:
        """Do something in a process that dies at a step of it."""
        after = copy.deepcopy(self.model)
        mean(after)
        try:
            act(lake_on(Dying(self.storage, step // 2, done=step % 2 == 1)))
            outcomes = [after]
        except Crash:
            outcomes = [self.model, after]
            self.clean, self.crashed, self.repaired = False, True, False
        found = dict(self._head().values())
        matching = [one for one in outcomes if one.live == found]
        assert matching, f"neither what was there nor what was wanted: {found}"
        self.model = matching[-1] if self._graves_fit(matching[-1]) else matching[0]
        self._record()

    def _graves_fit(self, model: Model) -> bool:
        states = self.writers[0]._log.refresh().scenarios.values()
        return len(model.graves) >= sum(one.record.deleted for one in states)

    def _look(self) -> Lake:
        """Return the lake as somebody sees it who comes now."""
        return lake_on(looked_at(self.storage))

    def _head(self) -> dict[str, tuple[str, Entities]]:
        return _shown(self._look())

    def _record(self) -> None:
        """Compare the head with the model, and remember it."""
        lake = self._look()
        head = _shown(lake)
        assert dict(head.values()) == self.model.live
        state = lake._log.refresh().state
        first = state.retention.before
        self.model.graves = [one for one in self.model.graves if not one[2] or one[2] > first]
        for at, (name, rows, version) in enumerate(self.model.graves):
            self.model.graves[at] = (name, rows, version or lake.version)
        for seen in self.recorded.values():
            for gone in state.purged:
                seen.pop(gone, None)
        self.recorded = {v: seen for v, seen in self.recorded.items() if v >= first}
        self.recorded[lake.version] = head

    # Rules

    def _run(self, how: int, act: Callable[[Lake], Any], mean: Callable[[Model], None]) -> None:
        if how < 2:  # so many writers live
            self._do(how, act, mean)
        else:
            self._die(how - 2, act, mean)

    @rule(how=st.integers(0, 60), name=NAMES, entities=ENTITIES)
    def save(self, how: int, name: str, entities: Entities) -> None:
        self._run(how, *_save(name, entities))

    @precondition(lambda self: self.model.live)
    @rule(how=st.integers(0, 60), data=st.data(), rows=ROWS, replace=st.booleans())
    def add(
        self, how: int, data: st.DataObject, rows: list[dict[str, Any]], *, replace: bool
    ) -> None:
        name = data.draw(st.sampled_from(sorted(self.model.live)))
        self._run(how, *_add(name, rows, replace=replace))

    @precondition(lambda self: self.model.live)
    @rule(how=st.integers(0, 60), data=st.data())
    def delete(self, how: int, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.model.live)))
        self._run(
            how,
            lambda lake: lake.scenarios.delete(name),
            lambda model: model.graves.append((name, model.live.pop(name), 0)),
        )

    @precondition(lambda self: any(one[0] not in self.model.live for one in self.model.graves))
    @rule(how=st.integers(0, 60), data=st.data())
    def restore(self, how: int, data: st.DataObject) -> None:
        names = {one[0] for one in self.model.graves} - set(self.model.live)
        self._run(how, *_restore(data.draw(st.sampled_from(sorted(names)))))

    @precondition(lambda self: self.model.live and len(self.model.live) < 3)
    @rule(how=st.integers(0, 40), data=st.data(), to=NAMES)
    def rename(self, how: int, data: st.DataObject, to: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.model.live)))
        if to in self.model.live:
            return
        self._run(
            how,
            lambda lake: lake.scenarios.rename(name, to),
            lambda model: model.live.update({to: model.live.pop(name)}),
        )

    @precondition(lambda self: self.model.live and len(self.model.live) < 3)
    @rule(how=st.integers(0, 60), data=st.data(), to=NAMES)
    def clone(self, how: int, data: st.DataObject, to: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.model.live)))
        if to not in self.model.live:
            self._run(
                how,
                lambda lake: lake.scenarios.clone(name, to),
                lambda model: model.live.update({to: copy.deepcopy(model.live[name])}),
            )

    @precondition(lambda self: len(self.model.live) < 3)
    @rule(how=st.integers(0, 60), data=st.data(), to=NAMES)
    def clone_of_the_past(self, how: int, data: st.DataObject, to: str) -> None:
        """Of a scenario that may be deleted or renamed by now."""
        chosen = self._draw_past(data)
        if chosen is not None and to not in self.model.live:
            self._run(how, *_clone(*chosen, to))

    def _draw_past(self, data: st.DataObject) -> tuple[str, datetime, Entities] | None:
        """Return a scenario's id, a moment, and what it held then."""
        at = self._look()._log.read(data.draw(st.sampled_from(sorted(self.recorded))) or 1)
        seen = self.recorded.get(self._look().at(timestamp=at.timestamp).version)
        if not seen:
            return None
        scenario = data.draw(st.sampled_from(sorted(seen)))
        return scenario, at.timestamp, seen[scenario][1]

    def _draw_work(self, data: st.DataObject, what: str, name: str) -> Work | None:
        """Return something that may be done to a name, or None if this cannot."""
        lives = name in self.model.live
        if what == "save":
            return _save(name, {"widgets": [{"id": "1"}] * 3})
        if what == "add" and lives:
            return _add(name, [{"id": "9"}], replace=False)
        if what == "restore" and not lives and any(one[0] == name for one in self.model.graves):
            return _restore(name)
        if what == "clone" and not lives:
            chosen = self._draw_past(data)
            return None if chosen is None else _clone(*chosen, name)
        return None

    @rule(
        step=st.integers(0, 80),
        keep=st.integers(1, 3),
        data=st.data(),
        to=NAMES,
        what=st.sampled_from(["restore", "clone", "save", "add"]),
    )
    def vacuum_while_another_one_works(
        self, step: int, keep: int, data: st.DataObject, to: str, what: str
    ) -> None:
        """What it brings back may be forgotten by then; it comes whole, or not at all."""
        work = self._draw_work(data, what, to)
        if work is None:
            return
        act, mean = work

        def vacuum() -> None:
            self.writers[0].maintenance.vacuum(keep_versions=keep)

        try:
            act(lake_on(Meanwhile(self.storage, step, vacuum)))
        except NotFoundError:
            assert what in {"restore", "clone"}
        else:
            mean(self.model)
        self.clean = True
        self._record()

    @precondition(lambda self: self.type + 1 < len(TYPES))
    @rule(how=st.integers(0, 60))
    def upgrade(self, how: int) -> None:
        wanted = TYPES[self.type + 1]
        self._run(how, lambda lake: lake.entities.upgrade("widgets", wanted), lambda _model: None)
        pinned = self._look().entities.get("widgets").fields
        self.type = next(at for at, one in enumerate(TYPES) if one.fields == pinned)

    @rule(how=st.integers(0, 60))
    def compact(self, how: int) -> None:
        self._run(how, lambda lake: lake.maintenance.compact(), lambda _model: None)

    @rule(how=st.integers(0, 80), keep=st.integers(1, 8))
    def vacuum(self, how: int, keep: int) -> None:
        self._run(
            how, lambda lake: lake.maintenance.vacuum(keep_versions=keep), lambda _model: None
        )

    @precondition(lambda self: self.model.live)
    @rule(how=st.integers(0, 80), data=st.data())
    def purge(self, how: int, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.model.live)))
        self._run(
            how,
            lambda lake: lake.maintenance.purge(name),
            lambda model: model.live.pop(name),
        )

    @rule(writer=st.integers(0, 1))
    def repair(self, writer: int) -> None:
        assert self.writers[writer].maintenance.repair().ok
        self.clean = self.repaired = True

    @rule(writer=st.integers(0, 1))
    def tidy(self, writer: int) -> None:
        self.writers[writer].maintenance.tidy()
        self.clean = True

    @rule(writer=st.integers(0, 1))
    def reopen(self, writer: int) -> None:
        self.writers[writer] = lake_on(self.storage)

    @rule(data=st.data())
    def travel(self, data: st.DataObject) -> None:
        version = data.draw(st.integers(0, max(self.recorded)))
        first = self.writers[0]._log.refresh().state.retention.before
        if version < first:
            with pytest.raises(VersionNotFoundError, match="forgotten"):
                self.writers[1].at(version=version)
        elif version in self.recorded:
            self._check_versions([version])

    @rule()
    def back_up(self) -> None:
        self.keep()
        kept = self.model, self.recorded, self.type, self.clean, self.crashed, self.repaired
        self.backup = copy.deepcopy(kept), self._look().version

    @precondition(lambda self: self.backup is not None)
    @rule()
    def restore_from_backup(self) -> None:
        """Whoever writes next notices, and has written nothing."""
        kept, version = self.backup
        versions = [writer.version for writer in self.writers]
        self.bring_back()
        self.model, self.recorded, self.type, *then = copy.deepcopy(kept)
        self.clean, self.crashed, self.repaired = then
        for writer, known in zip(self.writers, versions, strict=True):
            if known > version:
                with pytest.raises(LakeReplacedError, match="nothing was written"):
                    writer.scenarios.save("lost", {})
        assert self._look().version == version

    # What always holds

    def _check_versions(self, versions: list[int]) -> None:
        lake = self._look()
        for version in versions:
            past = _shown(lake.at(version=version))
            assert past == self.recorded[version], f"version {version} reads otherwise now"

    @invariant()
    def what_may_be_read_reads_as_it_did(self) -> None:
        if self.recorded:
            some = sorted(self.recorded)
            self._check_versions([some[0], some[len(some) // 2]])

    @invariant()
    def folders_are_the_head_and_every_file_is_accounted_for(self) -> None:
        if not self.recorded:
            return
        assert_nothing_uncommitted_shows(self.storage)
        if self.clean:
            assert_folders_are_the_head(looked_at(self.storage))
        found = self._look().maintenance.verify()
        assert not found.lost, str(found)
        allowed = {"superseded", "unfinished", "temporary"} if self.crashed else set()
        allowed |= set() if self.clean else {"misplaced"}
        if self.crashed and not self.storage.stages:
            allowed |= {"misplaced"}  # the next writer finds nothing to move; repair does it
        allowed |= set() if self.repaired else {"purged"}
        assert {one.what for one in found.findings} <= allowed, str(found)


class StoredMachine(Machine):
    """The same in an object store in memory."""

    def place(self) -> Storage:
        """Return where the lake is."""
        return open_storage(f"memory://machine-{uuid.uuid4().hex}/lake")

    def leave(self) -> None:
        """Take the place away."""
        for key in self._values():
            self.storage.delete(key)

    def keep(self) -> None:
        """Make a backup of the place."""
        self.kept = self._values()

    def bring_back(self) -> None:
        """Make the place as it was."""
        self.leave()
        for key, data in self.kept.items():
            self.storage.put(key, data)

    def _values(self) -> dict[str, bytes]:
        entries = [one for room in layout.ROOMS for one in self.storage.list(room)]
        return {one.key: self.storage.read(one.key) for one in entries}


class S3Machine(StoredMachine):
    """The same on S3.

    Attributes:
        root: A bucket.
        options: How to get there.
    """

    root: ClassVar[str]
    options: ClassVar[dict[str, Any]]

    def place(self) -> Storage:
        """Return where the lake is."""
        return open_storage(f"{self.root}/{uuid.uuid4().hex}/lake", self.options)


def _shown(lake: Lake) -> dict[str, tuple[str, Entities]]:
    """Return names and rows by id; what is deleted while this looks is left out."""
    found = {}
    for record in lake.scenarios.list(limit=None):
        try:
            found[record.id] = record.name, lake.scenarios.load(record.id).entities
        except NotFoundError:
            continue
    return found


Work = tuple[Callable[[Lake], Any], Callable[["Model"], None]]
"""How something is done, and what it means for the model."""


def _save(name: str, entities: Entities) -> Work:
    return (
        lambda lake: lake.scenarios.save(name, entities, overwrite=True),
        lambda model: model.live.update({name: entities}),
    )


def _add(name: str, rows: list[dict[str, Any]], *, replace: bool) -> Work:
    strategy = "replace" if replace else "keep"
    return (
        lambda lake: lake.scenarios.add(name, {"widgets": rows}, on_duplicate=strategy),
        lambda model: _extend(model.live[name], rows, replace=replace),
    )


def _restore(name: str) -> Work:
    """Return how the scenario of that name that was deleted last is restored, and what it means."""

    def mean(model: Model) -> None:
        at = max(at for at, one in enumerate(model.graves) if one[0] == name)
        model.live[name] = model.graves.pop(at)[1]

    return lambda lake: lake.scenarios.restore(name), mean


def _clone(scenario: str, moment: datetime, held: Entities, to: str) -> Work:
    """Return how a scenario is cloned as it was at a moment, and what that means."""
    return (
        lambda lake: lake.scenarios.clone(scenario, to, as_of=moment),
        lambda model: model.live.update({to: copy.deepcopy(held)}),
    )


def _extend(entities: Entities, rows: list[dict[str, Any]], *, replace: bool) -> None:
    old = entities.get("widgets", [])
    if replace:
        new = {row["id"] for row in rows}
        old = [row for row in old if row["id"] not in new]
    entities["widgets"] = [*old, *rows]


@pytest.fixture(autouse=True)
def _most_manifests_are_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "INLINE_BYTES", 400)


@pytest.fixture
def _on_s3(s3_server: S3Server) -> None:
    S3Machine.root, S3Machine.options = f"s3://{s3_server.bucket()}", s3_server.options


@pytest.fixture
def _really_on_s3() -> None:
    store = real_stores.on_s3()
    S3Machine.root, S3Machine.options = store.root, store.options


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=300 if FULL else 15,
    stateful_step_count=40 if FULL else 20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestStoredMachine = StoredMachine.TestCase
TestStoredMachine.settings = settings(TestMachine.settings, max_examples=100 if FULL else 15)


@pytest.mark.usefixtures("_on_s3")
class TestMachineOnS3(S3Machine.TestCase):
    settings = settings(
        TestMachine.settings,
        max_examples=50 if FULL else 2,
        stateful_step_count=20 if FULL else 10,
    )


@pytest.mark.real_store
@pytest.mark.usefixtures("_really_on_s3")
class TestMachineInARealStore(S3Machine.TestCase):
    settings = TestMachineOnS3.settings
