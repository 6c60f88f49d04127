"""Finding documents, and reading their versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Generic

from healthsim_lake.catalog.documents import DocumentRevision, DocumentState
from healthsim_lake.catalog.names import check_count, check_tags, check_text
from healthsim_lake.catalog.shelf import Shelf, revision_of
from healthsim_lake.library import bodies
from healthsim_lake.library.choosing import matches
from healthsim_lake.library.difference import Change, changes
from healthsim_lake.library.kinds import DocumentKind, M, R, S
from healthsim_lake.library.ledger import Ledger
from healthsim_lake.tables.committer import Committer


class Reading(Generic[R, S, M]):
    """What can be asked of a collection without changing it.

    Args:
        committer: Reads what is true, and changes it.
        kind: The kind of document.
        ledger: Knows how often each was run.
    """

    def __init__(self, committer: Committer, kind: DocumentKind[R, S, M], ledger: Ledger) -> None:
        self._committer, self._kind, self._ledger = committer, kind, ledger

    def load(self, ref: str, *, version: int | None = None) -> R:
        """Return a document with its specification.

        Args:
            ref: Name or id.
            version: One of its versions, see `history`; None for the newest.

        Raises:
            DocumentNotFoundError: There is no such document.
            VersionNotFoundError: It never had that version.
        """
        return self._shown(self._shelf().get(ref), version)

    def exists(self, ref: str) -> bool:
        """Return whether there is a document with that name or id."""
        return self._shelf().find(ref) is not None

    def list(
        self,
        *,
        product: str | None = None,
        products: Iterable[str] | None = None,
        tags: Iterable[str] | None = None,
        search: str | None = None,
        limit: int | None = 50,
        offset: int = 0,
    ) -> list[S]:
        """Return documents with counts of their executions, last changed first.

        Args:
            product: Only those meant for this product.
            products: Only those meant for any of these.
            tags: Only those with any of these tags, in any case.
            search: Only those with this text in name or description, in any case.
            limit: At most so many; None for all.
            offset: Leave out so many first.

        Raises:
            InputError: A negative limit or offset, or a filter of a wrong type.
        """
        if limit is not None:
            check_count(limit, "limit")
        check_count(offset, "offset")
        check_text(search, "search")
        wanted = [] if product is None else [*check_tags([product], "product")]
        wanted += [] if products is None else check_tags(products, "products")
        labels = check_tags(tags)
        found = sorted(self._shelf(), key=lambda one: one.revisions[-1].commit, reverse=True)
        matching = (
            one.record
            for one in found
            if not one.record.deleted
            and matches(one.record, products=wanted, tags=labels, search=search)
        )
        chosen = list(islice(matching, offset, None if limit is None else offset + limit))
        tallies = self._ledger.tallies() if chosen else {}
        return [self._kind.summary.of(record, tallies.get(record.id)) for record in chosen]

    def history(self, ref: str) -> Sequence[DocumentRevision]:
        """Return all changes of a document, the newest first; also of a deleted one."""
        return tuple(reversed(self._shelf().get_even_deleted(ref).revisions))

    def diff(
        self, ref: str, before: int | None = None, after: int | None = None
    ) -> Sequence[Change]:
        """Return what changed between two versions of a specification.

        Args:
            ref: Name or id.
            before: The older version; by default the one before `after`.
            after: The newer version; by default the newest.
        """
        state = self._shelf().get(ref)
        newer = state.record.version if after is None else after
        older = max(1, newer - 1) if before is None else before
        return tuple(changes(self._spec(state, older), self._spec(state, newer)))

    def _shelf(self) -> Shelf:
        return Shelf(self._committer.view(), self._kind.collection)

    def _spec(self, state: DocumentState, version: int | None) -> dict[str, Any]:
        revision = revision_of(state, version)
        return bodies.read(self._committer.log, self._kind.collection, state.record.id, revision)

    def _shown(self, state: DocumentState, version: int | None = None) -> R:
        revision = revision_of(state, version)
        record = state.record
        if revision.revision != record.revision:
            at_version = {"version": revision.version, "updated_at": revision.timestamp}
            record = record.model_copy(update=at_version)
        return self._kind.record(record, self._kind.parse(self._spec(state, version)))
