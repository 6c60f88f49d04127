"""Parquet: chunks of rows into immutable data files, and back.

The names below are imported when first used, so that work on the catalog alone does not wait for
the engines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from healthsim_lake._lazy import lazy_face

if TYPE_CHECKING:
    from healthsim_lake.tables.outgoing import Agreement, TableFrames, export_columns, row_blocks
    from healthsim_lake.tables.places import FileRef, locate, locate_all, refs
    from healthsim_lake.tables.publish import Publisher, UnpublishedWarning
    from healthsim_lake.tables.reader import TableRows, keys_of, read_rows
    from healthsim_lake.tables.rewriting.compact import concatenate, without_keys
    from healthsim_lake.tables.scan import scan
    from healthsim_lake.tables.selection import choose, files_of
    from healthsim_lake.tables.writer import FileWriter

_HOMES = {
    "Agreement": "outgoing",
    "choose": "selection",
    "files_of": "selection",
    "FileRef": "places",
    "FileWriter": "writer",
    "Publisher": "publish",
    "TableFrames": "outgoing",
    "TableRows": "reader",
    "UnpublishedWarning": "publish",
    "concatenate": "rewriting.compact",
    "export_columns": "outgoing",
    "keys_of": "reader",
    "locate": "places",
    "locate_all": "places",
    "read_rows": "reader",
    "refs": "places",
    "row_blocks": "outgoing",
    "scan": "scan",
    "without_keys": "rewriting.compact",
}

__all__ = [
    "Agreement",
    "FileRef",
    "FileWriter",
    "Publisher",
    "TableFrames",
    "TableRows",
    "UnpublishedWarning",
    "choose",
    "concatenate",
    "export_columns",
    "files_of",
    "keys_of",
    "locate",
    "locate_all",
    "read_rows",
    "refs",
    "row_blocks",
    "scan",
    "without_keys",
]

__getattr__ = lazy_face(__name__, _HOMES)
