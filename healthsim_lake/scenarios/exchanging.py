"""Verbs of `lake.scenarios` for files: export and import."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from healthsim_lake import scenarios
from healthsim_lake.catalog.metadata import check_metadata
from healthsim_lake.catalog.names import check_name, check_tags, check_text
from healthsim_lake.catalog.records import ScenarioRecord
from healthsim_lake.catalog.transaction import Label
from healthsim_lake.scenarios import exchange
from healthsim_lake.scenarios.exchange.formats import parse_format
from healthsim_lake.scenarios.exchange.targets import target_of
from healthsim_lake.scenarios.room import Room

if TYPE_CHECKING:
    from healthsim_lake.scenarios.exchange import ExportResult
    from healthsim_lake.scenarios.writing.sources import Progress


class Exchange(Room):
    """Scenarios to files and back; however large, they are streamed."""

    def export(
        self,
        ref: str,
        path: str | os.PathLike[str] | None = None,
        *,
        format: str = "json",  # noqa: A002  # what everybody calls it
        types: Sequence[str] | None = None,
        include_provenance: bool = True,
        version: int | None = None,
        on_progress: Progress | None = None,
    ) -> ExportResult:
        """Write a scenario to files of other programs; it is written aside, then moved.

        Args:
            ref: Name or id.
            path: A file, or a folder: one that exists gets the export inside. None for
                ``~/Downloads``. Parents are made.
            format: ``json`` is one file, whose rows come back exactly; ``ndjson`` a folder with
                the rows of each type, as they were saved, one a line; ``csv`` and ``parquet`` a
                folder with the columns of each table. All but Parquet with ``.gz``, too, e.g.
                ``csv.gz``.
            types: Entity types to write; None for all.
            include_provenance: Whether to tell where rows came from.
            version: One of its versions, see `history`; None for the newest.
            on_progress: Called with an entity key and its rows so far.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
            VersionNotFoundError: It never had that version.
            EntityTypeNotFoundError: It holds no such type.
            InputError: There is no such format, or the path is none of this machine.
            StorageError: It cannot be written; nothing was changed.
            IntegrityError: A data file is missing or differs from what was committed.
        """
        form = parse_format(format, path)
        snapshot = self._committer.view()
        chosen = scenarios.choose(
            self._committer.log,
            snapshot,
            snapshot.get(ref),
            self._types,
            types=types,
            version=version,
        )
        outgoing = exchange.Outgoing(
            self._committer.log.storage,
            chosen,
            include_provenance=include_provenance,
            on_progress=on_progress,
        )
        return outgoing.write(target_of(path, chosen.record.name, form), form)

    def import_file(
        self,
        path: str | os.PathLike[str],
        *,
        name: str | None = None,
        overwrite: bool = False,
        format: str | None = None,  # noqa: A002  # what everybody calls it
        entity_type: str | None = None,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        idempotency_key: str | None = None,
        author: str | None = None,
        message: str | None = None,
        on_progress: Progress | None = None,
    ) -> ScenarioRecord:
        """Save what files hold as a scenario: what `export` wrote, and what others write.

        A JSON file holds ``entities``, or entity types at the top, in the singular or the plural;
        items of the form ``{data, provenance}`` are unwrapped. It is looked through before
        anything is saved. A file of one table is an entity type, called by the file's name; a
        folder holds such files, or small JSON files.

        A packed file may unpack to 250 times its size, and to 256 MB in any case; the environment
        variable ``HEALTHSIM_UNPACK_RATIO`` sets another number.

        Args:
            path: A file or folder.
            name: Name of the scenario; None for what the file says, else for the file's own.
            overwrite: As for `save`.
            format: ``json``, ``ndjson``, ``csv`` or ``parquet``; None for what the name says.
            entity_type: What the rows of a file of one table are, if its name does not say.
            description: Free text; None for what the file says.
            tags: Labels; None for those in the file.
            idempotency_key: As for `save`.
            author: Who, for the history.
            message: Why, for the history.
            on_progress: As for `save`.

        Raises:
            FormatError: It is not what it claims to be; says where.
            FileNotFoundError: It is not there.
            NameTakenError: The name exists and `overwrite` is false.
            InvalidNameError: The name, a tag or an entity key breaks a rule.
            InvalidEntityError: A row cannot be kept exactly.
        """
        found = exchange.read(path, self._types.registry(), form=format, entity_type=entity_type)
        labels = found.tags if tags is None else tags
        request = scenarios.SaveRequest(
            name=check_name(found.name if name is None else name),
            description=check_text(
                found.description if description is None else description, "description"
            ),
            tags=None if labels is None else check_tags(labels),
            metadata=check_metadata(found.metadata),
            overwrite=overwrite,
        )
        saving = scenarios.Saving(self._committer, self._types.in_use(), request)
        return saving.run(
            scenarios.GivenRows(found.entities, found.provenance, on_progress),
            label=Label(author=author, message=message, idempotency_key=idempotency_key),
        )
