"""What a product keeps while somebody works with it, and how that becomes a workspace."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, Generic, Literal, TypeVar

from healthsim_lake._shown import shown
from healthsim_lake.default import default_lake
from healthsim_lake.errors import InputError, ScenarioNotFoundError
from healthsim_lake.lake import Lake
from healthsim_lake.state.provenance import EntityWithProvenance, Provenance
from healthsim_lake.state.workspace import Workspace, WorkspaceMetadata

EntityT = TypeVar("EntityT")
Mode = Literal["replace", "merge"]


class Session(ABC, Generic[EntityT]):
    """One piece of work, e.g. a patient with all that happened to them."""

    @property
    @abstractmethod
    def id(self) -> str:
        """What `SessionManager.get_by_id` finds it by."""

    @property
    @abstractmethod
    def primary_entity(self) -> EntityT:
        """What it is about."""

    @property
    @abstractmethod
    def provenance(self) -> Provenance:
        """Where that came from."""

    @abstractmethod
    def to_entities_with_provenance(self) -> Mapping[str, Iterable[EntityWithProvenance]]:
        """Return all its entities by type."""

    @abstractmethod
    def to_summary(self) -> dict[str, Any]:
        """Return what it is about, in a few JSON values."""


SessionT = TypeVar("SessionT", bound=Session[Any])


class SessionManager(ABC, Generic[SessionT]):
    """The sessions of one product, which can be saved as a workspace and loaded again."""

    @property
    @abstractmethod
    def product_name(self) -> str:
        """The product, e.g. ``patientsim``."""

    @abstractmethod
    def count(self) -> int:
        """Return how many sessions there are."""

    @abstractmethod
    def clear(self) -> None:
        """Drop all sessions."""

    @abstractmethod
    def get_all(self) -> list[SessionT]:
        """Return all sessions."""

    @abstractmethod
    def get_by_id(self, session_id: str) -> SessionT | None:
        """Return a session, or None."""

    @abstractmethod
    def add(self, *args: Any, **kwargs: Any) -> SessionT:
        """Make a session of what the product is about, and return it."""

    @abstractmethod
    def _load_entities_from_workspace(self, workspace: Workspace) -> Any:
        """Make sessions of a workspace's entities."""

    def _get_workspace_dir(self) -> str | os.PathLike[str] | None:
        """Return the folder of workspace files; None for the usual one."""
        return None

    def _get_lake(self) -> Lake:
        """Return the lake where workspaces are scenarios."""
        return default_lake()

    def save_workspace(
        self, name: str, description: str | None = None, tags: Iterable[str] | None = None
    ) -> Workspace:
        """Save all sessions as a new workspace: a JSON file, and a scenario of the lake.

        Raises:
            StorageError: One of them cannot be written.
        """
        workspace = Workspace(
            metadata=WorkspaceMetadata(
                name=name,
                description=description,
                tags=list(tags or ()),
                product=self.product_name,
            )
        )
        for session in self.get_all():
            for entity_type, entities in session.to_entities_with_provenance().items():
                workspace.add_entities(entity_type, entities)
        workspace.save(self._get_workspace_dir(), lake=self._get_lake())
        return workspace

    def load_workspace(
        self, workspace_id: str | None = None, name: str | None = None, mode: Mode = "replace"
    ) -> Workspace:
        """Make sessions of a workspace, in place of those that are there or besides them.

        Raises:
            InputError: Neither id nor name, or an unknown mode.
            ScenarioNotFoundError: There is no such workspace.
        """
        if mode not in ("replace", "merge"):
            raise InputError(f"mode={shown(mode)} is not known; use replace or merge")
        if workspace_id is None and name is None:
            raise InputError("Must provide either workspace_id or name")
        workspace = self._find(workspace_id, name)
        if workspace is None:
            raise ScenarioNotFoundError(f"Workspace {shown(workspace_id or name)} not found")
        if mode == "replace":
            self.clear()
        self._load_entities_from_workspace(workspace)
        return workspace

    def list_workspaces(
        self, search: str | None = None, tags: Iterable[str] | None = None, limit: int = 20
    ) -> list[dict[str, Any]]:
        """Return what is known of this product's workspaces, last saved first."""
        found = Workspace.list_all(search, tags, self.product_name, self._get_workspace_dir())
        return [one.to_summary() for one in found[:limit]]

    def delete_workspace(self, id_or_name: str) -> dict[str, Any] | None:
        """Delete a workspace, and return what it was; None if there is none.

        A name has to be the whole one, so that nothing else is deleted by accident.
        """
        directory = self._get_workspace_dir()
        found = self._find(id_or_name, None)
        if found is None:
            named = Workspace.list_all(directory=directory)
            found = next((one for one in named if one.metadata.name == id_or_name), None)
        if found is None:
            return None
        Workspace.delete(found.metadata.workspace_id, directory, lake=self._get_lake())
        return found.to_summary()

    def workspace_summary(self) -> dict[str, Any]:
        """Return what is being worked on."""
        sessions = self.get_all()
        return {
            "status": "active" if sessions else "empty",
            "product": self.product_name,
            "count": len(sessions),
            "sessions": [one.to_summary() for one in sessions],
        }

    def _find(self, workspace_id: str | None, name: str | None) -> Workspace | None:
        directory = self._get_workspace_dir()
        if workspace_id is None:
            return Workspace.find_by_name(name or "", directory)
        try:
            return Workspace.load(workspace_id, directory)
        except FileNotFoundError:
            return None
