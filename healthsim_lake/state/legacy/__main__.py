"""`python -m healthsim_lake.state.legacy`: the migration, without the rest of the program."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from healthsim_lake import _json
from healthsim_lake.errors import LakeError
from healthsim_lake.state.functions import get_manager
from healthsim_lake.state.legacy.migrating import get_migration_status, migrate_all_scenarios
from healthsim_lake.state.manager import StateManager


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the migration, and return the exit code: 1 if anything failed."""
    chosen = _parser().parse_args(arguments)
    manager = get_manager() if chosen.lake is None else StateManager(chosen.lake)
    try:
        if chosen.status:
            status = get_migration_status(manager, chosen.source)
            sys.stdout.write(_json.dumps_pretty(status) + "\n")
            return 0
        results, backup = migrate_all_scenarios(
            chosen.dry_run,
            chosen.overwrite,
            chosen.source,
            manager=manager,
            backup=not chosen.no_backup,
        )
    except LakeError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.writelines(f"{one!r}\n" for one in results)
    if backup is not None:
        sys.stdout.write(f"backup: {backup}\n")
    return 0 if all(one.success for one in results) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m healthsim_lake.state.legacy",
        description="Bring scenarios that are JSON files into the lake.",
    )
    parser.add_argument("--status", action="store_true", help="only tell how far it got")
    parser.add_argument("--dry-run", action="store_true", help="change nothing")
    parser.add_argument("--overwrite", action="store_true", help="replace what has the same name")
    parser.add_argument("--no-backup", action="store_true", help="make no copy; originals stay")
    parser.add_argument("--from", dest="source", type=Path, help="the folder to read")
    parser.add_argument("--lake", help="path or URL; else HEALTHSIM_LAKE, else ~/.healthsim/lake")
    return parser


if __name__ == "__main__":
    sys.exit(main())
