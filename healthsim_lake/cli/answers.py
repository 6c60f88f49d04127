"""Answers to questions in the form that was asked for: a page to look at, or all rows in a file."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer

from healthsim_lake import _json
from healthsim_lake.cli.output import note, print_json, print_line, print_table
from healthsim_lake.cli.tables import Column
from healthsim_lake.storage.placing import written_file

if TYPE_CHECKING:
    from healthsim_lake import QueryResult


class Form(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def chosen_form(form: Form | None, output: Path | None, *, as_json: bool) -> Form:
    """Return the form that is meant, where that is clear.

    Raises:
        BadParameter: It is not; or Parquet would go to a terminal.
    """
    if form is None:
        form = Form.JSON if as_json else Form.TABLE
    elif as_json and output is None and form is not Form.JSON:
        raise typer.BadParameter(f"--json and --format {form} both say what is printed")
    if form is Form.TABLE and output is not None:
        raise typer.BadParameter("--output wants --format csv, json or parquet")
    if form is Form.PARQUET and output is None and sys.stdout.isatty():
        raise typer.BadParameter("Parquet is nothing for a terminal; give --output FILE")
    return form


def print_answer(result: QueryResult, form: Form) -> None:
    """Write an answer to standard output."""
    match form:
        case Form.TABLE:
            print_result(result)
        case Form.JSON:
            print_json(result.to_dict())
        case Form.CSV:
            result.write_csv(sys.stdout)
        case Form.PARQUET:
            result.write_parquet(sys.stdout.buffer)


def write_answer(result: QueryResult, form: Form, path: Path, *, as_json: bool) -> None:
    """Write an answer to a file, and say so.

    Raises:
        OSError: It cannot be written.
    """
    with written_file(path) as aside:
        rows = _write(result, form, aside)
        size = aside.stat().st_size
    if as_json:
        print_json({"path": str(path), "bytes": size, "row_count": rows})
    else:
        print_line(f"Wrote {rows:,} rows ({size:,} bytes) to {path}")
    if form is Form.JSON:
        _say_what_follows(result)


def _write(result: QueryResult, form: Form, path: Path) -> int:
    if form is Form.PARQUET:
        with path.open("wb") as sink:
            return result.write_parquet(sink)
    with path.open("w", encoding="utf-8", newline="") as stream:
        if form is Form.CSV:
            return result.write_csv(stream)
        return _write_json(result, stream)


def _write_json(result: QueryResult, stream: TextIO) -> int:
    stream.write(_json.dumps_text(result.to_dict()) + "\n")
    return len(result.results)


def print_result(result: QueryResult) -> None:
    """Print a page of an answer, and say where it ends."""
    names = [one["name"] for one in result.columns]
    columns = [Column(name, right=_is_numeric(name, result.results)) for name in names]
    print_table(columns, [[row[name] for name in names] for row in result.results])
    _say_what_follows(result)


def _say_what_follows(result: QueryResult) -> None:
    """Say where a page ends, if that is not the end of the answer."""
    first, last = result.offset + 1, result.offset + len(result.results)
    if result.has_more:
        note(f"rows {first:,} to {last:,} of {result.total_count:,}; --offset {last} goes on")


def _is_numeric(name: str, rows: Iterable[dict[str, Any]]) -> bool:
    kinds = {type(row[name]) for row in rows} - {type(None)}
    return bool(kinds) and kinds <= {int, float}
