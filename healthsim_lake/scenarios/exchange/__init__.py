"""Scenarios as files: JSON, NDJSON, CSV and Parquet, out and in.

The names below are imported when first used, so that the verbs of `lake.scenarios` do not wait for
Arrow and Polars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from healthsim_lake._lazy import lazy_face

if TYPE_CHECKING:
    from healthsim_lake.scenarios.exchange.incoming import Incoming, read
    from healthsim_lake.scenarios.exchange.outgoing import Outgoing
    from healthsim_lake.scenarios.exchange.result import ExportResult

_HOMES = {
    "ExportResult": "result",
    "Incoming": "incoming",
    "Outgoing": "outgoing",
    "read": "incoming",
}

__all__ = ["ExportResult", "Incoming", "Outgoing", "read"]

__getattr__ = lazy_face(__name__, _HOMES)
