"""Values that travel beside the SQL."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from healthsim_lake.errors import QueryError
from healthsim_lake.query.bounds import PARAMETER_SIZE

_PLAIN = (
    bool,
    int,
    float,
    Decimal,
    dt.date,
    dt.datetime,
    dt.time,
    dt.timedelta,
    uuid.UUID,
    type(None),
)
MAX_LIST = 1_000_000

Params = Sequence[Any] | Mapping[str, Any] | None
"""As a caller gives them."""
Values = list[Any] | dict[str, Any] | None
"""As the engine takes them."""


def checked(params: Params) -> Values:
    """Return `params` as the engine takes them.

    Args:
        params: A sequence for ``?``, a mapping for ``$name``. Values are text, numbers, truth
            values, dates, times, bytes, UUIDs, None, and lists of these.

    Raises:
        QueryError: Another container or value, or one that is too long; says which.
    """
    if params is None:
        return None
    if isinstance(params, Mapping):
        return {str(name): _value(value, f"${name}") for name, value in params.items()}
    if isinstance(params, (str, bytes)) or not isinstance(params, Sequence):
        raise QueryError(
            "parameters have to be a list (for ?) or a mapping of names to values (for $name), "
            f"not {type(params).__name__}"
        )
    return [_value(value, f"number {at}") for at, value in enumerate(params, start=1)]


def _value(value: Any, where: str) -> Any:
    if isinstance(value, (str, bytes)):
        if len(value) > PARAMETER_SIZE:
            raise QueryError(
                f"parameter {where} is {len(value):,} long, at most {PARAMETER_SIZE:,.0f} are taken"
            )
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        if len(value) > MAX_LIST:
            raise QueryError(f"parameter {where} has more than {MAX_LIST:,} items")
        return [_value(item, where) for item in value]
    if isinstance(value, _PLAIN):
        return value
    raise QueryError(
        f"parameter {where} is a {type(value).__name__}; taken are text, numbers, truth values, "
        "dates, times, bytes, None, and lists of these"
    )
