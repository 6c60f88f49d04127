"""Choosing documents from a list."""

from __future__ import annotations

from collections.abc import Sequence

from healthsim_lake.catalog.documents import DocumentRecord


def matches(
    record: DocumentRecord,
    *,
    products: Sequence[str],
    tags: Sequence[str],
    search: str | None,
) -> bool:
    """Return whether a document has any of the products, any of the tags, and the text."""
    if products and not _any_of(products, record.products):
        return False
    if tags and not _any_of(tags, record.tags):
        return False
    if search is None:
        return True
    wanted = search.casefold()
    return wanted in record.name.casefold() or wanted in (record.description or "").casefold()


def _any_of(wanted: Sequence[str], own: Sequence[str]) -> bool:
    return not {one.casefold() for one in wanted}.isdisjoint(one.casefold() for one in own)
