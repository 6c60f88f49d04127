"""Keeping a summary within a budget of tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from healthsim_lake import _json
from healthsim_lake.scenarios.summarising.shorten import cut, shortened
from healthsim_lake.scenarios.summarising.summary import CHARACTERS_PER_TOKEN, Summary

Samples = Mapping[str, Sequence[Mapping[str, Any]]]
Figures = Callable[[int], dict[str, Any]]
"""Gives the statistics with at most so many values in each list."""
Level = tuple[int, int]
"""How many rows of each type, and how many characters of each row."""

USUAL_SAMPLES = 3
_GENEROUS: tuple[Level, ...] = (
    *((3, 1_000), (3, 600), (3, 400), (2, 400), (3, 250), (2, 250)),
    *((1, 600), (1, 400), (1, 250), (1, 120)),
)
_MORE = (1_000, 600, 400)
"""Lengths of rows where more of them are wanted than usual."""
_SPARING: tuple[Level, ...] = ((1, 250), (1, 120))
_PLAN = ((10, _GENEROUS), (5, _SPARING), (3, _SPARING), (2, _SPARING), (1, _SPARING))
"""Lengths of lists, and the samples that may stand beside them; the most generous first."""
_EXPENDABLE = ("top_values", "top_codes", "costs", "top_procedures", "dates")
"""Figures that go first."""
_DESCRIPTIONS = (500, 100)


def fitted(bare: Summary, samples: Samples, statistics: Figures, *, budget: int) -> Summary:
    """Return the richest summary within `budget` tokens.

    First the samples shrink, then the long tails of the statistics, then both go, then the
    description and the tags; counts never do, so where they alone are too much, they are what is
    returned.

    Args:
        bare: The summary without samples and statistics.
        samples: The rows of each type that would be shown best.
        statistics: Its figures.
        budget: Tokens.
    """
    limit = (budget + 1) * CHARACTERS_PER_TOKEN - 1
    sizes = {key: [_size(row) for row in rows] for key, rows in samples.items()}
    most = max(map(len, samples.values()), default=0)
    more = [(most, length) for length in _MORE] if most > USUAL_SAMPLES else []
    for tail, levels in ((_PLAN[0][0], (*more, *_GENEROUS)), *_PLAN[1:]):
        whole = replace(bare, statistics=statistics(tail))
        left = limit - len(whole.to_json())
        level = next((one for one in levels if _needed(sizes, one) <= left), None)
        if level is not None:
            return replace(whole, samples=_shown(samples, level))
    last = bare
    for last in _without_samples(bare, statistics):
        if len(last.to_json()) <= limit:
            break
    return last


def _needed(sizes: Mapping[str, Sequence[int]], level: Level) -> int:
    """Return how many characters the samples take at most."""
    count, length = level
    return sum(
        _size(key) + len(":[],") + sum(min(size, length) + 1 for size in rows[:count])
        for key, rows in sizes.items()
    )


def _shown(samples: Samples, level: Level) -> dict[str, list[dict[str, Any]]]:
    count, length = level
    return {key: [shortened(row, length) for row in rows[:count]] for key, rows in samples.items()}


def _without_samples(bare: Summary, statistics: Figures) -> Iterator[Summary]:
    for tail, _ in _PLAN:
        yield replace(bare, statistics=statistics(tail))
    figures = statistics(_PLAN[-1][0])
    for name in (*_EXPENDABLE, *reversed(figures)):
        if figures.pop(name, None) is not None:
            yield replace(bare, statistics=dict(figures))
    descriptions = [cut(bare.description or "", length) or None for length in _DESCRIPTIONS]
    for tags, description in product((bare.tags, ()), (*descriptions, None)):
        yield replace(bare, description=description, tags=tags)


def _size(value: Any) -> int:
    return len(_json.dumps_text(value))
