"""A connection that can read the files of its views and nothing else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import duckdb

from healthsim_lake.errors import DataFileAlteredError, DataFileMissingError, IntegrityError
from healthsim_lake.query.parse import LOCKED_CONFIG, lock, prepare
from healthsim_lake.query.views import FileSource, View, definition, literals

_MAX_THREADS = 8


def open_locked(
    views: Sequence[View], *, memory_mb: int, filesystem: Any | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a connection in memory with `views`, then lock it.

    ``allowed_paths`` names exactly the files, and comes first: it cannot be changed later.
    ``allowed_directories`` and a temporary directory would let statements write; neither is set.
    That ``allowed_paths`` grants writing to the files, too, is why nothing runs unguarded and
    every question runs in a transaction that is read-only.

    Raises:
        DataFileMissingError: A file of a view is gone.
        DataFileAlteredError: A file of a view is not the Parquet file it should be.
    """
    threads = min(max(2, os.cpu_count() or 2), _MAX_THREADS)
    connection = duckdb.connect(
        ":memory:", config={**LOCKED_CONFIG, "memory_limit": f"{memory_mb}MB", "threads": threads}
    )
    try:
        prepare(connection)
        if filesystem is not None:
            connection.register_filesystem(filesystem)
            views = [_as_named_by_engine(connection, view, filesystem) for view in views]
        paths = literals(dict.fromkeys(source.path for view in views for source in view.files))
        connection.execute(f"SET allowed_paths = {paths}")
        connection.execute("SET enable_external_access = false")
        for view in views:
            _make(connection, view, filesystem)
        lock(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _as_named_by_engine(connection: duckdb.DuckDBPyConnection, view: View, filesystem: Any) -> View:
    # Behind a file system of fsspec the engine writes URLs its own way (memory://a becomes
    # memory:///a), in what it allows and in what it says of a row's file. Local paths stay.
    given = dict.fromkeys(source.path for source in view.files)
    if not given:
        return view
    named = connection.execute(f"SELECT file FROM glob({literals(given)})").fetchall()
    if len(named) != len(given):
        check_files([view], filesystem)
        raise DataFileAlteredError(f"a data file of {view.name} has a name that cannot be opened")
    names = dict(zip(given, (name for (name,) in named), strict=True))
    return replace(
        view,
        files=tuple(FileSource(names[file.path], file.scenario_id) for file in view.files),
    )


def _make(connection: duckdb.DuckDBPyConnection, view: View, filesystem: Any | None) -> None:
    if view.table is not None:
        connection.register(view.name, view.table)
        return
    try:
        connection.execute(definition(view))
    except (duckdb.Error, OSError):
        # `from None`: the engine's text names the path, and a traceback would print it.
        raise _trouble(view, filesystem) from None


def _trouble(view: View, filesystem: Any | None) -> IntegrityError:
    try:
        check_files([view], filesystem)
    except DataFileMissingError as missing:
        return missing
    return DataFileAlteredError(
        f"a data file of {view.name} does not hold the columns it was committed with"
    )


def check_files(views: Sequence[View], filesystem: Any | None) -> None:
    """Look whether all files of `views` are there.

    Raises:
        DataFileMissingError: One is not; says whose, without its path.
    """
    exists = os.path.exists if filesystem is None else filesystem.exists
    for view in views:
        for source in view.files:
            if not exists(source.path):
                raise DataFileMissingError(
                    f"a data file of {view.name} (scenario {source.scenario_id}) is gone; it may "
                    "have been replaced meanwhile: resolve the tables again"
                )
