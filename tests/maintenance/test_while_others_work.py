"""Maintenance while others read, write, delete and restore: nobody sees a half, nothing is lost."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest
from lakes import people

from healthsim_lake import Lake
from healthsim_lake.errors import NotFoundError
from healthsim_lake.query.engine import Engine

ROUNDS = 25


def own(url: str) -> Lake:
    """Return a lake with a queue of writers of its own, as another process has it."""
    lake = Lake(url)
    lake._log.writers = type(lake._log.writers)()
    return lake


def overwrite(lake: Lake, draw: random.Random, step: int) -> None:
    name = draw.choice("ab")
    lake.scenarios.save(name, people(f"{name}{step}", f"{name}{step}"), overwrite=True)


def come_and_go(lake: Lake, draw: random.Random, _step: int) -> None:
    """Deletes and restores; what vacuum forgot between is made anew."""
    lake.scenarios.delete("coming and going", missing_ok=True)
    if draw.random() < 0.5:
        lake.scenarios.save("c", people("1"), overwrite=True)
    try:
        lake.scenarios.restore("coming and going")
    except NotFoundError:
        lake.scenarios.save("coming and going", people("9"))


def grow(lake: Lake, _draw: random.Random, step: int) -> None:
    lake.scenarios.add("growing", people(f"g{step}"))


def clean(lake: Lake, draw: random.Random, _step: int) -> None:
    lake.maintenance.vacuum(keep_versions=draw.randint(1, 4))
    lake.maintenance.compact("growing")


def look(lake: Lake, draw: random.Random, _step: int) -> None:
    for name in "ab":
        rows = lake.scenarios.load(name)["patients"]
        assert len(rows) == 2
        assert rows[0] == rows[1]
    history = lake.scenarios.history("growing")
    try:
        lake.scenarios.load("growing", version=draw.choice(history).version)
    except NotFoundError as error:
        assert "forgotten by vacuum" in str(error)  # noqa: PT017  # most of the time there is none


def test_vacuum_and_compact_disturb_nobody(lake_url):
    lake = Lake(lake_url)
    for name in ("a", "b"):
        lake.scenarios.save(name, people("0", "0"))
    lake.scenarios.save("growing", people("g"))
    lake.scenarios.save("coming and going", people("9"))
    failures: list[BaseException] = []

    def run(work: Callable[[Lake, random.Random, int], None], seed: int) -> None:
        mine, draw = own(lake_url), random.Random(seed)
        try:
            for step in range(ROUNDS):
                work(mine, draw, step)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [
        threading.Thread(target=run, args=(work, seed))
        for seed, work in enumerate((overwrite, come_and_go, grow, clean, look))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    after = Lake(lake_url)
    grown = [row["id"] for row in after.scenarios.load("growing")["patients"]]
    assert grown == ["g", *(f"g{step}" for step in range(ROUNDS))]
    assert after.scenarios.load("coming and going").entities == people("9")
    found = after.maintenance.verify()
    assert found.ok, str(found)
    assert after.maintenance.vacuum(keep_versions=1).before == after.version
    assert after.maintenance.verify().findings == ()


def test_a_reader_whose_files_are_vacuumed_away_gets_the_newest_rows(lake):
    lake.scenarios.save("a", people("old"))
    other, storage = own(lake.url), lake._log.storage
    real, raced = storage.read, []

    def read(key: str) -> bytes:
        if "patients" in key and not raced:
            raced.append(key)
            other.scenarios.save("a", people("new"), overwrite=True)
            other.maintenance.vacuum(keep_versions=1)
        return real(key)

    storage.read = read
    assert lake.scenarios.load("a").entities == people("new")
    assert raced


@pytest.mark.parametrize("forget", ["vacuum", "purge"])
def test_a_question_whose_files_are_deleted_meanwhile_is_answered_from_what_is_there_now(
    lake, monkeypatch, forget
):
    lake.scenarios.save("a", people("old"))
    lake.scenarios.save("b", people("other"))
    other, raced = own(lake.url), []
    real = Engine.answer

    def answer(self: Engine, *args: object, **options: object) -> object:
        if not raced:
            raced.append(forget)
            if forget == "purge":
                other.maintenance.purge("a")
            other.scenarios.save("a", people("new"), overwrite=forget == "vacuum")
            other.maintenance.vacuum(keep_versions=1)
        return real(self, *args, **options)

    monkeypatch.setattr(Engine, "answer", answer)
    found = lake.query("SELECT id FROM patients ORDER BY id", scenarios=iter(["a", "b"]))
    assert [row["id"] for row in found.results] == ["new", "other"]
    assert raced
