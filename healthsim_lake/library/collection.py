"""`lake.profiles` and `lake.journeys`: every verb for versioned documents, written once."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

from healthsim_lake.catalog.documents import CreateDocument
from healthsim_lake.catalog.shelf import Shelf
from healthsim_lake.catalog.snapshot import Snapshot
from healthsim_lake.catalog.transaction import Draft
from healthsim_lake.library import exchange, plans
from healthsim_lake.library.kinds import M, Parsed, R, S
from healthsim_lake.library.writing import Writing

BUILTIN = "builtin"
"""The tag of documents that ship with the package."""


class DocumentCollection(Writing[R, S, M]):
    """Save, version, find, change and carry documents of one kind.

    `ref` is a name or an id, everywhere; ids win.
    """

    def copy(self, ref: str, name: str, *, version: int | None = None) -> R:
        """Save a document's specification, with description, products and tags, as a new one."""
        source = self._shelf().get(ref)
        record = source.record
        return self.save(
            name,
            self._spec(source, version),
            description=record.description,
            products=record.products,
            tags=record.tags,
            metadata=record.metadata,
            message=f"copy of {record.name}",
        )

    def export(self, ref: str, path: str | os.PathLike[str], *, version: int | None = None) -> Path:
        """Write a document to a JSON or YAML file, by its suffix; folders above it are made."""
        state = self._shelf().get(ref)
        document = exchange.document_of(
            state.record, self._spec(state, version), kind=self._kind.singular
        )
        return exchange.write(Path(path), document)

    def import_file(self, path: str | os.PathLike[str], *, name: str | None = None) -> R:
        """Save what a JSON or YAML file holds: an exported document, or a specification alone.

        Args:
            path: The file.
            name: By default what the file says, else its stem.

        Raises:
            FormatError: It cannot be read, or holds another kind of document.
            NameTakenError: The name exists.
        """
        file = exchange.read(Path(path), kind=self._kind.singular)
        return self.save(name or file.name, file.spec, **file.described)

    def builtin(self) -> dict[str, Any]:
        """Return the specifications that ship with the package, by name."""
        return dict(self._kind.builtin())

    def import_builtin(self) -> tuple[str, ...]:
        """Save the documents that ship with the package, and return the names that were new.

        They carry the tag `BUILTIN`. Names that are taken are left alone, whoever has them; a
        warning names those that somebody else's documents have.
        """
        transaction = self._committer.begin()
        offered = [(name, self._kind.parse(spec)) for name, spec in self.builtin().items()]
        added: list[str] = []

        def plan(snapshot: Snapshot) -> Draft:
            shelf = Shelf(snapshot, self._kind.collection)
            missing = [(name, one) for name, one in offered if shelf.named(name) is None]
            added[:] = [name for name, _ in missing]
            return plans.creation(
                snapshot,
                [self._builtin(name, one, transaction.txn_id) for name, one in missing],
                "import builtin",
            )

        found = [self._shelf().named(name) for name, _ in offered]
        if None in found:
            self._committer.commit(plan, transaction=transaction)
        others = [one.record for one in found if one is not None]
        taken = [record.name for record in others if BUILTIN not in record.tags]
        if taken:
            noun, names = self._kind.singular, ", ".join(taken)
            message = f"built-in {noun}s whose names are taken were not imported: {names}"
            warnings.warn(message, stacklevel=2)
        return tuple(added)

    def _builtin(self, name: str, parsed: Parsed[M], txn_id: str) -> CreateDocument:
        document_id = self._new_id()
        return CreateDocument(
            collection=self._kind.collection,
            document_id=document_id,
            name=name,
            description=parsed.model.description,
            products=self._kind.products(parsed.model),
            tags=(BUILTIN,),
            figures=self._kind.figures(parsed.model),
            body=self._stored(parsed, document_id, txn_id),
        )
