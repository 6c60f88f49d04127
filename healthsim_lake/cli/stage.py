"""What the demonstration is shown on: headings, what one would type, and what comes of it."""

from __future__ import annotations

import contextlib
import io
import textwrap

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

_INDENT = "    "


class Stage:
    """Shows one step after another on standard output."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._steps = 0

    def heading(self, title: str) -> None:
        """Begin the next step."""
        self._steps += 1
        self._console.print()
        self._console.print(Rule(Text(f"{self._steps}  {title}", "bold"), align="left"))

    def say(self, text: str, *, style: str = "") -> None:
        """Say a sentence or two."""
        self._console.print(Text(text, style=style))

    def shell(self, command: str) -> None:
        """Show a command that could be typed at a shell."""
        self._typed(command, prompt="$ ", style="bold cyan")

    def python(self, code: str) -> None:
        """Show lines of Python that could be typed."""
        self._typed(code, prompt=">>> ", style="bold green")

    def run(self, code: str) -> None:
        """Show lines of Python, run exactly them, and show what they print."""
        self.python(code)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "<demo>", "exec"), {})  # noqa: S102  # so that what is shown is what ran
        self.say(textwrap.indent(printed.getvalue().rstrip(), _INDENT))

    def _typed(self, text: str, *, prompt: str, style: str) -> None:
        first, *rest = text.splitlines()
        more = "... " if prompt == ">>> " else " " * len(prompt)
        # Not wrapped: a line that was broken here could not be copied.
        for lead, line in [(prompt, first), *((more, line) for line in rest)]:
            self._console.print(Text.assemble((lead, "dim"), (line, style)), soft_wrap=True)
