"""A working set that a product keeps in memory, saved as a JSON file and as a scenario."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, Field, ValidationError

from healthsim_lake import _clock, _json
from healthsim_lake._shown import shown
from healthsim_lake.catalog.records import ScenarioRecord
from healthsim_lake.default import default_lake
from healthsim_lake.errors import FormatError
from healthsim_lake.lake import Lake
from healthsim_lake.state.provenance import EntityWithProvenance, ProvenanceSummary
from healthsim_lake.storage.placing import written_file

Directory = str | os.PathLike[str] | None
"""A folder of workspace files; None for the usual one, and the default lake besides."""

SCHEMA_VERSION = "2.0"
WORKSPACE_ID = "workspace_id"
"""Key of a scenario's metadata that says which workspace it is."""
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


def default_directory() -> Path:
    """Return the usual folder of workspace files."""
    return Path.home() / ".healthsim" / "workspaces"


class WorkspaceMetadata(BaseModel):
    """What is known of a workspace besides its entities."""

    workspace_id: str = Field(default_factory=_clock.new_uuid)
    name: str
    description: str | None = None
    tags: list[str] = Field(default_factory=list)
    created_at: datetime = Field(default_factory=_clock.now)
    updated_at: datetime = Field(default_factory=_clock.now)
    product: str = "unknown"
    schema_version: str = SCHEMA_VERSION


class Workspace(BaseModel):
    """Entities with their provenance, under a name."""

    metadata: WorkspaceMetadata
    provenance_summary: ProvenanceSummary = Field(default_factory=ProvenanceSummary)
    entities: dict[str, list[EntityWithProvenance]] = Field(default_factory=dict)

    def save(self, directory: Directory = None, *, lake: Lake | None = None) -> Path:
        """Save the workspace, replacing what was saved of it before; return the path of its file.

        Args:
            directory: Where its file is to be.
            lake: Where its scenario is to be; by default the default lake if no directory is
                given, else nowhere.

        Raises:
            StorageError: One of them cannot be written.
        """
        self.metadata.updated_at = _clock.now()
        self.provenance_summary = ProvenanceSummary.from_entities(self.entities)
        home = lake or (default_lake() if directory is None else None)
        if home is not None:
            self.save_scenario(home)
        path = _path(self.metadata.workspace_id, directory)
        with written_file(path) as aside:
            aside.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
        return path

    def save_scenario(self, lake: Lake) -> ScenarioRecord:
        """Save the workspace as a scenario of `lake`; the one of an earlier save is replaced.

        The scenario has the workspace's name, with a number behind it if something else has it.
        """
        former = _scenario_of(lake, self.metadata.workspace_id)
        described = self.metadata.model_dump(
            mode="json", include={WORKSPACE_ID, "product", "schema_version", "created_at"}
        )
        return lake.scenarios.save(
            self.metadata.name if former is None else former.name,
            {key: [one.to_row() for one in group] for key, group in self.entities.items()},
            description=self.metadata.description,
            tags=self.metadata.tags,
            metadata={**described, "workspace_name": self.metadata.name},
            overwrite=former is not None,
            unique=former is None,
            expected_version=None if former is None else former.version,
        )

    @classmethod
    def from_scenario(cls, lake: Lake, ref: str) -> Self:
        """Return a scenario, of a workspace or any other, as a workspace.

        Raises:
            ScenarioNotFoundError: There is no such scenario.
        """
        scenario = lake.scenarios.load(ref)
        record, kept = scenario.record, scenario.record.metadata
        entities = {
            key: [EntityWithProvenance.from_row(row, lake.entities.singular(key)) for row in rows]
            for key, rows in scenario.items()
        }
        return cls(
            metadata=WorkspaceMetadata(
                workspace_id=str(kept.get(WORKSPACE_ID) or record.id),
                name=str(kept.get("workspace_name") or record.name),
                description=record.description,
                tags=list(record.tags),
                created_at=kept.get("created_at") or record.created_at,
                updated_at=record.updated_at,
                product=str(kept.get("product") or "unknown"),
            ),
            provenance_summary=ProvenanceSummary.from_entities(entities),
            entities=entities,
        )

    @classmethod
    def load(cls, workspace_id: str, directory: Directory = None) -> Self:
        """Return a workspace by id, from its file, else from the lake.

        Raises:
            FileNotFoundError: There is no such workspace.
            FormatError: Its file is damaged.
        """
        path = _path(workspace_id, directory)
        if path.is_file():
            return cls._read(path)
        record = _scenario_of(default_lake(), workspace_id) if directory is None else None
        if record is None:
            raise FileNotFoundError(f"Workspace {shown(workspace_id)} not found in {path.parent}")
        return cls.from_scenario(default_lake(), record.id)

    @classmethod
    def find_by_name(cls, name: str, directory: Directory = None) -> Self | None:
        """Return the workspace whose name holds `name`, in any case; the last saved of several."""
        wanted = name.casefold()
        found = cls.list_all(directory=directory)
        return next((one for one in found if wanted in one.metadata.name.casefold()), None)

    @classmethod
    def list_all(
        cls,
        search: str | None = None,
        tags: Iterable[str] | None = None,
        product: str | None = None,
        directory: Directory = None,
    ) -> list[Self]:
        """Return workspaces, last saved first.

        Args:
            search: Only those with this text in name or description, in any case.
            tags: Only those with all of these tags, in any case.
            product: Only those of this product.
            directory: Where their files are.
        """
        chosen = [one for one in cls._all(directory) if one.matches(search, tags, product)]
        return sorted(chosen, key=_age, reverse=True)

    @classmethod
    def delete(
        cls, workspace_id: str, directory: Directory = None, *, lake: Lake | None = None
    ) -> bool:
        """Delete a workspace's file and its scenario, where `save` put them.

        Returns:
            Whether there was any.
        """
        path = _path(workspace_id, directory)
        there = path.is_file()
        path.unlink(missing_ok=True)
        home = lake or (default_lake() if directory is None else None)
        record = None if home is None else _scenario_of(home, workspace_id)
        if home is not None and record is not None:
            home.scenarios.delete(record.id, missing_ok=True)
        return there or record is not None

    def get_entity_count(self, entity_type: str | None = None) -> int:
        """Return how many entities of one type, or of all, there are."""
        if entity_type is not None:
            return len(self.entities.get(entity_type, ()))
        return sum(map(len, self.entities.values()))

    def get_entity_types(self) -> list[str]:
        """Return the entity types that have entities."""
        return [key for key, group in self.entities.items() if group]

    def add_entities(self, entity_type: str, entities: Iterable[EntityWithProvenance]) -> None:
        """Add entities of one type behind those that are there."""
        self.entities.setdefault(entity_type, []).extend(entities)
        self.provenance_summary = ProvenanceSummary.from_entities(self.entities)
        self.metadata.updated_at = _clock.now()

    def to_summary(self) -> dict[str, Any]:
        """Return what is known of the workspace, without its entities, as JSON values."""
        return {
            **self.metadata.model_dump(mode="json"),
            "entity_counts": {key: len(group) for key, group in self.entities.items()},
            "total_entities": self.get_entity_count(),
            "provenance_summary": self.provenance_summary.model_dump(mode="json"),
        }

    @classmethod
    def _all(cls, directory: Directory) -> Iterator[Self]:
        """Yield all workspaces: those of files, then those that are in the lake alone."""
        folder, seen = _folder(directory), set[str]()
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            try:
                found = cls._read(path)
            except FormatError as error:
                warnings.warn(f"not listed: {error}", stacklevel=3)
                continue
            seen.add(found.metadata.workspace_id)
            yield found
        for record in default_lake().scenarios.list(limit=None) if directory is None else ():
            if str(record.metadata.get(WORKSPACE_ID) or "") not in {"", *seen}:
                yield cls.from_scenario(default_lake(), record.id)

    @classmethod
    def _read(cls, path: Path) -> Self:
        value = _json.loads_foreign(path.read_bytes(), where=str(path))
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise FormatError(f"{path}: no workspace: {place}: {first['msg']}") from error

    def matches(self, search: str | None, tags: Iterable[str] | None, product: str | None) -> bool:
        """Return whether `list_all` with these filters shows the workspace."""
        own = self.metadata
        carried = {tag.casefold() for tag in own.tags}
        text = f"{own.name}\n{own.description or ''}".casefold()
        return (
            (search is None or search.casefold() in text)
            and all(tag.strip().casefold() in carried for tag in tags or ())
            and (product is None or own.product.casefold() == product.casefold())
        )


def _age(workspace: Workspace) -> datetime:
    return _clock.to_utc(workspace.metadata.updated_at)


def _folder(directory: Directory) -> Path:
    return default_directory() if directory is None else Path(os.fspath(directory)).expanduser()


def _path(workspace_id: str, directory: Directory) -> Path:
    if not _FILE_NAME.fullmatch(workspace_id):
        raise FileNotFoundError(f"Workspace {shown(workspace_id)} not found: this is no id")
    return _folder(directory) / f"{workspace_id}.json"


def _scenario_of(lake: Lake, workspace_id: str) -> ScenarioRecord | None:
    found = lake.scenarios.list(limit=None)
    return next((one for one in found if _says(one.metadata, workspace_id)), None)


def _says(metadata: Mapping[str, Any], workspace_id: str) -> bool:
    return metadata.get(WORKSPACE_ID) == workspace_id
