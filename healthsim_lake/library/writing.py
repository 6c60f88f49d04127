"""Saving documents, and changing them."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from healthsim_lake._shown import shown
from healthsim_lake.catalog.documents import (
    Body,
    BodyRef,
    ChangeDocument,
    CreateDocument,
    DocumentState,
)
from healthsim_lake.catalog.metadata import check_metadata
from healthsim_lake.catalog.names import check_name, check_tags, check_text
from healthsim_lake.catalog.shelf import Shelf
from healthsim_lake.catalog.transaction import Committed, Label, Plan, Transaction
from healthsim_lake.errors import InputError, InvalidNameError, VersionConflictError
from healthsim_lake.library import bodies, plans
from healthsim_lake.library.kinds import M, Parsed, R, S
from healthsim_lake.library.reading import Reading


class Writing(Reading[R, S, M]):
    """What changes a document; every change is a commit of its own."""

    def save(
        self,
        name: str,
        spec: Any,
        *,
        description: str | None = None,
        products: Iterable[str] | None = None,
        tags: Iterable[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        author: str | None = None,
        message: str | None = None,
    ) -> R:
        """Save a new document as version 1.

        Args:
            name: 1 to 200 characters, unique among its kind.
            spec: A specification, any pydantic model, or a mapping; kept as it was given.
            description: By default what the specification says of itself.
            products: By default those that the specification names.
            tags: Labels to find it by.
            metadata: Any JSON object.
            idempotency_key: A second save with the same key within 7 days does nothing and returns
                the document of the first.
            author: Who, for the history.
            message: Why, for the history.

        Raises:
            NameTakenError: The name exists.
            InputError: The specification cannot mean anything, or the name breaks a rule.
        """
        label = Label(author=author, message=message, idempotency_key=idempotency_key)
        parsed = self._kind.parse(spec)
        self._warn_of_slips(parsed.model)
        transaction = self._committer.begin(label)
        document_id = self._new_id()
        action = CreateDocument(
            collection=self._kind.collection,
            document_id=document_id,
            name=self._checked_name(name),
            description=parsed.model.description
            if description is None
            else check_text(description, "description"),
            products=self._kind.products(parsed.model)
            if products is None
            else check_tags(products, "products"),
            tags=check_tags(tags),
            metadata=check_metadata(metadata) or {},
            figures=self._kind.figures(parsed.model),
            body=self._stored(parsed, document_id, transaction.txn_id),
        )
        committed = self._bring(
            action, lambda snapshot: plans.creation(snapshot, [action], "save"), transaction
        )
        if committed.commit is None:  # an earlier request did it, with a specification of its own
            return self._shown(self._after(committed, committed.result or document_id))
        return self._brought(parsed, self._after(committed, document_id), revision=1)

    def update(
        self,
        ref: str,
        spec: Any = None,
        *,
        description: str | None = None,
        products: Iterable[str] | None = None,
        tags: Iterable[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        bump_version: bool = True,
        expected_version: int | None = None,
        author: str | None = None,
        message: str | None = None,
    ) -> R:
        """Change a document; what is None stays.

        Args:
            ref: Name or id.
            spec: The new specification.
            description: The new description.
            products: The new products, in place of the old.
            tags: The new tags, in place of the old.
            metadata: The new metadata, in place of the old.
            bump_version: Whether this is a new version. Former versions stay loadable either way,
                and executions remember the very specification that was run.
            expected_version: Refuse if the document is at another version.
            author: Who, for the history.
            message: Why, for the history.

        Raises:
            DocumentNotFoundError: There is no such document.
            VersionConflictError: It is at another version, or somebody else changed it at the
                same moment; names both versions.
            InputError: The specification cannot mean anything.
        """
        state = self._shelf().get(ref)
        record = state.record
        if expected_version is not None and record.version != expected_version:
            raise VersionConflictError(
                f"{self._kind.singular.capitalize()} '{record.name}' is at version "
                f"{record.version}, not {expected_version}: it was changed meanwhile; load it again"
            )
        parsed = None if spec is None else self._kind.parse(spec)
        if parsed is not None:
            self._warn_of_slips(parsed.model)
        transaction = self._committer.begin(Label(author=author, message=message))
        change = ChangeDocument(
            document_id=record.id,
            description=check_text(description, "description"),
            products=None if products is None else check_tags(products, "products"),
            tags=None if tags is None else check_tags(tags),
            metadata=check_metadata(metadata),
            figures=None if parsed is None else self._kind.figures(parsed.model),
            body=None if parsed is None else self._stored(parsed, record.id, transaction.txn_id),
            bump=bump_version,
        )
        committed = self._bring(change, lambda _: plans.update(change, state), transaction)
        changed = self._after(committed, record.id)
        if parsed is None:
            return self._shown(changed)
        return self._brought(parsed, changed, revision=record.revision + 1)

    def rename(self, ref: str, name: str) -> R:
        """Give a document another name; id and version stay.

        Raises:
            NameTakenError: Another one has that name.
        """
        state, wanted = self._shelf().get(ref), self._checked_name(name)
        return self._commit(lambda _snapshot: plans.rename(state, wanted), state.record.id)

    def delete(self, ref: str, *, drop_executions: bool = False, missing_ok: bool = False) -> bool:
        """Delete a document; `restore` brings it back.

        Args:
            ref: Name or id.
            drop_executions: Forget what it was run for, too; `restore` does not bring that back.
            missing_ok: Return False where there is no such document.

        Raises:
            DocumentNotFoundError: There is no such document.
        """
        if missing_ok and not self.exists(ref):
            return False
        state = self._shelf().get(ref)
        self._committer.commit(
            lambda _snapshot: plans.deletion(state, drop_executions=drop_executions)
        )
        return True

    def restore(self, ref: str, name: str | None = None) -> R:
        """Bring a deleted document back with all its versions.

        Args:
            ref: Its id, or its name: then the one of that name that was deleted last.
            name: Another name for it.

        Raises:
            DocumentNotFoundError: No deleted document has that name or id.
            NameTakenError: Another one has the name now.
        """
        state = self._shelf().find_deleted(ref)
        if state is None:
            self._shelf().get(ref)
            raise InputError(f"{self._kind.singular.capitalize()} {shown(ref)} is not deleted")
        wanted = state.record.name if name is None else self._checked_name(name)
        return self._commit(lambda _snapshot: plans.restoration(state, wanted), state.record.id)

    def _warn_of_slips(self, model: M) -> None:
        for slip in model.slips():
            message = f"kept in the {self._kind.singular}, but without a meaning: {slip}"
            warnings.warn(message, stacklevel=3)

    def _stored(self, parsed: Parsed[M], document_id: str, txn_id: str) -> Body | BodyRef:
        storage = self._committer.log.storage
        return bodies.stored(storage, parsed.spec, self._kind.collection, ids=(document_id, txn_id))

    def _commit(self, plan: Plan, document_id: str) -> R:
        return self._shown(self._after(self._committer.commit(plan), document_id))

    def _bring(
        self, action: CreateDocument | ChangeDocument, plan: Plan, transaction: Transaction
    ) -> Committed:
        """Commit a specification, whose document goes again if that fails."""
        try:
            return self._committer.commit(plan, transaction=transaction)
        finally:
            if transaction.done is None and not transaction.may_stand:
                storage, collection = self._committer.log.storage, self._kind.collection
                bodies.discard(storage, action.body, collection, action.document_id)

    def _after(self, committed: Committed, document_id: str) -> DocumentState:
        return Shelf(committed.snapshot, self._kind.collection).get_even_deleted(document_id)

    def _brought(self, parsed: Parsed[M], state: DocumentState, *, revision: int) -> R:
        """Return the document that `parsed` was just written to, without reading it again."""
        if state.record.revision != revision:  # somebody else has changed it since
            return self._shown(state)
        return self._kind.record(state.record, parsed)

    def _checked_name(self, name: str) -> str:
        kept = check_name(name, what=self._kind.singular)
        if kept.startswith(f"{self._kind.singular}-") and len(kept) == len(self._kind.singular) + 9:
            raise InvalidNameError(f"{shown(kept)} has the form of an id; choose another name")
        return kept

    def _new_id(self) -> str:
        """Return an id that no document has yet, tombstones included."""
        taken = self._committer.log.latest().state.documents
        while True:
            made = f"{self._kind.singular}-{secrets.token_hex(4)}"
            if made not in taken:
                return made
