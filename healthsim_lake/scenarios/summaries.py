"""What a scenario is like without loading it: summary, samples, and how much it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from healthsim_lake import scenarios
from healthsim_lake.scenarios.room import Room
from healthsim_lake.scenarios.summarising.usage import Usage, usage

if TYPE_CHECKING:
    from healthsim_lake.scenarios.summarising.sampling import Strategy
    from healthsim_lake.scenarios.summarising.summary import Summary


class Summaries(Room):
    """Look at a scenario."""

    def summary(
        self, ref: str, *, budget: int = 3_500, samples: int = 3, version: int | None = None
    ) -> Summary:
        """Return counts, statistics and samples of a scenario, in constant time.

        They were computed when the rows were written. What does not fit the budget shrinks:
        samples first, then the long tails of statistics; counts never.

        Args:
            ref: Name or id.
            budget: Tokens, as `Summary.token_estimate` counts them.
            samples: Rows of each type to show; 5 are kept of each, see `samples` for more.
            version: One of its versions, see `history`; None for the newest.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
            VersionNotFoundError: It never had that version.
            InputError: The budget is no positive integer, or `samples` no number of rows.
        """
        snapshot = self._committer.view()
        return scenarios.summarise(
            self._committer.log,
            snapshot,
            snapshot.get(ref),
            self._types,
            budget=budget,
            samples=samples,
            version=version,
        )

    def samples(
        self,
        ref: str,
        type: str,  # noqa: A002  # what a user calls it
        *,
        count: int = 3,
        strategy: Strategy = "diverse",
        seed: int | str | None = None,
    ) -> list[dict[str, Any]]:
        """Return a few rows of one entity type, exactly as they were saved.

        Args:
            ref: Name or id.
            type: Entity type, in any spelling.
            count: At most so many rows.
            strategy: ``diverse``: drawn from all over the table, and as different from each other
                as can be; the same rows at every call. ``random``: any rows. ``recent``: those of
                the latest date, the latest first; of types without a date the last ones.
            seed: The same seed draws the same rows from the same data.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
            EntityTypeNotFoundError: It holds no such type.
            VersionNotFoundError: `vacuum` has forgotten what this lake was opened at.
            InputError: A negative count, or an unknown strategy.
        """
        scenarios.check_request(count, strategy)
        log, snapshot = self._committer.log, self._committer.view()
        state = snapshot.get(ref)
        sampling = scenarios.Sampling(log, snapshot, state, self._types)
        with log.reading(state.record):
            return sampling.rows(type, count=count, strategy=strategy, seed=seed)

    def usage(self, ref: str | None = None) -> Usage:
        """Return how many rows, files, bytes and versions there are, by table.

        Args:
            ref: Name or id of a scenario; None for the whole lake.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
        """
        snapshot = self._committer.view()
        if ref is not None:
            return usage(self._committer.log, [snapshot.get(ref)])
        alive = (one for one in snapshot.scenarios.values() if not one.record.deleted)
        return usage(self._committer.log, alive)
