"""Commands for profiles and for journeys: the same words for both.

In the help texts NOUN stands for ``profile`` or ``journey``; the group that a command belongs to
says which of them is meant.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

import typer

from healthsim_lake.cli.library import carrying, changing, reading

_ABOUT = {"profile": "what to generate", "journey": "how things unfold over time"}
_COMMANDS: dict[str, Callable[..., None]] = {
    "list": reading.list_documents,
    "show": reading.show,
    "history": reading.history,
    "diff": reading.diff,
    "executions": reading.executions,
    "save": changing.save,
    "update": changing.update,
    "rename": changing.rename,
    "delete": changing.delete,
    "restore": changing.restore,
    "export": carrying.export,
    "import": carrying.import_file,
    "builtin": carrying.builtin,
}


def group(noun: str) -> typer.Typer:
    """Return the commands for profiles, or for journeys.

    Args:
        noun: ``profile`` or ``journey``.
    """
    about = f"Keep {noun}s ({_ABOUT[noun]}) in versions."
    commands = typer.Typer(help=about, rich_markup_mode="markdown")
    for name, command in _COMMANDS.items():
        text = (inspect.getdoc(command) or "").replace("NOUN", noun)
        commands.command(name, help=text)(command)
    return commands
