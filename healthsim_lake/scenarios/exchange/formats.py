"""The formats of exchange, their names and the suffixes of their files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from healthsim_lake._shown import shown
from healthsim_lake.errors import InputError

GZ = ".gz"
_SUFFIXES = {
    "json": (".json",),
    "ndjson": (".ndjson", ".jsonl"),
    "csv": (".csv",),
    "parquet": (".parquet",),
}
_GZIPPED = ("json", "ndjson", "csv")
"""Parquet is compressed inside."""


@dataclass(frozen=True, slots=True)
class Format:
    """How a scenario lies in files.

    Attributes:
        name: ``json``, ``ndjson``, ``csv`` or ``parquet``.
        gzipped: Whether the files are gzip streams.
    """

    name: str
    gzipped: bool = False

    @property
    def suffix(self) -> str:
        """What its files end with, e.g. ``.csv.gz``."""
        return f".{self.name}{GZ if self.gzipped else ''}"

    @property
    def in_folder(self) -> bool:
        """Whether it takes one file for each table, rather than one for all."""
        return self.name != "json"


def parse_format(text: str, path: str | os.PathLike[str] | None = None) -> Format:
    """Return the format that `text` names, such as ``parquet`` or ``csv.gz``, in any case.

    Args:
        text: Its name.
        path: The target; one that ends in ``.gz`` asks for gzip, too.

    Raises:
        InputError: There is no such format, or the target is called like a file of another one.
    """
    name, dot, packed = str(text).strip().lower().partition(".")
    wanted = (dot + packed) == GZ or (path is not None and os.fspath(path).lower().endswith(GZ))
    if name not in _SUFFIXES or (dot and (dot + packed) != GZ) or (wanted and not _can_gzip(name)):
        known = ", ".join([*_SUFFIXES, *(f"{one}{GZ}" for one in _GZIPPED)])
        raise InputError(f"Unsupported export format: {shown(text)}; use one of {known}")
    _refuse_other_suffix(name, path)
    return Format(name, gzipped=wanted)


def _refuse_other_suffix(name: str, path: str | os.PathLike[str] | None) -> None:
    if path is None:
        return
    looks = split(os.fspath(path))[1]
    if looks is not None and looks.name != name and not Path(path).is_dir():
        raise InputError(
            f"{os.fspath(path)} is called like a file of {looks.name}, but would hold {name}; "
            f"ask for the format {looks.name}, or give another path"
        )


def _can_gzip(name: str) -> bool:
    return name in _GZIPPED


def split(name: str) -> tuple[str, Format | None]:
    """Return a file's name without the suffix of a format, and that format; None if it has none."""
    lower = name.lower()
    gzipped = lower.endswith(GZ)
    bare = lower.removesuffix(GZ)
    for one, suffixes in _SUFFIXES.items():
        for suffix in suffixes:
            if bare.endswith(suffix) and (not gzipped or _can_gzip(one)):
                return name[: len(bare) - len(suffix)], Format(one, gzipped=gzipped)
    return name, None
