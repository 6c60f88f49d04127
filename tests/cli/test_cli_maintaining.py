"""The commands that look after a lake."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from healthsim_lake.cli import app


def test_vacuum_says_what_it_would_do_and_does_it_when_told(run, lake, entities):
    lake.scenarios.save("cohort", entities, overwrite=True)
    would = run("vacuum", "--keep-versions", 1)
    assert would.code == 0
    assert "Would delete 3 files" in would.out
    assert "--apply" in would.err
    assert lake.version == 2
    did = run("vacuum", "--keep-versions", 1, "--apply", "--json").json
    assert (did["dry_run"], did["count"], did["commit"]) == (False, 3, 3)
    assert did["files"] == {"superseded": 2, "documents": 1}
    assert run("vacuum", "--older-than", "0m", "--apply").code == 0
    assert [one["version"] for one in run("history", "cohort", "--json").json] == [2]


@pytest.mark.parametrize("age", ["", "7", "d", "-1d", "1y", "1.5h"])
def test_an_age_that_means_nothing_is_a_usage_error(run, lake, age):
    answer = run("vacuum", "--older-than", age)
    assert answer.code == 2
    assert "7d" in answer.err
    assert lake.version == 1


def test_verify_answers_with_its_exit_code(run, lake):
    good = run("verify")
    assert (good.code, "as it was written" in good.out) == (0, True)
    assert run("verify", "--json").json["ok"] is True
    assert run("verify", "cohort", "--quick").code == 0
    key = next(iter(lake._log.storage.list("data"))).key
    lake._log.storage.delete(key)
    bad = run("verify")
    assert bad.code == 1
    assert "is nowhere" in bad.out
    assert "backup" in bad.err
    assert run("repair", "--json").json["ok"] is False


def test_repair_says_what_it_mended(run, lake):
    storage = lake._log.storage
    key = next(iter(storage.list("data"))).key
    storage.move(key, key.replace("data", "history", 1))
    told = run("verify")
    assert (told.code, "repair" in told.err) == (1, True)
    mended = run("repair")
    assert mended.code == 0
    assert f"Mended {key.replace('data', 'history', 1)}" in mended.out
    assert run("repair").out == "There was nothing to mend\n"


def test_tidy_compact_and_upgrade_say_what_they_did(run, lake, entities):
    assert run("tidy", "--json").json == {"tidied": 1}
    assert run("compact").out == "There are no small files to join\n"
    lake.scenarios.add("cohort", {"patients": entities["patients"]})
    assert run("compact", "cohort").out == "cohort: 1 files fewer\n"
    assert run("compact", "--json").json == {}
    assert run("upgrade", "patient", "--json").json["table"] == "patients"
    assert "columns" in run("upgrade", "patients").out
    assert run("upgrade", "nothing").code == 4


def test_doctor_shows_the_lake(run, lake):
    shown = run("doctor").out
    for words in ("conditional create", "polars", "cohort", "patients", lake.id):
        assert words in shown
    assert run("doctor", "--json").json["lake_id"] == lake.id


@pytest.mark.usefixtures("lake")
def test_purge_asks_and_says_who_still_has_the_rows(run):
    refused = run("purge", "cohort")
    assert (refused.code, "--yes" in refused.err) == (2, True)
    assert run("purge", "none", "--yes").code == 4
    assert run("purge", "cohort", "--yes", "--json").json["files"] == 3
    gone = run("show", "cohort")
    assert gone.code == 4
    assert "was purged" in gone.err


@pytest.mark.parametrize(
    "command",
    ["vacuum", "compact", "verify", "tidy", "repair", "doctor", "purge", "upgrade"],
)
def test_every_command_has_help_with_an_example(command):
    shown = CliRunner().invoke(app, [command, "--help"]).stdout
    assert f"healthsim-lake {command}" in shown
