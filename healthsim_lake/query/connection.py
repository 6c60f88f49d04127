"""A connection that can read the files of its views and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import duckdb

from healthsim_lake.errors import DataFileAlteredError, DataFileMissingError, IntegrityError
from healthsim_lake.query.instances import spare
from healthsim_lake.query.parse import lock
from healthsim_lake.query.views import FileSource, View, definition, literals, quoted

_GIVEN = "rows given"


class Session:
    """A DuckDB of its own in memory, locked; views are made on it when they are first read.

    ``allowed_paths`` names exactly the files, and comes first: it cannot be changed later.
    ``allowed_directories`` and a temporary directory would let statements write; neither is set.
    That ``allowed_paths`` grants writing to the files, too, is why nothing runs unguarded and
    every question runs in a transaction that is read-only.

    Args:
        views: Their files are allowed; none is made yet.
        memory_mb: Megabytes that the engine may use.
        filesystem: fsspec file system behind paths that are not local.
        allowed: More paths that views may have, also of files that are not there yet.

    Attributes:
        connection: What questions take their cursors from.
        memory_mb: As given.

    Raises:
        DataFileMissingError: A file behind `filesystem` is gone.
    """

    def __init__(
        self,
        views: Sequence[View],
        *,
        memory_mb: int,
        filesystem: Any | None = None,
        allowed: Iterable[str] = (),
    ) -> None:
        self.memory_mb, self._filesystem = memory_mb, filesystem
        self._made: dict[str, View] = {}
        self.connection = spare.take()
        try:
            self.connection.execute(f"SET memory_limit = '{memory_mb}MB'")
            paths = [source.path for view in views for source in view.files]
            self._names = self._named(views) if filesystem else {path: path for path in paths}
            self._names.update((path, path) for path in allowed)
            self.connection.execute(f"SET allowed_paths = {literals(set(self._names.values()))}")
            lock(self.connection)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection; safe to call again."""
        self.connection.close()

    @property
    def views(self) -> tuple[View, ...]:
        """The views that were made so far."""
        return tuple(self._made.values())

    def allows(self, view: View) -> bool:
        """Return whether all files of `view` can be opened here."""
        if self._made.get(view.name) is view:
            return True
        return all(source.path in self._names for source in view.files)

    def make(self, view: View) -> None:
        """Make a view, or replace the one of that name.

        Raises:
            DataFileMissingError: A file of it is gone.
            DataFileAlteredError: A file is not the Parquet file it should be.
        """
        if self._made.get(view.name) is view:
            return
        if view.table is not None:
            self._copy(view)
        else:
            self._define(view)
        self._made[view.name] = view

    def _copy(self, view: View) -> None:
        # A registered table would be visible to this connection alone, not to its cursors.
        self.connection.register(_GIVEN, view.table)
        try:
            self.connection.execute(
                f"CREATE OR REPLACE TABLE {quoted(view.name)} AS FROM {quoted(_GIVEN)}"
            )
        finally:
            self.connection.unregister(_GIVEN)

    def _define(self, view: View) -> None:
        files = tuple(
            FileSource(self._names[source.path], source.scenario_id) for source in view.files
        )
        try:
            self.connection.execute(definition(replace(view, files=files)))
        except (duckdb.Error, OSError):
            # `from None`: the engine's text names the path, and a traceback would print it.
            raise _trouble(view, self._filesystem) from None

    def _named(self, views: Sequence[View]) -> dict[str, str]:
        # Behind a file system of fsspec the engine writes URLs its own way (memory://a becomes
        # memory:///a), in what it allows and in what it says of a row's file.
        self.connection.register_filesystem(self._filesystem)
        given = list(dict.fromkeys(source.path for view in views for source in view.files))
        if not given:
            return {}
        found = self.connection.execute(f"SELECT file FROM glob({literals(given)})").fetchall()
        if len(found) != len(given):
            check_files(views, self._filesystem)
            raise DataFileAlteredError("a data file has a name that cannot be opened")
        return dict(zip(given, (name for (name,) in found), strict=True))


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
