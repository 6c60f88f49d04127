"""Built-in documents, as the specifications import them: counted, and with a warning of skips."""

from __future__ import annotations

from typing import TYPE_CHECKING
from warnings import warn

if TYPE_CHECKING:
    from healthsim_lake.library import Journeys, Profiles


def import_builtin(collection: Profiles | Journeys) -> int:
    """Save the documents that ship with the package, and return how many were new.

    Names that are taken are left alone; where another document has one, a warning says which.
    """
    added = collection.import_builtin()
    ours = {one.name for one in collection.list(tags=["builtin"], limit=None)}
    others = [name for name in collection.builtin() if name not in ours]
    if others:
        warn(
            f"built-in documents left out, their names are taken: {', '.join(others)}", stacklevel=4
        )
    return len(added)
