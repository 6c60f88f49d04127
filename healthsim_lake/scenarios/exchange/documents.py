"""The JSON document of a scenario: its head, and its rows line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from healthsim_lake import _json
from healthsim_lake._version import __version__
from healthsim_lake.catalog.records import ScenarioRecord
from healthsim_lake.scenarios.exchange.provenance import ROW_MARKS

SCHEMA_VERSION = "1.0"
WRITER = "healthsim-lake"
_BLOCKS = ("_provenance", "provenance")

Rows = Iterable[list[dict[str, Any]]]
"""Rows in blocks, so that many become text at once."""


def head(record: ScenarioRecord) -> dict[str, Any]:
    """Return what a document says of a scenario, at the version that `record` is of."""
    known = record.to_dict()
    kept = ("description", "created_at", "updated_at", "version", "tags", "metadata")
    return {
        "schema_version": SCHEMA_VERSION,
        "writer": f"{WRITER} {__version__}",
        "scenario_id": known["id"],
        "name": known["name"],
        "scenario_name": known["name"],  # what readers of the predecessor's exports look for
        **{key: known[key] for key in kept},
    }


def texts(
    about: Mapping[str, Any],
    entities: Iterable[tuple[str, Rows]],
    tail: Callable[[], Mapping[str, Any]] = dict,
) -> Iterator[str]:
    """Yield the text of a document, a row a line, without holding all of it.

    Args:
        about: What stands before the rows.
        entities: Entity keys and their rows.
        tail: Called after the last row; returns what stands behind them.
    """
    yield _json.dumps_text(dict(about))[:-1] + ',"entities":{'
    comma = "\n"
    for key, blocks in entities:
        yield f"{comma}{_json.dumps_text(key)}:["
        lead = "\n"
        for block in blocks:
            lines = ",\n".join(map(_json.dumps_text, block))
            if lines:
                yield lead + lines
                lead = ",\n"
        yield "\n]"
        comma = ",\n"
    yield "".join(
        f",{_json.dumps_text(key)}:{_json.dumps_text(value)}" for key, value in tail().items()
    ).join(("\n}", "}\n"))


def lines(blocks: Rows) -> Iterator[str]:
    """Yield rows as newline-delimited JSON."""
    for block in blocks:
        yield "".join([f"{_json.dumps_text(row)}\n" for row in block])


def without_provenance(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row without the keys that tell where it came from."""
    return {
        key: value
        for key, value in row.items()
        if key not in ROW_MARKS and not (key in _BLOCKS and isinstance(value, Mapping))
    }
