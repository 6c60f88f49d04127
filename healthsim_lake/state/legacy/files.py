"""The predecessor's folders of JSON files, and copies of them."""

from __future__ import annotations

import filecmp
import os
import secrets
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from healthsim_lake import _clock
from healthsim_lake.errors import NotFoundError
from healthsim_lake.storage.placing import named_errors

Folder = str | os.PathLike[str] | None
_SAVED = "saved"
"""A folder of folders, each of them a scenario in several files."""


def scenarios_path() -> Path:
    """Return where the predecessor kept scenarios."""
    return Path.home() / ".healthsim" / "scenarios"


def workspaces_path() -> Path:
    """Return where the predecessor kept workspaces."""
    return Path.home() / ".healthsim" / "workspaces"


def discover_json_scenarios(legacy_path: Folder = None) -> list[Path]:
    """Return the files, and folders of files, that each hold a scenario; sorted by name.

    Args:
        legacy_path: Where to look; None for the predecessor's folder.
    """
    folder = scenarios_path() if legacy_path is None else Path(os.fspath(legacy_path)).expanduser()
    if not folder.is_dir():
        return []
    files = [one for one in folder.glob("*.json") if one.is_file()]
    folders = [
        one
        for place in (folder, folder / _SAVED)
        if place.is_dir()
        for one in place.iterdir()
        if one.is_dir() and one.name != _SAVED and any(one.glob("*.json"))
    ]
    return sorted([*files, *folders], key=lambda one: (one.name, str(one)))


def list_legacy_scenarios() -> list[dict[str, Any]]:
    """Return ``{name, path, modified_at, size_bytes}`` of all, workspaces too; newest first."""
    found = [*discover_json_scenarios(), *discover_json_scenarios(workspaces_path())]
    listed = [
        {
            "name": path.stem,
            "path": str(path),
            "modified_at": datetime.fromtimestamp(path.stat().st_mtime, tz=UTC),
            "size_bytes": size_of(path),
        }
        for path in found
    ]
    return sorted(listed, key=lambda one: one["modified_at"], reverse=True)


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of the JSON files of a folder."""
    files = path.glob("*.json") if path.is_dir() else (path,)
    return sum(one.stat().st_size for one in files)


def default_backup(source: Path) -> Path:
    """Return where the copy of a legacy folder goes, e.g. ``~/.healthsim/scenarios_backup``."""
    return source.with_name(f"{source.name}_backup")


def copy_scenarios(source: Path, backup: Path) -> Path:
    """Copy a legacy folder, and return the copy; one that is there and the same is used again.

    The copy is made aside and moved, so that a half of it is never taken for a backup.

    Raises:
        StorageError: It cannot be written.
    """
    target = backup if not backup.exists() or holds(backup, source) else _dated(backup)
    if target.exists():
        return target
    with named_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        try:
            shutil.copytree(source, aside)
            aside.rename(target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return target


def backup_json_scenarios(source: Folder = None, backup: Folder = None) -> Path:
    """Move a legacy folder to its backup, and return that.

    Args:
        source: The folder; None for the predecessor's.
        backup: Where to; one that is there is kept, and the folder goes to ``…_<time>``.

    Raises:
        NotFoundError: There is no such folder.
        StorageError: It cannot be moved.
    """
    place = scenarios_path() if source is None else Path(os.fspath(source)).expanduser()
    wanted = default_backup(place) if backup is None else Path(os.fspath(backup)).expanduser()
    if not place.is_dir():
        raise NotFoundError(f"Legacy folder {place} not found")
    target = _dated(wanted) if wanted.exists() else wanted
    with named_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(place, target)
    return target


def remove_copied(source: Path, backup: Path) -> None:
    """Remove the files of a legacy folder whose bytes are in the backup, and emptied folders."""
    with named_errors(source):
        for path in sorted(source.rglob("*"), reverse=True):
            twin = backup / path.relative_to(source)
            if path.is_dir() and not path.is_symlink():
                if not any(path.iterdir()):
                    path.rmdir()
            elif twin.is_file() and filecmp.cmp(path, twin, shallow=False):
                path.unlink()
        if not any(source.iterdir()):
            source.rmdir()


def holds(backup: Path, source: Path) -> bool:
    """Return whether all files of a folder are in a backup, byte for byte."""
    return all(
        (twin := backup / path.relative_to(source)).is_file()
        and filecmp.cmp(path, twin, shallow=False)
        for path in source.rglob("*")
        if path.is_file()
    )


def _dated(path: Path) -> Path:
    stem = f"{path.name}_{_clock.now():%Y%m%d_%H%M%S}"
    name, number = stem, 2
    while path.with_name(name).exists():
        name, number = f"{stem}_{number}", number + 1
    return path.with_name(name)
