"""Where an export goes, and how a folder gets there whole: written aside, then moved."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from healthsim_lake._shown import shown
from healthsim_lake.errors import InputError, KeyExistsError
from healthsim_lake.scenarios.exchange.formats import Format, split
from healthsim_lake.storage.placing import beside, make_durable, named_errors

ABOUT = "_scenario.json"
"""In the folder of an export, what is known of the scenario besides its rows."""

_UNFIT = re.compile(r'[/\\:*?"<>|]')
_LONGEST = 150


def target_of(path: str | os.PathLike[str] | None, name: str, form: Format) -> Path:
    """Return the file or folder that an export is to become.

    Args:
        path: What the caller said: a file, a folder that exists (the export goes inside), or None
            for ``~/Downloads``.
        name: The scenario's name.
        form: The format. Of a path for a format of many files its suffix is dropped.

    Raises:
        InputError: It is a URL, or empty.
    """
    own = file_name(name) + ("" if form.in_folder else form.suffix)
    if path is None:
        return Path.home() / "Downloads" / own
    text = os.fspath(path)
    if not text or "://" in text:
        raise InputError(
            f"an export goes to a file or folder of this machine, not to {shown(text)}"
        )
    place = Path(text).expanduser()
    if place.is_dir():
        return place / own
    if form.in_folder:
        bare, given = split(place.name)
        return place.with_name(bare) if given is not None and bare else place
    return place


def file_name(name: str) -> str:
    """Return a scenario's name as the name of a file on any system."""
    text = _UNFIT.sub("-", name.replace(" ", "_")).strip(".") or "scenario"
    return text.encode()[:_LONGEST].decode(errors="ignore")


@contextlib.contextmanager
def written_folder(target: Path) -> Iterator[Path]:
    """Give the path of a folder to fill, and put it in the place of `target` when it is whole.

    A folder that an earlier export made is replaced; any other one is left alone.

    Raises:
        KeyExistsError: Something else is there.
        StorageError: It cannot be written; nothing was changed.
    """
    with named_errors(target):
        _refuse_other_folder(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = beside(target)
        aside.mkdir()
        try:
            yield aside
            for file in aside.iterdir():
                make_durable(file)
            _swap(aside, target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _swap(aside: Path, target: Path) -> None:
    """Move a folder into a place that may be taken by an earlier export."""
    if not target.exists():
        aside.rename(target)
        return
    former = aside.with_suffix(".old")
    target.rename(former)
    try:
        aside.rename(target)
    except OSError:
        former.rename(target)
        raise
    shutil.rmtree(former, ignore_errors=True)


def _refuse_other_folder(target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise KeyExistsError(errno.EEXIST, f"{target} is a file; name a folder")
    names = [one.name for one in target.iterdir()]
    strange = [one for one in names if one != ABOUT and split(one)[1] is None]
    if names and (ABOUT not in names or strange):
        raise KeyExistsError(
            errno.EEXIST,
            f"{target} is there and is no earlier export (it holds "
            f"{(strange or names)[0]}); name another folder",
        )
