"""`push`, `pull` and `sync-status` on the command line."""

from __future__ import annotations

from healthsim_lake import Lake


def test_push_pull_and_status_speak_of_a_mirror(run, lake: Lake, tmp_path):
    mirror = tmp_path / "mirror"
    assert run("sync-status", mirror).out.startswith("nothing is there yet: push\n")
    planned = run("push", mirror, "--dry-run", "--json").json
    assert (planned["commits"], planned["dry_run"]) == (1, True)
    assert not mirror.exists()
    answer = run("push", mirror)
    assert answer.code == 0
    assert answer.out.startswith("Carried 1 commits, ")
    assert run("sync-status", mirror, "--json").json["relation"] == "same"
    Lake(mirror).tags.add("cohort", "there")
    assert "1 commits ahead: pull them" in run("push", mirror).out
    assert run("pull", mirror, "--json").json["commits"] == 1
    assert lake.scenarios.get("cohort").tags == ("Diabetes", "there")


def test_a_fork_is_a_conflict_and_scenarios_are_carried_all_the_same(run, lake: Lake, tmp_path):
    run("push", tmp_path / "mirror")
    mirror = Lake(tmp_path / "mirror")
    mirror.scenarios.save("theirs", {"patients": []})
    lake.scenarios.save("ours", {"patients": []}, tags=["t"])
    answer = run("push", mirror.url)
    assert answer.code == 3
    assert "up to version 1" in answer.err
    assert run("sync-status", mirror.url).out.startswith("both have commits")
    assert run("push", mirror.url, "--tag", "t").out.splitlines()[-1].split() == [
        "ours",
        "created",
        "1",
    ]
    assert run("pull", mirror.url, "--scenario", "theirs", "--json").json["scenarios"][0] == {
        "scenario_id": mirror.scenarios.get("theirs").id,
        "name": "theirs",
        "outcome": "created",
        "version": 1,
    }


def test_what_is_not_there_is_told_by_the_exit_code(run, lake: Lake, tmp_path):
    assert run("pull", tmp_path / "none").code == 4
    assert run("push", tmp_path / "x", "--scenario", "none").code == 4
    assert run("push", lake.url).code == 1
