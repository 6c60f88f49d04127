"""A disk that forgets, when the power fails, whatever was not made durable.

File systems promise less than programs see: the content of a file is safe after `fsync` of the file,
its name after `fsync` of the folder that the name stands in, and a rename after that of either
folder: then the new folder is there, too, for a file that left its old place for good has to be
somewhere. Everything else may be gone, or may be there.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

UNNAMED = getattr(os, "O_TMPFILE", -1)
"""Opens a file without a name; -1, which no flags contain, where there is no such thing."""


@dataclass(slots=True)
class Change:
    """A change of names that may be forgotten.

    Attributes:
        undo: Makes it as if the change had not been made.
        folders: Any of these made durable makes the change durable.
        makes: The folder that it made, if it made one.
        needs: The folder that has to be there when it is durable, if it left another.
    """

    undo: Callable[[], None]
    folders: frozenset[str] = field(default_factory=frozenset)
    makes: str | None = None
    needs: str | None = None


class ForgetfulDisk:
    """Watches what is done below a folder; `lose_power` takes back what was not durable.

    Args:
        root: The folder.
        aside: A folder on the same disk for what was deleted.
        patch: Takes the place of functions of `os`.
    """

    def __init__(self, root: Path, aside: Path, patch: pytest.MonkeyPatch) -> None:
        self._root, self._aside = str(root), aside
        self._changes: list[Change] = []
        self._soft: dict[int, str] = {}
        self._handles: dict[int, str] = {}
        self._deleted = 0
        self._on = True
        for name in ("open", "close", "fsync", "link", "rename", "unlink", "mkdir", "rmdir"):
            patch.setattr(os, name, self._watched(name, getattr(os, name)))

    def _watched(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if not self._on:
                return real(*arguments, **options)
            return getattr(self, f"_{name}")(real, *arguments, **options)

        call.__wrapped__ = real  # type: ignore[attr-defined]
        return call

    def _inside(self, path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(self._root)

    def _note(self, undo: Callable[[], None], *paths: Any, **more: str) -> None:
        folders = frozenset(str(Path(path).parent) for path in paths)
        self._changes.append(Change(undo, folders, **more))

    def _open(self, real: Any, path: Any, flags: int, *rest: Any, **options: Any) -> int:
        descriptor: int = real(path, flags, *rest, **options)
        if isinstance(path, str | os.PathLike):
            self._handles[descriptor] = os.fspath(path)
            if self._inside(path) and flags & UNNAMED == UNNAMED:
                self._soft[os.fstat(descriptor).st_ino] = os.fspath(path)
            elif self._inside(path) and flags & os.O_CREAT:
                self._soft[os.fstat(descriptor).st_ino] = os.fspath(path)
                self._note(lambda: Path(path).unlink(missing_ok=True), path)
        return descriptor

    def _close(self, real: Any, descriptor: int) -> None:
        self._handles.pop(descriptor, None)
        real(descriptor)

    def _fsync(self, real: Any, descriptor: int) -> None:
        real(descriptor)
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            folder = self._handles.get(descriptor, "")
            lasting = [one for one in self._changes if folder in one.folders]
            needed = {str(above) for one in lasting if one.needs for above in _up(one.needs)}
            self._changes = [
                one for one in self._changes if one not in lasting and one.makes not in needed
            ]
        else:
            self._soft.pop(found.st_ino, None)

    def _link(self, real: Any, source: Any, target: Any, **options: Any) -> None:
        real(source, target, **options)
        if self._inside(target):
            self._note(lambda: Path(target).unlink(missing_ok=True), target)

    def _rename(self, real: Any, source: Any, target: Any, **options: Any) -> None:
        real(source, target, **options)
        if self._inside(target):
            self._note(
                lambda: _back(target, source), source, target, needs=str(Path(target).parent)
            )

    def _unlink(self, real: Any, path: Any, **options: Any) -> None:
        if not self._inside(path) or options:
            real(path, **options)
            return
        self._deleted += 1
        kept = self._aside / str(self._deleted)
        os.rename.__wrapped__(path, kept)  # type: ignore[attr-defined]
        self._note(lambda: _back(kept, path), path)

    def _mkdir(self, real: Any, path: Any, *rest: Any, **options: Any) -> None:
        real(path, *rest, **options)
        if self._inside(path):
            self._note(lambda: shutil.rmtree(path, ignore_errors=True), path, makes=os.fspath(path))

    def _rmdir(self, real: Any, path: Any, **options: Any) -> None:
        real(path, **options)
        if self._inside(path):
            self._note(lambda: Path(path).mkdir(parents=True, exist_ok=True), path)

    def lose_power(self, *, kept: int = 0) -> None:
        """Forget all changes that are not durable, but the first `kept` of them; tear files."""
        self._on = False
        for change in reversed(self._changes[kept:]):
            change.undo()
        for parent, _, names in os.walk(self._root):
            for name in names:
                path = Path(parent, name)
                if path.stat().st_ino in self._soft:
                    path.chmod(0o644)
                    os.truncate(path, path.stat().st_size // 2)

    @property
    def pending(self) -> int:
        """How many changes are not durable."""
        return len(self._changes)


def _up(folder: str) -> list[Path]:
    return [Path(folder), *Path(folder).parents]


def _back(now: Any, then: Any) -> None:
    """Give something its former name again, unless that is forgotten as well."""
    if Path(now).exists():
        Path(then).parent.mkdir(parents=True, exist_ok=True)
        Path(now).rename(then)
