"""The predecessor's scenarios into the lake: each in one commit, each looked at afterwards."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from healthsim_lake.errors import (
    FormatError,
    IntegrityError,
    LakeError,
    NameTakenError,
)
from healthsim_lake.lake import Lake
from healthsim_lake.scenarios import exchange
from healthsim_lake.state.functions import get_manager
from healthsim_lake.state.legacy import files
from healthsim_lake.state.legacy.previewing import (
    BROKEN,
    DONE,
    TAKEN,
    Preview,
    difference,
    preview,
    preview_migration,
    usable_name,
)
from healthsim_lake.state.manager import StateManager

DRY_RUN = -1


@dataclass
class MigrationResult:
    """What became of one scenario.

    Attributes:
        name: Its name.
        success: Whether it is in the lake, row for row; in a dry run, whether it would be.
        entity_count: Its rows; -1 in a dry run.
        error: What is wrong, or None.
        source_path: Its file, or folder of files.
    """

    name: str
    success: bool
    entity_count: int = 0
    error: str | None = None
    source_path: Path | None = None

    def __repr__(self) -> str:
        if not self.success:
            return f"✗ {self.name}: {self.error}"
        counted = "dry run" if self.entity_count == DRY_RUN else f"{self.entity_count} entities"
        return f"✓ {self.name} ({counted})"


def migrate_scenario(
    json_path: str | os.PathLike[str],
    manager: StateManager | None = None,
    overwrite: bool = False,  # noqa: FBT001, FBT002  # positional in the predecessor
) -> MigrationResult:
    """Import one file, or folder of files, and verify it; never raises what is wrong with it.

    A scenario that is there already with the same rows is left as it is, so that an interrupted
    migration can be run again.
    """
    path = Path(os.fspath(json_path))
    lake = (manager or get_manager()).lake
    name = path.stem
    try:
        found = preview(lake, path)
        name = found.name
        if found.outcome == BROKEN:
            raise FormatError(str(found.error))
        if found.outcome == TAKEN and not overwrite:
            raise NameTakenError(
                f"Scenario '{name}' already exists and has other rows; use overwrite to replace it"
            )
        if found.outcome != DONE:
            _import(lake, path, name)
    except (LakeError, OSError) as error:
        return MigrationResult(name, success=False, error=str(error), source_path=path)
    rows = sum(found.entity_counts.values())
    return MigrationResult(name, success=True, entity_count=rows, source_path=path)


def migrate_all_scenarios(
    dry_run: bool = False,  # noqa: FBT001, FBT002  # positional in the predecessor
    overwrite: bool = False,  # noqa: FBT001, FBT002  # likewise
    legacy_path: files.Folder = None,
    backup_path: files.Folder = None,
    manager: StateManager | None = None,
    *,
    backup: bool = True,
) -> tuple[list[MigrationResult], Path | None]:
    """Bring a legacy folder into the lake: copy it, import each scenario, verify each.

    Where all went well, the originals that are in the copy are removed; where anything failed,
    and without a copy, they stay as they are. It can be interrupted and run again at any time.

    Args:
        dry_run: Change nothing.
        overwrite: Replace scenarios of the same name that have other rows.
        legacy_path: The folder; None for the predecessor's.
        backup_path: Where the copy goes; None for beside the folder, ``…_backup``.
        manager: Of the lake to import to.
        backup: Whether to make a copy first.

    Returns:
        What became of each scenario, and the copy, if one was made.

    Raises:
        StorageError: The copy cannot be made; nothing was changed.
    """
    source = files.scenarios_path() if legacy_path is None else Path(os.fspath(legacy_path))
    previews = preview_migration(source, manager)
    if dry_run:
        return [_dry(one, overwrite=overwrite) for one in previews], None
    copy: Path | None = None
    if previews and backup:
        place = (
            files.default_backup(source) if backup_path is None else Path(os.fspath(backup_path))
        )
        copy = files.copy_scenarios(source, place)
    results = [_migrated(one, manager, overwrite=overwrite) for one in previews]
    if copy is not None and all(one.success for one in results):
        files.remove_copied(source, copy)
    return results, copy


def verify_migration(
    expected_count: int,
    expected_names: list[str] | None = None,
    manager: StateManager | None = None,
) -> dict[str, Any]:
    """Return whether the lake holds so many scenarios, and those of these names."""
    records = (manager or get_manager()).lake.scenarios.list(limit=None)
    found = sorted(record.name for record in records)
    missing = sorted(set(expected_names or ()) - set(found))
    enough = len(found) >= expected_count
    return {
        "expected_count": expected_count,
        "found_count": len(found),
        "count_match": enough,
        "found_names": found,
        "success": enough and not missing,
        "missing": missing,
    }


def get_migration_status(
    manager: StateManager | None = None, legacy_path: files.Folder = None
) -> dict[str, Any]:
    """Return what there is to migrate, what is done, and which copies were made."""
    source = files.scenarios_path() if legacy_path is None else Path(os.fspath(legacy_path))
    lake = (manager or get_manager()).lake
    previews = preview_migration(source, manager)
    copies = sorted(source.parent.glob(f"{source.name}_backup*")) if source.parent.is_dir() else []
    return {
        "legacy_path": str(source),
        "legacy_exists": source.is_dir(),
        "legacy_count": len(previews),
        "migrated": [one.name for one in previews if one.outcome == DONE],
        "pending": [one.name for one in previews if one.outcome != DONE],
        "scenarios": [one.to_dict() for one in previews],
        "backups": [str(one) for one in copies],
        "lake": lake.url,
        "lake_count": len(lake.scenarios.list(limit=None)),
    }


def migrate_legacy_scenario(
    json_path: str | os.PathLike[str], manager: StateManager | None = None
) -> str:
    """Import one file, replacing a scenario of its name, and return the scenario's id.

    Raises:
        FormatError: It is no scenario; says where.
    """
    lake = (manager or get_manager()).lake
    path = Path(os.fspath(json_path))
    return _import(
        lake, path, usable_name(exchange.read(path, lake.entities.registry()).name, path)
    )


def migrate_all_legacy_scenarios(
    manager: StateManager | None = None,
    verbose: bool = True,  # noqa: FBT001, FBT002  # positional in the predecessor
) -> dict[str, str]:
    """Import scenarios and workspaces; return each file's id, or ``ERROR: …``, by its name."""
    done: dict[str, str] = {}
    for one in files.list_legacy_scenarios():
        try:
            done[one["name"]] = migrate_legacy_scenario(one["path"], manager)
        except (LakeError, OSError) as error:
            done[one["name"]] = f"ERROR: {error}"
        if verbose:
            sys.stdout.write(f"{one['name']}: {done[one['name']]}\n")
    return done


def _dry(one: Preview, *, overwrite: bool) -> MigrationResult:
    error = one.error
    if one.outcome == TAKEN and not overwrite:
        error = "a scenario of that name has other rows; use overwrite to replace it"
    return MigrationResult(
        one.name, success=error is None, entity_count=DRY_RUN, error=error, source_path=one.path
    )


def _migrated(one: Preview, manager: StateManager | None, *, overwrite: bool) -> MigrationResult:
    if one.outcome == BROKEN:
        return MigrationResult(one.name, success=False, error=one.error, source_path=one.path)
    return migrate_scenario(one.path, manager, overwrite)


def _import(lake: Lake, path: Path, name: str) -> str:
    """Import a scenario, compare what is there then with its file, and return its id."""
    record = lake.scenarios.import_file(
        path, name=name, overwrite=True, message=f"migrated from {path}"
    )
    different = difference(lake, path, record.id)
    if different is not None:
        raise IntegrityError(f"{name} was imported, but {different}; the file was not touched")
    return record.id
