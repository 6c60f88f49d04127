"""The one global: which lake is meant when nobody says so."""

from __future__ import annotations

import threading

from healthsim_lake.lake import Lake, default_url

_lock = threading.Lock()
_chosen: Lake | None = None
_opened: dict[str, Lake] = {}


def use_lake(lake: Lake | None) -> None:
    """Make `lake` the default of this process; None goes back to `default_url`."""
    global _chosen  # noqa: PLW0603  # the one global of the package, kept in this one place
    with _lock:
        _chosen = lake


def default_lake() -> Lake:
    """Return the lake in force: the one of `use_lake`, else the one at `default_url`."""
    with _lock:
        if _chosen is not None:
            return _chosen
        url = default_url()
        if url not in _opened:
            _opened[url] = Lake(url)
        return _opened[url]
