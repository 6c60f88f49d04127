"""Whether the events of a journey can come one after the other at all."""

from __future__ import annotations

import difflib
import graphlib
from collections.abc import Iterable, Iterator, Sequence

from healthsim_lake._shown import shown
from healthsim_lake.specs.events import EventSpec
from healthsim_lake.specs.refusals import Path, Problem

_SHOWN_IDS = 10


def problems_of_waiting(
    placed: Sequence[tuple[Path, EventSpec]], references: Iterable[tuple[Path, str]]
) -> list[Problem]:
    """Return what keeps events from coming one after the other.

    Args:
        placed: Each event, with the path where it stands.
        references: Further paths where an event's id stands.

    Returns:
        Ids given twice, ids of no event, and waits that go in a circle.
    """
    places: dict[str, Path] = {}
    twins: list[Problem] = []
    for path, event in placed:
        first = places.setdefault(event.event_id, path)
        if first is not path:
            twins.append(((*path, "event_id"), f"{shown(event.event_id)} is the id of two events"))
    strangers = [
        (path, f"there is no event {shown(known)}; {_hint(known, places)}")
        for path, known in (*references, *_named(placed))
        if known not in places
    ]
    return [*twins, *strangers] or _circle([event for _, event in placed], places)


def _named(placed: Sequence[tuple[Path, EventSpec]]) -> Iterator[tuple[Path, str]]:
    for path, event in placed:
        for at, known in enumerate(event.waits_for):
            place = () if isinstance(event.depends_on, str) else (at,)
            yield (*path, "depends_on", *place), known
        for at, trigger in enumerate(event.triggers):
            if trigger.target_event is not None:
                yield (*path, "triggers", at, "target_event"), trigger.target_event


def _circle(events: Sequence[EventSpec], places: dict[str, Path]) -> list[Problem]:
    graph = graphlib.TopologicalSorter({event.event_id: event.waits_for for event in events})
    for event in events:
        for trigger in event.triggers:
            if trigger.target_event is not None:
                graph.add(trigger.target_event, event.event_id)
    try:
        graph.prepare()
    except graphlib.CycleError as error:
        # The circle is listed from what comes first to what waits for it.
        chain = list(reversed(error.args[1]))
        told = " waits for ".join(map(shown, chain[:_SHOWN_IDS]))
        return [(places[chain[0]], f"events wait for each other in a circle: {told}")]
    return []


def _hint(wanted: str, known: Iterable[str]) -> str:
    ids = list(known)
    close = difflib.get_close_matches(wanted, ids, n=3)
    if close:
        return f"did you mean {' or '.join(map(shown, close))}?"
    return f"known are {', '.join(map(shown, ids[:_SHOWN_IDS]))}" if ids else "there are no events"
