"""What Python can say in JSON, and readers of the log cannot take, must never get into it."""

from __future__ import annotations

import pytest

import healthsim_lake as hl
from healthsim_lake.errors import InputError

LONG_NUMBER = 10**5_000


def nested(depth: int) -> dict[str, object]:
    value: object = 1
    for _ in range(depth - 1):
        value = [value]
    return {"a": value}


VALUES = {
    "a long number": {"n": LONG_NUMBER},
    "190 levels": nested(190),
    "250 levels": nested(250),
    "400 levels": nested(400),
    "half of a character": {"n": "\ud800"},
}

WAYS = {
    "metadata of a scenario": lambda lake, value: lake.scenarios.save("s", {}, metadata=value),
    "metadata of a profile": lambda lake, value: lake.profiles.save("q", {}, metadata=value),
    "a profile": lambda lake, value: lake.profiles.save("q", {"given": value}),
    "a change of a profile": lambda lake, value: lake.profiles.update("p", {"given": value}),
    "a journey": lambda lake, value: lake.journeys.save("q", {"events": [], "given": value}),
    "an execution": lambda lake, value: lake.profiles.executions.record("p", metadata=value),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_it_is_refused_and_the_lake_stays_readable(lake_url, way, value):
    lake = hl.Lake(lake_url)
    lake.profiles.save("p", {"name": "p"})
    before = lake.version
    with pytest.raises(InputError):
        way(lake, value)
    fresh = hl.Lake(lake_url)
    assert fresh.version == before
    assert fresh.profiles.list()[0].execution_count == 0
    assert fresh.profiles.load("p").profile_spec == {"name": "p"}


def test_what_is_just_not_too_deep_survives_commit_checkpoint_and_fold(lake_url):
    lake, deep = hl.Lake(lake_url), nested(160)
    lake.scenarios.save("s", {}, metadata=deep)
    lake.profiles.save("p", {"given": deep}, metadata=deep)
    lake.profiles.executions.record("p", metadata=deep)
    lake.profiles.executions.fold()
    lake._log.checkpoint_anew(0)
    fresh = hl.Lake(lake_url)
    assert fresh.scenarios.get("s").metadata == deep
    assert fresh.profiles.load("p").metadata == deep
    assert fresh.profiles.load("p").profile_spec == {"given": deep}
    assert fresh.profiles.executions.of("p")[0].metadata == deep


@pytest.mark.parametrize("word", ["author", "message", "idempotency_key", "description"])
@pytest.mark.parametrize("value", [5, ["x"], "\udfff"])
def test_words_for_the_history_must_be_text(lake_url, word, value):
    lake = hl.Lake(lake_url)
    lake.profiles.save("p", {"name": "p"})
    before = lake.version
    with pytest.raises(InputError, match=word):
        lake.profiles.save("q", {}, **{word: value})
    if word != "idempotency_key":
        with pytest.raises(InputError, match=word):
            lake.profiles.update("p", **{word: value})
    assert lake.version == before


def test_an_empty_idempotency_key_is_refused_because_it_would_answer_for_every_request(lake_url):
    lake = hl.Lake(lake_url)
    with pytest.raises(InputError, match="idempotency_key must not be empty"):
        lake.scenarios.save("s", {}, idempotency_key="")
    with pytest.raises(InputError, match="idempotency_key must not be empty"):
        lake.profiles.save("p", {}, idempotency_key="")
