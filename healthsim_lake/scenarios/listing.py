"""Choosing scenarios from a list."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice
from typing import Literal

from healthsim_lake._shown import shown
from healthsim_lake.catalog.names import check_count, check_text
from healthsim_lake.catalog.records import ScenarioRecord
from healthsim_lake.errors import InputError

Sort = Literal["updated_at", "created_at", "name"]


def in_order(records: Sequence[ScenarioRecord], sort: Sort) -> Sequence[ScenarioRecord]:
    """Return the records, given last changed first, in another order.

    Raises:
        InputError: There is no such order.
    """
    if sort == "updated_at":
        return records
    if sort == "created_at":
        return sorted(records, key=lambda one: one.created_at, reverse=True)
    if sort == "name":
        return sorted(records, key=lambda one: (one.name.casefold(), one.name))
    raise InputError(f"sort={shown(sort)} is not known; use updated_at, created_at or name")


def best_named(records: Sequence[ScenarioRecord], name: str) -> ScenarioRecord | None:
    """Return the first record of that name, else in any case, else with that text in its name."""
    wanted = name.casefold()
    exact = (one for one in records if one.name == name)
    folded = (one for one in records if one.name.casefold() == wanted)
    partial = (one for one in records if wanted in one.name.casefold())
    return next(chain(exact, folded, partial), None)


def select(
    records: Sequence[ScenarioRecord],
    *,
    tag: str | None,
    search: str | None,
    product: str | None,
    limit: int | None,
    offset: int,
) -> list[ScenarioRecord]:
    """Return the records that match all that is given, in their order.

    Raises:
        InputError: A negative limit or offset, or a value of the wrong type.
    """
    for name, text in (("tag", tag), ("search", search), ("product", product)):
        check_text(text, name)
    if limit is not None:
        check_count(limit, "limit")
    check_count(offset, "offset")
    matching = (record for record in records if _matches(record, tag, search, product))
    return list(islice(matching, offset, None if limit is None else offset + limit))


def _matches(
    record: ScenarioRecord, tag: str | None, search: str | None, product: str | None
) -> bool:
    if tag is not None and not record.has_tag(tag):
        return False
    if product is not None and not _has_product(record, product):
        return False
    if search is None:
        return True
    wanted = search.casefold()
    return wanted in record.name.casefold() or wanted in (record.description or "").casefold()


def _has_product(record: ScenarioRecord, product: str) -> bool:
    wanted = product.casefold()
    named = record.metadata.get("product")
    own = (*record.products, named) if isinstance(named, str) else record.products
    return any(one.casefold() == wanted for one in own)
