"""Manifests on their way into a commit: inside it while small, in a document of their own else."""

from __future__ import annotations

from healthsim_lake.catalog.beside import INLINE_BYTES
from healthsim_lake.catalog.records import FileGroup, Manifest, ManifestRef
from healthsim_lake.tables.writer import FileWriter


def stored(manifest: Manifest, scenario_id: str, *, writer: FileWriter) -> Manifest | ManifestRef:
    """Return what a commit says of `manifest`: itself, or a reference to where it was written."""
    data = manifest.model_dump_json().encode()
    if len(data) < INLINE_BYTES:
        return manifest
    return writer.keep_manifest(data, scenario_id)


def difference(
    new: Manifest, old: Manifest | None, scenario_id: str
) -> tuple[tuple[FileGroup, ...], tuple[FileGroup, ...]]:
    """Return the files that `new` has and `old` has not, and those it no longer has."""
    fresh = _names(new)
    former = {} if old is None else _names(old)
    return (
        _groups(fresh, former, scenario_id),
        _groups(former, fresh, scenario_id),
    )


def _names(manifest: Manifest) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for one in manifest.sets:
        names.setdefault(one.table, []).extend(file.name for file in one.files)
    return names


def _groups(
    wanted: dict[str, list[str]], without: dict[str, list[str]], scenario_id: str
) -> tuple[FileGroup, ...]:
    groups = []
    for table, names in wanted.items():
        others = set(without.get(table, ()))
        left = tuple(name for name in names if name not in others)
        if left:
            groups.append(FileGroup(table=table, scenario_id=scenario_id, names=left))
    return tuple(groups)
