"""The program around the commands: what happens to errors, and what the shell is told.

Exit codes: 0 done, 1 an error that was expected, 2 wrong usage, 3 a conflict, 4 not found,
130 interrupted.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn, cast

import typer
from typer.core import TyperGroup

from healthsim_lake.cli.options import Settings
from healthsim_lake.cli.output import note
from healthsim_lake.errors import ConflictError, LakeError, NotFoundError, ScenarioNotFoundError

PROGRAM = "healthsim-lake"

FAILED, MISUSED, CONFLICT, NOT_FOUND, INTERRUPTED = 1, 2, 3, 4, 130

# Errors name methods; here the commands are named that do the same.
_RESTORE = re.compile(
    r"^((?:Scenario|Profile|Journey) .* not found: it was deleted;) restore\((.*)\)"
)

# Typer carries its own copy of click, and does not export this class of it.
_UsageError = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[1])


class Program(TyperGroup):
    """The group of all commands; it turns errors into one line and an exit code."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: ARG002, FBT001, FBT002  # signature of the base class
        windows_expand_args: bool = True,  # noqa: FBT001, FBT002  # likewise
        **extra: Any,
    ) -> NoReturn:
        """Run the command that `args` name, and exit."""
        settings = Settings()
        with _warnings_in_one_line():
            code = _guard(
                lambda: super(Program, self).main(
                    args,
                    prog_name or PROGRAM,
                    complete_var,
                    standalone_mode=False,
                    windows_expand_args=windows_expand_args,
                    obj=settings,
                    **extra,
                ),
                settings,
            )
        sys.exit(code)


def _guard(run: Any, settings: Settings) -> int:
    """Return the exit code of `run()`, after telling what went wrong."""
    try:
        result = run()
        sys.stdout.flush()
    except _UsageError as error:
        _tell(error.format_message().replace(": Value error, ", ": "), _usage_hint(error))
        return MISUSED
    except typer.Abort:
        note("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has seen enough; the last flush at exit must find a place, too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (LakeError, OSError) as error:
        if settings.debug:
            traceback.print_exc()
        _tell(_message(error), _hint(error))
        return _exit_code(error)
    return result if isinstance(result, int) else 0


def _exit_code(error: BaseException) -> int:
    match error:
        case ConflictError():
            return CONFLICT
        case NotFoundError():
            return NOT_FOUND
    return FAILED


def _tell(message: str, hint: str = "") -> None:
    note(f"error: {message}" + (f" ({hint})" if hint else ""), style="bold red")


def _message(error: LakeError | OSError) -> str:
    if not isinstance(error, OSError) or error.strerror is None:
        text = str(error).replace("overwrite=True", "--overwrite")  # as it is called here
        return _RESTORE.sub(r"\1 restore \2", text)
    return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"


def _hint(error: BaseException) -> str:
    if isinstance(error, ScenarioNotFoundError):
        return f"see: {PROGRAM} list"
    return ""


def _usage_hint(error: typer.BadParameter) -> str:
    return "" if error.ctx is None else f"see: {error.ctx.command_path} --help"


@contextlib.contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        note(f"warning: {message}", style="yellow")

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield
