"""What the demonstration is shown on: every line that one could type is typed, and run."""

from __future__ import annotations

import contextlib
import io
import shlex
import textwrap
from typing import Any

import typer
from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from healthsim_lake.cli.options import Settings, settings_of

_INDENT = "    "


class Stage:
    """Shows commands and Python on standard output, and runs exactly what it shows.

    Args:
        context: Of the program whose commands are run.
        url: The lake that the commands mean.
    """

    def __init__(self, context: typer.Context, url: str) -> None:
        self._program: Any = context.find_root().command
        self._settings: Settings = settings_of(context)
        self._url = url
        self._console = Console(highlight=False)
        self._names: dict[str, Any] = {}
        self._steps = 0

    def heading(self, title: str) -> None:
        """Begin the next step."""
        self._steps += 1
        self._console.print()
        self._console.print(Rule(Text(f"{self._steps}  {title} ", "bold"), align="left"))

    def say(self, text: str) -> None:
        """Say a sentence."""
        self._console.print(Text(text), soft_wrap=True)

    def type(self, text: str) -> None:
        """Show a command without running it."""
        self._lines(text, prompt="$ ", more="  ", style="bold cyan")

    def shell(self, command: str) -> None:
        """Show a command of this program, and run it.

        Raises:
            typer.Exit: It failed, and has said why.
        """
        self.type(command)
        _, *words = shlex.split(command)
        debug = ["--debug"] if self._settings.debug else []
        try:
            self._program.main(["--lake", self._url, *debug, *words])
        except SystemExit as done:
            if done.code:
                raise typer.Exit(int(done.code)) from None

    def python(self, code: str) -> None:
        """Show lines of Python, run them, and show what they print."""
        self._lines(code, prompt=">>> ", more="... ", style="bold green")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "<demo>", "exec"), self._names)  # noqa: S102  # shown is what runs
        for line in textwrap.indent(printed.getvalue().strip(), _INDENT).splitlines():
            self._console.print(Text(line), soft_wrap=True)

    def _lines(self, text: str, *, prompt: str, more: str, style: str) -> None:
        # Not wrapped: a line that was broken here could not be copied.
        for number, line in enumerate(text.splitlines()):
            begins = number == 0 or (more.strip() and not line.startswith((" ", ")", "}")))
            shown = Text.assemble((prompt if begins else more, "dim"), (line, style))
            self._console.print(shown, soft_wrap=True)
