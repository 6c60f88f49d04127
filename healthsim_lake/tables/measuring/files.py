"""Statistics of a data file that were not kept when it was written."""

from __future__ import annotations

from dataclasses import replace

from healthsim_lake.entities.figures import figures_of
from healthsim_lake.entities.types import EntityType
from healthsim_lake.storage import Storage
from healthsim_lake.tables.measuring.picking import columns_of
from healthsim_lake.tables.measuring.statistics import TableStatistics, measured
from healthsim_lake.tables.places import FileRef


def measured_file(storage: Storage, ref: FileRef, entity_type: EntityType) -> TableStatistics:
    """Return the statistics of a file, from no more of it than the columns that count.

    Raises:
        DataFileMissingError: It is nowhere.
        DataFileAlteredError: It is not a data file.
    """
    figures = figures_of(entity_type)
    found = measured(columns_of(storage, ref, figures.columns), figures)
    return replace(found, rows=ref.file.rows)  # columns that are none do not know
