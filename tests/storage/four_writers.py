"""Four writers that commit to one lake at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from healthsim_lake import Lake


def assert_four_writers_lose_nothing(lake: Callable[[], Lake], commits_each: int) -> None:
    lake().create()

    def write(writer: int) -> None:
        own = lake()
        for number in range(commits_each):
            own.scenarios.save(f"{writer}-{number}", {"patients": [{"id": f"{writer}-{number}"}]})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    fresh = lake()
    assert fresh.version == 4 * commits_each
    found = {row["id"] for row in fresh.query("SELECT id FROM patients", limit=1_000).results}
    assert found == {f"{one}-{number}" for one in range(4) for number in range(commits_each)}
