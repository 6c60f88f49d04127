"""1,000 scenarios of 100 patients, 200 encounters and 200 diagnoses, saved one after the other."""

from __future__ import annotations

import os
from pathlib import Path
from statistics import median

import baseline
import work
from harness import Figure, Options, Pair, timed
from work import Scenario

from healthsim_lake import Lake

COMMIT_BYTES = 2_000
"""Size of the create that stands for the commit; those for the tables are as large as the files."""
SAVED = "the baseline of saving large + 4 bare durable creates"


def save(options: Options) -> list[Figure]:
    """Measure saving small scenarios, and whether the thousandth costs more than the first."""
    passes = [_pass(options, number) for number in range(options.pick(3, 1))]
    edge = options.pick(100, 10)
    first = [one for each in passes for one in each.ours[:edge]]
    last = [one for each in passes for one in each.ours[-edge:]]
    drift = median([one for each in passes for one in each.baseline[-edge:]]) / median(
        [one for each in passes for one in each.baseline[:edge]]
    )
    saves = Pair(
        [one for each in passes for one in each.ours],
        [one for each in passes for one in each.baseline],
    )
    return [
        saves.figure("Save small, durable", target=1.5, against=SAVED),
        Figure(
            f"… last {edge} of {len(passes[0].ours):,} against the first {edge}",
            ours=median(last),
            baseline=median(first),
            unit="s",
            target=1.25,
            against="the first ones of the same lake",
            note=f"{len(passes)} lakes; the baseline's own drift was {drift:.2f}",
        ),
    ]


def _pass(options: Options, number: int) -> Pair:
    """Save all scenarios into a new lake and return the seconds of each save."""
    scenarios = options.pick(1_000, 60)
    lake, plain = Lake(options.folder / f"lake-{number}"), options.folder / f"plain-{number}"
    records = options.folder / f"records-{number}"
    records.mkdir()
    payloads = _warm_up(lake, plain)
    os.sync()
    pair = Pair([], [])
    for at in range(scenarios):
        scenario = work.build(100, seed=at)
        name = f"small-{at:04d}"
        pair.ours.append(timed(lambda: lake.scenarios.save(name, scenario)))  # noqa: B023  # called at once
        pair.baseline.append(timed(lambda: _plain(plain, records, scenario, payloads)))  # noqa: B023  # likewise
    return pair


def _warm_up(lake: Lake, plain: Path) -> list[bytes]:
    """Save once with both; return what the bare durable creates have to write."""
    scenario = work.build(100, seed=0)
    work.check_declared(scenario)
    lake.scenarios.save("warm-up", scenario)
    sizes = [path.stat().st_size for path in baseline.save(plain, scenario)]
    return [os.urandom(size) for size in (*sizes, COMMIT_BYTES)]


def _plain(plain: Path, records: Path, scenario: Scenario, payloads: list[bytes]) -> None:
    baseline.save(plain, scenario)
    for payload in payloads:
        baseline.durable_create(records, payload)
